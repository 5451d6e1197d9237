// SPDX-License-Identifier: GPL-2.0
/*
 * A worker runs on the CPUs of its task's cpuset, no matter whether that has changed
 * since the task's first ring, or a CPU has come online that is not in it. The kernel
 * moves the workers that are there, so this is about a later one as well.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "iowq.h"

#define WORKERS		2

/* how a child in the cpuset ends */
enum outcome {
	INSIDE,		/* its workers are on the CPUs of the cpuset */
	OUTSIDE,
	BROKEN,
};

struct cpuset {
	char mount[32];
	char group[64];
	int cpus[3];	/* the last one may be taken offline */
};

/* Write @text to @file of cgroup @cgroup. Returns whether that was possible. */
static bool write_cgroup(const char *cgroup, const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", cgroup, file);
	return write_file(path, text);
}

static bool set_online(int cpu, bool online)
{
	char path[64];

	sprintf(path, "/sys/devices/system/cpu/cpu%d/online", cpu);
	return write_file(path, online ? "1" : "0");
}

/* Let the cpuset have this CPU and no other one. */
static bool set_cpu(const struct cpuset *cpuset, int cpu)
{
	char text[16];

	sprintf(text, "%d", cpu);
	return write_cgroup(cpuset->group, "cpuset.cpus", text);
}

static void remove_cpuset(const struct cpuset *cpuset)
{
	rmdir(cpuset->group);
	umount(cpuset->mount);
	rmdir(cpuset->mount);
}

/* Returns NULL, or why there is no cpuset. */
static const char *make_cpuset(struct cpuset *cpuset)
{
	cpu_set_t all;
	int cpu, found = 0;

	if (sched_getaffinity(0, sizeof(all), &all))
		return "needs sched_getaffinity()";
	if (CPU_COUNT(&all) < 3)
		return "needs 3 CPUs";
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		cpuset->cpus[found] = cpu;
		found += found < 2;
	}

	snprintf(cpuset->mount, sizeof(cpuset->mount), "/tmp/cpuset-XXXXXX");
	if (!mkdtemp(cpuset->mount))
		return "needs /tmp";
	snprintf(cpuset->group, sizeof(cpuset->group), "%s/iowq-%d",
		 cpuset->mount, getpid());
	if (mount("cgroup2", cpuset->mount, "cgroup2", 0, NULL)) {
		remove_cpuset(cpuset);
		return "needs cgroup2 and root";
	}
	if (write_cgroup(cpuset->mount, "cgroup.subtree_control", "+cpuset") &&
	    !mkdir(cpuset->group, 0700) && set_cpu(cpuset, cpuset->cpus[0]))
		return NULL;
	remove_cpuset(cpuset);
	return "needs CONFIG_CPUSETS, and cgroup2 to have it";
}

/* Run @child in the cpuset, in a process of its own. */
static enum outcome run_in(struct cpuset *cpuset,
			   enum outcome (*child)(struct cpuset *cpuset))
{
	pid_t pid = fork_child();
	int status;

	if (!pid)
		_exit(write_cgroup(cpuset->group, "cgroup.procs", "0") ?
		      child(cpuset) : BROKEN);
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return BROKEN;
	return WEXITSTATUS(status);
}

/* Have several workers, and see where they may run. */
static enum outcome look_at_workers(struct io_uring *ring, int cpu)
{
	pid_t tids[WORKERS];
	cpu_set_t actual;
	int i, pipe[2];

	if (pipe2(pipe, O_CLOEXEC) ||
	    run_blocking(ring, pipe, WORKERS) < WORKERS ||
	    find_own_workers(tids, WORKERS) < WORKERS)
		return BROKEN;
	for (i = 0; i < WORKERS; i++) {
		if (sched_getaffinity(tids[i], sizeof(actual), &actual))
			return BROKEN;
		if (!CPU_ISSET(cpu, &actual) || CPU_COUNT(&actual) != 1)
			return OUTSIDE;
	}
	return INSIDE;
}

static enum outcome change_cpuset(struct cpuset *cpuset)
{
	struct io_uring ring;

	if (io_uring_queue_init(4, &ring, 0) || run_async_nop(&ring))
		return BROKEN;
	io_uring_queue_exit(&ring);
	let_workers_go();
	if (!set_cpu(cpuset, cpuset->cpus[1]) ||
	    io_uring_queue_init(4, &ring, 0))
		return BROKEN;
	return look_at_workers(&ring, cpuset->cpus[1]);
}

static enum outcome change_registered_cpuset(struct cpuset *cpuset)
{
	struct io_uring ring;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(cpuset->cpus[0], &cpu);
	if (io_uring_queue_init(4, &ring, 0) ||
	    io_uring_register_iowq_aff(&ring, sizeof(cpu), &cpu) ||
	    run_async_nop(&ring) || !set_cpu(cpuset, cpuset->cpus[1]))
		return BROKEN;
	return look_at_workers(&ring, cpuset->cpus[1]);
}

static enum outcome bring_cpu_online(struct cpuset *cpuset)
{
	struct io_uring ring;

	if (io_uring_queue_init(4, &ring, 0) || run_async_nop(&ring) ||
	    !set_online(cpuset->cpus[2], true))
		return BROKEN;
	return look_at_workers(&ring, cpuset->cpus[0]);
}

FIXTURE(cpuset)
{
	struct cpuset cpuset;
};

FIXTURE_VARIANT(cpuset)
{
	enum outcome (*child)(struct cpuset *cpuset);
	bool offline;	/* the last CPU is at first */
};

FIXTURE_VARIANT_ADD(cpuset, that_changes_without_a_ring)
{
	.child = change_cpuset,
};

/* None of the CPUs that were registered is left in it. */
FIXTURE_VARIANT_ADD(cpuset, that_loses_the_registered_cpu)
{
	.child = change_registered_cpuset,
};

FIXTURE_VARIANT_ADD(cpuset, without_a_cpu_that_comes_online)
{
	.child = bring_cpu_online,
	.offline = true,
};

FIXTURE_SETUP(cpuset)
{
}

FIXTURE_TEARDOWN(cpuset)
{
}

TEST_F(cpuset, has_the_workers)
{
	struct cpuset *cpuset = &self->cpuset;
	enum outcome outcome = BROKEN;
	const char *reason;
	bool ready = true;

	reason = make_cpuset(cpuset);
	if (reason)
		SKIP(return, "%s", reason);
	if (variant->offline)
		ready = set_online(cpuset->cpus[2], false);
	if (ready)
		outcome = run_in(cpuset, variant->child);
	if (variant->offline)
		set_online(cpuset->cpus[2], true);
	remove_cpuset(cpuset);
	if (!ready)
		SKIP(return, "needs CONFIG_HOTPLUG_CPU and root");
	EXPECT_EQ(INSIDE, outcome);
}

TEST_HARNESS_MAIN
