// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: let a worker ask again once create_worker_cb() runs
 *
 * A worker blocks and asks its task for another one, which the task can't create yet,
 * as it is reading a lot. The worker is done by the time that the task gets to it, and
 * is woken up instead. It takes a request that waits for the one behind it, and can't
 * ask for another worker.
 *
 * Needs root and two CPUs. Shows in one of 50 to 300 rounds with io-wq's race windows
 * held open for up to 3 ms, and not on 6.1. Exits with status 1 if the bug shows.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <liburing.h>

#define ROUNDS	300
#define ENOUGH	3
#define LARGE	(48 << 20)

static char *large;

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

/* Moves a byte, and blocks its worker until there is one. */
static void queue_splice(struct io_uring *ring, int from, int to)
{
	io_uring_prep_splice(io_uring_get_sqe(ring), from, -1, to, -1, 1, 0);
}

static void open_pipe(int ends[2], const char *content)
{
	if (pipe(ends) || (*content && write(ends[1], content, 1) != 1))
		err(4, "pipe");
}

/* Returns 1 if requests hang. */
static int run(void)
{
	struct __kernel_timespec timeout = { .tv_sec = 3 };
	int sink[2], late[2], ready[2], empty[2], full[2], i;
	int zero = open("/dev/zero", O_RDONLY);
	unsigned int most[2] = { 2, 2 };
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	cpu_set_t workers;

	open_pipe(sink, "");
	open_pipe(late, "");
	open_pipe(ready, "x");
	open_pipe(empty, "");
	open_pipe(full, "x");
	run_on(0, SCHED_OTHER);
	CPU_ZERO(&workers);
	CPU_SET(1, &workers);
	if (io_uring_queue_init(8, &ring, 0) ||
	    io_uring_register_iowq_max_workers(&ring, most) ||
	    io_uring_register_iowq_aff(&ring, sizeof(workers), &workers))
		errx(4, "io_uring");

	/* the worker blocks for so long */
	if (!fork()) {
		run_on(0, SCHED_FIFO);
		usleep(4000);
		_exit(write(late[1], "x", 1) != 1);
	}
	/* and doesn't get a CPU until all requests are queued */
	if (!fork()) {
		long end;

		run_on(1, SCHED_FIFO);
		usleep(15000);
		end = now_ms() + 500;
		while (*(volatile unsigned int *)ring.sq.khead != 5 &&
		       now_ms() < end)
			;
		_exit(0);
	}
	queue_splice(&ring, late[0], sink[1]);
	queue_splice(&ring, ready[0], sink[1]);
	io_uring_prep_read(io_uring_get_sqe(&ring), zero, large, LARGE, 0);
	queue_splice(&ring, empty[0], sink[1]);
	queue_splice(&ring, full[0], empty[1]);
	io_uring_submit(&ring);
	for (i = 0; i < 5; i++) {
		if (io_uring_wait_cqe_timeout(&ring, &cqe, &timeout))
			return 1;
		io_uring_cqe_seen(&ring, cqe);
	}
	return 0;
}

int main(void)
{
	int i, status, seen = 0;

	large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (large == MAP_FAILED)
		err(4, "mmap");
	for (i = 0; i < ROUNDS && seen < ENOUGH; i++) {
		pid_t child = fork();

		if (!child)
			_exit(run());
		if (child < 0 || waitpid(child, &status, 0) < 0)
			err(4, "fork");
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
			errx(4, "a round failed");
		seen += WEXITSTATUS(status);
	}
	printf("seen in %d of %d rounds\n", seen, i);
	return seen > 0;
}
