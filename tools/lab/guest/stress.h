/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the processes of the stress test share: they count what they see in memory
 * that they share, and use rings through the same functions.
 */
#ifndef STRESS_H
#define STRESS_H

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../../testing/selftests/io_uring/iowq.h"

#define ACTORS		6
/*
 * An idle worker looks for work again after 5 s. So a request for which no worker
 * was woken completes then, and a worker that was not woken exits. Those of an SQPOLL
 * ring stay until its teardown has ended their thread, which may take a second here.
 */
#define LATE_S		4
#define GONE_S		4
#define LOST_S		20
/* After this long, in milliseconds, an actor isn't killed before its wait ends. */
#define OVERDUE_MS	250
#define ENTRIES		32
#define SEQUENCES	9

/* What all processes write to */
static struct shared {
	unsigned long rounds, rings, requests, acts;
	unsigned long lost, late, left;
	/* for how long an actor was stopped: it can't do anything then */
	unsigned long held_ms[ACTORS];
	/* how many of its threads and children have waited for OVERDUE_MS */
	unsigned long overdue[ACTORS];
	/* failures of other kinds */
	unsigned long broken;
	unsigned long complaints, shown;
	/* how often each sequence was tried, and came to its point */
	unsigned long tried[SEQUENCES], happened[SEQUENCES];
} *shared;

static int cpus, me;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

static unsigned long count(unsigned long *counter, unsigned long nr)
{
	return __atomic_add_fetch(counter, nr, __ATOMIC_RELAXED);
}

static __thread uint64_t state;

static void start_random(uint64_t from)
{
	state = (from + 1) * 0x9e3779b97f4a7c15ULL;
}

/* A number below @below */
static unsigned int pick(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 32) % below;
}

/* A failure is for the caller to judge: a CPU may be busy, or a group gone. */
static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static void complain(const char *fmt, ...)
{
	char text[200];
	va_list args;

	/* these are enough to see what is wrong */
	if (shared->complaints > 10)
		return;
	count(&shared->complaints, 1);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("actor %d: %s\n", me, text);
	fflush(stdout);
}

/* A wait of a thread, without the time for which its actor was stopped */
struct wait {
	long start;
	unsigned long held;
	bool overdue;
};

static void start_wait(struct wait *wait)
{
	wait->overdue = false;
	wait->held = shared->held_ms[me];
	wait->start = now_ms();
}

/* How long the wait has taken so far, in milliseconds */
static long waited(struct wait *wait)
{
	long ms = now_ms() - wait->start -
		  (long)(shared->held_ms[me] - wait->held);

	if (!wait->overdue && ms >= OVERDUE_MS) {
		wait->overdue = true;
		count(&shared->overdue[me], 1);
	}
	return ms;
}

static void end_wait(struct wait *wait)
{
	if (wait->overdue)
		count(&shared->overdue[me], -1);
}

/* A ring, and what its requests work on */
struct work {
	struct io_uring ring;
	unsigned int flags;
	int file, null, pipe[2];
	unsigned int pending, blocked, cancelled;
};

static const unsigned int kinds[] = {
	0,
	0,
	IORING_SETUP_SQPOLL,
	IORING_SETUP_R_DISABLED,
	IORING_SETUP_COOP_TASKRUN,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
	IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
	IORING_SETUP_R_DISABLED,
};

/* Put workers on one CPU, or on all again. The limit is never reached. */
static void register_settings(struct io_uring *ring)
{
	unsigned int limits[2] = { 64, 64 };
	cpu_set_t one;
	int cpu = pick(cpus);

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	/* it may be offline */
	if (pick(2))
		io_uring_register_iowq_aff(ring, sizeof(one), &one);
	else
		io_uring_unregister_iowq_aff(ring);
	io_uring_register_iowq_max_workers(ring, limits);
}

