// SPDX-License-Identifier: GPL-2.0
/*
 * Workers go every time, whatever they are doing when the ring is closed. None
 * of them waits for the idle timeout.
 *
 * IOWQ_ROUNDS sets how often the first test closes a ring.
 */
#include <pthread.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define ROUNDS		50
#define MAX_REQS	16
#define WRITE_SIZE	(4 << 20)
#define MAX_PAUSE_US	2000

FIXTURE(close)
{
	char *data;
	int file;
	int pipe[2];
};

FIXTURE_VARIANT(close)
{
	int nops;
	int writes;	/* long ones, which can't be interrupted */
	int blocking;	/* for ever, unless they are cancelled */
	bool reap;	/* what doesn't block */
	bool at_once;	/* don't wait for a worker */
};

FIXTURE_VARIANT_ADD(close, idle)
{
	.nops = 1,
	.reap = true,
};

FIXTURE_VARIANT_ADD(close, blocked)
{
	.blocking = 4,
};

FIXTURE_VARIANT_ADD(close, writing)
{
	.writes = 2,
};

FIXTURE_VARIANT_ADD(close, being_created)
{
	.nops = 1,
	.blocking = 4,
	.at_once = true,
};

FIXTURE_VARIANT_ADD(close, mixed)
{
	.nops = 8,
	.writes = 1,
	.blocking = 4,
};

FIXTURE_SETUP(close)
{
	self->data = calloc(1, WRITE_SIZE);
	ASSERT_NE(NULL, self->data);
	self->file = memfd_create("hashed", MFD_CLOEXEC);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
}

FIXTURE_TEARDOWN(close)
{
	free(self->data);
}

/* Also counts a worker that is too new to have its name. */
static int nr_threads(void)
{
	struct stat tasks;

	return stat("/proc/self/task", &tasks) ? -1 : (int)tasks.st_nlink - 2;
}

TEST_F_TIMEOUT(close, workers_go_every_time, 3600)
{
	int reqs = variant->nops + variant->writes + variant->blocking;
	const char *text = getenv("IOWQ_ROUNDS");
	int i, round, rounds = text ? atoi(text) : ROUNDS;
	unsigned int seed = rounds;
	long worst = 0;

	for (round = 0; round < rounds; round++) {
		struct io_uring ring;
		long closed, took;

		ASSERT_EQ(0, io_uring_queue_init(MAX_REQS, &ring, 0));
		for (i = 0; i < variant->writes; i++)
			prep_async_write(&ring, self->file, self->data,
					 WRITE_SIZE, 0);
		prep_reqs(&ring, self->pipe[0], variant->blocking, variant->nops);
		ASSERT_EQ(0, submit_reqs(&ring, reqs));
		if (variant->reap)
			ASSERT_EQ(0, reap(&ring, variant->nops));
		if (variant->at_once) {
			ASSERT_LT(1, nr_threads());
		} else {
			ASSERT_LE(1, wait_for_workers(1));
			sleep_us(rand_r(&seed) % MAX_PAUSE_US);
		}

		io_uring_queue_exit(&ring);
		closed = now_ms();
		ASSERT_EQ(0, wait_for_no_worker());
		took = now_ms() - closed;
		if (took > worst)
			worst = took;
	}
	TH_LOG("%d rounds, gone after %ld ms at worst", rounds, worst);
}

/* Surplus workers leave after this time, even on a kernel that keeps one. */
#define IDLE_TIMEOUT_MS	5000
#define THREADS		32

struct closer {
	pthread_t thread;
	int pipe[2];
	int pause_ms;
	bool failed;
};

static int closed;

static void *close_at_timeout(void *arg)
{
	struct closer *me = arg;
	struct io_uring ring;

	me->failed = io_uring_queue_init(4, &ring, 0);
	if (me->failed)
		goto out;
	/* two workers, one of which is surplus */
	prep_reqs(&ring, me->pipe[0], 2, 0);
	me->failed = submit_reqs(&ring, 2) || reap(&ring, 2);
	sleep_us(me->pause_ms * 1000);
	io_uring_queue_exit(&ring);
out:
	/* even if it failed, as the test waits for all threads */
	__atomic_add_fetch(&closed, 1, __ATOMIC_SEQ_CST);

	/* the thread's exit would take its workers with it */
	pause();
	return NULL;
}

TEST(workers_go_that_are_about_to_time_out)
{
	struct closer closers[THREADS] = {};
	int i;

	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pipe2(closers[i].pipe, O_CLOEXEC));
		closers[i].pause_ms = IDLE_TIMEOUT_MS + i - THREADS / 2;
		ASSERT_EQ(0, pthread_create(&closers[i].thread, NULL,
					    close_at_timeout, &closers[i]));
	}
	ASSERT_LE(2 * THREADS, wait_for_workers(2 * THREADS));
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, unblock(closers[i].pipe[1], 2));
	sleep_us((IDLE_TIMEOUT_MS - 500) * 1000);
	ASSERT_LE(2 * THREADS, nr_workers());
	ASSERT_TRUE(wait_for_count(&closed, THREADS));
	EXPECT_EQ(0, wait_for_no_worker());
	for (i = 0; i < THREADS; i++)
		EXPECT_FALSE(closers[i].failed);
}

TEST_HARNESS_MAIN
