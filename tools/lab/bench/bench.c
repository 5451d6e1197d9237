// SPDX-License-Identifier: GPL-2.0
/*
 * bench PART...: measure what becomes of io-wq workers when rings are closed,
 * and what that costs. The parts are at the end, in main().
 *
 * Prints lines "measure,case,value", and "back,measure,case" where a worker came
 * after the last one was gone. Times are in microseconds, -1 is never:
 * a worker is still there after KEPT_MS or more, when io-wq has let surplus ones
 * go.
 * A request that is lost, or a worker that was never there, ends it all.
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
#include <sys/wait.h>
#include <x86intrin.h>

#include "../../testing/selftests/io_uring/iowq.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define MAX_RINGS	1024
#define MAX_REQS	512
#define MAX_TASKS	4096
#define OPEN_AT_ONCE	16
/* It takes a while to create hundreds of workers, one by another. */
#define CREATED_MS	30000
/* How often to look whether workers are gone. It limits the resolution. */
#define LOOK_US		50
/*
 * The first look. Before that, looks would only take the emulator's time from the
 * workers that go. What is sooner comes out as this.
 */
#define FIRST_LOOK_US	1000
/*
 * Rounds before those that count. An emulator translates each piece of code when
 * it is executed first.
 */
#define WARM_UP		2

static int rounds = 1;

struct pattern {
	const char *name;
	/* requests of each ring */
	int nops;
	int writes;		/* hashed: one at a time */
	int pipe_reads;		/* a worker arms a poll for each of them */
	int blocking;		/* each of them needs a worker */
	bool reap;		/* all before the ring is closed */
	int rings;		/* closed one after the other, 0 is one */
	int threads;		/* that submit to the ring, 0 is the one */
	int workers;		/* that have to be there before the close */
};