/* @wq_fd is a ring whose thread serves this one as well, for ATTACH_WQ */
static void open_work(struct work *work, unsigned int flags, int wq_fd)
{
	struct io_uring_params params = {
		.flags = flags | IORING_SETUP_CQSIZE,
		.cq_entries = 8 * ENTRIES,
		.sq_thread_idle = 1 + pick(50),
		.wq_fd = wq_fd,
	};
	struct wait wait;
	int ret;

	memset(work, 0, sizeof(*work));
	work->flags = flags;
	work->file = memfd_create("file", MFD_CLOEXEC);
	work->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (work->file < 0 || work->null < 0 || pipe2(work->pipe, O_CLOEXEC))
		err(1, "open");
	/* rings that are being torn down still have their memory */
	start_wait(&wait);
	while ((ret = io_uring_queue_init_params(ENTRIES, &work->ring, &params)) &&
	       (ret == -ENOMEM || ret == -EINTR || ret == -EAGAIN) &&
	       waited(&wait) < LOST_S * 1000)
		sleep_us(1000);
	end_wait(&wait);
	if (ret || ((flags & IORING_SETUP_R_DISABLED) &&
		    io_uring_enable_rings(&work->ring)))
		errx(1, "io_uring: %s", strerror(-ret));
	if (!pick(4))
		register_settings(&work->ring);
	count(&shared->rings, 1);
}

static void close_files(struct work *work)
{
	close(work->file);
	close(work->null);
	close(work->pipe[0]);
	close(work->pipe[1]);
}

static void close_work(struct work *work)
{
	io_uring_queue_exit(&work->ring);
	close_files(work);
}

static void prep_one(struct work *work, unsigned int sqe_flags)
{
	static char data[8192];
	struct io_uring_sqe *sqe = get_sqe(&work->ring);

	switch (pick(6)) {
	case 0:
	case 1:
		io_uring_prep_nop(sqe);
		sqe_flags |= IOSQE_ASYNC;
		break;
	case 2:
		/* goes to a worker only if it may have to wait */
		io_uring_prep_write(sqe, work->file, data, sizeof(data), 0);
		break;
	case 3:
		/* hashed */
		io_uring_prep_write(sqe, work->file, data, sizeof(data), 0);
		sqe_flags |= IOSQE_ASYNC;
		break;
	case 4:
		io_uring_prep_splice(sqe, work->pipe[0], -1, work->null, -1, 1, 0);
		work->blocked++;
		break;
	case 5:
		io_uring_prep_cancel64(sqe, pick(ENTRIES), 0);
		break;
	}
	io_uring_sqe_set_flags(sqe, sqe_flags);
	io_uring_sqe_set_data64(sqe, pick(ENTRIES));
	work->pending++;
}

static void submit_all(struct work *work)
{
	struct wait wait;
	int ret;

	start_wait(&wait);
	count(&shared->requests, io_uring_sq_ready(&work->ring));
	while (io_uring_sq_ready(&work->ring)) {
		ret = io_uring_submit(&work->ring);
		if (ret < 0 && ret != -EINTR && ret != -EAGAIN && ret != -EBUSY)
			errx(1, "submit: %s", strerror(-ret));
		/* the kernel's thread submits them */
		if (work->flags & IORING_SETUP_SQPOLL)
			sleep_us(100);
		if (waited(&wait) >= LOST_S * 1000)
			errx(1, "requests are not submitted");
	}
	end_wait(&wait);
}

/* Submit some requests, a few of them linked */
static void submit_some(struct work *work)
{
	int i, nr = 1 + pick(12);

	for (i = 0; i < nr; i++)
		prep_one(work, i < nr - 1 && !pick(4) ? IOSQE_IO_LINK : 0);
	submit_all(work);
}

/* Write a byte for each request that blocks */
static void feed(struct work *work)
{
	static const char bytes[8 * ENTRIES];
	unsigned int left = work->blocked;
	int ret;

	while (left) {
		ret = write(work->pipe[1], bytes, left);
		if (ret > 0)
			left -= ret;
	}
}

static void cancel_all(struct work *work)
{
	struct io_uring_sqe *sqe = get_sqe(&work->ring);

	io_uring_prep_cancel64(sqe, 0, IORING_ASYNC_CANCEL_ANY |
				       IORING_ASYNC_CANCEL_ALL);
	work->pending++;
	submit_all(work);
}

