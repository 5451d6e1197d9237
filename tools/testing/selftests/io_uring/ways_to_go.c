// SPDX-License-Identifier: GPL-2.0
/*
 * Workers go with the last reference to a ring, whichever that is. Until then
 * they stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#ifndef IORING_REGISTER_USE_REGISTERED_RING
#define IORING_REGISTER_USE_REGISTERED_RING	0x80000000U
#endif

FIXTURE(way)
{
	struct io_uring ring;
	int fd;
};

FIXTURE_SETUP(way)
{
	ASSERT_EQ(0, io_uring_queue_init(4, &self->ring, 0));
	self->fd = self->ring.ring_fd;
	ASSERT_EQ(0, run_async_nop(&self->ring));
	ASSERT_EQ(1, nr_workers());
}

FIXTURE_TEARDOWN(way)
{
}

/* How long workers have to stay after dropping a reference that isn't the last */
#define STAYS_MS	100

TEST_F(way, close_range)
{
	unmap_ring(&self->ring);
	ASSERT_EQ(1, least_workers(STAYS_MS));
	ASSERT_EQ(0, syscall(SYS_close_range, self->fd, self->fd, 0));
	EXPECT_EQ(0, wait_for_no_worker());
}

TEST_F(way, munmap_after_close)
{
	close(self->fd);
	ASSERT_EQ(1, least_workers(STAYS_MS));
	unmap_ring(&self->ring);
	EXPECT_EQ(0, wait_for_no_worker());
}

TEST_F(way, duplicate)
{
	int copy = dup(self->fd);

	ASSERT_LE(0, copy);
	io_uring_queue_exit(&self->ring);
	ASSERT_EQ(1, least_workers(STAYS_MS));
	close(copy);
	EXPECT_EQ(0, wait_for_no_worker());
}

/* Kernels that refuse to pass a ring over a socket have no such way. */
TEST_F(way, message_in_a_socket)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, c = 0;
	struct iovec iov = { .iov_base = &c, .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int sockets[2];

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &self->fd, sizeof(int));

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, sockets));
	if (sendmsg(sockets[0], &msg, 0) != 1) {
		ASSERT_EQ(EINVAL, errno);
		SKIP(return, "this kernel passes no ring over a socket");
	}
	io_uring_queue_exit(&self->ring);
	ASSERT_EQ(1, least_workers(STAYS_MS));
	close(sockets[0]);
	close(sockets[1]);
	EXPECT_EQ(0, wait_for_no_worker());
}

TEST_F(way, other_process_takes_a_copy)
{
	int to_child[2], to_parent[2], status, pidfd;
	pid_t child;
	char c = 0;

	ASSERT_EQ(0, pipe(to_child));
	ASSERT_EQ(0, pipe(to_parent));
	pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	ASSERT_LE(0, pidfd);
	child = fork_child();
	ASSERT_LE(0, child);
	if (!child) {
		close(self->fd);
		unmap_ring(&self->ring);
		if (syscall(SYS_pidfd_getfd, pidfd, self->fd, 0) < 0)
			_exit(1);
		if (write(to_parent[1], &c, 1) != 1)
			_exit(2);
		_exit(read(to_child[0], &c, 1) != 1);
	}

	close(to_parent[1]);
	ASSERT_EQ(1, read(to_parent[0], &c, 1));
	io_uring_queue_exit(&self->ring);
	ASSERT_EQ(1, least_workers(STAYS_MS));
	ASSERT_EQ(1, write(to_child[1], &c, 1));
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_EQ(0, status);
	EXPECT_EQ(0, wait_for_no_worker());
}

TEST_F(way, registered_descriptor)
{
	struct io_uring_rsrc_update update = {};
	int ret;

	ASSERT_EQ(1, io_uring_register_ring_fd(&self->ring));
	update.offset = self->ring.enter_ring_fd;
	unmap_ring(&self->ring);
	close(self->fd);
	ASSERT_EQ(1, least_workers(STAYS_MS));

	/* the registered descriptor is the only way to reach the ring */
	ret = syscall(SYS_io_uring_register, update.offset,
		      IORING_UNREGISTER_RING_FDS |
		      IORING_REGISTER_USE_REGISTERED_RING, &update, 1);
	if (ret < 0 && errno == EINVAL)
		SKIP(return, "this kernel can't use a registered ring here");
	ASSERT_EQ(1, ret);
	EXPECT_EQ(0, wait_for_no_worker());
}