static const struct pattern patterns[] = {
	{ "one", .nops = 1, .reap = true, .workers = 1 },
	{ "mixed", .nops = 12, .writes = 12, .blocking = 8, .reap = true,
	  .workers = 1 },
	{ "unreaped", .nops = 12, .writes = 12, .blocking = 8, .workers = 8 },
	{ "pipe", .pipe_reads = 16, .workers = 1 },
	{ "blocked", .blocking = 16, .workers = 16 },
	{ "shared", .nops = 1, .reap = true, .threads = 4, .workers = 4 },
	{ "rings", .nops = 1, .reap = true, .rings = 8, .workers = 1 },
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

/* The threads of a process, workers included: one cheap call. */
static int nr_threads(int tasks)
{
	struct stat st;

	if (fstat(tasks, &st))
		err(1, "fstat");
	return st.st_nlink - 2;
}

/* Wait for workers beside @threads, as many as there have to be. */
static void need_workers(int tasks, int threads, int workers)
{
	long deadline = now_ms() + CREATED_MS;

	while (nr_threads(tasks) < threads + workers) {
		if (now_ms() > deadline)
			errx(1, "%d workers, not %d",
			     nr_threads(tasks) - threads, workers);
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

/*
 * Patterns of one process
 */

static struct io_uring rings[MAX_RINGS];
static pthread_barrier_t submit_start, submit_end;
static pthread_mutex_t submit_lock = PTHREAD_MUTEX_INITIALIZER;
static int file_fd, pipe_fd[2];

static int nr_reqs(const struct pattern *p)
{
	return p->nops + p->writes + p->pipe_reads + p->blocking;
}

static void submit(struct io_uring *ring, const struct pattern *p)
{
	static char buf[MAX_REQS];
	int i;

	for (i = 0; i < p->blocking; i++)
		prep_blocking(ring, pipe_fd[0]);
	for (i = 0; i < p->pipe_reads; i++) {
		struct io_uring_sqe *sqe = get_sqe(ring);

		io_uring_prep_read(sqe, pipe_fd[0], &buf[i], 1, 0);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	}
	for (i = 0; i < p->writes; i++)
		prep_async_write(ring, file_fd, "x", 1, i);
	for (i = 0; i < p->nops; i++)
		prep_async_nop(ring);
	if (io_uring_submit(ring) != nr_reqs(p))
		errx(1, "%s: not all submitted", p->name);
}

static void *submitter(void *arg)
{
	for (;;) {
		pthread_barrier_wait(&submit_start);
		pthread_mutex_lock(&submit_lock);
		submit(rings, arg);
		pthread_mutex_unlock(&submit_lock);
		pthread_barrier_wait(&submit_end);
	}
	return NULL;
}

static void start_submitters(const struct pattern *p)
{
	pthread_t thread;
	int i;

	pthread_barrier_init(&submit_start, NULL, p->threads + 1);
	pthread_barrier_init(&submit_end, NULL, p->threads + 1);
	for (i = 0; i < p->threads; i++)
		if (pthread_create(&thread, NULL, submitter, (void *)p))
			errx(1, "pthread_create");
}

/* Returns the microseconds from close() of the last ring, -1 is never. */
static double round_of(const struct pattern *p, int tasks, int threads)
{
	int i, nr_rings = p->rings ?: 1, reqs = nr_reqs(p) * (p->threads ?: 1);
	/* hundreds of workers take a while only to run once */
	double closed, us, never = KEPT_MS * 1e3 + p->blocking * 5e4;

	for (i = 0; p->reap && i < p->blocking; i++)
		if (write(pipe_fd[1], "x", 1) != 1)
			err(1, "write");
	for (i = 0; i < nr_rings; i++) {
		queue_init(&rings[i], reqs);
		if (p->threads) {
			pthread_barrier_wait(&submit_start);
			pthread_barrier_wait(&submit_end);
		} else {
			submit(&rings[i], p);
		}
		if (p->reap && reap(&rings[i], reqs))
			errx(1, "%s: a request is lost", p->name);
	}
	need_workers(tasks, threads, p->workers);

	for (i = 0; i < nr_rings - 1; i++)
		io_uring_queue_exit(&rings[i]);
	/* as io_uring_queue_exit() does, which has close() do the rest */
	unmap_ring(&rings[i]);
	closed = now_us();
	close(rings[i].ring_fd);
	sleep_us(FIRST_LOOK_US);
	do {
		us = now_us() - closed;
		if (nr_threads(tasks) == threads)
			return us;
		sleep_us(LOOK_US);
	} while (us < never);
	return -1;
}

/* @nr rounds, or less if workers never go. */
static void run_rounds(const struct pattern *p, const char *what, int nr)
{
	int i, threads = 1 + p->threads, tasks = open_tasks(getpid());

	file_fd = memfd_create("hashed", MFD_CLOEXEC);
	if (file_fd < 0 || pipe2(pipe_fd, O_CLOEXEC))
		err(1, "open");
	if (p->threads)
		start_submitters(p);

	for (i = -WARM_UP; i < nr; i++) {
		double us = round_of(p, tasks, threads);

		if (i >= 0 || us < 0)
			printf("%s,%.1f\n", what, us);
		if (us < 0)
			break;
		/* It was not gone for good if one that was pending came yet. */
		sleep_us(1000);
		if (nr_threads(tasks) > threads)
			printf("back,%s\n", what);
		while (nr_threads(tasks) > threads)
			sleep_us(LOOK_US);
	}
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	close(file_fd);
	close(tasks);
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

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
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
	}
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
	if (sem_init(&shared->open, 1, 0))
		err(1, "sem_init");
	pthread_barrier_init(&shared->ready, &attr, nr + 1);
	pthread_barrier_init(&shared->close, &attr, nr + 1);

	signal(SIGCHLD, task_died);
	for (i = 0; i < nr; i++) {
		task_pid[i] = fork();
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

/*
 * Leaves the microseconds from close() of each one in @us, and returns those
 * from the first close() to the last worker gone, -1 is never.
 */
static double tasks_round(int nr, double *us)
{
	static int left[MAX_TASKS];
	/* so many take a while only to run once */
	double first, now, start, never = KEPT_MS * 1e3 + nr * 5e3;
	int i, nr_left, before;

	for (i = 0; i < OPEN_AT_ONCE; i++)
		sem_post(&shared->open);
	pthread_barrier_wait(&shared->ready);
	while (!sem_trywait(&shared->open))
		;
	for (i = 0; i < nr; i++) {
		need_workers(task_fd[i], 1, 1);
		left[i] = i;
	}
	start = now_us();
	pthread_barrier_wait(&shared->close);
	nr_left = nr;
	do {
		before = nr_left;
		for (i = 0; i < nr_left; i++) {
			if (nr_threads(task_fd[left[i]]) > 1)
				continue;
			us[left[i]] = now_us() - shared->closed[left[i]];
			left[i--] = left[--nr_left];
		}
		now = now_us();
		if (before == nr_left)
			sleep_us(LOOK_US);
	} while (nr_left && now - start < never);
	for (first = now, i = 0; i < nr; i++)
		if (shared->closed[i] < first)
			first = shared->closed[i];
	for (i = 0; i < nr_left; i++)
		us[left[i]] = -1;
	return nr_left ? -1 : now - first;
}

/*
 * The parts
 */

static void part_pattern(const struct pattern *p)
{
	char what[32];

	snprintf(what, sizeof(what), "gone,%s", p->name);
	run_rounds(p, what, rounds);
}

static void part_tasks(void)
{
	int i, round, nr = 64;
	double us[nr];

	start_tasks(nr);
	for (round = 0; round < rounds; round++) {
		double all = tasks_round(nr, us);

		for (i = 0; i < nr; i++)
			printf("gone,tasks,%.1f\n", us[i]);
		if (all < 0)
			break;
	}
	end_tasks(nr);
}

/* Forks since the boot: workers, and a few threads of the kernel's own. */
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

static void cycle(struct io_uring *ring)
{
	queue_init(ring, 1);
	need_nop(ring);
	io_uring_queue_exit(ring);
}

/*
 * Open a ring, run a nop, close it, in a loop with a pause. One value is the mean
 * of a few rounds, as some may create a worker and others not: of the round, and
 * of the cycle in it, which is all but the pause.
 */
static void part_cycles(void)
{
	static const struct {
		int pause_us, batch;
	} paces[] = {
		{ 0, 25 }, { 100, 25 }, { 300, 10 }, { 1000, 10 }, { 2000, 5 },
		{ 3000, 5 }, { 5000, 2 }, { 10000, 2 }, { 30000, 1 },
	};
	struct io_uring ring;
	unsigned int pace;
	int round, i;

	for (i = 0; i < 100; i++)
		cycle(&ring);

	for (pace = 0; pace < ARRAY_SIZE(paces); pace++) {
		int pause_us = paces[pace].pause_us, nr = paces[pace].batch;
		unsigned long before;

		sleep_us(20000);
		/* has a worker created */
		cycle(&ring);
		sleep_us(pause_us);
		before = forks();
		for (round = 0; round < rounds; round++) {
			double us = 0, start = now_us();

			for (i = 0; i < nr; i++) {
				us -= now_us();
				cycle(&ring);
				us += now_us();
				if (pause_us)
					sleep_us(pause_us);
			}
			printf("loop,%d,%.2f\n", pause_us,
			       (now_us() - start) / nr);
			printf("cycle,%d,%.2f\n", pause_us, us / nr);
		}
		printf("created,%d,%.1f\n", pause_us,
		       (forks() - before) * 1e3 / (rounds * nr));
	}
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
		printf("nop,%d,%.3f\n", round, (double)(__rdtsc() - start) / nr);
	}
}

static void part_sweeps(void)
{
	struct pattern p = {};
	char what[32];
	int nr;

	for (nr = 1; nr <= MAX_REQS; nr *= 2) {
		p = (struct pattern) { .blocking = nr, .workers = nr };
		snprintf(what, sizeof(what), "workers,%d", nr);
		run_rounds(&p, what, rounds);
	}
	for (nr = 1; nr <= MAX_RINGS; nr *= 2) {
		p = (struct pattern) { .nops = 1, .reap = true, .rings = nr,
				       .workers = 1 };
		snprintf(what, sizeof(what), "rings,%d", nr);
		run_rounds(&p, what, rounds);
	}
	for (nr = 1; nr <= MAX_TASKS; nr *= 4) {
		static double us[MAX_TASKS];
		int round;

		start_tasks(nr);
		/* once has to do for those that take long */
		for (round = 0; round < (nr < 1024 ? rounds : 1); round++)
			printf("tasks,%d,%.1f\n", nr, tasks_round(nr, us));
		end_tasks(nr);
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

/* When what is freed by and by has come back */
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

/* What a task that has used io_uring once holds more than it did before */
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
	{ "nops", part_nops },
	{ "sweeps", part_sweeps },
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
	/* a late request is not a lost one, on a busy machine */
	setenv("IOWQ_TIME_SCALE", "4", 0);
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	/* sleeps as short as they are meant to be */
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
