// SPDX-License-Identifier: GPL-2.0
/*
 * While a task has a ring, idle workers stay until the idle timeout, and the last
 * one stays for good.
 */
#include "../kselftest_harness.h"
#include "iowq.h"

/* Wait until surplus workers have timed out, and some more. */
static int workers_past_idle_timeout(void)
{
	return least_workers(KEPT_MS);
}

TEST(worker_stays_while_a_ring_is_open)
{
	struct io_uring ring;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	ASSERT_EQ(1, nr_workers());

	EXPECT_EQ(1, workers_past_idle_timeout());
	io_uring_queue_exit(&ring);
}

TEST(worker_stays_while_one_of_two_rings_is_open)
{
	struct io_uring first, second;

	ASSERT_EQ(0, io_uring_queue_init(4, &first, 0));
	ASSERT_EQ(0, io_uring_queue_init(4, &second, 0));
	ASSERT_EQ(0, run_async_nop(&first));
	ASSERT_EQ(1, nr_workers());

	io_uring_queue_exit(&first);
	EXPECT_EQ(1, workers_past_idle_timeout());
	io_uring_queue_exit(&second);
}

/* Until the idle timeout. One is enough only without a ring. */
TEST(surplus_workers_stay_while_a_ring_is_open)
{
	struct io_uring ring;
	int pipe[2];

	ASSERT_EQ(0, pipe2(pipe, O_CLOEXEC));
	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_LE(3, run_blocking(&ring, pipe, 3));

	EXPECT_LE(3, least_workers(1000));
	io_uring_queue_exit(&ring);
	close(pipe[0]);
	close(pipe[1]);
}

/* What made the first worker go must not make the next one go. */
TEST(worker_stays_in_a_ring_opened_after_workers_left)
{
	struct io_uring ring;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	ASSERT_EQ(1, nr_workers());
	io_uring_queue_exit(&ring);
	let_workers_go();

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	EXPECT_EQ(1, workers_past_idle_timeout());
	io_uring_queue_exit(&ring);
}

TEST_HARNESS_MAIN
