// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: block signals while creating a worker
 *
 * Another process sends a signal every 50 us. While one is pending, no worker can be
 * created. Each failed attempt delays the next one by 5 ms more.
 *
 * 10 to 65 % of the requests took more than 50 ms in a guest with 4 virtual CPUs on 2
 * cores, and none with the patch. While the host was busy with three other guests, it
 * was 6 % and up to 1 %. Exits with status 1 if the bug shows.
 */
#define _GNU_SOURCE
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>
#include <liburing.h>

#define ROUNDS		200
#define PERIOD_US	50
#define LATE_MS		50

static long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void on_signal(int sig)
{
}

/* Runs until it is killed. */
static void send_signals(pid_t to)
{
	while (!kill(to, SIGUSR1)) {
		long next = now_us() + PERIOD_US;

		while (now_us() < next)
			;
	}
	_exit(0);
}

/* Returns 0 if all is well, 1 if it takes long, 2 if it is cancelled. */
static int run(void)
{
	pid_t child, self = getpid();
	struct io_uring ring;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	long took;
	int ret;

	signal(SIGUSR1, on_signal);
	if (io_uring_queue_init(1, &ring, 0))
		errx(4, "io_uring");
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_nop(sqe);
	sqe->flags |= IOSQE_ASYNC;
	child = fork();
	if (child < 0)
		err(4, "fork");
	if (!child)
		send_signals(self);
	/* until the first signal */
	pause();
	took = now_us();
	io_uring_submit(&ring);
	do {
		ret = io_uring_wait_cqe(&ring, &cqe);
	} while (ret == -EINTR);
	took = now_us() - took;
	kill(child, SIGKILL);
	if (ret || cqe->res)
		return 2;
	return took > LATE_MS * 1000;
}

int main(void)
{
	int i, status, counts[3] = {};

	for (i = 0; i < ROUNDS; i++) {
		pid_t child = fork();

		if (!child)
			_exit(run());
		if (child < 0 || waitpid(child, &status, 0) < 0)
			err(4, "fork");
		if (!WIFEXITED(status) || WEXITSTATUS(status) > 2)
			errx(4, "a round failed");
		counts[WEXITSTATUS(status)]++;
	}
	printf("of %d requests %d were cancelled, and %d took more than %d ms\n",
	       ROUNDS, counts[2], counts[1], LATE_MS);
	/* a few may be late for want of a CPU */
	return counts[2] || counts[1] > ROUNDS / 40;
}
