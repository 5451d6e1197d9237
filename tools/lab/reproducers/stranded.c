// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: don't strand work when a worker exits
 *
 * 16 tasks open a ring, have a worker run a request, and close the ring, again and
 * again. When a task queues its request, the worker of its last ring may be about to
 * exit, and no longer looks for work.
 *
 * Needs a kernel whose workers exit with the last ring. Exits with status 1 if the bug
 * shows.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>
#include <liburing.h>

#define TASKS	16
#define ROUNDS	200

/* workers exit 15 to 60 ms after a close, with the series within 5 ms */
static const int max_pause_us[] = { 8000, 80000 };
static int file;

/* Returns 1 if a request is lost. */
static int run(void)
{
	struct __kernel_timespec timeout = { .tv_sec = 2 };
	char byte;
	int i;

	srand(getpid());
	for (i = 0; i < ROUNDS; i++) {
		struct io_uring ring;
		struct io_uring_sqe *sqe;
		struct io_uring_cqe *cqe;

		if (io_uring_queue_init(1, &ring, 0))
			errx(4, "io_uring");
		sqe = io_uring_get_sqe(&ring);
		/* as this might block, for all that io_uring knows, a worker does it */
		io_uring_prep_read(sqe, file, &byte, 1, 0);
		io_uring_submit(&ring);
		if (io_uring_wait_cqe_timeout(&ring, &cqe, &timeout))
			return 1;
		io_uring_queue_exit(&ring);
		usleep(rand() % max_pause_us[i % 2]);
	}
	return 0;
}

int main(void)
{
	int i, status, seen = 0;

	file = open("/dev/full", O_RDONLY);
	if (file < 0)
		err(4, "setup");
	for (i = 0; i < TASKS; i++) {
		pid_t child = fork();

		if (child < 0)
			err(4, "fork");
		if (!child)
			_exit(run());
	}
	for (i = 0; i < TASKS; i++) {
		if (wait(&status) < 0 || !WIFEXITED(status) ||
		    WEXITSTATUS(status) > 1)
			errx(4, "a task failed");
		seen += WEXITSTATUS(status);
	}
	printf("%d of %d tasks lost a request within %d rounds\n", seen, TASKS,
	       ROUNDS);
	return seen > 0;
}
