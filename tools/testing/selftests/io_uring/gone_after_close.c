// SPDX-License-Identifier: GPL-2.0
/*
 * A task's io-wq workers go away with its last ring. None of them waits for the
 * idle timeout.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define MAX_REQS	32

FIXTURE(last_ring)
{
	struct io_uring ring;
	int file;
	int pipe[2];
	int reqs;
};

FIXTURE_VARIANT(last_ring)
{
	int nops;	/* bounded */
	int writes;	/* bounded, hashed: one at a time */
	int blocking;	/* unbounded, each of them needs a worker */
};

FIXTURE_VARIANT_ADD(last_ring, one_bounded)
{
	.nops = 1,
};

FIXTURE_VARIANT_ADD(last_ring, one_unbounded)
{
	.blocking = 1,
};

FIXTURE_VARIANT_ADD(last_ring, hashed)
{
	.writes = 16,
};

FIXTURE_VARIANT_ADD(last_ring, many_unbounded)
{
	.blocking = 16,
};

FIXTURE_VARIANT_ADD(last_ring, mixed)
{
	.nops = 12,
	.writes = 12,
	.blocking = 8,
};

FIXTURE_SETUP(last_ring)
{
	int i;

	self->file = memfd_create("hashed", MFD_CLOEXEC);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(0, pipe2(self->pipe, O_CLOEXEC));
	ASSERT_EQ(0, io_uring_queue_init(MAX_REQS, &self->ring, 0));
	ASSERT_EQ(0, nr_workers());

	for (i = 0; i < variant->writes; i++)
		prep_async_write(&self->ring, self->file, "x", 1, i);
	prep_reqs(&self->ring, self->pipe[0], variant->blocking, variant->nops);
	self->reqs = variant->blocking + variant->writes + variant->nops;
	ASSERT_EQ(0, submit_reqs(&self->ring, self->reqs));
}

FIXTURE_TEARDOWN(last_ring)
{
	close(self->pipe[0]);
	close(self->pipe[1]);
	close(self->file);
}

TEST_F(last_ring, idle_workers_go)
{
	ASSERT_EQ(0, unblock(self->pipe[1], variant->blocking));
	ASSERT_EQ(0, reap(&self->ring, self->reqs));
	ASSERT_LE(1, nr_workers());

	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, wait_for_no_worker());
}

/* Blocked requests have to be cancelled, the others may be at any stage. */
TEST_F(last_ring, busy_workers_go)
{
	ASSERT_LE(1, wait_for_workers(1));
	ASSERT_LE(variant->blocking, wait_for_workers(variant->blocking));

	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, wait_for_no_worker());
}

/* Whoever held the last reference, the submitter's workers go. */
TEST_F(last_ring, workers_go_when_a_child_closes_last)
{
	int status, go[2];
	pid_t child;

	ASSERT_EQ(0, unblock(self->pipe[1], variant->blocking));
	ASSERT_EQ(0, reap(&self->ring, self->reqs));

	ASSERT_EQ(0, pipe2(go, O_CLOEXEC));
	child = fork_child();
	ASSERT_LE(0, child);
	if (!child) {
		char c;

		close(go[1]);
		_exit(read(go[0], &c, 1));
	}

	io_uring_queue_exit(&self->ring);
	ASSERT_LE(1, least_workers(100));

	close(go[0]);
	close(go[1]);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_EQ(0, wait_for_no_worker());
}

/*
 * A worker that blocks while more work is pending asks the submitter to create
 * another worker. This submitter can't for a while, as it waits for its vfork()
 * child. Meanwhile the worker goes idle, and the ring goes away.
 */
#define PENDING_REQS	3

struct pending_create {
	struct io_uring ring;
	int pipe[PENDING_REQS][2];
	int in_vfork[2];
	int go_on[2];
	const char *failed;
};

static void *close_during_vfork(void *arg)
{
	struct pending_create *pc = arg;
	pid_t worker = 0;
	char c;
	int i;

	if (read(pc->in_vfork[0], &c, 1) != 1 ||
	    find_workers(getpid(), &worker) != 1)
		pc->failed = "there is no child, or not one worker";

	/* it asks for another worker when it blocks in the second request */
	for (i = 0; i < PENDING_REQS; i++) {
		if (unblock(pc->pipe[i][1], 1) ||
		    !wait_until_read(pc->pipe[i][0]) ||
		    wait_until_asleep(worker) < 0)
			pc->failed = "a request was not run";
	}
	io_uring_queue_exit(&pc->ring);
	if (wait_for_no_worker())
		pc->failed = "the worker waits for the submitter";

	if (write(pc->go_on[1], "x", 1) != 1)
		pc->failed = "the child could not go on";
	return NULL;
}

TEST(worker_goes_whose_submitter_is_to_create_another)
{
	unsigned int one_worker[2] = { 0, 1 }, more_workers[2] = { 0, 4 };
	struct pending_create pc = {};
	pthread_t closer;
	pid_t child;
	int i, status;

	ASSERT_EQ(0, pipe2(pc.in_vfork, O_CLOEXEC));
	ASSERT_EQ(0, pipe2(pc.go_on, O_CLOEXEC));

	ASSERT_EQ(0, io_uring_queue_init(PENDING_REQS, &pc.ring, 0));
	ASSERT_EQ(0, io_uring_register_iowq_max_workers(&pc.ring, one_worker));
	for (i = 0; i < PENDING_REQS; i++) {
		ASSERT_EQ(0, pipe2(pc.pipe[i], O_CLOEXEC));
		prep_blocking(&pc.ring, pc.pipe[i][0]);
	}
	ASSERT_EQ(0, submit_reqs(&pc.ring, PENDING_REQS));
	ASSERT_EQ(1, wait_for_workers(1));
	ASSERT_EQ(0, io_uring_register_iowq_max_workers(&pc.ring,
							more_workers));

	ASSERT_EQ(0, pthread_create(&closer, NULL, close_during_vfork, &pc));
	child = vfork();
	if (!child) {
		char c = 0;

		/*
		 * The child has copies of the descriptors. It must not keep
		 * the ring, nor the write end of the pipe that it reads from.
		 */
		close(pc.ring.ring_fd);
		close(pc.go_on[1]);
		_exit(write(pc.in_vfork[1], &c, 1) != 1 ||
		      read(pc.go_on[0], &c, 1) != 1);
	}
	ASSERT_LT(0, child);
	ASSERT_EQ(0, pthread_join(closer, NULL));
	ASSERT_EQ(NULL, pc.failed) {
		TH_LOG("%s", pc.failed);
	}
	EXPECT_EQ(0, wait_for_no_worker());

	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
