// SPDX-License-Identifier: GPL-2.0
/*
 * A task gets signals all the time. No worker can be created while one of them is
 * pending, and the task needs a new worker whenever those of its last ring have
 * left. Its requests are done all the same.
 *
 * IOWQ_ROUNDS sets how often each task opens a ring. Threads do a quarter of that.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

/* More than there are CPUs: signals become pending while a task waits for a CPU */
#define TASKS		8
/* Threads do a quarter of that, as they hold each other up. */
#define ROUNDS		210
/*
 * A ring may find the workers of the last one up to 5 ms after that was closed.
 * Reopen before and after this time.
 */
#define MAX_PAUSE_US	10000
#define LETTER		'x'

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id	_sigev_un._tid
#endif

struct tally {
	int requests;
	int cancelled;
	int lost;
	int wrong;		/* any other result */
	int err;
	int signals;
	long slowest_us;
};

struct task {
	pthread_t thread;
	unsigned int seed;
	int file;
	int rounds;
	int interval_us;
	struct tally tally;
};

static __thread int nr_signals;

static void count_signal(int sig)
{
	nr_signals += sig == SIGALRM;
}

/* Without SA_RESTART, so that whatever can be interrupted is. */
static int handle_signals(void)
{
	struct sigaction action = { .sa_handler = count_signal };

	return sigaction(SIGALRM, &action, NULL);
}

static int block_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	return pthread_sigmask(how, &set, NULL);
}

/* Signals for this process, which go to any thread that doesn't block them */
static int start_process_timer(int interval_us)
{
	struct itimerval interval = {
		.it_interval.tv_usec = interval_us,
		.it_value.tv_usec = interval_us,
	};

	return setitimer(ITIMER_REAL, &interval, NULL);
}

/* Signals for this thread only */
static int start_thread_timer(int interval_us, timer_t *timer)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGALRM,
		.sigev_notify_thread_id = syscall(SYS_gettid),
	};
	struct itimerspec interval = {
		.it_interval.tv_nsec = interval_us * 1000,
		.it_value.tv_nsec = interval_us * 1000,
	};

	if (timer_create(CLOCK_MONOTONIC, &event, timer))
		return -1;
	return timer_settime(*timer, 0, &interval, NULL);
}

/*
 * Open a ring, have a worker read the one byte of the file, and close the ring. For
 * the @first one, check that there is a worker.
 */
static int use_a_ring(struct task *task, bool first)
{
	struct tally *tally = &task->tally;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	long start, took;
	char byte = 0;
	int ret, res;

	ret = io_uring_queue_init(1, &ring, 0);
	if (ret)
		return ret;
	sqe = get_sqe(&ring);
	io_uring_prep_read(sqe, task->file, &byte, 1, 0);
	io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);

	start = now_us();
	do
		ret = io_uring_submit(&ring);
	while (ret == -EINTR);
	if (ret != 1) {
		io_uring_queue_exit(&ring);
		return ret < 0 ? ret : -EIO;
	}
	tally->requests++;
	/* with that many signals, everything takes longer */
	ret = reap_one(&ring, &res, LONGEST_MS);
	took = now_us() - start;
	if (first && !ret && nr_workers() < 1)
		ret = -ESRCH;
	io_uring_queue_exit(&ring);

	if (took > tally->slowest_us)
		tally->slowest_us = took;
	if (ret == -ETIME)
		tally->lost++;
	else if (ret)
		return ret;
	else if (res == -ECANCELED)
		tally->cancelled++;
	else if (res != 1 || byte != LETTER)
		tally->wrong++;
	return 0;
}

/* Before the signals start, as stock needs to create its one worker as well. */
static bool use_first_ring(struct task *task)
{
	task->tally.err = use_a_ring(task, true);
	return !task->tally.err;
}

static void use_rings(struct task *task)
{
	struct tally *tally = &task->tally;
	int i;

	/* one lost request is enough to know, and each takes a while */
	for (i = 0; i < task->rounds && !tally->err && !tally->lost; i++) {
		tally->err = use_a_ring(task, false);
		sleep_us(rand_r(&task->seed) % MAX_PAUSE_US);
	}
	tally->signals = nr_signals;
}

static void *run_with_timer(void *arg)
{
	struct task *task = arg;
	timer_t timer;

	if (!use_first_ring(task))
		return NULL;
	block_signals(SIG_UNBLOCK);
	if (start_thread_timer(task->interval_us, &timer)) {
		task->tally.err = -errno;
		return NULL;
	}
	use_rings(task);
	timer_delete(timer);
	return NULL;
}

static void *run_without_timer(void *arg)
{
	struct task *task = arg;

	if (!use_first_ring(task))
		return NULL;
	block_signals(SIG_UNBLOCK);
	use_rings(task);
	/* leave the process's signals to the threads that go on */
	block_signals(SIG_BLOCK);
	return NULL;
}

/* Each task is the only thread of a process that has a timer. */
static bool run_processes(struct task *tasks)
{
	pid_t children[TASKS];
	bool ok = true;
	int i, status;

	for (i = 0; i < TASKS; i++) {
		children[i] = fork_child();
		if (children[i] < 0)
			return false;
		if (!children[i]) {
			if (use_first_ring(&tasks[i]) &&
			    start_process_timer(tasks[i].interval_us))
				_exit(1);
			use_rings(&tasks[i]);
			_exit(0);
		}
	}
	for (i = 0; i < TASKS; i++)
		ok &= waitpid(children[i], &status, 0) == children[i] &&
		      !status;
	return ok;
}

