// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: let a worker ask again once create_worker_cb() runs
 *
 * A worker blocks and asks its task for another one. The task can't create it before its
 * system call ends, and submits thousands of nops until then. The worker is done when the
 * task gets to it, and is woken up instead. It takes a request that waits for the one
 * behind it, and can't ask for another worker.
 *
 * Needs root and two CPUs. Shows in one of 20 rounds with io-wq's race windows held open
 * for up to 3 ms, and not on 6.1. Exits with status 1 if the bug shows.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>
#include <liburing.h>

#define ROUNDS	300
#define ENOUGH	3
#define NOPS	30000
#define SPLICES	4
#define REQUESTS (NOPS + SPLICES)

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

/* Blocks the worker for 10 ms. */
static void feed(int to)
{
	run_on(0, SCHED_FIFO);
	usleep(10000);
	_exit(write(to, "x", 1) != 1);
}

/* Once the worker is idle, keeps it off its CPU until all requests are queued. */
static void hold(struct io_uring *ring)
{
	volatile unsigned int *completed = ring->cq.ktail;
	volatile unsigned int *submitted = ring->sq.khead;

	run_on(1, SCHED_FIFO);
	alarm(1);
	while (*completed < 2)
		usleep(1000);
	usleep(8000);
	while (*submitted < REQUESTS)
		;
	_exit(0);
}

/* Returns 1 if requests hang. */
static int run(void)
{
	struct __kernel_timespec timeout = { .tv_sec = 3 };
	int sink[2], late[2], ready[2], empty[2], full[2], i;
	unsigned int most[2] = { 2, 2 };
	struct io_uring_sqe *sqe;
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
	if (io_uring_queue_init(REQUESTS, &ring, 0) ||
	    io_uring_register_iowq_max_workers(&ring, most) ||
	    io_uring_register_iowq_aff(&ring, sizeof(workers), &workers))
		errx(4, "io_uring");

	queue_splice(&ring, late[0], sink[1]);
	queue_splice(&ring, ready[0], sink[1]);
	for (i = 0; i < NOPS; i++) {
		sqe = io_uring_get_sqe(&ring);
		io_uring_prep_nop(sqe);
		sqe->flags |= IOSQE_CQE_SKIP_SUCCESS;
	}
	queue_splice(&ring, empty[0], sink[1]);
	queue_splice(&ring, full[0], empty[1]);

	if (!fork())
		feed(late[1]);
	if (!fork())
		hold(&ring);
	io_uring_submit(&ring);
	for (i = 0; i < SPLICES; i++) {
		if (io_uring_wait_cqe_timeout(&ring, &cqe, &timeout))
			return 1;
		io_uring_cqe_seen(&ring, cqe);
	}
	return 0;
}

int main(void)
{
	int i, status, seen = 0;

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
