// SPDX-License-Identifier: GPL-2.0
/*
 * A ring may be opened at any time before, while or after the workers of the
 * last one go. No request may rely on a worker that is on its way out.
 *
 * IOWQ_ROUNDS sets how often each thread closes and reopens its ring.
 */
#include <pthread.h>
#include <sched.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define THREADS		16
#define ROUNDS		64
#define MAX_REQS	3
/*
 * When workers go after a close depends on the kernel: at once, or when they
 * learn of it an RCU grace period later. Reopen before, while and after that.
 */
static const int max_pause_us[] = { 1, 300, 3000, 25000 };

TEST(requests_complete_after_workers_left)
{
	struct io_uring ring;
	int i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
		EXPECT_EQ(0, run_async_nop(&ring));
		ASSERT_EQ(1, nr_workers());
		io_uring_queue_exit(&ring);
		let_workers_go();
	}
}

struct reopener {
	pthread_t thread;
	unsigned int seed;
	int file;
	int rounds;
	int requests;
	int lost;
	int in_time;	/* rings that may have found a worker of the last one */
	int met;	/* rings that found one of two workers, or both */
	int left;	/* rings opened after one of them, or both, left */
	int err;
	bool unable;
};

/*
 * Each thread has an io-wq of its own, whose workers go when the thread has
 * closed its ring. Pause for a random time, then submit while that happens.
 */
static void *reopen_for_some(void *arg)
{
	struct reopener *me = arg;
	int i, reqs, ret;
	char byte;

	for (i = 0; i < me->rounds; i++) {
		struct io_uring ring;

		me->err = io_uring_queue_init(MAX_REQS, &ring, 0);
		if (me->err)
			break;
		reqs = 1 + rand_r(&me->seed) % MAX_REQS;
		for (ret = 0; ret < reqs; ret++) {
			/* like those of the last ring: it is for the same workers */
			if (i & 8)
				prep_async_nop(&ring);
			else
				prep_punted_read(&ring, me->file, &byte);
		}
		me->err = submit_reqs(&ring, reqs);
		if (me->err)
			break;
		me->requests += reqs;
		while (reqs && !(ret = reap(&ring, 1)))
			reqs--;
		if (ret == -ETIME)
			me->lost += reqs;
		else if (ret)
			me->err = ret;
		io_uring_queue_exit(&ring);
		/* one lost request is enough to know, and each takes LOST_MS */
		if (me->err || me->lost)
			break;
		sleep_us(rand_r(&me->seed) % max_pause_us[i / 2 % 4]);
	}
	return NULL;
}

/* Have two workers, each with a request that blocks. */
static int use_two(struct io_uring *ring, int blocks[2], pid_t workers[2])
{
	long deadline = now_ms() + scaled_ms(LOST_MS);
	int i, err;

	prep_reqs(ring, blocks[0], 2, 0);
	err = submit_reqs(ring, 2);
	if (err)
		return err;
	/* a worker found here may be on its way out, and another being created */
	do {
		if (now_ms() > deadline)
			return -ESRCH;
		for (i = 0; i < 2; i++)
			if (find_own_workers(workers, 2) != 2 ||
			    wait_until_asleep(workers[i]) < 0)
				break;
		if (i < 2)
			sleep_us(500);
	} while (i < 2);
	err = unblock(blocks[1], 2);
	return err ? err : reap(ring, 2);
}

/* How many of two workers are still there */
static int nr_of_two(const pid_t workers[2])
{
	pid_t now[2] = {};
	int i, found = 0;

	find_own_workers(now, 2);
	for (i = 0; i < 2; i++)
		found += workers[i] == now[0] || workers[i] == now[1];
	return found;
}

/*
 * Keep one of two workers busy with a request that blocks, linked to one that tells
 * when the worker is there. Then the other one has to be there for the next request.
 */
static int rely_on_two(struct reopener *me, struct io_uring *ring,
		       int blocks[2], int taken[2], int ready[2])
{
	int err = unblock(taken[1], 1);

	if (err)
		return err;
	prep_blocking(ring, taken[0]);
	ring->sq.sqes[0].flags |= IOSQE_IO_LINK;
	prep_blocking(ring, blocks[0]);
	err = submit_reqs(ring, 2);
	if (err)
		return err;
	if (!wait_until_read(taken[0]))
		return -ETIME;
	sleep_us(rand_r(&me->seed) % 1000);

	err = unblock(ready[1], 1);
	if (err)
		return err;
	prep_blocking(ring, ready[0]);
	err = submit_reqs(ring, 1);
	if (err)
		return err;
	me->requests += 2;
	err = reap(ring, 2);
	if (err)
		return err;

	err = unblock(blocks[1], 1);
	return err ? err : reap(ring, 1);
}

/*
 * The next ring is opened while two workers are on their way out, and the task may
 * have no more than two.
 */
static void *reopen_for_two(void *arg)
{
	unsigned int most[2] = { 0, 2 };
	struct reopener *me = arg;
	int i, blocks[2], taken[2], ready[2];
	pid_t workers[2];

	if (pipe2(blocks, O_CLOEXEC) || pipe2(taken, O_CLOEXEC) ||
	    pipe2(ready, O_CLOEXEC)) {
		me->err = -errno;
		return NULL;
	}
	for (i = 0; i < me->rounds && !me->err && !me->lost; i++) {
		struct io_uring ring;
		long closed;
		int found;

		me->err = io_uring_queue_init(MAX_REQS, &ring, 0);
		if (me->err)
			break;
		/* the limit stays */
		if (!i)
			me->err = io_uring_register_iowq_max_workers(&ring,
								     most);
		if (!me->err)
			me->err = use_two(&ring, blocks, workers);
		closed = now_us();
		io_uring_queue_exit(&ring);
		if (me->err)
			break;
		sleep_us(1000 + rand_r(&me->seed) % 5500);

		me->err = io_uring_queue_init(MAX_REQS, &ring, 0);
		if (me->err)
			break;
		me->in_time += now_us() - closed < LINGER_US;
		me->err = rely_on_two(me, &ring, blocks, taken, ready);
		/* not earlier, as it takes time */
		found = nr_of_two(workers);
		me->met += found > 0;
		me->left += found < 2;
		if (me->err == -ETIME) {
			me->err = 0;
			me->lost++;
		}
		io_uring_queue_exit(&ring);
	}
	close(blocks[0]);
	close(blocks[1]);
	close(taken[0]);
	close(taken[1]);
	close(ready[0]);
	close(ready[1]);
	return NULL;
}

