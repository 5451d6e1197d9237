// SPDX-License-Identifier: GPL-2.0
/*
 * bench PART: measure what becomes of io-wq workers when rings are closed, and
 * what that costs. The parts are at the end.
 *
 * Prints lines "measure,case,value". Times are in microseconds, -1 is never: a
 * worker is still there after NEVER_US, when io-wq has let surplus ones go, or a
 * request under signals isn't done after LOST_MS. Fails if another request is lost,
 * or if there never was a worker.
 *
 * IOWQ_ROUNDS sets how often the parts repeat what they measure.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <x86intrin.h>

#include "../../testing/selftests/io_uring/iowq.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define MAX_TASKS	4096
#define OPEN_AT_ONCE	16
#define CREATED_MS	5000
/* How often to look whether workers are gone. It limits the resolution. */
#define LOOK_US		50
#define NEVER_US	(KEPT_MS * 1e3)
/* Between rounds, until what the last one left has been freed */
#define SETTLE_US	3000
/*
 * Rounds before those that count. An emulator translates code when it is first
 * executed.
 */
#define WARM_UP		2

static int rounds = 1;

struct pattern {
	const char *name;
	/* requests of the ring */
	int nops;
	int writes;		/* hashed: one at a time */
	int blocking;		/* each of them needs a worker */
	bool reap;		/* all of them, before the ring is closed */
	int workers;		/* that have to be there before the close */
};

static const struct pattern patterns[] = {
	{ "one", .nops = 1, .reap = true, .workers = 1 },
	{ "mixed", .nops = 12, .writes = 12, .blocking = 8, .reap = true,
	  .workers = 1 },
	{ "unreaped", .nops = 12, .writes = 12, .blocking = 8, .workers = 8 },
	{ "blocked", .blocking = 16, .workers = 16 },
};

static int open_tasks(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	return fd;
}

/*
 * The workers of a process: all threads but the main one, as processes here have
 * no other threads. One cheap call.
 */
static int workers_in(int tasks)
{
	struct stat st;

	if (fstat(tasks, &st))
		err(1, "fstat");
	return st.st_nlink - 3;		/* "." and ".." count as well */
}

static void need_workers(int tasks, int workers)
{
	long deadline = now_ms() + CREATED_MS;

	while (workers_in(tasks) < workers) {
		if (now_ms() > deadline)
			errx(1, "%d workers, not %d", workers_in(tasks),
			     workers);
		sleep_us(LOOK_US);
	}
}

static void queue_init(struct io_uring *ring, int entries)
{
	int ret = io_uring_queue_init(entries, ring, 0);

	if (ret)
		errx(1, "io_uring: %s", strerror(-ret));
}

static void need_nop(struct io_uring *ring)
{
	int ret = run_async_nop(ring);

	if (ret)
		errx(1, "a nop is lost: %s", strerror(-ret));
}

static void cycle(struct io_uring *ring)
{
	queue_init(ring, 1);
	need_nop(ring);
	io_uring_queue_exit(ring);
}

/*
 * Patterns of one process
 */

static int file_fd, pipe_fd[2];

/* The result of a round, for the process that prints it */
static struct {
	double us;		/* from close() to no worker */
	bool back;		/* one came after the last was gone */
} *result;

static void submit(struct io_uring *ring, const struct pattern *p, int reqs)
{
	int i;

	for (i = 0; i < p->blocking; i++)
		prep_blocking(ring, pipe_fd[0]);
	for (i = 0; i < p->writes; i++)
		prep_async_write(ring, file_fd, "x", 1, i);
	for (i = 0; i < p->nops; i++)
		prep_async_nop(ring);
	if (io_uring_submit(ring) != reqs)
		errx(1, "%s: not all submitted", p->name);
}

