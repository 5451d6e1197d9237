// SPDX-License-Identifier: GPL-2.0
/*
 * A worker can't be created for a moment, and io-wq tries again. Until that worker
 * exists, the one that does must not leave the requests of a next ring to it.
 *
 * IOWQ_ROUNDS sets how often the next ring is opened.
 */
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define ROUNDS		40
/* On a busy machine, not every round counts */
#define MAX_ROUNDS	120
/* A worker stays for at least this long if the task came back that soon before */
#define RETURN_US	4000
/* How often it did */
#define RETURNS		4
/* A user to whom limits apply, and who owns no files */
#define NOBODY		65534

struct round {
	const char *failed;	/* what failed before the last request */
	bool unable;
	bool in_time;
	int res;
	long took_us;
};

static bool limit_processes(bool none)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NPROC, &limit))
		return false;
	limit.rlim_cur = none ? 0 : limit.rlim_max;
	return !setrlimit(RLIMIT_NPROC, &limit);
}

/* Become a user to whom RLIMIT_NPROC applies, and see that it does. */
static bool drop_privileges(void)
{
	pid_t child;

	if (!geteuid() && (setresgid(NOBODY, NOBODY, NOBODY) ||
			   setresuid(NOBODY, NOBODY, NOBODY)))
		return false;
	/* changing the user reset this */
	prctl(PR_SET_PDEATHSIG, SIGKILL);

	if (!limit_processes(true))
		return false;
	child = fork();
	if (!child)
		_exit(0);
	if (child > 0)
		waitpid(child, NULL, 0);
	return child < 0 && errno == EAGAIN && limit_processes(false);
}

/* Close the ring, open the next one. Was that in time to find a worker there? */
static bool reopen(struct io_uring *ring, long pause_us, bool *in_time)
{
	long start = now_us();

	io_uring_queue_exit(ring);
	sleep_us(pause_us);
	if (io_uring_queue_init(4, ring, 0))
		return false;
	*in_time = now_us() - start < RETURN_US;
	return true;
}

struct request {
	bool punted;	/* a read that may have to wait, or else a splice */
	int full;	/* /dev/full, which doesn't know whether it has to wait */
	int pipe[2];
};

/*
 * Have a request done by a worker for unbounded work. A punted one relies on a
 * worker that is running or being created. The other kind has a worker created
 * unless one is idle. Returns the result, 1 if all is well.
 */
static int run_request(struct io_uring *ring, struct request *req)
{
	char byte;
	int ret, res;

	if (req->punted)
		io_uring_prep_read(get_sqe(ring), req->full, &byte, 1, 0);
	else if (!unblock(req->pipe[1], 1))
		prep_blocking(ring, req->pipe[0]);
	if (submit_reqs(ring, 1))
		return -EIO;
	ret = reap_one(ring, &res, scaled_ms(LOST_MS));
	return ret ? ret : res;
}

/* Wait until there is one worker. Others may be on their way out. */
static bool wait_for_the_worker(pid_t *worker)
{
	long deadline = now_ms() + scaled_ms(GONE_MS);
	int workers;

	while ((workers = find_workers(getpid(), worker)) != 1 &&
	       now_ms() < deadline)
		sleep_us(500);
	return workers == 1;
}

/* Returns what went wrong on the way to the last request, or NULL. */
static const char *run_round(struct round *round, long pause_us, bool punted)
{
	struct request req = { .punted = punted };
	bool returned = false, in_time;
	struct io_uring ring;
	pid_t worker = 0;
	long sleeps;
	int i;

	req.full = open("/dev/full", O_RDONLY | O_CLOEXEC);
	if (req.full < 0 || pipe2(req.pipe, O_CLOEXEC) ||
	    io_uring_queue_init(4, &ring, 0) || run_request(&ring, &req) != 1)
		return "the first ring";
	/* only how long it is away the last time matters */
	for (i = 0; i < RETURNS; i++)
		if (!reopen(&ring, RETURN_US / 4, &returned) ||
		    run_request(&ring, &req) != 1)
			return "a ring on the way";

	if (!wait_for_the_worker(&worker))
		return "there is not one worker";
	sleeps = wait_until_asleep(worker);
	if (run_request(&ring, &req) != 1 ||
	    !wait_until_asleep_again(worker, sleeps))
		return "the worker has nothing to do with it";

	/* it is busy, and no other one can be created for the second request */
	sleeps = wait_until_asleep(worker);
	prep_blocking(&ring, req.pipe[0]);
	if (submit_reqs(&ring, 1) ||
	    !wait_until_asleep_again(worker, sleeps))
		return "the worker doesn't block";
	prep_blocking(&ring, req.pipe[0]);
	if (!limit_processes(true) || submit_reqs(&ring, 1))
		return "the request that another worker is to be created for";

	/* it does both and goes idle, then the task closes the ring and comes back */
	sleeps = wait_until_asleep(worker);
	if (unblock(req.pipe[1], 2) || reap(&ring, 2) ||
	    !wait_until_asleep_again(worker, sleeps))
		return "the worker doesn't get idle";
	if (!reopen(&ring, pause_us, &in_time))
		return "the next ring";
	round->in_time = returned && in_time;

	round->took_us = now_us();
	round->res = run_request(&ring, &req);
	round->took_us = now_us() - round->took_us;
	io_uring_queue_exit(&ring);
	return NULL;
}

FIXTURE(next_request)
{
	struct round *round;
};

FIXTURE_VARIANT(next_request)
{
	bool punted;
};

FIXTURE_VARIANT_ADD(next_request, forced)
{
	.punted = false,
};

FIXTURE_VARIANT_ADD(next_request, punted)
{
	.punted = true,
};

FIXTURE_SETUP(next_request)
{
	self->round = mmap(NULL, sizeof(*self->round), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->round);
}

FIXTURE_TEARDOWN(next_request)
{
	munmap(self->round, sizeof(*self->round));
}

/* Each round in a process of its own, which has no worker from the last one. */
TEST_F_TIMEOUT(next_request, is_done, 3600)
{
	const char *text = getenv("IOWQ_ROUNDS");
	int i, rounds = text ? atoi(text) : ROUNDS;
	int status, in_time = 0, failed = 0;
	struct round *round = self->round;
	unsigned int seed = rounds;
	const char *unprepared = "";
	long slowest_us = 0;
	pid_t child;

	for (i = 0; in_time < rounds && i < MAX_ROUNDS; i++) {
		long pause_us = 1000 + rand_r(&seed) % 2000;

		memset(round, 0, sizeof(*round));
		child = fork_child();
		ASSERT_LE(0, child);
		if (!child) {
			if (!drop_privileges())
				round->unable = true;
			else
				round->failed = run_round(round, pause_us,
							  variant->punted);
			_exit(0);
		}
		ASSERT_EQ(child, waitpid(child, &status, 0));
		ASSERT_EQ(0, status);
		if (round->unable && !failed)
			SKIP(return, "RLIMIT_NPROC doesn't hold here for another user");
		/* on a busy machine, not every round gets as far as the request */
		if (round->failed)
			unprepared = round->failed;
		if (round->failed || !round->in_time)
			continue;
		in_time++;
		failed += round->res != 1;
		if (round->took_us > slowest_us)
			slowest_us = round->took_us;
	}
	TH_LOG("%d of %d rings in time, %d requests failed, the slowest took %ld us",
	       in_time, i, failed, slowest_us);
	EXPECT_EQ(0, failed);
	if (in_time < rounds / 8 && !failed)
		SKIP(return, "only %d rings of %d in time %s", in_time, i,
		     unprepared);
}

TEST_HARNESS_MAIN
