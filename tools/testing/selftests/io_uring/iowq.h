/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the io-wq tests share: look at the workers of the calling process, wait
 * for them with a deadline, and give them something to do.
 */
#ifndef SELFTEST_IO_URING_IOWQ_H
#define SELFTEST_IO_URING_IOWQ_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/*
 * Workers that have to go must be gone by then, in milliseconds. Far below the
 * 5 s after which io-wq lets surplus workers go on any kernel.
 */
#define GONE_MS		1000
/* Workers that go at all have most likely gone by then, in milliseconds. */
#define LEFT_MS		250
/* A worker that stays this long, in milliseconds, has survived the idle timeout. */
#define KEPT_MS		7000
/* For a task that comes back soon, one worker stays this long, in microseconds. */
#define LINGER_US	5000
/* A request that takes longer, in milliseconds, is lost. */
#define LOST_MS		2000

/*
 * Deadlines stretch for a slow machine: IOWQ_TIME_SCALE=2 doubles them. They stay
 * below the idle timeout. After that, surplus workers go on any kernel, and those
 * that stay look for work, even if they were not woken for it.
 */
#define LONGEST_MS	4500

static inline long scaled_ms(long ms)
{
	const char *scale = getenv("IOWQ_TIME_SCALE");
	long factor = scale ? atol(scale) : 1;

	if (factor > 1)
		ms *= factor;
	return ms < LONGEST_MS ? ms : LONGEST_MS;
}

static inline long now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static inline long now_ms(void)
{
	return now_us() / 1000;
}

/*
 * A child that dies with the caller. If a test that fails left one behind, whoever
 * reads its output would wait for it.
 */
static inline pid_t fork_child(void)
{
	pid_t child = fork();

	if (!child)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* Restarts when task work interrupts it, as these tests make that happen. */
static inline void sleep_us(long us)
{
	struct timespec ts = {
		.tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000,
	};

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* What the names of all workers start with, followed by the TID of their task */
#define WORKER		"iou-wrk-"

/* Reading @path failed. Abort if that isn't because the thread has exited. */
static inline void must_have_exited(const char *path)
{
	if (errno == ENOENT || errno == ESRCH)
		return;
	perror(path);
	abort();
}

/* Read the name of a thread. Returns whether the thread is still there. */
static inline bool read_comm(const char *path, char *comm, int size)
{
	FILE *file = fopen(path, "r");
	bool there = file && fgets(comm, size, file);

	if (!there)
		must_have_exited(path);
	if (file)
		fclose(file);
	return there;
}

/*
 * How many threads of process @pid have names that start with @name, or -1 if there
 * is no such process. Leaves the TIDs of the last @max of them, the newest, in @tids.
 */
static inline int find_threads(pid_t pid, const char *name, pid_t *tids,
			       int max)
{
	int found, threads, tries = 100;
	char path[300], comm[32];
	struct dirent *entry;
	struct stat stat;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks) {
		must_have_exited(path);
		return -1;
	}

again:
	found = 0;
	threads = 0;
	while ((entry = readdir(tasks))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", pid,
			 entry->d_name);
		if (!read_comm(path, comm, sizeof(comm)))
			continue;
		threads++;
		if (!strncmp(comm, name, strlen(name))) {
			if (max)
				tids[found % max] = atoi(entry->d_name);
			found++;
		}
	}
	/*
	 * The list ends early if it is at a thread that exits right then. That
	 * thread isn't counted, or it would make up for one that is missing.
	 */
	if (!fstat(dirfd(tasks), &stat) && threads + 2 != (int)stat.st_nlink &&
	    tries--) {
		rewinddir(tasks);
		goto again;
	}
	closedir(tasks);
	return found;
}

/*
 * How many io-wq workers process @pid has, or -1 if there is no such process. Leaves
 * the TID of the newest one in @tid, unless that is NULL.
 */
static inline int find_workers(pid_t pid, pid_t *tid)
{
	return find_threads(pid, WORKER, tid, tid ? 1 : 0);
}

/* The same for the calling thread, without the workers of others */
static inline int find_own_workers(pid_t *tids, int max)
{
	char name[32];

	/* with the end of the line, or it could be the start of a longer TID */
	snprintf(name, sizeof(name), WORKER "%ld\n", syscall(SYS_gettid));
	return find_threads(getpid(), name, tids, max);
}

static inline int nr_workers(void)
{
	return find_workers(getpid(), NULL);
}

