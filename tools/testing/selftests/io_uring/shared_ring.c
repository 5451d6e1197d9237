// SPDX-License-Identifier: GPL-2.0
/*
 * Threads that submit to one ring each have workers of their own. All of these go
 * with the ring, whatever the threads are doing at that time.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define SUBMITTERS	4

enum doing {
	COMPUTING,
	IN_SYSTEM_CALL,
	IN_VFORK,
};

static struct {
	struct io_uring ring;
	pthread_mutex_t lock;
	enum doing doing;
	int go_on[2];
	pid_t tids[SUBMITTERS];
	bool stop;
	int ready;
	int failed;
} shared = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static void *submitter(void *tid)
{
	pid_t child;
	char c;

	*(pid_t *)tid = syscall(SYS_gettid);
	pthread_mutex_lock(&shared.lock);
	if (run_async_nop(&shared.ring))
		__atomic_add_fetch(&shared.failed, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&shared.lock);

	switch (shared.doing) {
	case COMPUTING:
		__atomic_add_fetch(&shared.ready, 1, __ATOMIC_SEQ_CST);
		while (!__atomic_load_n(&shared.stop, __ATOMIC_RELAXED))
			;
		break;
	case IN_SYSTEM_CALL:
		__atomic_add_fetch(&shared.ready, 1, __ATOMIC_SEQ_CST);
		read(shared.go_on[0], &c, 1);
		break;
	case IN_VFORK:
		child = vfork();
		if (!child) {
			/*
			 * The child has copies of the descriptors and shares
			 * memory. Its own write end of the pipe would keep it
			 * waiting if nobody else is left.
			 */
			close(shared.ring.ring_fd);
			close(shared.go_on[1]);
			__atomic_add_fetch(&shared.ready, 1, __ATOMIC_SEQ_CST);
			_exit(read(shared.go_on[0], &c, 1) != 1);
		}
		if (child < 0) {
			/* there is no child to count itself as ready */
			__atomic_add_fetch(&shared.failed, 1, __ATOMIC_SEQ_CST);
			__atomic_add_fetch(&shared.ready, 1, __ATOMIC_SEQ_CST);
			break;
		}
		waitpid(child, NULL, 0);
		break;
	}
	return NULL;
}

static bool start_submitters(pthread_t *threads)
{
	int i;

	if (pipe2(shared.go_on, O_CLOEXEC) ||
	    io_uring_queue_init(4, &shared.ring, 0))
		return false;
	for (i = 0; i < SUBMITTERS; i++)
		if (pthread_create(&threads[i], NULL, submitter, &shared.tids[i]))
			return false;
	if (!wait_for_count(&shared.ready, SUBMITTERS) || shared.failed)
		return false;
	for (i = 0; i < SUBMITTERS && shared.doing == IN_SYSTEM_CALL; i++)
		if (wait_until_asleep(shared.tids[i]) < 0)
			return false;
	return true;
}

static void stop_submitters(pthread_t *threads)
{
	int i;

	__atomic_store_n(&shared.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < SUBMITTERS; i++)
		if (write(shared.go_on[1], "x", 1) != 1)
			abort();
	for (i = 0; i < SUBMITTERS; i++)
		pthread_join(threads[i], NULL);
}

FIXTURE(submitters)
{
	pthread_t threads[SUBMITTERS];
};

FIXTURE_VARIANT(submitters)
{
	enum doing doing;
};

FIXTURE_VARIANT_ADD(submitters, computing)
{
	.doing = COMPUTING,
};

FIXTURE_VARIANT_ADD(submitters, in_system_call)
{
	.doing = IN_SYSTEM_CALL,
};

FIXTURE_VARIANT_ADD(submitters, in_vfork)
{
	.doing = IN_VFORK,
};

FIXTURE_SETUP(submitters)
{
	shared.doing = variant->doing;
	ASSERT_TRUE(start_submitters(self->threads));
	ASSERT_EQ(SUBMITTERS, nr_workers());
}

FIXTURE_TEARDOWN(submitters)
{
	stop_submitters(self->threads);
}

TEST_F(submitters, workers_go)
{
	io_uring_queue_exit(&shared.ring);
	EXPECT_EQ(0, wait_for_no_worker());
}

/*
 * A stopped process can't do anything, and neither can its workers. They go
 * when it continues.
 */
TEST(workers_go_when_the_process_continues)
{
	struct pollfd keeper = { .events = POLLIN };
	int to_parent[2], to_child[2], status;
	pid_t child, pid;
	char c;

	ASSERT_EQ(0, pipe(to_parent));
	ASSERT_EQ(0, pipe(to_child));
	child = fork_child();
	ASSERT_LE(0, child);
	if (!child) {
		pthread_t threads[SUBMITTERS];

		close(to_parent[0]);
		close(to_child[1]);
		shared.doing = IN_SYSTEM_CALL;
		if (!start_submitters(threads) || nr_workers() != SUBMITTERS)
			_exit(1);
		/* keeps the ring open */
		pid = fork_child();
		if (!pid) {
			close(to_parent[1]);
			read(to_child[0], &c, 1);
			_exit(0);
		}
		io_uring_queue_exit(&shared.ring);
		if (write(to_parent[1], &pid, sizeof(pid)) != sizeof(pid))
			_exit(2);
		pause();
	}

	close(to_child[0]);
	close(to_parent[1]);
	ASSERT_EQ(sizeof(pid), read(to_parent[0], &pid, sizeof(pid)));
	keeper.fd = syscall(SYS_pidfd_open, pid, 0);
	ASSERT_LE(0, keeper.fd);
	ASSERT_EQ(0, kill(child, SIGSTOP));
	ASSERT_EQ(child, waitpid(child, &status, WUNTRACED));
	ASSERT_TRUE(WIFSTOPPED(status));
	ASSERT_EQ(SUBMITTERS, find_workers(child, NULL));

	/* release the ring before the process continues */
	close(to_child[1]);
	ASSERT_EQ(1, poll(&keeper, 1, scaled_ms(GONE_MS)));
	ASSERT_EQ(0, kill(child, SIGCONT));
	EXPECT_EQ(0, wait_for_no_worker_of(child));

	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

TEST_HARNESS_MAIN