/*
 * The only worker is on its way out, and there can't be another one: a thread whose
 * children go to another PID namespace gets none. All requests end, done by the
 * worker or cancelled.
 */
static void *reopen_for_none(void *arg)
{
	int home = open("/proc/thread-self/ns/pid", O_RDONLY | O_CLOEXEC);
	unsigned int most[2] = { 1, 1 };
	struct reopener *me = arg;
	char byte;
	int i;

	for (i = 0; i < me->rounds && !me->err && !me->lost; i++) {
		struct io_uring ring;

		/* takes CONFIG_PID_NS and privileges */
		me->unable = setns(home, CLONE_NEWPID);
		if (me->unable)
			break;
		me->err = io_uring_queue_init(MAX_REQS, &ring, 0);
		if (me->err)
			break;
		/* the limit stays */
		if (!i)
			me->err = io_uring_register_iowq_max_workers(&ring, most);
		prep_punted_read(&ring, me->file, &byte);
		if (!me->err)
			me->err = submit_reqs(&ring, 1);
		if (!me->err)
			me->err = reap(&ring, 1);
		me->unable = unshare(CLONE_NEWPID);
		io_uring_queue_exit(&ring);
		if (me->err || me->unable)
			break;
		sleep_us(1000 + rand_r(&me->seed) % 5500);

		me->err = io_uring_queue_init(MAX_REQS, &ring, 0);
		if (me->err)
			break;
		prep_punted_read(&ring, me->file, &byte);
		me->err = submit_reqs(&ring, 1);
		sleep_us(rand_r(&me->seed) % 2000);
		prep_punted_read(&ring, me->file, &byte);
		if (!me->err)
			me->err = submit_reqs(&ring, 1);
		if (!me->err)
			me->err = reap(&ring, 2);
		me->requests += 2;
		if (me->err == -ETIME)
			me->lost++;
		if (me->err == -ETIME || me->err == -ECANCELED)
			me->err = 0;
		io_uring_queue_exit(&ring);
	}
	close(home);
	return NULL;
}

FIXTURE(reopen)
{
	struct reopener threads[THREADS];
};

FIXTURE_VARIANT(reopen)
{
	void *(*reopen)(void *me);
	int threads;	/* fewer of them do more rounds each */
};

FIXTURE_VARIANT_ADD(reopen, for_some)
{
	.reopen = reopen_for_some,
	.threads = THREADS,
};

FIXTURE_VARIANT_ADD(reopen, for_two)
{
	.reopen = reopen_for_two,
	.threads = THREADS,
};

FIXTURE_VARIANT_ADD(reopen, for_none)
{
	.reopen = reopen_for_none,
	.threads = 2,
};

FIXTURE_SETUP(reopen)
{
	const char *rounds = getenv("IOWQ_ROUNDS");
	int i, file;

	file = open("/dev/full", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, file);
	for (i = 0; i < THREADS; i++) {
		self->threads[i] = (struct reopener) {
			.seed = i,
			.file = file,
			.rounds = (rounds ? atoi(rounds) : ROUNDS) * THREADS /
				  variant->threads,
		};
		ASSERT_LT(0, self->threads[i].rounds);
	}
}

FIXTURE_TEARDOWN(reopen)
{
}

/* Long enough for any IOWQ_ROUNDS. The runner has a limit as well. */
TEST_F_TIMEOUT(reopen, no_request_is_lost, 3600)
{
	int i, requests = 0, lost = 0, failed = 0, in_time = 0, met = 0, left = 0;
	bool unable = false;

	for (i = 0; i < variant->threads; i++)
		ASSERT_EQ(0, pthread_create(&self->threads[i].thread, NULL,
					    variant->reopen, &self->threads[i]));
	for (i = 0; i < variant->threads; i++) {
		ASSERT_EQ(0, pthread_join(self->threads[i].thread, NULL));
		EXPECT_EQ(0, self->threads[i].err);
		failed += self->threads[i].err != 0;
		unable |= self->threads[i].unable;
		requests += self->threads[i].requests;
		lost += self->threads[i].lost;
		in_time += self->threads[i].in_time;
		met += self->threads[i].met;
		left += self->threads[i].left;
	}
	TH_LOG("%d of %d requests lost, %d threads, up to %d rounds", lost,
	       requests, variant->threads, self->threads[0].rounds);
	EXPECT_EQ(0, lost);
	if (variant->reopen == reopen_for_two && !lost && !failed) {
		TH_LOG("%d rings met one of two workers, before %d one left, %d in time",
		       met, left, in_time);
		/* on a busy machine, it may take longer than workers stay */
		if (!met && in_time < THREADS)
			SKIP(return, "only %d rings in time to meet a worker", in_time);
		EXPECT_LT(0, met);
	}
	/* don't hide a failure */
	if (unable && !lost && !failed)
		SKIP(return, "needs CONFIG_PID_NS and CAP_SYS_ADMIN");
}

TEST_HARNESS_MAIN
