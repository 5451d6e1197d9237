// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring/io-wq: leave offline CPUs to the scheduler
 *
 * CPU 1 goes offline while there is a worker, and comes back when there is none. The
 * worker of the next ring may not use it.
 *
 * Needs root, two CPUs, and a kernel whose workers exit with the last ring. Shows in
 * each round. Exits with status 1 if the bug shows.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>
#include <liburing.h>

#define ROUNDS	5

/* Another thread of this process, or 0. */
static pid_t worker(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	pid_t pid, found = 0;

	while ((entry = readdir(dir))) {
		pid = atoi(entry->d_name);
		if (pid && pid != getpid())
			found = pid;
	}
	closedir(dir);
	return found;
}

static void set_online(const char *value)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);

	if (fd < 0 || write(fd, value, 1) != 1)
		err(4, "CPU 1");
	close(fd);
}

/* Have a worker run a request. */
static void open_ring(struct io_uring *ring)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;

	if (io_uring_queue_init(1, ring, 0))
		err(2, "io_uring");
	sqe = io_uring_get_sqe(ring);
	io_uring_prep_nop(sqe);
	sqe->flags |= IOSQE_ASYNC;
	io_uring_submit(ring);
	if (io_uring_wait_cqe(ring, &cqe))
		errx(2, "no completion");
}

int main(void)
{
	int i, ms, seen = 0;

	for (i = 0; i < ROUNDS; i++) {
		struct io_uring ring;
		cpu_set_t cpus;
		pid_t child = fork();

		if (child) {
			int status;

			if (child < 0 || waitpid(child, &status, 0) < 0)
				err(2, "fork");
			if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
				return WEXITSTATUS(status);
			seen += WEXITSTATUS(status);
			continue;
		}
		open_ring(&ring);
		set_online("0");
		io_uring_queue_exit(&ring);
		for (ms = 0; worker() && ms < 2000; ms++)
			usleep(1000);
		set_online("1");
		if (worker())
			errx(4, "the worker didn't exit");
		open_ring(&ring);
		if (sched_getaffinity(worker(), sizeof(cpus), &cpus))
			err(2, "sched_getaffinity");
		_exit(!CPU_ISSET(1, &cpus));
	}
	printf("seen in %d of %d rounds\n", seen, ROUNDS);
	return seen > 0;
}
