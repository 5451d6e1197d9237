// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io-wq: backoff when retrying worker creation
 *
 * For 8 ms, no worker can be created, as the user has too many processes. By then, all
 * retries are used up, and the request is cancelled.
 *
 * Needs root, to become user 1234, who must have no process. Exits with status 1 if the
 * bug shows.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <liburing.h>

#define ROUNDS	20

/* Returns 1 if the request is cancelled. */
static int run(void)
{
	struct rlimit two = { 2, 2 };
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	pid_t child;

	if (setgid(1234) || setuid(1234) || setrlimit(RLIMIT_NPROC, &two))
		err(4, "user 1234");
	if (io_uring_queue_init(1, &ring, 0))
		errx(4, "io_uring");
	child = fork();
	if (child < 0)
		err(4, "fork");
	if (!child) {
		usleep(8000);
		_exit(0);
	}
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->flags |= IOSQE_ASYNC;
	io_uring_submit(&ring);
	/* so that it doesn't stay a zombie, which counts */
	waitpid(child, NULL, 0);
	if (io_uring_wait_cqe(&ring, &cqe))
		errx(4, "no completion");
	return cqe->res < 0;
}

int main(void)
{
	int i, status, seen = 0;

	for (i = 0; i < ROUNDS; i++) {
		pid_t child = fork();

		if (!child)
			_exit(run());
		if (child < 0 || waitpid(child, &status, 0) < 0)
			err(4, "fork");
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
			errx(4, "a round failed");
		seen += WEXITSTATUS(status);
	}
	printf("seen in %d of %d rounds\n", seen, ROUNDS);
	return seen > 0;
}
