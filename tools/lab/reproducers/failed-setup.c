// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring: count the installed rings for exit-on-idle
 *
 * Setting up a ring fails, at each allocation in turn. The next ring's worker then
 * stays after that ring is closed, for as long as the task lives.
 *
 * Needs root, CONFIG_FAILSLAB and CONFIG_FAULT_INJECTION_DEBUG_FS. Shows with one of
 * the 16 allocations. Exits with status 1 if the bug shows.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <liburing.h>

#define MOST	200

static int nr_threads(void)
{
	struct stat stat_buf;

	if (stat("/proc/self/task", &stat_buf))
		err(4, "/proc/self/task");
	return stat_buf.st_nlink - 2;
}

static void write_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(4, "%s", path);
	close(fd);
}

/* Returns 1 if the worker stays, 0 if not, 3 if there are no more allocations. */
static int run(int nth)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	char value[16];
	int ms, failed;

	/* which leaves the task context behind */
	if (io_uring_queue_init(1, &ring, 0))
		errx(4, "io_uring");
	io_uring_queue_exit(&ring);

	sprintf(value, "%d", nth);
	write_file("/proc/thread-self/fail-nth", value);
	failed = io_uring_queue_init(1, &ring, 0);
	write_file("/proc/thread-self/fail-nth", "0");
	if (!failed)
		return 3;

	if (io_uring_queue_init(1, &ring, 0))
		errx(4, "io_uring");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->flags |= IOSQE_ASYNC;
	io_uring_submit(&ring);
	if (io_uring_wait_cqe(&ring, &cqe) || nr_threads() < 2)
		errx(4, "no worker");
	io_uring_queue_exit(&ring);
	for (ms = 0; nr_threads() > 1 && ms < 1000; ms++)
		usleep(1000);
	return nr_threads() > 1;
}

int main(void)
{
	int nth, status, seen = 0;

	write_file("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	write_file("/sys/kernel/debug/failslab/verbose", "0");
	for (nth = 1; nth <= MOST; nth++) {
		pid_t child = fork();

		if (!child)
			_exit(run(nth));
		if (child < 0 || waitpid(child, &status, 0) < 0)
			err(4, "fork");
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 3)
			errx(4, "a round failed");
		if (WEXITSTATUS(status) == 3)
			break;
		seen += WEXITSTATUS(status);
	}
	printf("seen with %d of %d allocations that fail\n", seen, nth - 1);
	return seen > 0;
}
