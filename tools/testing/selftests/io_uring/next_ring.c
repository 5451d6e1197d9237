// SPDX-License-Identifier: GPL-2.0
/*
 * A ring that is opened soon after the last one was closed finds the worker
 * that served that one, and keeps it. A program that has a ring for each job
 * doesn't pay for a worker each time.
 */
#include "../kselftest_harness.h"
#include "iowq.h"

#define ROUNDS		64
/* Workers are leaving about then, in microseconds */
#define LEAVING_US	1200

/*
 * The newest worker, the last in the list of threads, once the ring has run a
 * request. 0 if there is none.
 */
static pid_t newest_worker(struct io_uring *ring)
{
	pid_t tid = 0;

	if (!io_uring_queue_init(4, ring, 0) && !run_async_nop(ring))
		find_workers(getpid(), &tid);
	return tid;
}

TEST(worker_serves_the_next_ring)
{
	pid_t worker, last = 0;
	int round, changes = 0;

	for (round = 0; round < ROUNDS; round++) {
		struct io_uring ring;

		worker = newest_worker(&ring);
		ASSERT_NE(0, worker);
		if (worker != last)
			changes++;
		last = worker;
		io_uring_queue_exit(&ring);
		sleep_us(LEAVING_US / 4);
	}
	TH_LOG("%d workers for %d rings", changes, ROUNDS);
	/* A machine that is busy may take longer than workers stay */
	EXPECT_GT(ROUNDS / 2, changes);
}

/* Opened at the moment that the last one's worker is told to go. */
TEST(worker_stays_in_a_ring_opened_while_it_leaves)
{
	unsigned int seed = ROUNDS;
	struct io_uring ring;
	int round;

	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_EQ(0, run_async_nop(&ring));
		io_uring_queue_exit(&ring);
		sleep_us(rand_r(&seed) % (2 * LEAVING_US));

		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_EQ(0, run_async_nop(&ring));
		EXPECT_LE(1, least_workers(20));
		io_uring_queue_exit(&ring);
	}
}

TEST_HARNESS_MAIN