static bool run_thread_function(struct task *tasks, void *(*run)(void *))
{
	bool ok = true;
	int i;

	for (i = 0; i < TASKS; i++)
		if (pthread_create(&tasks[i].thread, NULL, run, &tasks[i]))
			return false;
	for (i = 0; i < TASKS; i++)
		ok &= !pthread_join(tasks[i].thread, NULL);
	return ok;
}

/* Each task is a thread of this process and has a timer. */
static bool run_threads(struct task *tasks)
{
	return !block_signals(SIG_BLOCK) &&
	       run_thread_function(tasks, run_with_timer);
}

/* Each task is a thread of this process, which has one timer for all of them. */
static bool run_sharing_threads(struct task *tasks)
{
	bool ok = !block_signals(SIG_BLOCK) &&
		  !start_process_timer(tasks[0].interval_us) &&
		  run_thread_function(tasks, run_without_timer);

	return !start_process_timer(0) && ok;
}

FIXTURE(timer)
{
	struct task *tasks;
	int file;
};

FIXTURE_VARIANT(timer)
{
	bool (*run)(struct task *tasks);
	int interval_us;
};

FIXTURE_VARIANT_ADD(timer, of_a_process_1000_hz)
{
	.run = run_processes,
	.interval_us = 1000,
};

FIXTURE_VARIANT_ADD(timer, of_a_process_3333_hz)
{
	.run = run_processes,
	.interval_us = 300,
};

FIXTURE_VARIANT_ADD(timer, of_a_process_10000_hz)
{
	.run = run_processes,
	.interval_us = 100,
};

FIXTURE_VARIANT_ADD(timer, of_a_thread_1000_hz)
{
	.run = run_threads,
	.interval_us = 1000,
};

FIXTURE_VARIANT_ADD(timer, of_a_thread_3333_hz)
{
	.run = run_threads,
	.interval_us = 300,
};

FIXTURE_VARIANT_ADD(timer, of_a_thread_10000_hz)
{
	.run = run_threads,
	.interval_us = 100,
};

FIXTURE_VARIANT_ADD(timer, of_all_threads_1000_hz)
{
	.run = run_sharing_threads,
	.interval_us = 1000,
};

FIXTURE_VARIANT_ADD(timer, of_all_threads_3333_hz)
{
	.run = run_sharing_threads,
	.interval_us = 300,
};

FIXTURE_VARIANT_ADD(timer, of_all_threads_10000_hz)
{
	.run = run_sharing_threads,
	.interval_us = 100,
};

FIXTURE_SETUP(timer)
{
	const char *text = getenv("IOWQ_ROUNDS");
	int i, rounds = text ? atoi(text) : ROUNDS;
	char letter = LETTER;

	ASSERT_LT(0, rounds);
	self->file = memfd_create("one byte", MFD_CLOEXEC);
	ASSERT_LE(0, self->file);
	ASSERT_EQ(1, write(self->file, &letter, 1));

	/* children fill it in as well */
	self->tasks = mmap(NULL, TASKS * sizeof(*self->tasks),
			   PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			   -1, 0);
	ASSERT_NE(MAP_FAILED, self->tasks);
	for (i = 0; i < TASKS; i++) {
		self->tasks[i].seed = i;
		self->tasks[i].file = self->file;
		self->tasks[i].rounds = variant->run == run_processes ?
			rounds : (rounds + 3) / 4;
		self->tasks[i].interval_us = variant->interval_us;
	}
	ASSERT_EQ(0, handle_signals());
}

FIXTURE_TEARDOWN(timer)
{
	munmap(self->tasks, TASKS * sizeof(*self->tasks));
	close(self->file);
}

/* Long enough for any IOWQ_ROUNDS. The runner has a limit as well. */
TEST_F_TIMEOUT(timer, requests_are_done, 3600)
{
	struct tally sum = {};
	int i;

	ASSERT_TRUE(variant->run(self->tasks));
	for (i = 0; i < TASKS; i++) {
		struct tally *tally = &self->tasks[i].tally;

		EXPECT_EQ(0, tally->err);
		sum.requests += tally->requests;
		sum.cancelled += tally->cancelled;
		sum.lost += tally->lost;
		sum.wrong += tally->wrong;
		sum.signals += tally->signals;
		if (tally->slowest_us > sum.slowest_us)
			sum.slowest_us = tally->slowest_us;
	}
	TH_LOG("%d requests, %d cancelled, %d lost, the slowest took %ld us, %d signals",
	       sum.requests, sum.cancelled, sum.lost, sum.slowest_us,
	       sum.signals);
	EXPECT_EQ(0, sum.cancelled);
	EXPECT_EQ(0, sum.lost);
	EXPECT_EQ(0, sum.wrong);
	/* a guest that misses most signals proves nothing */
	EXPECT_LT(sum.requests / TASKS, sum.signals);
}

TEST_HARNESS_MAIN