static void run_round(const struct pattern *p)
{
	int i, left, reqs = p->nops + p->writes + p->blocking;
	int tasks = open_tasks(getpid());
	struct io_uring ring;
	double us, closed;

	for (i = 0; p->reap && i < p->blocking; i++)
		if (write(pipe_fd[1], "x", 1) != 1)
			err(1, "write");
	queue_init(&ring, reqs);
	submit(&ring, p, reqs);
	if (p->reap && reap(&ring, reqs))
		errx(1, "%s: a request is lost", p->name);
	/* also pages in what is needed after the close */
	need_workers(tasks, p->workers);

	/* what io_uring_queue_exit() does before and in its close() */
	unmap_ring(&ring);
	closed = now_us();
	close(ring.ring_fd);
	do {
		sleep_us(LOOK_US);
		left = workers_in(tasks);
		us = now_us() - closed;
	} while (left && us < NEVER_US);
	result->us = left ? -1 : us;

	/* A worker that was still to be created may come up now. */
	sleep_us(1000);
	result->back = !left && workers_in(tasks);
	while (!left && workers_in(tasks))
		sleep_us(LOOK_US);
	close(tasks);
}

/*
 * A process that has never had a ring. Its parent sleeps meanwhile. The clock
 * starts at the close, so the fork isn't included.
 */
static void run_fresh(const struct pattern *p)
{
	pid_t child = fork_child();
	int status;

	if (child < 0)
		err(1, "fork");
	if (!child) {
		run_round(p);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		errx(1, "%s: a round failed", p->name);
}

/*
 * A task that comes back soon: it closed another ring right before. Without that
 * one, it would come back soon only every other time: when it did, a worker stays
 * longer, and the task waits for that.
 */
static void run_again(const struct pattern *p)
{
	struct io_uring ring;

	cycle(&ring);
	run_round(p);
}

/* Ends early if workers never exit. */
static void run_rounds(const struct pattern *p, const char *measure,
		       void (*run)(const struct pattern *p))
{
	int i;

	for (i = -WARM_UP; i < rounds; i++) {
		run(p);
		if (i >= 0 || result->us < 0)
			printf("%s,%s,%.1f\n", measure, p->name, result->us);
		if (result->us < 0)
			break;
		if (result->back)
			printf("back,%s %s,1\n", measure, p->name);
		sleep_us(SETTLE_US);
	}
}

/*
 * Many tasks: processes that close their rings at the same moment
 */

static struct {
	pthread_barrier_t ready, close;
	sem_t open;
	double closed[MAX_TASKS];
} *shared;

static pid_t task_pid[MAX_TASKS];
static int task_fd[MAX_TASKS];

static void task(int i)
{
	struct io_uring ring;

	/* Not all at once, or a nop may be late for want of a CPU. */
	while (sem_wait(&shared->open))
		;
	queue_init(&ring, 1);
	need_nop(&ring);
	sem_post(&shared->open);
	pthread_barrier_wait(&shared->ready);
	pthread_barrier_wait(&shared->close);
	shared->closed[i] = now_us();
	io_uring_queue_exit(&ring);
	for (;;)
		pause();
}

static void task_died(int sig)
{
	_exit(1);
}

static void start_tasks(int nr)
{
	pthread_barrierattr_t attr;
	int i;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	/* they wait there until tasks_round() */
	if (sem_init(&shared->open, 1, 0))
		err(1, "sem_init");
	pthread_barrier_init(&shared->ready, &attr, nr + 1);
	pthread_barrier_init(&shared->close, &attr, nr + 1);

	signal(SIGCHLD, task_died);
	for (i = 0; i < nr; i++) {
		task_pid[i] = fork_child();
		if (task_pid[i] < 0)
			err(1, "fork");
		if (!task_pid[i])
			task(i);
	}
	for (i = 0; i < nr; i++)
		task_fd[i] = open_tasks(task_pid[i]);
}

static void end_tasks(int nr)
{
	int i;

	signal(SIGCHLD, SIG_DFL);
	for (i = 0; i < nr; i++) {
		kill(task_pid[i], SIGKILL);
		waitpid(task_pid[i], NULL, 0);
		close(task_fd[i]);
	}
	munmap(shared, sizeof(*shared));
}

/* Leaves the microseconds from the close() of each task in @us. */
static void tasks_round(int nr, double *us)
{
	static int left[MAX_TASKS];
	/* it takes a while until so many tasks have run once */
	double start, never = NEVER_US + nr * 5e3;
	int i, nr_left, before;

	for (i = 0; i < OPEN_AT_ONCE; i++)
		sem_post(&shared->open);
	pthread_barrier_wait(&shared->ready);
	for (i = 0; i < nr; i++) {
		need_workers(task_fd[i], 1);
		left[i] = i;
	}
	start = now_us();
	pthread_barrier_wait(&shared->close);
	nr_left = nr;
	do {
		before = nr_left;
		for (i = 0; i < nr_left; i++) {
			if (workers_in(task_fd[left[i]]))
				continue;
			us[left[i]] = now_us() - shared->closed[left[i]];
			left[i--] = left[--nr_left];
		}
		if (before == nr_left)
			sleep_us(LOOK_US);
	} while (nr_left && now_us() - start < never);
	for (i = 0; i < nr_left; i++)
		us[left[i]] = -1;
}

/*
 * The parts
 */

static void part_pattern(const struct pattern *p)
{
	result = mmap(NULL, sizeof(*result), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (result == MAP_FAILED)
		err(1, "mmap");
	file_fd = memfd_create("hashed", MFD_CLOEXEC);
	if (file_fd < 0 || pipe2(pipe_fd, O_CLOEXEC))
		err(1, "open");
	run_rounds(p, "fresh", run_fresh);
	run_rounds(p, "again", run_again);
}

static void part_tasks(void)
{
	int i, round, nr = 64;
	bool never = false;
	double us[nr];

	for (round = 0; round < rounds && !never; round++) {
		start_tasks(nr);
		tasks_round(nr, us);
		end_tasks(nr);
		for (i = 0; i < nr; i++) {
			printf("fresh,tasks,%.1f\n", us[i]);
			never = never || us[i] < 0;
		}
		sleep_us(SETTLE_US);
	}
}

/* Forks since boot: workers, and a few kernel threads. */
static unsigned long forks(void)
{
	unsigned long nr = 0;
	char line[256];
	FILE *file = fopen("/proc/stat", "r");

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "processes %lu", &nr) == 1)
			break;
	if (!nr)
		errx(1, "/proc/stat");
	fclose(file);
	return nr;
}