/* Wait until @want workers are there. Returns how many there are at the end. */
static inline int wait_for_workers(int want)
{
	long deadline = now_ms() + scaled_ms(GONE_MS);
	int workers;

	while ((workers = nr_workers()) < want && now_ms() < deadline)
		sleep_us(500);
	return workers;
}

/* Wait until @pid has no worker. Returns how many there are at the end. */
static inline int wait_for_no_worker_of(pid_t pid)
{
	long deadline = now_ms() + scaled_ms(GONE_MS);
	int workers;

	while ((workers = find_workers(pid, NULL)) && now_ms() < deadline)
		sleep_us(500);
	return workers;
}

static inline int wait_for_no_worker(void)
{
	return wait_for_no_worker_of(getpid());
}

/*
 * Give workers time to go, for a test of what comes after that. If workers don't go
 * with the ring, that is for other tests to notice.
 */
static inline void let_workers_go(void)
{
	long deadline = now_ms() + scaled_ms(LEFT_MS);

	while (nr_workers() && now_ms() < deadline)
		sleep_us(500);
}

/* Wait until @want threads have each added one to @count. */
static inline bool wait_for_count(const int *count, int want)
{
	long deadline = now_ms() + scaled_ms(LOST_MS);
	int counted;

	while ((counted = __atomic_load_n(count, __ATOMIC_SEQ_CST)) < want &&
	       now_ms() < deadline)
		sleep_us(500);
	return counted >= want;
}

#define SWITCHES	"voluntary_ctxt_switches:"

/*
 * Wait until thread @tid of this process sleeps. Returns how often it has gone to
 * sleep so far, or -1 if it doesn't sleep in time.
 */
static inline long wait_until_asleep(pid_t tid)
{
	long sleeps, deadline = now_ms() + scaled_ms(GONE_MS);
	char path[64], line[128], state = 0;

	snprintf(path, sizeof(path), "/proc/self/task/%d/status", tid);
	while (now_ms() < deadline) {
		FILE *file = fopen(path, "r");

		if (!file) {
			must_have_exited(path);
			break;
		}
		sleeps = -1;
		while (fgets(line, sizeof(line), file)) {
			if (!strncmp(line, "State:\t", strlen("State:\t")))
				state = line[strlen("State:\t")];
			if (!strncmp(line, SWITCHES, strlen(SWITCHES)))
				sleeps = atol(line + strlen(SWITCHES));
		}
		fclose(file);
		if (state == 'S')
			return sleeps;
		sleep_us(100);
	}
	return -1;
}

/*
 * Wait until thread @tid sleeps again. It got something to do after it had gone to
 * sleep @sleeps times.
 */
static inline bool wait_until_asleep_again(pid_t tid, long sleeps)
{
	long now, deadline = now_ms() + scaled_ms(GONE_MS);

	while ((now = wait_until_asleep(tid)) == sleeps && now_ms() < deadline)
		sleep_us(100);
	return now > sleeps;
}

/* The lowest number of workers seen in the next @ms milliseconds. */
static inline int least_workers(long ms)
{
	long end = now_ms() + ms;
	int workers, least = nr_workers();

	while (least && now_ms() < end) {
		workers = nr_workers();
		if (workers < least)
			least = workers;
		sleep_us(10000);
	}
	return least;
}

/* Wait until somebody has read all that was written to the pipe @fd. */
static inline bool wait_until_read(int fd)
{
	long deadline = now_ms() + scaled_ms(GONE_MS);
	int unread;

	while (!ioctl(fd, FIONREAD, &unread) && unread && now_ms() < deadline)
		sleep_us(500);
	return !unread;
}

/* A test that needs more entries than its ring has is broken. */
static inline struct io_uring_sqe *get_sqe(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		abort();
	return sqe;
}

static inline void prep_async_nop(struct io_uring *ring)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_nop(sqe);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
}

/*
 * Unbounded work that goes to a worker because it might block, for all that io_uring
 * knows, if @fd is of /dev/full. It relies on any worker that is running, while work
 * that is forced to a worker has one created.
 */
static inline void prep_punted_read(struct io_uring *ring, int fd, char *byte)
{
	io_uring_prep_read(get_sqe(ring), fd, byte, 1, 0);
}

/*
 * Unbounded work that blocks its worker until there is a byte in @pipe to move
 * to /dev/null. A read would not, as io_uring polls the pipe for it.
 */