/* Print what every task waits for on the console, the first time only. */
static void show_tasks(void)
{
	if (count(&shared->shown, 1) == 1)
		write_to("/proc/sysrq-trigger", "t");
}

/* Reap all requests, and do what lets them end again if that takes long. */
static void reap_all(struct work *work, void (*end_them)(struct work *work))
{
	struct __kernel_timespec a_while = { .tv_nsec = OVERDUE_MS * 1000000 };
	struct io_uring_cqe *cqe;
	struct wait wait;

	start_wait(&wait);
	while (work->pending) {
		int ret = io_uring_wait_cqe_timeout(&work->ring, &cqe, &a_while);
		long ms = waited(&wait);

		if (!ret) {
			if (cqe->res == -ECANCELED)
				work->cancelled++;
			io_uring_cqe_seen(&work->ring, cqe);
			work->pending--;
			if (ms >= LATE_S * 1000) {
				count(&shared->late, 1);
				complain("request took %ld ms, ring flags %#x", ms,
					 work->flags);
			}
		} else if (ret != -ETIME && ret != -EINTR) {
			errx(1, "wait: %s", strerror(-ret));
		} else if (ms < LOST_S * 1000) {
			end_them(work);
		} else {
			show_tasks();
			count(&shared->lost, work->pending);
			complain("%u requests lost, ring flags %#x",
				 work->pending, work->flags);
			break;
		}
	}
	end_wait(&wait);
}

/*
 * Let all requests end, or cancel them, and reap them. A request looks up its
 * descriptors when a worker starts it. One of a ring that was closed may find the
 * pipe of this ring there, and take a byte that was meant for another. So write
 * more if the wait is long.
 */
static void finish(struct work *work)
{
	if (pick(2))
		cancel_all(work);
	feed(work);
	reap_all(work, feed);
}

/* The function in which a worker of this process sleeps */
static void read_where(char *where, int size)
{
	char path[64];
	FILE *file;
	pid_t tid;

	if (find_workers(getpid(), &tid) < 1)
		return;
	snprintf(path, sizeof(path), "/proc/self/task/%d/wchan", tid);
	file = fopen(path, "r");
	if (!file)
		return;
	if (!fgets(where, size, file))
		where[0] = 0;
	fclose(file);
}

/* To be called after this process closed its last ring */
static void see_workers_go(const char *way)
{
	char where[64] = "";
	struct wait wait;
	int left;
	long ms;

	start_wait(&wait);
	for (;;) {
		/* before looking, so that a stall in between doesn't matter */
		ms = waited(&wait);
		left = nr_workers();
		if (left <= 0 || ms >= GONE_S * 1000)
			break;
		sleep_us(500);
	}
	if (left > 0) {
		count(&shared->left, 1);
		read_where(where, sizeof(where));
		complain("%d workers left after %s, one in %s", left, way, where);
	}
	end_wait(&wait);
}

static pid_t fork_seeded(void)
{
	uint64_t child_seed = pick(UINT32_MAX);
	pid_t child = fork_child();

	if (child < 0)
		err(1, "fork");
	if (!child)
		start_random(child_seed);
	return child;
}

/*
 * To be called by a process without other threads. A child that doesn't end is killed,
 * which may not end it either.
 */
static int wait_for(pid_t child)
{
	struct wait wait;
	int status;
	pid_t pid;

	start_wait(&wait);
	while ((pid = waitpid(child, &status, WNOHANG)) != child) {
		if (pid < 0 && errno != EINTR)
			err(1, "waitpid");
		if (waited(&wait) >= LOST_S * 1000) {
			show_tasks();
			count(&shared->broken, 1);
			complain("a child doesn't end");
			kill(child, SIGKILL);
			status = SIGKILL;
			break;
		}
		sleep_us(500);
	}
	/* it may have ended in the middle of a wait of its own */
	__atomic_store_n(&shared->overdue[me], 0, __ATOMIC_RELAXED);
	return status;
}

#endif
