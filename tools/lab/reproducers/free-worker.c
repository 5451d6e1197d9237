// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: fix ->nr_running race in create_worker_cb()
 *
 * Queues 16 requests that block. Each should get a worker. Some don't, and nobody
 * creates one while the others block.
 *
 * Shows in 1 to 6 % of the rounds with io-wq's race windows held open for up to 3 ms, and
 * not on 6.1. Exits with status 1 if the bug shows.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <sys/stat.h>
#include <liburing.h>

#define ROUNDS		400
#define ENOUGH		3
#define REQUESTS	16

static int nr_threads(void)
{
	struct stat stat_buf;

	if (stat("/proc/self/task", &stat_buf))
		err(4, "/proc/self/task");
	return stat_buf.st_nlink - 2;
}

int main(void)
{
	int i, j, ms, from[2], to[2], seen = 0, fewest = REQUESTS;

	for (i = 0; i < ROUNDS && seen < ENOUGH; i++) {
		struct io_uring ring;
		struct io_uring_sqe *sqe;
		struct io_uring_cqe *cqe;

		if (pipe(from) || pipe(to) ||
		    io_uring_queue_init(REQUESTS, &ring, 0))
			err(4, "setup");
		for (j = 0; j < REQUESTS; j++) {
			sqe = io_uring_get_sqe(&ring);
			io_uring_prep_splice(sqe, from[0], -1, to[1], -1, 1, 0);
			sqe->flags |= IOSQE_ASYNC;
		}
		io_uring_submit(&ring);
		for (ms = 0; nr_threads() < 1 + REQUESTS && ms < 1000; ms++)
			usleep(1000);
		if (nr_threads() < 1 + REQUESTS) {
			seen++;
			if (nr_threads() - 1 < fewest)
				fewest = nr_threads() - 1;
		}
		/* all of them see the end of the file */
		close(from[1]);
		for (j = 0; j < REQUESTS; j++) {
			if (io_uring_wait_cqe(&ring, &cqe))
				errx(4, "no completion");
			io_uring_cqe_seen(&ring, cqe);
		}
		io_uring_queue_exit(&ring);
		close(from[0]);
		close(to[0]);
		close(to[1]);
		for (ms = 0; nr_threads() > 1 && ms < 1000; ms++)
			usleep(1000);
	}
	printf("seen in %d of %d rounds, %d requests had %d workers\n", seen,
	       i, REQUESTS, fewest);
	return seen > 0;
}
