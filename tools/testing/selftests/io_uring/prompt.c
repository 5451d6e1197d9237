// SPDX-License-Identifier: GPL-2.0
/*
 * Workers go within a few milliseconds of the last close(), whatever they were
 * doing. They don't wait for the ring to be torn down, which takes a grace
 * period of RCU at least, and steps of 50 ms if requests were in flight.
 *
 * The median counts. It is what a program can plan with, and a single round may
 * find the machine busy with something else.
 */
#include "../kselftest_harness.h"
#include "iowq.h"

#define ROUNDS		51
#define MAX_REQS	8

FIXTURE(median)
{
	int pipe[2];
};

FIXTURE_VARIANT(median)
{
	int nops;
	int blocking;	/* for ever, unless they are cancelled */
	int limit_ms;	/* far below what it takes to tear the ring down */
};

FIXTURE_VARIANT_ADD(median, idle)
{
	.nops = 1,
	.limit_ms = 8,
};

FIXTURE_VARIANT_ADD(median, blocked)
{
	.blocking = 4,
	.limit_ms = 12,
};

FIXTURE_SETUP(median)
{
	/* limits that stretch any further would allow for tearing it down */
	if (scaled_ms(100) > 200)
		SKIP(return, "too slow a machine for milliseconds");
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
}

FIXTURE_TEARDOWN(median)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
}

static int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

TEST_F(median, workers_go_promptly)
{
	int i, round, reqs = variant->blocking + variant->nops;
	long took[ROUNDS];

	for (round = 0; round < ROUNDS; round++) {
		struct io_uring ring;
		long closed;

		ASSERT_EQ(0, io_uring_queue_init(MAX_REQS, &ring, 0));
		for (i = 0; i < variant->blocking; i++)
			prep_blocking(&ring, self->pipe[0]);
		for (i = 0; i < variant->nops; i++)
			prep_async_nop(&ring);
		ASSERT_EQ(reqs, io_uring_submit(&ring));
		ASSERT_EQ(0, reap(&ring, variant->nops));
		ASSERT_LE(reqs, wait_for_workers(reqs));

		io_uring_queue_exit(&ring);
		closed = now_ms();
		ASSERT_EQ(0, wait_for_no_worker());
		took[round] = now_ms() - closed;
	}
	qsort(took, ROUNDS, sizeof(*took), by_size);
	TH_LOG("gone after %ld ms, %ld ms at worst", took[ROUNDS / 2],
	       took[ROUNDS - 1]);
	EXPECT_GE(scaled_ms(variant->limit_ms), took[ROUNDS / 2]);
}

TEST_HARNESS_MAIN
