// SPDX-License-Identifier: GPL-2.0
/*
 * A ring whose setup failed keeps no worker, and takes none away from an open ring.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "iowq.h"

/* More than there are allocations for a ring */
#define MAX_FAILURES	500
/* The kernel has torn down a ring by then, in milliseconds. */
#define TORN_DOWN_MS	300

/* Have allocations that may wait fail as well, and silently */
static const struct {
	const char *path, *value;
} settings[] = {
	{ "/sys/kernel/debug/failslab/ignore-gfp-wait", "N" },
	{ "/sys/kernel/debug/failslab/verbose", "0" },
};

static bool read_file(const char *path, char *text, int size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && read(fd, text, size - 1) > 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Let the n-th allocation from here on fail, 0 for none. */
static bool fail_nth(int fd, int n)
{
	char text[16];
	int len = sprintf(text, "%d", n);

	return pwrite(fd, text, len, 0) == len;
}

FIXTURE(failing)
{
	struct io_uring ring;
	int fail_nth;
	char before[ARRAY_SIZE(settings)][16];
};

FIXTURE_SETUP(failing)
{
	unsigned int i;
	char path[64];

	sprintf(path, "/proc/self/task/%d/fail-nth", getpid());
	self->fail_nth = open(path, O_RDWR | O_CLOEXEC);
	if (self->fail_nth < 0)
		SKIP(return, "needs CONFIG_FAULT_INJECTION");
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		if (!read_file(settings[i].path, self->before[i],
			       sizeof(self->before[i])) ||
		    !write_file(settings[i].path, settings[i].value))
			SKIP(return, "needs CONFIG_FAILSLAB in debugfs, and root");
}

FIXTURE_TEARDOWN(failing)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(settings); i++)
		write_file(settings[i].path, self->before[i]);
}

/*
 * Open and close a ring with the n-th allocation failing. Returns 1 if the ring
 * could be opened, 0 if memory was short, and -1 for another error. Leaves in
 * @used whether there was an n-th allocation.
 */
static int open_failing(int control, int n, bool *used)
{
	struct io_uring_params params = {};
	char left[16] = "";
	int fd, err;

	if (!fail_nth(control, n))
		return -1;
	fd = syscall(SYS_io_uring_setup, 4, &params);
	err = errno;
	if (pread(control, left, sizeof(left) - 1, 0) < 1)
		return -1;
	fail_nth(control, 0);
	*used = !atoi(left);
	if (fd < 0)
		return err == ENOMEM || err == ENFILE ? 0 : -1;
	close(fd);
	return 1;
}

/* Do so for each n. Returns the last allocation that a ring needs, or -1. */
static int fail_to_open(int control)
{
	bool used = true;
	int n, last = 0;

	for (n = 1; used && n < MAX_FAILURES; n++) {
		int opened = open_failing(control, n, &used);

		if (opened < 0)
			return -1;
		if (!opened)
			last = n;
	}
	return used ? -1 : last;
}

TEST_F(failing, ring_after_failures_leaves_no_worker)
{
	ASSERT_LT(10, fail_to_open(self->fail_nth));

	ASSERT_EQ(0, io_uring_queue_init(4, &self->ring, 0));
	ASSERT_EQ(0, run_async_nop(&self->ring));
	ASSERT_EQ(1, nr_workers());
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, wait_for_no_worker());
}

TEST_F(failing, open_ring_keeps_its_worker)
{
	ASSERT_EQ(0, io_uring_queue_init(4, &self->ring, 0));
	ASSERT_EQ(0, run_async_nop(&self->ring));

	ASSERT_LT(10, fail_to_open(self->fail_nth));
	EXPECT_EQ(1, least_workers(scaled_ms(300)));
}

TEST_F(failing, ring_open_meanwhile_leaves_no_worker)
{
	ASSERT_EQ(0, io_uring_queue_init(4, &self->ring, 0));
	ASSERT_EQ(0, run_async_nop(&self->ring));
	ASSERT_EQ(1, nr_workers());

	ASSERT_LT(10, fail_to_open(self->fail_nth));
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, wait_for_no_worker());
}

/*
 * Rings fail until the kernel has torn down the last one. The idle worker shares a
 * CPU with the task, which has priority, so it can't exit before the last failure.
 */
TEST_F(failing, failures_after_the_last_ring_leave_no_worker)
{
	struct sched_param first = { .sched_priority = 1 }, other = {};
	cpu_set_t cpu;
	long end;
	int last;
	bool used;

	CPU_ZERO(&cpu);
	CPU_SET(sched_getcpu(), &cpu);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(cpu), &cpu));
	ASSERT_EQ(0, io_uring_queue_init(4, &self->ring, 0));
	ASSERT_EQ(0, io_uring_register_iowq_aff(&self->ring, sizeof(cpu), &cpu));
	ASSERT_EQ(0, run_async_nop(&self->ring));
	ASSERT_EQ(1, nr_workers());
	last = fail_to_open(self->fail_nth);
	ASSERT_LT(10, last);

	if (sched_setscheduler(0, SCHED_FIFO, &first)) {
		io_uring_queue_exit(&self->ring);
		SKIP(return, "needs CAP_SYS_NICE");
	}
	io_uring_queue_exit(&self->ring);
	end = now_ms() + TORN_DOWN_MS;
	while (now_ms() < end)
		ASSERT_EQ(0, open_failing(self->fail_nth, last, &used));
	ASSERT_EQ(0, sched_setscheduler(0, SCHED_OTHER, &other));
	EXPECT_EQ(0, wait_for_no_worker());
}

/* The very last step fails, when the ring has been made and counted. */
TEST(ring_without_a_descriptor_keeps_no_worker)
{
	struct io_uring ring, failed;
	struct rlimit limit, none;
	int i;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	ASSERT_EQ(1, nr_workers());

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	none = limit;
	none.rlim_cur = 0;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &none));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(-EMFILE, io_uring_queue_init(4, &failed, i % 2 ?
						       IORING_SETUP_SQPOLL : 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));

	ASSERT_EQ(1, least_workers(scaled_ms(300)));
	io_uring_queue_exit(&ring);
	EXPECT_EQ(0, wait_for_no_worker());
}

TEST_HARNESS_MAIN
