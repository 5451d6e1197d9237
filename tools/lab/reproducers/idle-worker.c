// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: add check free worker before create new worker
 *
 * Two workers are allowed, and both are idle. The first request blocks until the
 * second one is done. Both wake up the same worker, and nobody wakes up the other one
 * when the first blocks.
 *
 * Needs root and two CPUs. Shows in every other round on 6.12, and in about 1 % on 6.1
 * with io-wq's race windows held open for up to 3 ms. Exits with status 1 if the bug
 * shows.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <liburing.h>

#define ROUNDS	400
#define ENOUGH	3

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void run_on(int cpu, int policy)
{
	struct sched_param first = { .sched_priority = policy != SCHED_OTHER };
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) ||
	    sched_setscheduler(0, policy, &first))
		err(4, "CPU %d", cpu);
}

/* Blocks its worker until there is something in the pipe. */
static void queue_splice(struct io_uring *ring, int pipe, int to)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_splice(sqe, pipe, -1, to, -1, 1, 0);
	sqe->flags |= IOSQE_ASYNC;
}

static void queue_write(struct io_uring *ring, int pipe)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	io_uring_prep_write(sqe, pipe, "x", 1, 0);
	sqe->flags |= IOSQE_ASYNC;
}

static void reap(struct io_uring *ring, int nr)
{
	struct io_uring_cqe *cqe;

	for (; nr; nr--) {
		if (io_uring_wait_cqe(ring, &cqe) || cqe->res != 1)
			errx(4, "a request failed");
		io_uring_cqe_seen(ring, cqe);
	}
}

int main(void)
{
	unsigned int most[2] = { 2, 2 };
	int null = open("/dev/null", O_WRONLY), empty[2][2], i, seen = 0;
	struct io_uring ring;
	cpu_set_t workers;
	long ms, longest = 0;

	if (pipe(empty[0]) || pipe(empty[1]))
		err(4, "pipe");
	CPU_ZERO(&workers);
	CPU_SET(0, &workers);
	if (io_uring_queue_init(4, &ring, 0) ||
	    io_uring_register_iowq_max_workers(&ring, most) ||
	    io_uring_register_iowq_aff(&ring, sizeof(workers), &workers))
		errx(4, "io_uring");

	for (i = 0; i < ROUNDS && seen < ENOUGH; i++) {
		/* two workers, which are idle soon */
		queue_splice(&ring, empty[0][0], null);
		queue_splice(&ring, empty[1][0], null);
		io_uring_submit(&ring);
		if (write(empty[0][1], "x", 1) != 1 || write(empty[1][1], "x", 1) != 1)
			err(4, "write");
		reap(&ring, 2);
		usleep(20000);

		ms = now_ms();
		queue_splice(&ring, empty[0][0], null);
		if (i & 1) {
			/* while the first one's worker is about to run it */
			run_on(1, SCHED_OTHER);
			io_uring_submit(&ring);
			usleep(rand() % 3000);
		} else {
			/* before any worker runs */
			run_on(0, SCHED_FIFO);
		}
		queue_write(&ring, empty[0][1]);
		io_uring_submit(&ring);
		run_on(0, SCHED_OTHER);
		reap(&ring, 2);
		ms = now_ms() - ms;
		/* the idle timeout is 5 s */
		if (ms > 1000) {
			seen++;
			if (ms > longest)
				longest = ms;
		}
	}
	printf("seen in %d of %d rounds, waits for up to %ld ms\n", seen, i, longest);
	return seen > 0;
}
