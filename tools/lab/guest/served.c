// SPDX-License-Identifier: GPL-2.0
/*
 * served: a server that does one job after the other, with pauses between, and opens a
 * ring for each. A job appends blocks to a file in memory and reads blocks of earlier
 * jobs, all through workers.
 *
 * After SIGUSR1, it finishes the job that it is at, closes the ring, and writes to
 * /tmp/idle. It goes on after SIGUSR2. After SIGTERM, it reads the whole file once
 * more, and writes to /tmp/done how many jobs it did. If anything in the file isn't
 * as it was written, it says so and exits with 1.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <time.h>

#include "../../testing/selftests/io_uring/iowq.h"

#define BLOCK		4096
#define WRITES		4
#define READS		4
#define MAX_PAUSE_US	10000

static char data[WRITES + READS][BLOCK];
static int blocks[WRITES + READS], written;

/* What block number @block has in it */
static void fill(char *to, int block)
{
	unsigned int i, random = block + 1;

	for (i = 0; i < BLOCK; i++) {
		random = random * 1103515245 + 12345;
		to[i] = random >> 16;
	}
}

static void check(const char *found, int block)
{
	char wanted[BLOCK];

	fill(wanted, block);
	if (memcmp(found, wanted, BLOCK))
		errx(1, "block %d of %d is wrong", block, written);
}

static void do_job(int fd)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int i, reads;

	errno = -io_uring_queue_init(WRITES + READS, &ring, 0);
	if (errno)
		err(1, "io_uring");
	reads = written ? READS : 0;
	for (i = 0; i < WRITES + reads; i++) {
		sqe = get_sqe(&ring);
		if (i < WRITES) {
			blocks[i] = written + i;
			fill(data[i], blocks[i]);
			io_uring_prep_write(sqe, fd, data[i], BLOCK,
					    (off_t)blocks[i] * BLOCK);
		} else {
			blocks[i] = rand() % written;
			io_uring_prep_read(sqe, fd, data[i], BLOCK,
					   (off_t)blocks[i] * BLOCK);
		}
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	}
	do
		i = io_uring_submit(&ring);
	while (i == -EINTR);
	if (i != WRITES + reads)
		errx(1, "submitted %d of %d", i, WRITES + reads);
	while (i--) {
		int ret, res;

		ret = reap_one(&ring, &res, LONGEST_MS);
		if (ret || res != BLOCK)
			errx(1, "a request returned %d", ret ? ret : res);
	}
	/* or it proves nothing */
	if (!nr_workers())
		errx(1, "there was no worker");
	io_uring_queue_exit(&ring);
	for (i = WRITES; i < WRITES + reads; i++)
		check(data[i], blocks[i]);
	written += WRITES;
}

static void say(const char *path, int number)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || dprintf(fd, "%d\n", number) < 0)
		err(1, "%s", path);
	close(fd);
}

int main(void)
{
	static char block[BLOCK];
	struct timespec pause = {};
	int fd, i, sig = -1;
	sigset_t set;

	setsid();
	/* they wait until the job is done */
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGTERM);
	fd = memfd_create("file", 0);
	if (fd < 0 || sigprocmask(SIG_BLOCK, &set, NULL))
		err(1, "start");

	while (sig != SIGTERM) {
		do_job(fd);
		pause.tv_nsec = rand() % (MAX_PAUSE_US * 1000);
		sig = sigtimedwait(&set, NULL, &pause);
		if (sig != SIGUSR1)
			continue;
		say("/tmp/idle", written / WRITES);
		do
			sig = sigwaitinfo(&set, NULL);
		while (sig < 0);
	}

	for (i = 0; i < written; i++) {
		if (pread(fd, block, BLOCK, (off_t)i * BLOCK) != BLOCK)
			err(1, "read");
		check(block, i);
	}
	say("/tmp/done", written / WRITES);
	return 0;
}
