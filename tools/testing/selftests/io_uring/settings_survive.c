// SPDX-License-Identifier: GPL-2.0
/*
 * What a task has set for its workers also holds for those of its next ring, even
 * if there was no worker in between.
 */
#include <sched.h>

#include "../kselftest_harness.h"
#include "iowq.h"

FIXTURE(settings)
{
	struct io_uring ring;
	int pipe[2];
};

FIXTURE_SETUP(settings)
{
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
	ASSERT_EQ(0, io_uring_queue_init(4, &self->ring, 0));
}

FIXTURE_TEARDOWN(settings)
{
}

static bool reopen(struct io_uring *ring, const int pipe[2])
{
	if (run_blocking(ring, pipe, 1) != 1)
		return false;
	io_uring_queue_exit(ring);
	let_workers_go();
	return !io_uring_queue_init(4, ring, 0);
}

TEST_F(settings, number_of_workers)
{
	unsigned int limits[2] = { 2, 1 };

	ASSERT_EQ(0, io_uring_register_iowq_max_workers(&self->ring, limits));
	ASSERT_TRUE(reopen(&self->ring, self->pipe));

	/* zeroes only query */
	memset(limits, 0, sizeof(limits));
	ASSERT_EQ(0, io_uring_register_iowq_max_workers(&self->ring, limits));
	EXPECT_EQ(2, limits[0]);
	EXPECT_EQ(1, limits[1]);

	prep_reqs(&self->ring, self->pipe[0], 2, 0);
	ASSERT_EQ(0, submit_reqs(&self->ring, 2));
	ASSERT_EQ(1, wait_for_workers(1));
	sleep_us(scaled_ms(100) * 1000);
	EXPECT_EQ(1, nr_workers());
	/* while the only worker sleeps */
	prep_blocking(&self->ring, self->pipe[0]);
	ASSERT_EQ(0, submit_reqs(&self->ring, 1));
	sleep_us(scaled_ms(100) * 1000);
	EXPECT_EQ(1, nr_workers());

	ASSERT_EQ(0, unblock(self->pipe[1], 3));
	EXPECT_EQ(0, reap(&self->ring, 3));
}

TEST_F(settings, affinity)
{
	cpu_set_t mine, wanted, actual;
	pid_t worker = 0;
	int last;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(mine), &mine));
	if (CPU_COUNT(&mine) < 2)
		SKIP(return, "needs 2 CPUs");
	for (last = CPU_SETSIZE - 1; !CPU_ISSET(last, &mine); last--)
		;
	CPU_ZERO(&wanted);
	CPU_SET(last, &wanted);

	ASSERT_EQ(0, io_uring_register_iowq_aff(&self->ring, sizeof(wanted),
						&wanted));
	ASSERT_TRUE(reopen(&self->ring, self->pipe));
	ASSERT_EQ(1, run_blocking(&self->ring, self->pipe, 1));
	ASSERT_EQ(1, find_workers(getpid(), &worker));
	ASSERT_EQ(0, sched_getaffinity(worker, sizeof(actual), &actual));
	EXPECT_TRUE(CPU_EQUAL(&wanted, &actual));
}

TEST_F(settings, affinity_that_was_taken_back)
{
	cpu_set_t mine, one, actual;
	pid_t worker = 0;

	ASSERT_EQ(0, sched_getaffinity(0, sizeof(mine), &mine));
	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	ASSERT_EQ(0, io_uring_register_iowq_aff(&self->ring, sizeof(one), &one));
	ASSERT_EQ(0, io_uring_unregister_iowq_aff(&self->ring));
	ASSERT_TRUE(reopen(&self->ring, self->pipe));
	ASSERT_EQ(1, run_blocking(&self->ring, self->pipe, 1));
	ASSERT_EQ(1, find_workers(getpid(), &worker));
	ASSERT_EQ(0, sched_getaffinity(worker, sizeof(actual), &actual));
	EXPECT_TRUE(CPU_EQUAL(&mine, &actual));
}

TEST_HARNESS_MAIN
