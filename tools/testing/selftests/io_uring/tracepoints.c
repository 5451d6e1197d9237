// SPDX-License-Identifier: GPL-2.0
/*
 * The tracepoints of io-wq tell when a worker of this task is created, when it
 * is told to go, and that it goes because the task has no ring.
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

/* A buffer of our own, to keep apart from what others trace. */
FIXTURE(trace)
{
	char instance[64];
};

FIXTURE_SETUP(trace)
{
	char path[128];

	/* may be mounted already */
	mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	snprintf(self->instance, sizeof(self->instance),
		 TRACEFS "instances/iowq-%d", getpid());
	if (mkdir(self->instance, 0700)) {
		self->instance[0] = 0;
		SKIP(return, "no tracefs, or not for this user");
	}
	snprintf(path, sizeof(path), "%s/events/io_wq/enable", self->instance);
	ASSERT_EQ(0, write_to(path, "1")) {
		rmdir(self->instance);
	}
}

FIXTURE_TEARDOWN(trace)
{
	char path[128];

	if (!self->instance[0])
		return;
	snprintf(path, sizeof(path), "%s/events/io_wq/enable", self->instance);
	write_to(path, "0");
	rmdir(self->instance);
}

/*
 * How many events called @name there are of @task in @instance that have @text in
 * their line
 */
static int events(const char *instance, const char *name, pid_t task,
		  const char *text)
{
	char path[128], line[512], what[64], whose[32];
	int found = 0;
	FILE *trace;

	snprintf(path, sizeof(path), "%s/trace", instance);
	trace = fopen(path, "r");
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
	const char *in = self->instance;
	pid_t task = getpid();
	struct io_uring ring;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, 0));
	ASSERT_EQ(0, run_async_nop(&ring));
	EXPECT_EQ(1, events(in, "io_wq_worker_create", task, "work=bound"));
	EXPECT_EQ(0, events(in, "io_wq_worker_wake", task, ""));
	EXPECT_EQ(0, events(in, "io_wq_worker_exit", task, ""));

	io_uring_queue_exit(&ring);
	ASSERT_EQ(0, wait_for_no_worker());
	EXPECT_EQ(1, events(in, "io_wq_worker_create", task, ""));
	EXPECT_EQ(1, events(in, "io_wq_worker_wake", task, "work=bound"));
	EXPECT_EQ(1, events(in, "io_wq_worker_exit", task, "reason=unused"));
}

TEST_HARNESS_MAIN
