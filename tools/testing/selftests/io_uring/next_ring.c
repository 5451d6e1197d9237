// SPDX-License-Identifier: GPL-2.0
/*
 * A task that opened its next ring soon is expected to do so again. The worker
 * that served the last ring serves the next one as well, so a program with a
 * ring for each job doesn't pay for a new worker each time.
 *
 * IOWQ_ROUNDS sets how often a ring is opened while workers leave.
 */
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define ROUNDS		64
/* on a busy machine, not every round counts */
#define MAX_ROUNDS	500

/*
 * A round counts if the next ring was opened in time, and the one before as well.
 * On a slow or busy machine, opening one may take longer than workers stay.
 */
TEST(worker_serves_the_next_ring)
{
	int round, counted = 0, changes = 0;
	bool in_time, before = false;
	struct io_uring ring;
	pid_t worker, last;

	if (scaled_ms(1) > 1)
		SKIP(return, "the linger time does not stretch");

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	ASSERT_LE(1, find_workers(getpid(), &last));

	for (round = 0; counted < ROUNDS && round < MAX_ROUNDS; round++) {
		long start;

		/* one that isn't idle yet can't serve the next ring */
		ASSERT_LE(0, wait_until_asleep(last));
		start = now_us();
		io_uring_queue_exit(&ring);
		sleep_us(LINGER_US / 4);
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		in_time = now_us() - start < LINGER_US;

		/* closing the ring has woken it up, if it is still there */
		wait_until_asleep(last);
		ASSERT_EQ(0, run_async_nop(&ring));
		/* the newest one is the last in the list of threads */
		ASSERT_LE(1, find_workers(getpid(), &worker));
		if (in_time && before) {
			counted++;
			changes += worker != last;
		}
		before = in_time;
		last = worker;
	}
	io_uring_queue_exit(&ring);
	if (counted < ROUNDS / 4)
		SKIP(return, "only %d rings of %d in time", counted, round);
	TH_LOG("%d new workers for %d rings in time", changes, counted);
	/* a worker may notice that the ring is gone before the next one is there */
	EXPECT_GE(counted / 16, changes);
}

/* Opened just when the last ring's worker has waited for long enough. */
TEST(worker_stays_in_a_ring_opened_while_it_leaves)
{
	const char *text = getenv("IOWQ_ROUNDS");
	int round, rounds = text ? atoi(text) : ROUNDS;
	unsigned int seed = rounds;
	struct io_uring ring;

	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_EQ(0, run_async_nop(&ring));
		io_uring_queue_exit(&ring);
		/* open the next one at once, or when the worker is about to leave */
		sleep_us(round & 1 ? rand_r(&seed) % 200 :
			 LINGER_US + rand_r(&seed) % 1000);

		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_EQ(0, run_async_nop(&ring));
		EXPECT_LE(1, least_workers(20));
		io_uring_queue_exit(&ring);
	}
}

/* One worker is enough to wait for the next ring, the others go at once. */
TEST(surplus_workers_do_not_wait)
{
	struct io_uring ring;
	long took[ROUNDS];
	int round, pipe[2];

	if (scaled_ms(1) > 1)
		SKIP(return, "the linger time does not stretch");

	ASSERT_EQ(0, pipe2(pipe, O_CLOEXEC));
	for (round = 0; round < ROUNDS; round++) {
		long closed, deadline = now_ms() + scaled_ms(GONE_MS);

		/* so that one of the workers waits */
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_LE(1, run_blocking(&ring, pipe, 1));
		io_uring_queue_exit(&ring);

		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_LE(3, run_blocking(&ring, pipe, 3));
		closed = now_us();
		io_uring_queue_exit(&ring);
		while (nr_workers() > 1 && now_ms() < deadline)
			sleep_us(200);
		took[round] = now_us() - closed;
		ASSERT_GT(deadline, now_ms());
	}
	qsort(took, ROUNDS, sizeof(*took), by_size);
	/* a busy machine makes many rounds longer, and none shorter */
	TH_LOG("one is left after %ld us in a quarter of the rounds",
	       took[ROUNDS / 4]);
	EXPECT_GT(LINGER_US * 9 / 10, took[ROUNDS / 4]);
	close(pipe[0]);
	close(pipe[1]);
}

/*
 * Another process releases the last ring just when the task opens the next one.
 */
TEST(worker_stays_in_a_ring_opened_while_another_process_releases_the_last)
{
	const char *text = getenv("IOWQ_ROUNDS");
	int round, rounds = text ? atoi(text) : ROUNDS;
	unsigned int seed = rounds;
	struct io_uring last, ring;
	int status, go[2];
	pid_t child;
	char byte;

	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
		ASSERT_EQ(0, io_uring_queue_init(4, &last, 0));
		child = fork_child();
		ASSERT_LE(0, child);
		if (!child) {
			close(go[1]);
			/* returns when the parent closes its end */
			read(go[0], &byte, 1);
			_exit(0);
		}
		ASSERT_EQ(0, run_async_nop(&last));
		io_uring_queue_exit(&last);

		close(go[1]);
		sleep_us(rand_r(&seed) % 300);
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		ASSERT_EQ(child, waitpid(child, &status, 0));
		close(go[0]);
		ASSERT_EQ(0, run_async_nop(&ring));
		EXPECT_LE(1, least_workers(20));
		io_uring_queue_exit(&ring);
	}
}

TEST_HARNESS_MAIN
