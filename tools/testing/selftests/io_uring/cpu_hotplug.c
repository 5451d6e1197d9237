// SPDX-License-Identifier: GPL-2.0
/*
 * A CPU goes offline and comes back. Workers use it again, and stay on the CPUs that
 * were registered for them, no matter whether it went before or after the ring was
 * closed, and came back before or after the next one was opened.
 */
#include <sched.h>

#include "../kselftest_harness.h"
#include "iowq.h"

enum step {
	OFFLINE,
	ONLINE,
	CLOSE,
	OPEN,
	STEPS,
};

struct cpus {
	int control;		/* of the CPU that goes */
	cpu_set_t all;
	cpu_set_t cpu;		/* the one that goes */
	cpu_set_t other;	/* one that stays */
};

FIXTURE(order)
{
	struct io_uring ring;
	struct cpus cpus;
};

FIXTURE_VARIANT(order)
{
	enum step steps[STEPS];
};

FIXTURE_VARIANT_ADD(order, offline_online_close_open)
{
	.steps = { OFFLINE, ONLINE, CLOSE, OPEN },
};

FIXTURE_VARIANT_ADD(order, offline_close_online_open)
{
	.steps = { OFFLINE, CLOSE, ONLINE, OPEN },
};

FIXTURE_VARIANT_ADD(order, offline_close_open_online)
{
	.steps = { OFFLINE, CLOSE, OPEN, ONLINE },
};

FIXTURE_VARIANT_ADD(order, close_offline_online_open)
{
	.steps = { CLOSE, OFFLINE, ONLINE, OPEN },
};

FIXTURE_VARIANT_ADD(order, close_offline_open_online)
{
	.steps = { CLOSE, OFFLINE, OPEN, ONLINE },
};

FIXTURE_VARIANT_ADD(order, close_open_offline_online)
{
	.steps = { CLOSE, OPEN, OFFLINE, ONLINE },
};

static bool set_online(int control, bool online)
{
	return pwrite(control, online ? "1" : "0", 1, 0) == 1;
}

