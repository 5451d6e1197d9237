// SPDX-License-Identifier: GPL-2.0
/*
 * Workers go within a few milliseconds of the last close(), whatever they were
 * doing. They don't wait for the ring to be torn down, which takes an RCU grace
 * period at least, and goes in steps of 50 ms if requests were in flight.
 *
 * The best quarter of the rounds counts. A busy machine makes many of them longer,
 * and none shorter.
 */
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define ROUNDS		51
#define MAX_REQS	8

FIXTURE(quarter)
{
	int pipe[2];
	long *took;	/* by each round, in microseconds */
};

FIXTURE_VARIANT(quarter)
{
	int nops;
	int blocking;	/* for ever, unless they are cancelled */
	bool probe;	/* there was another ring just before, without a worker */
	bool again;	/* the same task, which closed another ring just before */
	int limit_ms;
};

FIXTURE_VARIANT_ADD(quarter, of_idle_workers)
{
	.nops = 1,
	.limit_ms = 4,
};

FIXTURE_VARIANT_ADD(quarter, of_blocked_workers)
{
	.blocking = 4,
	.limit_ms = 8,
};

/* To see what the kernel can do, many programs open a ring that they don't use. */
FIXTURE_VARIANT_ADD(quarter, of_idle_workers_after_a_probe)
{
	.nops = 1,
	.probe = true,
	.limit_ms = 4,
};

/* For a task that comes back soon, one worker stays for 5 ms. */
FIXTURE_VARIANT_ADD(quarter, of_a_task_that_comes_back)
{
	.nops = 1,
	.again = true,
	.limit_ms = 10,
};

FIXTURE_SETUP(quarter)
{
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
	self->took = mmap(NULL, ROUNDS * sizeof(*self->took),
			  PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	ASSERT_NE(MAP_FAILED, self->took);
}

FIXTURE_TEARDOWN(quarter)
{
	munmap(self->took, ROUNDS * sizeof(*self->took));
	close(self->pipe[0]);
	close(self->pipe[1]);
}

/* One round. Returns 0 if the workers came and went, or what went wrong. */
static int time_workers(int blocking, int nops, bool before, bool again, int pipe,
			long *took)
{
	int reqs = blocking + nops;
	struct io_uring ring;
	long closed;

	if (before) {
		if (io_uring_queue_init(MAX_REQS, &ring, 0) ||
		    (again && run_async_nop(&ring)))
			return 1;
		io_uring_queue_exit(&ring);
	}
	if (io_uring_queue_init(MAX_REQS, &ring, 0))
		return 1;
	prep_reqs(&ring, pipe, blocking, nops);
	if (submit_reqs(&ring, reqs) || reap(&ring, nops) ||
	    wait_for_workers(reqs) < reqs)
		return 2;

	closed = now_us();
	io_uring_queue_exit(&ring);
	if (wait_for_no_worker())
		return 3;
	*took = now_us() - closed;
	return 0;
}

TEST_F(quarter, workers_go_promptly)
{
	int round, status = 0;
	pid_t child;

	/* with longer limits, tearing down the ring would fit in */
	if (scaled_ms(1) > 1)
		SKIP(return, "too slow a machine for milliseconds");
	for (round = 0; round < ROUNDS; round++) {
		if (variant->again) {
			status = time_workers(variant->blocking, variant->nops,
					      true, true, self->pipe[0],
					      &self->took[round]);
		} else {
			child = fork_child();
			ASSERT_LE(0, child);
			if (!child)
				_exit(time_workers(variant->blocking,
						   variant->nops, variant->probe,
						   false, self->pipe[0],
						   &self->took[round]));
			ASSERT_EQ(child, waitpid(child, &status, 0));
		}
		ASSERT_EQ(0, status);
	}
	qsort(self->took, ROUNDS, sizeof(*self->took), by_size);
	TH_LOG("gone after %ld us in a quarter of the rounds, %ld us in half",
	       self->took[ROUNDS / 4], self->took[ROUNDS / 2]);
	EXPECT_GE(variant->limit_ms * 1000, self->took[ROUNDS / 4]);
}

TEST_HARNESS_MAIN
