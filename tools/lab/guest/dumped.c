// SPDX-License-Identifier: GPL-2.0
/*
 * dumped PROCESSES RINGS: processes to dump and restore. Each copies files through
 * RINGS rings, one after the other, and closes them. Then it writes to /tmp/closed
 * and waits for SIGUSR1, without looking at what became of the workers. After the
 * signal, it does the same again, and writes to /tmp/done if all went well both
 * times.
 *
 * With 0 rings, the files are copied without io_uring.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "../../testing/selftests/io_uring/iowq.h"

#define FILES	4
#define SIZE	(64 << 10)

static char wanted[FILES][SIZE], copied[FILES][SIZE];

/* Write @data to the files, or read it from them, all at the same time. */
static void transfer(struct io_uring *ring, bool writing, const int *fds,
		     char data[FILES][SIZE])
{
	struct io_uring_sqe *sqe;
	int i;

	for (i = 0; i < FILES; i++) {
		sqe = get_sqe(ring);
		if (writing)
			io_uring_prep_write(sqe, fds[i], data[i], SIZE, 0);
		else
			io_uring_prep_read(sqe, fds[i], data[i], SIZE, 0);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	}
	if (io_uring_submit(ring) != FILES || reap(ring, FILES))
		errx(1, "a request failed");
}

static void copy_through_ring(const int *in, const int *out)
{
	struct io_uring ring;

	errno = -io_uring_queue_init(FILES, &ring, 0);
	if (errno)
		err(1, "io_uring");
	transfer(&ring, false, in, copied);
	transfer(&ring, true, out, copied);
	/* or it proves nothing */
	if (!nr_workers())
		errx(1, "there was no worker");
	io_uring_queue_exit(&ring);
}

static void copy(const int *in, const int *out)
{
	int i;

	for (i = 0; i < FILES; i++)
		if (pread(in[i], copied[i], SIZE, 0) != SIZE ||
		    pwrite(out[i], copied[i], SIZE, 0) != SIZE)
			err(1, "copy");
}

static void copy_and_compare(int rings, char fill)
{
	int in[FILES], out[FILES], i;

	for (i = 0; i < FILES; i++) {
		in[i] = memfd_create("in", 0);
		out[i] = memfd_create("out", 0);
		memset(wanted[i], fill + i, SIZE);
		if (in[i] < 0 || out[i] < 0 ||
		    pwrite(in[i], wanted[i], SIZE, 0) != SIZE)
			err(1, "memfd");
	}
	if (!rings)
		copy(in, out);
	for (i = 0; i < rings; i++)
		copy_through_ring(in, out);
	for (i = 0; i < FILES; i++) {
		if (pread(out[i], copied[i], SIZE, 0) != SIZE ||
		    memcmp(copied[i], wanted[i], SIZE))
			errx(1, "a copy is wrong");
		close(in[i]);
		close(out[i]);
	}
}

static void say(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, "ok\n", 3) != 3)
		err(1, "%s", path);
	close(fd);
}

int main(int argc, char *argv[])
{
	int processes, rings, sig;
	pid_t pid = 1;
	sigset_t set;

	if (argc != 3)
		errx(1, "usage: dumped PROCESSES RINGS");
	processes = atoi(argv[1]);
	rings = atoi(argv[2]);
	setsid();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);

	while (pid && --processes) {
		pid = fork();
		if (pid < 0)
			err(1, "fork");
	}

	copy_and_compare(rings, 'a');
	say("/tmp/closed");
	sigwait(&set, &sig);

	/* memory has to be as it was when it was dumped */
	for (sig = 0; sig < FILES; sig++)
		if (memcmp(copied[sig], wanted[sig], SIZE))
			errx(1, "memory is not as it was");
	copy_and_compare(rings, 'A');
	say("/tmp/done");
	while (pid && wait(NULL) > 0)
		;
	return 0;
}