/* The control file of a CPU that is online and may be taken offline, or -1 */
static int open_control(int cpu)
{
	char path[64], state = 0;
	int fd;

	sprintf(path, "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && (pread(fd, &state, 1, 0) != 1 || state != '1')) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* Returns NULL, or why no CPU can be taken offline */
static const char *choose_cpus(struct cpus *cpus)
{
	int cpu, other = 0;

	cpus->control = -1;
	if (sched_getaffinity(0, sizeof(cpus->all), &cpus->all))
		return "needs sched_getaffinity()";
	if (CPU_COUNT(&cpus->all) < 2)
		return "needs 2 CPUs";
	while (!CPU_ISSET(other, &cpus->all))
		other++;
	for (cpu = CPU_SETSIZE - 1; cpu > other && cpus->control < 0; cpu--) {
		if (!CPU_ISSET(cpu, &cpus->all))
			continue;
		cpus->control = open_control(cpu);
		CPU_ZERO(&cpus->cpu);
		CPU_SET(cpu, &cpus->cpu);
	}
	if (cpus->control < 0)
		return "no CPU to take offline, needs CONFIG_HOTPLUG_CPU and root";
	CPU_ZERO(&cpus->other);
	CPU_SET(other, &cpus->other);
	return NULL;
}

FIXTURE_SETUP(order)
{
	const char *reason = choose_cpus(&self->cpus);

	if (reason)
		SKIP(return, "%s", reason);
	ASSERT_EQ(0, io_uring_queue_init(4, &self->ring, 0));
}

FIXTURE_TEARDOWN(order)
{
	if (self->cpus.control < 0)
		return;
	set_online(self->cpus.control, true);
	close(self->cpus.control);
}

static bool take_step(enum step step, int control, struct io_uring *ring)
{
	switch (step) {
	case OFFLINE:
		return set_online(control, false);
	case ONLINE:
		return set_online(control, true);
	case CLOSE:
		io_uring_queue_exit(ring);
		let_workers_go();
		return true;
	case OPEN:
		return !io_uring_queue_init(4, ring, 0);
	default:
		return false;
	}
}

/*
 * Have a request done by an existing worker or a new one, and wait until that is
 * idle, or the next request would have another one created. On a busy machine there
 * may be another one anyway, then @worker is the newest.
 */
static bool run_request(struct io_uring *ring, pid_t *worker)
{
	pid_t last = *worker;
	long sleeps = last ? wait_until_asleep(last) : 0;

	if (run_async_nop(ring) || find_workers(getpid(), worker) < 1)
		return false;
	return wait_until_asleep_again(*worker, *worker == last ? sleeps : 0);
}

/*
 * Have a worker, take all steps, and leave in @actual where a worker may run after
 * the last step. With @requests, there is also work for a worker in between.
 */
static void take_steps(struct __test_metadata *_metadata,
		       const enum step *steps, int control,
		       struct io_uring *ring, bool requests, cpu_set_t *actual)
{
	bool opened = true;
	pid_t worker = 0;
	int i;

	ASSERT_TRUE(run_request(ring, &worker));
	for (i = 0; i < STEPS; i++) {
		ASSERT_TRUE(take_step(steps[i], control, ring)) {
			TH_LOG("step %d failed", i);
		}
		opened = steps[i] == OPEN || (opened && steps[i] != CLOSE);
		if (requests && opened)
			ASSERT_TRUE(run_request(ring, &worker));
	}
	ASSERT_TRUE(run_request(ring, &worker));
	ASSERT_EQ(0, sched_getaffinity(worker, sizeof(*actual), actual));
}

TEST_F(order, cpu_is_used_again)
{
	cpu_set_t actual;

	take_steps(_metadata, variant->steps, self->cpus.control, &self->ring,
		   false, &actual);
	EXPECT_TRUE(CPU_EQUAL(&self->cpus.all, &actual));
}

/* A worker that serves requests while the CPU is away may use it when it is back. */
TEST_F(order, cpu_is_used_again_by_who_was_there_without_it)
{
	cpu_set_t actual;

	take_steps(_metadata, variant->steps, self->cpus.control, &self->ring,
		   true, &actual);
	EXPECT_TRUE(CPU_EQUAL(&self->cpus.all, &actual));
}

TEST_F(order, affinity_to_the_cpu_holds)
{
	cpu_set_t actual;

	ASSERT_EQ(0, io_uring_register_iowq_aff(&self->ring, sizeof(self->cpus.cpu),
						&self->cpus.cpu));
	take_steps(_metadata, variant->steps, self->cpus.control, &self->ring,
		   false, &actual);
	EXPECT_TRUE(CPU_EQUAL(&self->cpus.cpu, &actual));
}

TEST_F(order, affinity_to_another_cpu_holds)
{
	cpu_set_t actual;

	ASSERT_EQ(0, io_uring_register_iowq_aff(&self->ring,
						sizeof(self->cpus.other),
						&self->cpus.other));
	take_steps(_metadata, variant->steps, self->cpus.control, &self->ring,
		   false, &actual);
	EXPECT_TRUE(CPU_EQUAL(&self->cpus.other, &actual));
}

TEST_F(order, affinity_to_both_holds)
{
	cpu_set_t actual, both;

	CPU_OR(&both, &self->cpus.cpu, &self->cpus.other);
	ASSERT_EQ(0, io_uring_register_iowq_aff(&self->ring, sizeof(both),
						&both));
	take_steps(_metadata, variant->steps, self->cpus.control, &self->ring,
		   false, &actual);
	EXPECT_TRUE(CPU_EQUAL(&both, &actual));
}

/* They are done on other CPUs for as long as the only one is offline */
TEST_F(order, requests_are_done_whose_only_cpu_is_offline)
{
	cpu_set_t actual;

	ASSERT_EQ(0, io_uring_register_iowq_aff(&self->ring, sizeof(self->cpus.cpu),
						&self->cpus.cpu));
	take_steps(_metadata, variant->steps, self->cpus.control, &self->ring,
		   true, &actual);
}

/* Without a worker, io-wq doesn't hear of the CPU when that comes. */
TEST(cpu_that_was_away_at_first_is_used)
{
	bool offline, online;
	struct io_uring ring;
	const char *reason;
	struct cpus cpus;
	pid_t worker = 0;
	cpu_set_t actual;
	int err;

	reason = choose_cpus(&cpus);
	if (reason)
		SKIP(return, "%s", reason);
	offline = set_online(cpus.control, false);
	err = io_uring_queue_init(4, &ring, 0);
	online = set_online(cpus.control, true);
	ASSERT_TRUE(offline);
	ASSERT_EQ(0, err);
	ASSERT_TRUE(online);

	ASSERT_TRUE(run_request(&ring, &worker));
	ASSERT_EQ(0, sched_getaffinity(worker, sizeof(actual), &actual));
	EXPECT_TRUE(CPU_EQUAL(&cpus.all, &actual));
}

TEST_HARNESS_MAIN
