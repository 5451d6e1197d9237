// SPDX-License-Identifier: GPL-2.0
/*
 * Shows what is wrong without
 *	io_uring: don't busy loop in io_ring_exit_work()
 *
 * A ring is closed while a worker runs a request that can't be interrupted. The kworker
 * that tears the ring down tries to cancel that request until it is done, without a
 * pause, so it uses CPU time for as long as the request takes.
 *
 * Needs 256 MiB of memory. Shows in each round. Exits with status 1 if the bug shows.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <liburing.h>

#define ROUNDS	5
#define SIZE	(256 << 20)

/* The time that all kworkers have run since boot, in ms. */
static long kworkers_ms(void)
{
	unsigned long ticks, sum = 0;
	struct dirent *entry;
	char path[300];
	DIR *dir = opendir("/proc");
	FILE *file;

	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		/* the time in the kernel is number 15 */
		if (fscanf(file, "%*d (kworker/%*s %*c %*d %*d %*d %*d %*d %*u "
			   "%*u %*u %*u %*u %*u %lu", &ticks) == 1)
			sum += ticks;
		fclose(file);
	}
	closedir(dir);
	return sum * 1000 / sysconf(_SC_CLK_TCK);
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int main(void)
{
	/* nothing but the zero page, again and again */
	char *zeros = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i, seen = 0;

	if (zeros == MAP_FAILED)
		err(2, "mmap");
	for (i = 0; i < ROUNDS; i++) {
		struct io_uring ring;
		struct io_uring_sqe *sqe;
		int fd = memfd_create("large", 0);
		long start, wall, busy;

		if (fd < 0 || io_uring_queue_init(1, &ring, 0))
			err(2, "setup");
		sqe = io_uring_get_sqe(&ring);
		io_uring_prep_write(sqe, fd, zeros, SIZE, 0);
		sqe->flags |= IOSQE_ASYNC;
		io_uring_submit(&ring);
		usleep(10000);

		busy = -kworkers_ms();
		start = now_ms();
		io_uring_queue_exit(&ring);
		/* the worker has let go of the file then */
		while (lseek(fd, 0, SEEK_END) < SIZE && now_ms() - start < 5000)
			usleep(10000);
		wall = now_ms() - start;
		busy += kworkers_ms();
		printf("%ld ms until the request was done, kworkers ran %ld ms\n",
		       wall, busy);
		if (wall >= 20 && busy > wall / 2)
			seen++;
		close(fd);
	}
	printf("seen in %d of %d rounds\n", seen, ROUNDS);
	return seen > 0;
}
