// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: leave ->nr_running before the last look at the work list
 *
 * A worker has looked for work, found none, and still counts as running. A request that
 * is queued at that moment is left to this worker. The worker then goes idle, and asks
 * its task to create another worker, which the task can't do while it waits for a
 * vfork() child.
 *
 * Not seen to show the bug so far: in none of 400 rounds on 6.12, with io-wq's race
 * windows held open for up to 3 ms. Exits with status 1 if it does.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <liburing.h>

#define ROUNDS	400
#define WAIT_MS	200

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int file;
static char byte;

/* Unlike one with IOSQE_ASYNC, it is left to a worker that is running. */
static void submit_read(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	/* such a file can't be read without blocking, so a worker does it */
	io_uring_prep_read(sqe, file, &byte, 1, 0);
	if (io_uring_submit(ring) != 1)
		errx(4, "submit");
}

static void reap(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;

	if (io_uring_wait_cqe(ring, &cqe))
		errx(4, "no completion");
	io_uring_cqe_seen(ring, cqe);
}

int main(void)
{
	struct io_uring ring;
	static int seen;
	int i, status;
	long end;

	file = memfd_create("one byte", 0);
	if (file < 0 || write(file, "x", 1) != 1)
		err(4, "setup");
	if (io_uring_queue_init(2, &ring, 0))
		errx(4, "io_uring");
	for (i = 0; i < ROUNDS; i++) {
		pid_t child;

		submit_read(&ring);
		reap(&ring);
		end = now_us() + rand() % 1000;
		while (now_us() < end)
			;
		submit_read(&ring);
		child = vfork();
		if (!child) {
			end = now_us() + WAIT_MS * 1000;
			while (!io_uring_cq_ready(&ring) && now_us() < end)
				;
			_exit(!io_uring_cq_ready(&ring));
		}
		if (child < 0 || waitpid(child, &status, 0) < 0)
			err(4, "vfork");
		seen += WEXITSTATUS(status);
		reap(&ring);
	}
	printf("%d of %d requests waited for the task\n", seen, ROUNDS);
	return seen > 0;
}
