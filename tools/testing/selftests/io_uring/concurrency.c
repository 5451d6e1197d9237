// SPDX-License-Identifier: GPL-2.0
/*
 * A request that blocks its worker doesn't hold up the others: each of them gets
 * a worker, however quickly one after the other blocks.
 *
 * IOWQ_ROUNDS sets how often that is tried.
 */
#include "../kselftest_harness.h"
#include "iowq.h"

#define ROUNDS		8
#define REQS		16

TEST(each_request_that_blocks_gets_a_worker)
{
	const char *text = getenv("IOWQ_ROUNDS");
	int i, round, rounds = text ? atoi(text) : ROUNDS;
	struct io_uring ring;
	char bytes[REQS] = {};
	int pipe[2];

	ASSERT_EQ(0, pipe2(pipe, O_CLOEXEC));
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, io_uring_queue_init(REQS, &ring, 0));
		for (i = 0; i < REQS; i++)
			prep_blocking(&ring, pipe[0]);
		ASSERT_EQ(REQS, io_uring_submit(&ring));
		ASSERT_LE(REQS, wait_for_workers(REQS)) {
			TH_LOG("in round %d", round);
		}
		ASSERT_EQ(REQS, write(pipe[1], bytes, REQS));
		ASSERT_EQ(0, reap(&ring, REQS));
		io_uring_queue_exit(&ring);
	}
	close(pipe[0]);
	close(pipe[1]);
}

TEST_HARNESS_MAIN
