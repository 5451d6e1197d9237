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
#define LEAVING_US	1200
/* On a busy machine, it takes so many rounds for some that count */
#define MAX_ROUNDS	1000

/*
 * A round counts if the next ring was there in time. On a machine that is slow or
 * busy, it may take longer than workers stay.
 */
TEST(worker_serves_the_next_ring)
{
	int round, counted = 0, changes = 0;
	struct io_uring ring;
	pid_t worker, last;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	ASSERT_LE(1, find_workers(getpid(), &last));

	for (round = 0; counted < ROUNDS && round < MAX_ROUNDS; round++) {
		long start = now_us();
		bool in_time;

		io_uring_queue_exit(&ring);
		sleep_us(LEAVING_US / 4);
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		in_time = now_us() - start < LEAVING_US;

		ASSERT_EQ(0, run_async_nop(&ring));
		/* the newest one is the last in the list of threads */
		ASSERT_LE(1, find_workers(getpid(), &worker));
		if (in_time) {
			counted++;
			changes += worker != last;
		}
		last = worker;
	}
	io_uring_queue_exit(&ring);
	if (counted < ROUNDS / 4)
		SKIP(return, "only %d rings of %d in time", counted, round);
	TH_LOG("%d new workers for %d rings in time", changes, counted);
	EXPECT_GT(counted / 2, changes);
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
