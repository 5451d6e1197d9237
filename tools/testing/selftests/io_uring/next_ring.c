// SPDX-License-Identifier: GPL-2.0
/*
 * A ring that is opened soon after the last one was closed finds the worker
 * that served that one, and keeps it. A program that has a ring for each job
 * doesn't pay for a worker each time.
 *
 * IOWQ_ROUNDS sets how often the second test opens a ring at that moment.
 */
#include <sched.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define ROUNDS		64
/* Workers are leaving about then, in microseconds */
#define LEAVING_US	1300

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

/* If there is such a CPU */
static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/*
 * Opened at the moment that the last one's worker is told to go. On another CPU
 * than it was closed on, where the timer is that tells it.
 */
TEST(worker_stays_in_a_ring_opened_while_it_leaves)
{
	const char *text = getenv("IOWQ_ROUNDS");
	int round, rounds = text ? atoi(text) : ROUNDS;
	unsigned int seed = rounds;
	struct io_uring ring;

	for (round = 0; round < rounds; round++) {
		run_on(0);
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_EQ(0, run_async_nop(&ring));
		io_uring_queue_exit(&ring);
		run_on(1);
		sleep_us(rand_r(&seed) % (2 * LEAVING_US));

		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_EQ(0, run_async_nop(&ring));
		EXPECT_LE(1, least_workers(20));
		io_uring_queue_exit(&ring);
	}
}

TEST_HARNESS_MAIN
