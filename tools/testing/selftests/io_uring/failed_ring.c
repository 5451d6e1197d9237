// SPDX-License-Identifier: GPL-2.0
/*
 * A ring whose setup failed keeps no worker, and takes none away from an open ring.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "iowq.h"

/* More than there are allocations for a ring */
#define MAX_FAILURES	500

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

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;

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
 * Open a ring with the n-th allocation failing, for each n until there is none.
 * Returns how many there are, or -1 for an error other than ENOMEM or ENFILE.
 */
static int fail_to_open(int control)
{
	int n;

	for (n = 1; n < MAX_FAILURES; n++) {
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
		if (fd >= 0)
			close(fd);
		else if (err != ENOMEM && err != ENFILE)
			return -1;
		/* not used up: there was no n-th allocation */
		if (atoi(left))
			return n - 1;
	}
	return -1;
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