static inline void prep_blocking(struct io_uring *ring, int pipe)
{
	static __thread int null;	/* stays open */

	if (!null)
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null < 0)
		abort();
	io_uring_prep_splice(get_sqe(ring), pipe, -1, null, -1, 1, 0);
}

/* Let @nr requests go on that are blocked until there are bytes in @pipe. */
static inline int unblock(int pipe, int nr)
{
	static const char bytes[32];

	if (nr > (int)sizeof(bytes))
		abort();
	return write(pipe, bytes, nr) == nr ? 0 : -EIO;
}

/* Bounded work, hashed by the inode if @fd is a regular file. */
static inline void prep_async_write(struct io_uring *ring, int fd,
				    const void *buf, unsigned int len,
				    off_t offset)
{
	struct io_uring_sqe *sqe = get_sqe(ring);

	io_uring_prep_write(sqe, fd, buf, len, offset);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
}

/* Prepare @blocking requests that block, and @nops nops for workers. */
static inline void prep_reqs(struct io_uring *ring, int pipe, int blocking,
			     int nops)
{
	while (blocking--)
		prep_blocking(ring, pipe);
	while (nops--)
		prep_async_nop(ring);
}

/* Submit all @nr that are prepared. Returns 0 or a negative error. */
static inline int submit_reqs(struct io_uring *ring, int nr)
{
	int ret = io_uring_submit(ring);

	if (ret == nr)
		return 0;
	return ret < 0 ? ret : -EIO;
}

/*
 * Reap one completion, and leave its result in @res. A signal that interrupts the
 * wait doesn't extend it. Returns 0 or a negative error, -ETIME if there was none
 * in @ms milliseconds.
 */
static inline int reap_one(struct io_uring *ring, int *res, long ms)
{
	long deadline = now_us() + ms * 1000;
	struct __kernel_timespec timeout;
	struct io_uring_cqe *cqe;
	int ret;

	do {
		long left = deadline - now_us();

		if (left < 0)
			left = 0;
		timeout.tv_sec = left / 1000000;
		timeout.tv_nsec = left % 1000000 * 1000;
		ret = io_uring_wait_cqe_timeout(ring, &cqe, &timeout);
	} while (ret == -EINTR);
	if (ret)
		return ret;
	*res = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return 0;
}

/*
 * Reap @nr completions, each of which has to come in time. Returns 0, the
 * negative result of a request that failed, or -ETIME.
 */
static inline int reap(struct io_uring *ring, int nr)
{
	int ret, res, err = 0;

	while (nr--) {
		ret = reap_one(ring, &res, scaled_ms(LOST_MS));
		if (ret)
			return ret;
		if (res < 0)
			err = res;
	}
	return err;
}

/* Unmap what io_uring_queue_init() mapped, and leave the descriptor open. */
static inline void unmap_ring(struct io_uring *ring)
{
	/* first, as its size is in the other mapping */
	munmap(ring->sq.sqes, *ring->sq.kring_entries * sizeof(*ring->sq.sqes));
	if (ring->cq.ring_ptr != ring->sq.ring_ptr)
		munmap(ring->cq.ring_ptr, ring->cq.ring_sz);
	munmap(ring->sq.ring_ptr, ring->sq.ring_sz);
}

/* Write @text to the file @path. Returns whether all of it could be written. */
static inline bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = strlen(text);
	bool ok = fd >= 0 && write(fd, text, len) == len;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* For qsort(), the order of longs */
static inline int by_size(const void *a, const void *b)
{
	long x = *(const long *)a, y = *(const long *)b;

	return (x > y) - (x < y);
}

/* Submit one nop to a worker and reap it. Returns 0 or a negative error. */
static inline int run_async_nop(struct io_uring *ring)
{
	int ret;

	prep_async_nop(ring);
	ret = submit_reqs(ring, 1);
	return ret ? ret : reap(ring, 1);
}

/*
 * Run @nr requests that block until each of them has a worker. Returns how many
 * workers there were, or a negative error.
 */
static inline int run_blocking(struct io_uring *ring, const int pipe[2], int nr)
{
	int workers, ret;

	prep_reqs(ring, pipe[0], nr, 0);
	ret = submit_reqs(ring, nr);
	if (ret)
		return ret;
	workers = wait_for_workers(nr);
	ret = unblock(pipe[1], nr);
	if (!ret)
		ret = reap(ring, nr);
	return ret ? ret : workers;
}

#endif