/*
 * To be run with a clock that counts instructions: open a ring, run a nop, close
 * it, in a loop with a pause, which isn't counted. Each value is the mean of a few
 * cycles.
 */
static void part_cycles(void)
{
	static const int pauses_us[] = {
		0, 100, 300, 1000, 2000, 3000, 4000, 10000,
	};
	struct io_uring ring;
	unsigned int pause;
	int round, i, nr = 10;

	for (i = 0; i < 100; i++)
		cycle(&ring);

	for (pause = 0; pause < ARRAY_SIZE(pauses_us); pause++) {
		unsigned long before;

		sleep_us(20000);
		before = forks();
		for (round = 0; round < rounds; round++) {
			unsigned long long ticks = 0;

			for (i = 0; i < nr; i++) {
				ticks -= __rdtsc();
				cycle(&ring);
				ticks += __rdtsc();
				if (pauses_us[pause])
					sleep_us(pauses_us[pause]);
			}
			printf("cycle,%d,%.3f\n", pauses_us[pause],
			       ticks / 1e3 / nr);
		}
		printf("created,%d,%lu\n", pauses_us[pause],
		       forks() - before);
	}
}

static void on_alarm(int sig)
{
}

/*
 * How long the first request of a ring takes, from submission to completion,
 * while signals come in. The case is pause/period. Runs twice as many cycles as
 * rounds. The number of workers created tells how often a pause took longer than
 * it should, because the host had no CPU for the guest.
 */
static void under_signals(int pause_us, int period_us)
{
	struct itimerval timer = {
		.it_interval.tv_usec = period_us,
		.it_value.tv_usec = period_us,
	};
	unsigned long before = forks();
	int i;

	setitimer(ITIMER_REAL, &timer, NULL);
	for (i = -WARM_UP; i < 2 * rounds; i++) {
		struct io_uring ring;
		double us;
		int ret;

		queue_init(&ring, 1);
		us = -now_us();
		ret = run_async_nop(&ring);
		us += now_us();
		io_uring_queue_exit(&ring);
		if (ret && ret != -ECANCELED && ret != -ETIME)
			errx(1, "a nop is lost: %s", strerror(-ret));
		if (i >= 0)
			printf("signals,%d/%d,%.0f\n", pause_us, period_us,
			       ret == -ETIME ? -1 : us);
		if (i >= 0 && ret == -ECANCELED)
			printf("cancelled,%d/%d,%.0f\n", pause_us, period_us,
			       us);
		sleep_us(pause_us);
	}
	setitimer(ITIMER_REAL, &(struct itimerval) {}, NULL);
	printf("created,%d/%d,%lu\n", pause_us, period_us, forks() - before);
}

