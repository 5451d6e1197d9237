// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: always retry worker create on ERESTART*
 *
 * A task's cgroup is frozen while the task submits requests, and thawed 200 ms later. In
 * between, no worker can be created for the task. After three attempts, io-wq gives up
 * and cancels the request.
 *
 * Needs root and cgroup v2. Shows in 15 to 45 % of the rounds. Exits with status 1 if the
 * bug shows.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <liburing.h>

#define ROUNDS	20
#define LARGE	(48 << 20)
#define CGROUP	"/tmp/frozen/group/"

static void put(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		err(4, "%s", file);
	close(fd);
}

/* Returns 1 if the request is cancelled. */
static int run(char *large)
{
	int i, seen = 0, zero = open("/dev/zero", O_RDONLY);
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;

	put(CGROUP "cgroup.procs", "0");
	if (io_uring_queue_init(2, &ring, 0))
		errx(4, "io_uring");
	/* is done at once, and takes until the cgroup is being frozen */
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_read(sqe, zero, large, LARGE, 0);
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->flags |= IOSQE_ASYNC;
	io_uring_submit(&ring);
	for (i = 0; i < 2; i++) {
		while (io_uring_wait_cqe(&ring, &cqe) == -EINTR)
			;
		seen |= cqe->res == -ECANCELED;
		io_uring_cqe_seen(&ring, cqe);
	}
	return seen;
}

int main(void)
{
	int i, status, seen = 0;
	char *large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (large == MAP_FAILED)
		err(4, "mmap");
	mkdir("/tmp", 0755);
	mkdir("/tmp/frozen", 0755);
	if (mount("none", "/tmp/frozen", "cgroup2", 0, NULL) || mkdir(CGROUP, 0755))
		err(4, "/tmp/frozen");
	for (i = 0; i < ROUNDS; i++) {
		pid_t child = fork();

		if (!child)
			_exit(run(large));
		if (child < 0)
			err(4, "fork");
		usleep(2000);
		put(CGROUP "cgroup.freeze", "1");
		usleep(200000);
		put(CGROUP "cgroup.freeze", "0");
		if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) ||
		    WEXITSTATUS(status) > 1)
			errx(4, "a round failed");
		seen += WEXITSTATUS(status);
	}
	printf("%d of %d requests were cancelled\n", seen, ROUNDS);
	return seen > 0;
}
