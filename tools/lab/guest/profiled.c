// SPDX-License-Identifier: GPL-2.0
/*
 * profiled JOBS: a program that a profiler samples. It opens a ring for each job,
 * has workers read 8 blocks of a file, and closes the ring. Meanwhile, a timer sends
 * it signals. Each kind of timer and rate gets a process and JOBS jobs. The pauses
 * between these are shorter and longer than workers wait for a next ring.
 *
 * Prints for each process what became of its requests, the signals that it got and,
 * without IOWQ_COUNT, the workers that are left. Succeeds if each request was done
 * with the right bytes.
 */
#define _GNU_SOURCE
#include <err.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "../../testing/selftests/io_uring/iowq.h"

#define READS		8
#define BLOCK		4096
#define BLOCKS		256

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id	_sigev_un._tid
#endif

static const int pauses_us[] = { 0, 3000, 10000 };

static char file[BLOCKS][BLOCK], data[READS][BLOCK];
static int signals;

static struct {
	int right;
	int cancelled;
	int lost;
	int wrong;
} reads;

static void sample(int sig)
{
	signals++;
}

/* As programs with one thread are profiled */
static int start_itimer(int interval_us)
{
	struct itimerval interval = {
		.it_interval.tv_usec = interval_us,
		.it_value.tv_usec = interval_us,
	};

	return setitimer(ITIMER_REAL, &interval, NULL);
}

/* As threads are profiled, one by one. ITIMER_PROF is no faster than the kernel's HZ. */
static int start_timer(int interval_us)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGPROF,
		.sigev_notify_thread_id = syscall(SYS_gettid),
	};
	struct itimerspec interval = {
		.it_interval.tv_nsec = interval_us * 1000,
		.it_value.tv_nsec = interval_us * 1000,
	};
	static timer_t timer;
	static bool created;

	if (!created && timer_create(CLOCK_MONOTONIC, &event, &timer))
		return -1;
	created = true;
	return timer_settime(timer, 0, &interval, NULL);
}

/* Reap the completions of a job. Blocks that nobody has read are not as wanted. */
static void reap_job(struct io_uring *ring, const int *blocks)
{
	int i, ret, res, done = 0;

	for (i = 0; i < READS; i++) {
		ret = reap_one(ring, &res, LONGEST_MS);
		if (ret) {
			reads.lost += READS - i;
			return;
		}
		if (res == -ECANCELED)
			reads.cancelled++;
		else if (res != BLOCK)
			reads.wrong++;
		else
			done++;
	}
	for (i = 0; i < READS; i++)
		if (!memcmp(data[i], file[blocks[i]], BLOCK))
			reads.right++;
		else if (done == READS)
			reads.wrong++;
}

static void do_job(int fd)
{
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	int blocks[READS], i;

	errno = -io_uring_queue_init(READS, &ring, 0);
	if (errno)
		err(1, "io_uring");
	memset(data, 0, sizeof(data));
	for (i = 0; i < READS; i++) {
		blocks[i] = rand() % BLOCKS;
		sqe = get_sqe(&ring);
		io_uring_prep_read(sqe, fd, data[i], BLOCK,
				   (off_t)blocks[i] * BLOCK);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	}
	do
		i = io_uring_submit(&ring);
	while (i == -EINTR);
	if (i != READS)
		errx(1, "submitted %d of %d requests", i, READS);
	reap_job(&ring, blocks);
	io_uring_queue_exit(&ring);
}

/* Do @jobs jobs under a timer. Returns the status to exit with. */
static int do_jobs(int fd, int jobs, const char *name, int (*start)(int),
		   int interval_us)
{
	int i;

	/* as profilers do it */
	struct sigaction action = {
		.sa_handler = sample,
		.sa_flags = SA_RESTART,
	};

	/* before the signals: stock may fail to create its first worker, too */
	do_job(fd);
	if (sigaction(SIGALRM, &action, NULL) ||
	    sigaction(SIGPROF, &action, NULL) || start(interval_us))
		err(1, "%s", name);
	/* those that are lost take seconds each */
	for (i = 1; i < jobs && !reads.lost; i++) {
		do_job(fd);
		sleep_us(pauses_us[i % 3]);
	}
	if (start(0))
		err(1, "%s", name);

	printf("same %s %d us: %d of %d reads are right, %d cancelled, %d lost, %d wrong\n",
	       name, interval_us, reads.right, i * READS, reads.cancelled,
	       reads.lost, reads.wrong);
	printf("note %s %d us: %d signals\n", name, interval_us, signals);
	/* that takes instructions, too, and more if a worker stays */
	if (!getenv("IOWQ_COUNT"))
		printf("left %d\n", wait_for_no_worker());
	fflush(stdout);
	if (signals < i)
		errx(1, "%s %d us: only %d signals in %d jobs, this proves nothing",
		     name, interval_us, signals, i);
	return reads.right == jobs * READS ? 0 : 1;
}

int main(int argc, char *argv[])
{
	static const struct {
		const char *name;
		int (*start)(int interval_us);
		int interval_us;
	} cases[] = {
		{ "ITIMER_REAL", start_itimer, 1000 },
		{ "ITIMER_REAL", start_itimer, 300 },
		{ "SIGPROF", start_timer, 1000 },
		{ "SIGPROF", start_timer, 300 },
	};
	char *bytes = (char *)file;
	int fd, status, failed = 0;
	unsigned int i;

	if (argc != 2 || atoi(argv[1]) < 1)
		errx(1, "usage: profiled JOBS");
	fd = memfd_create("file", 0);
	for (i = 0; i < sizeof(file); i++)
		bytes[i] = rand() | 1;
	if (fd < 0 || write(fd, file, sizeof(file)) != sizeof(file))
		err(1, "memfd");

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		switch (fork_child()) {
		case -1:
			err(1, "fork");
		case 0:
			return do_jobs(fd, atoi(argv[1]), cases[i].name,
				       cases[i].start, cases[i].interval_us);
		}
		if (wait(&status) < 0)
			err(1, "wait");
		failed |= status;
	}
	return failed ? 1 : 0;
}