static void part_signals(void)
{
	static const int pauses_us[] = { 1000, 3000, 10000 };
	static const int periods_us[] = { 1000, 300, 100 };
	struct sigaction action = {
		.sa_handler = on_alarm,
		.sa_flags = SA_RESTART,
	};
	unsigned int i, j;

	sigaction(SIGALRM, &action, NULL);
	for (i = 0; i < ARRAY_SIZE(pauses_us); i++)
		for (j = 0; j < ARRAY_SIZE(periods_us); j++)
			under_signals(pauses_us[i], periods_us[j]);
}

/* To be run with a clock that counts instructions: a ring that stays open. */
static void part_nops(void)
{
	unsigned long long start;
	struct io_uring ring;
	int i, round, nr = 2000;

	queue_init(&ring, 1);
	for (i = 0; i < nr; i++)
		need_nop(&ring);
	for (round = 0; round < rounds; round++) {
		start = __rdtsc();
		for (i = 0; i < nr; i++)
			need_nop(&ring);
		printf("nop,,%.3f\n", (double)(__rdtsc() - start) / nr);
	}
}

static const char *const fields[] = { "MemFree", "KernelStack", "Slab" };

#define NR_FIELDS	((int)ARRAY_SIZE(fields))

/* In KiB */
static void read_memory_once(long values[NR_FIELDS])
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128], name[32];
	long value;
	int i;

	while (file && fgets(line, sizeof(line), file))
		for (i = 0; i < NR_FIELDS; i++)
			if (sscanf(line, "%31[^:]: %ld", name, &value) == 2 &&
			    !strcmp(name, fields[i]))
				values[i] = value;
	if (!file)
		err(1, "/proc/meminfo");
	fclose(file);
}

/* Wait until nothing more is freed, or for 30 s */
static void read_memory(long values[NR_FIELDS])
{
	long before[NR_FIELDS], end = now_ms() + 30000;
	int i, still;

	read_memory_once(values);
	do {
		memcpy(before, values, sizeof(before));
		sleep_us(1000000);
		read_memory_once(values);
		for (i = 0, still = 0; i < NR_FIELDS; i++)
			still += labs(values[i] - before[i]) < 256;
	} while (still < NR_FIELDS && now_ms() < end);
}

/* How much more tasks hold after they have used io_uring once */
static void part_memory(void)
{
	long before[NR_FIELDS], after[NR_FIELDS];
	static double us[MAX_TASKS];
	int i;

	start_tasks(MAX_TASKS);
	read_memory(before);
	tasks_round(MAX_TASKS, us);
	read_memory(after);
	for (i = 0; i < NR_FIELDS; i++)
		printf("memory,%s,%ld\n", fields[i], after[i] - before[i]);
	end_tasks(MAX_TASKS);
}

static const struct {
	const char *name;
	void (*run)(void);
} parts[] = {
	{ "tasks", part_tasks },
	{ "cycles", part_cycles },
	{ "signals", part_signals },
	{ "nops", part_nops },
	{ "memory", part_memory },
};

int main(int argc, char *argv[])
{
	struct rlimit files = { 2 * MAX_TASKS, 2 * MAX_TASKS };
	const char *value = getenv("IOWQ_ROUNDS");
	unsigned int i;
	int found = 0;

	if (value)
		rounds = atoi(value);
	/* on a busy machine, a late request isn't a lost one */
	setenv("IOWQ_TIME_SCALE", "4", 0);
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	/* sleep no longer than asked to */
	prctl(PR_SET_TIMERSLACK, 1);

	for (i = 0; argc == 2 && i < ARRAY_SIZE(patterns); i++)
		if (!strcmp(argv[1], patterns[i].name) && ++found)
			part_pattern(&patterns[i]);
	for (i = 0; argc == 2 && i < ARRAY_SIZE(parts); i++)
		if (!strcmp(argv[1], parts[i].name) && ++found)
			parts[i].run();
	if (!found || rounds < 1)
		errx(1, "usage: [IOWQ_ROUNDS=N] bench PART");
	return 0;
}