static void *open_ring(void *ring)
{
	return (void *)(long)io_uring_queue_init(4, ring, 0);
}

/* What counts is who submits, not who made the ring. */
TEST(thread_that_made_the_ring_is_gone)
{
	struct io_uring ring;
	pthread_t thread;
	void *ret;

	ASSERT_EQ(0, pthread_create(&thread, NULL, open_ring, &ring));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	ASSERT_EQ(NULL, ret);
	ASSERT_EQ(0, run_async_nop(&ring));
	ASSERT_EQ(1, nr_workers());

	io_uring_queue_exit(&ring);
	EXPECT_EQ(0, wait_for_no_worker());
}

/*
 * exec() itself ends all workers. A ring that it passes on can be used afterwards:
 * use it and close it, in a constructor that runs before main().
 */
#define AFTER_EXEC	"IOWQ_PARAMS_AFTER_EXEC"

/* How the process exits, unless all is well */
enum status {
	NO_WORKER_BEFORE_EXEC = 1,
	NO_EXEC,
	WORKER_SURVIVED_EXEC,
	NO_DESCRIPTORS_PASSED_ON,
	NO_PARAMS_PASSED_ON,
	NO_RING_PASSED_ON,
	NO_WORKER_AFTER_EXEC,
	WORKER_STAYED,
};

__attribute__((constructor)) static void after_exec(void)
{
	const char *inherited = getenv(AFTER_EXEC);
	struct io_uring_params params;
	struct io_uring ring;
	int fd, params_fd;

	if (!inherited)
		return;
	if (nr_workers())
		_exit(WORKER_SURVIVED_EXEC);
	if (sscanf(inherited, "%d %d", &fd, &params_fd) != 2)
		_exit(NO_DESCRIPTORS_PASSED_ON);
	if (fd >= 0) {
		if (pread(params_fd, &params, sizeof(params), 0) !=
		    sizeof(params))
			_exit(NO_PARAMS_PASSED_ON);
		if (io_uring_queue_mmap(fd, &params, &ring))
			_exit(NO_RING_PASSED_ON);
		/* continue where the ring is */
		ring.features = params.features;
		ring.sq.sqe_head = *ring.sq.ktail;
		ring.sq.sqe_tail = *ring.sq.ktail;
		if (run_async_nop(&ring) || nr_workers() != 1)
			_exit(NO_WORKER_AFTER_EXEC);
		io_uring_queue_exit(&ring);
	}
	_exit(wait_for_no_worker() ? WORKER_STAYED : 0);
}

FIXTURE(exec)
{
};

FIXTURE_VARIANT(exec)
{
	bool close_on_exec;
};

FIXTURE_VARIANT_ADD(exec, closes_it)
{
	.close_on_exec = true,
};

FIXTURE_VARIANT_ADD(exec, passes_it_on)
{
	.close_on_exec = false,
};

FIXTURE_SETUP(exec)
{
}

FIXTURE_TEARDOWN(exec)
{
}

TEST_F(exec, workers_go)
{
	struct io_uring_params params = {};
	struct io_uring ring;
	char inherited[32];
	int fd, status;
	pid_t child;

	fd = memfd_create("params", 0);
	ASSERT_LE(0, fd);
	child = fork_child();
	ASSERT_LE(0, child);
	if (!child) {
		if (io_uring_queue_init_params(4, &ring, &params) ||
		    run_async_nop(&ring) || nr_workers() != 1)
			_exit(NO_WORKER_BEFORE_EXEC);
		if (pwrite(fd, &params, sizeof(params), 0) != sizeof(params))
			_exit(NO_PARAMS_PASSED_ON);
		if (!variant->close_on_exec)
			fcntl(ring.ring_fd, F_SETFD, 0);
		sprintf(inherited, "%d %d",
			variant->close_on_exec ? -1 : ring.ring_fd, fd);
		setenv(AFTER_EXEC, inherited, 1);
		execl("/proc/self/exe", "after_exec", NULL);
		_exit(NO_EXEC);
	}
	ASSERT_EQ(child, waitpid(child, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
