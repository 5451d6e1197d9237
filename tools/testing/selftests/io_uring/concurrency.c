// SPDX-License-Identifier: GPL-2.0
/*
 * A request that blocks its worker doesn't hold up the others: each of them gets
 * a worker, however quickly they block one after the other.
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
	int round, rounds = text ? atoi(text) : ROUNDS;
	struct io_uring ring;
	int pipe[2];

	ASSERT_EQ(0, pipe2(pipe, O_CLOEXEC));
	for (round = 0; round < rounds; round++) {
		ASSERT_EQ(0, io_uring_queue_init(REQS, &ring, 0));
		ASSERT_LE(REQS, run_blocking(&ring, pipe, REQS)) {
			TH_LOG("in round %d", round);
		}
		io_uring_queue_exit(&ring);
	}
	close(pipe[0]);
	close(pipe[1]);
}

TEST_HARNESS_MAIN
