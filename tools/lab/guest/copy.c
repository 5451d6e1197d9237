// SPDX-License-Identifier: GPL-2.0
/*
 * copy TIMES FROM TO [FROM TO]...: copy files through io_uring, close the ring,
 * and see what becomes of the workers, TIMES times, each in a new process.
 *
 * Prints a line for each: workers while the ring was open, workers at the end,
 * and the milliseconds from close() until none was left, or "never" if one is
 * still there after KEPT_MS, when io-wq has let surplus workers go.
 */
#include <errno.h>
#include <err.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../../testing/selftests/io_uring/iowq.h"

#define BLOCK	(64 << 10)
#define DEPTH	16
/* How long the next process waits for the workers to go, in milliseconds. */
#define TURN_MS	250

struct block {
	char data[BLOCK];
	off_t offset;
	unsigned int len;
};

/* Read or write @nr blocks at the same time. Fails on a short transfer. */
static void transfer(struct io_uring *ring, bool writing, int fd,
		     struct block *blocks, int nr, const char *name)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	struct block *block;

	for (block = blocks; block < blocks + nr; block++) {
		sqe = get_sqe(ring);
		if (writing)
			io_uring_prep_write(sqe, fd, block->data, block->len,
					    block->offset);
		else
			io_uring_prep_read(sqe, fd, block->data, block->len,
					   block->offset);
		io_uring_sqe_set_data(sqe, block);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	}
	if (io_uring_submit(ring) != nr)
		errx(1, "%s: submit failed", name);

	while (nr--) {
		if (io_uring_wait_cqe(ring, &cqe))
			errx(1, "%s: no completion", name);
		block = io_uring_cqe_get_data(cqe);
		if (cqe->res < 0)
			errx(1, "%s: %s", name, strerror(-cqe->res));
		if ((unsigned int)cqe->res != block->len)
			errx(1, "%s: short transfer", name);
		io_uring_cqe_seen(ring, cqe);
	}
}

static void copy(struct io_uring *ring, const char *from, const char *to)
{
	static struct block blocks[DEPTH];
	off_t offset = 0;
	struct stat st;
	int in, out;

	in = open(from, O_RDONLY);
	if (in < 0 || fstat(in, &st))
		err(1, "%s", from);
	out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (out < 0)
		err(1, "%s", to);

	while (offset < st.st_size) {
		int nr;

		for (nr = 0; nr < DEPTH && offset < st.st_size; nr++) {
			blocks[nr].offset = offset;
			blocks[nr].len = st.st_size - offset < BLOCK ?
					 st.st_size - offset : BLOCK;
			offset += blocks[nr].len;
		}
		transfer(ring, false, in, blocks, nr, from);
		transfer(ring, true, out, blocks, nr, to);
	}
	close(in);
	close(out);
}

static double elapsed_ms(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1e3 +
	       (now.tv_nsec - since->tv_nsec) / 1e6;
}

/*
 * Copy, and print a line. @turn is closed when the next process may start. From
 * then on, this one looks for workers too rarely to disturb it.
 */
static void copy_once(int turn, char *names[], int nr)
{
	struct timespec closed;
	struct io_uring ring;
	int i, open, left;
	double ms;

	i = io_uring_queue_init(DEPTH, &ring, 0);
	if (i)
		errx(1, "io_uring: %s", strerror(-i));
	for (i = 0; i < nr; i += 2)
		copy(&ring, names[i], names[i + 1]);
	open = nr_workers();

	clock_gettime(CLOCK_MONOTONIC, &closed);
	io_uring_queue_exit(&ring);
	while ((left = nr_workers()) && elapsed_ms(&closed) < TURN_MS)
		sleep_us(200);
	ms = elapsed_ms(&closed);
	close(turn);
	while (left && ms < KEPT_MS) {
		sleep_us(100000);
		left = nr_workers();
		ms = elapsed_ms(&closed);
	}

	if (left)
		printf("%d %d never\n", open, left);
	else
		printf("%d %d %.2f\n", open, left, ms);
}

int main(int argc, char *argv[])
{
	int i, times, status, failed = 0;

	if (argc < 4 || argc % 2)
		errx(1, "usage: copy TIMES FROM TO [FROM TO]...");
	times = atoi(argv[1]);

	for (i = 0; i < times; i++) {
		int turn[2];
		char end;

		if (pipe(turn))
			err(1, "pipe");
		switch (fork_child()) {
		case -1:
			err(1, "fork");
		case 0:
			close(turn[0]);
			copy_once(turn[1], argv + 2, argc - 2);
			return 0;
		}
		close(turn[1]);
		/* ends when the child has closed it, or died */
		if (read(turn[0], &end, 1))
			err(1, "pipe");
		close(turn[0]);
	}
	while (wait(&status) > 0)
		failed |= status;
	return failed ? 1 : 0;
}
