// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints of io-wq tell when a worker of this task is created, when it
 * is told to go, and that it goes as the task has no ring.
 */
#include <fcntl.h>
#include <sys/mount.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define TRACEFS		"/sys/kernel/tracing/"

static int write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return -errno;
	written = write(fd, text, strlen(text));
	close(fd);
	return written < 0 ? -errno : 0;
}

FIXTURE(trace)
{
	bool enabled;
};

FIXTURE_SETUP(trace)
{
	/* may be mounted already */
	mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	if (access(TRACEFS "trace", R_OK | W_OK))
		SKIP(return, "no tracefs, or not for this user");
	ASSERT_EQ(0, write_to(TRACEFS "events/io_wq/enable", "1"));
	self->enabled = true;
	ASSERT_EQ(0, write_to(TRACEFS "trace", ""));
}

FIXTURE_TEARDOWN(trace)
{
	if (self->enabled)
		write_to(TRACEFS "events/io_wq/enable", "0");
}

/* How many events called @name there are of @task, with @text in their line */
static int events(const char *name, pid_t task, const char *text)
{
	char line[512], what[64], whose[32];
	FILE *trace = fopen(TRACEFS "trace", "r");
	int found = 0;

	if (!trace)
		return -1;
	snprintf(what, sizeof(what), " %s: ", name);
	snprintf(whose, sizeof(whose), " task=%d ", task);
	while (fgets(line, sizeof(line), trace))
		found += strstr(line, what) && strstr(line, whose) &&
			 strstr(line, text);
	fclose(trace);
	return found;
}

TEST_F(trace, tells_of_a_workers_life)
{
	pid_t task = getpid();
	struct io_uring ring;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	EXPECT_EQ(1, events("io_wq_worker_create", task, "work=bound"));
	EXPECT_EQ(0, events("io_wq_worker_wake", task, ""));
	EXPECT_EQ(0, events("io_wq_worker_exit", task, ""));

	io_uring_queue_exit(&ring);
	ASSERT_EQ(0, wait_for_no_worker());
	EXPECT_EQ(1, events("io_wq_worker_create", task, ""));
	EXPECT_EQ(1, events("io_wq_worker_wake", task, "work=bound"));
	EXPECT_EQ(1, events("io_wq_worker_exit", task, "reason=unused"));
}

TEST_HARNESS_MAIN
