// SPDX-License-Identifier: GPL-2.0
/*
 * A process that has closed its last ring is single-threaded again, so it may
 * do what the kernel refuses to one with threads.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

/* Other errors have to do with privileges, limits or the configuration. */
static bool is_about_threads(int err)
{
	return err == EINVAL || err == EUSERS;
}

TEST(unshares_user_namespace)
{
	struct io_uring ring;
	int err;

	if (access("/proc/self/ns/user", F_OK))
		SKIP(return, "needs CONFIG_USER_NS");
	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	ASSERT_EQ(1, nr_workers());
	/* the worker is what is in the way */
	ASSERT_EQ(-1, unshare(CLONE_NEWUSER));
	ASSERT_EQ(EINVAL, errno);

	io_uring_queue_exit(&ring);
	wait_for_no_worker();
	err = unshare(CLONE_NEWUSER) ? errno : 0;
	if (err && !is_about_threads(err))
		SKIP(return, "unshare: %s", strerror(err));
	EXPECT_EQ(0, err);
}

FIXTURE(namespace)
{
	int fd;
	pid_t child;
};

FIXTURE_VARIANT(namespace)
{
	int flag;
	const char *name;
};

FIXTURE_VARIANT_ADD(namespace, user)
{
	.flag = CLONE_NEWUSER,
	.name = "user",
};

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME	0x80
#endif

FIXTURE_VARIANT_ADD(namespace, time)
{
	.flag = CLONE_NEWTIME,
	.name = "time_for_children",
};

/* Start a child with a namespace of its own, and open that. */
FIXTURE_SETUP(namespace)
{
	int ready[2], err = 0;
	char path[64];

	ASSERT_EQ(0, pipe2(ready, O_CLOEXEC));
	self->child = fork_child();
	ASSERT_LE(0, self->child);
	if (!self->child) {
		err = unshare(variant->flag) ? errno : 0;
		if (write(ready[1], &err, sizeof(err)) == sizeof(err))
			pause();
		_exit(1);
	}
	ASSERT_EQ(sizeof(err), read(ready[0], &err, sizeof(err)));
	if (err)
		SKIP(return, "unshare: %s", strerror(err));
	sprintf(path, "/proc/%d/ns/%s", self->child, variant->name);
	self->fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(namespace)
{
	kill(self->child, SIGKILL);
	waitpid(self->child, NULL, 0);
}

TEST_F(namespace, is_joined)
{
	struct io_uring ring;
	int err;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	ASSERT_EQ(1, nr_workers());
	ASSERT_EQ(-1, setns(self->fd, 0));
	ASSERT_TRUE(is_about_threads(errno));

	io_uring_queue_exit(&ring);
	wait_for_no_worker();
	err = setns(self->fd, 0) ? errno : 0;
	if (err && !is_about_threads(err))
		SKIP(return, "setns: %s", strerror(err));
	EXPECT_EQ(0, err);
}

TEST_HARNESS_MAIN
