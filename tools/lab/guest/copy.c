// SPDX-License-Identifier: GPL-2.0
/*
 * copy FROM TO [FROM TO]...: copy files through io_uring, close the ring, and
 * see what becomes of the workers.
 *
 * Prints a line: workers while the ring was open, workers in the end, and the
 * milliseconds from close() until none was left, or "never". Never is when one
 * is still there after KEPT_MS, when io-wq has let surplus workers go.
 */
#include <errno.h>
#include <err.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "../../testing/selftests/io_uring/iowq.h"

#define BLOCK	(64 << 10)
#define DEPTH	16

struct block {
	char data[BLOCK];
	off_t offset;
	unsigned int len;
};

/* Read or write @nr blocks at the same time, each one whole. */
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

int main(int argc, char *argv[])
{
	struct timespec closed;
	struct io_uring ring;
	int i, open, left;
	double ms;

	if (argc < 3 || !(argc % 2))
		errx(1, "usage: copy FROM TO [FROM TO]...");

	i = io_uring_queue_init(DEPTH, &ring, 0);
	if (i)
		errx(1, "io_uring: %s", strerror(-i));
	for (i = 1; i < argc; i += 2)
		copy(&ring, argv[i], argv[i + 1]);
	open = nr_workers();

	clock_gettime(CLOCK_MONOTONIC, &closed);
	io_uring_queue_exit(&ring);
	while ((left = nr_workers()) && elapsed_ms(&closed) < KEPT_MS)
		sleep_us(200);
	ms = elapsed_ms(&closed);

	if (left)
		printf("%d %d never\n", open, left);
	else
		printf("%d %d %.1f\n", open, left, ms);
	return 0;
}
