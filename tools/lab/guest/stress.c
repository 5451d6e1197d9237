// SPDX-License-Identifier: GPL-2.0
/*
 * stress SECONDS SEED [COMMAND...]: have processes open, use and close rings
 * in random ways, disturb them in every way that a process can be, and see that
 * nothing breaks:
 *
 * - Each request completes within LATE_S, unless its ring is closed before. After
 *   LOST_S, it is lost.
 * - No worker is left GONE_S after a process closed its last ring.
 * - Whatever a process did, and however it died, what the kernel allocated for it
 *   is freed. To check that, count the objects in all slabs when all is quiet,
 *   after a first run and again after a longer one. What the kernel allocates once
 *   and keeps is there after the first run.
 *
 * Half of what they do are the sequences in sequences.h, each of which has to come to
 * its point now and then.
 *
 * COMMAND runs in parallel, once in each of the two runs. An argument "%" becomes
 * the seconds that it should take.
 *
 * What a process does follows from SEED, its number, and how many processes had
 * that number before. The timing doesn't.
 */
#define _GNU_SOURCE
#include <sys/ptrace.h>
#include <sys/stat.h>

#include "sequences.h"

#define CPU_ONLINE	"/sys/devices/system/cpu/cpu%d/online"
#define CGROUP		"/tmp/cgroup"

static struct actor {
	pid_t pid;
	unsigned long lives;
} actors[ACTORS];

static unsigned long seed;

/* Use a ring in this thread and close it, reaped or not */
static void use(unsigned int flags)
{
	struct work work;
	int i, rounds = 1 + pick(3);

	open_work(&work, flags, -1);
	for (i = 0; i < rounds; i++) {
		submit_some(&work);
		if (pick(4))
			finish(&work);
		if (!pick(4))
			sleep_us(pick(3000));
	}
	close_work(&work);
}

static void *reopen(void *arg)
{
	int i;

	start_random((uintptr_t)arg);
	for (i = 0; i < 6; i++)
		use(kinds[pick(ARRAY_SIZE(kinds))]);
	return NULL;
}

/* Threads that open and close rings of their own */
static void in_threads(void)
{
	pthread_t threads[4];
	int i;

	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, reopen,
				   (void *)(uintptr_t)pick(UINT32_MAX)))
			errx(1, "no thread");
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static struct {
	struct work work;
	pthread_mutex_t lock;
	pthread_barrier_t submitted, closed;
} group = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static void *submitter(void *arg)
{
	start_random((uintptr_t)arg);
	pthread_mutex_lock(&group.lock);
	submit_some(&group.work);
	pthread_mutex_unlock(&group.lock);
	pthread_barrier_wait(&group.submitted);
	pthread_barrier_wait(&group.closed);
	return NULL;
}

/* A ring that threads share, each with its own workers */
static void shared_by_threads(void)
{
	pthread_t threads[4];
	int i;

	open_work(&group.work, kinds[pick(5)], -1);
	pthread_barrier_init(&group.submitted, NULL, 5);
	pthread_barrier_init(&group.closed, NULL, 5);
	for (i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, submitter,
				   (void *)(uintptr_t)pick(UINT32_MAX)))
			errx(1, "no thread");
	pthread_barrier_wait(&group.submitted);
	if (pick(2))
		finish(&group.work);
	close_work(&group.work);
	if (pick(2))
		see_workers_go("closing a ring that threads shared");
	pthread_barrier_wait(&group.closed);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* The last reference is another descriptor */
static void use_duplicate(void)
{
	struct work work;
	int copy;

	open_work(&work, kinds[pick(ARRAY_SIZE(kinds))], -1);
	submit_some(&work);
	copy = fcntl(work.ring.ring_fd, F_DUPFD_CLOEXEC, 0);
	if (pick(2))
		finish(&work);
	io_uring_queue_exit(&work.ring);
	sleep_us(pick(2000));
	close(copy);
	close_files(&work);
}

static void use_registered(void)
{
	struct work work;

	open_work(&work, kinds[pick(ARRAY_SIZE(kinds))], -1);
	if (io_uring_register_ring_fd(&work.ring) != 1)
		errx(1, "ring can't be registered");
	submit_some(&work);
	finish(&work);
	submit_some(&work);
	/* also unregisters the ring */
	close_work(&work);
}

/* Two rings served by one kernel thread, which has the workers */
static void use_attached(void)
{
	struct work work[2];
	int i, first = pick(2);

	open_work(&work[0], IORING_SETUP_SQPOLL, -1);
	open_work(&work[1], IORING_SETUP_SQPOLL | IORING_SETUP_ATTACH_WQ,
		  work[0].ring.ring_fd);
	for (i = 0; i < 2; i++)
		submit_some(&work[i]);
	for (i = 0; i < 2; i++) {
		struct work *next = &work[i ^ first];

		if (pick(4))
			finish(next);
		close_work(next);
	}
}

/* Can't create workers until its child has executed itself */
static void use_across_vfork(void)
{
	struct work work;
	pid_t child;

	open_work(&work, kinds[pick(2)], -1);
	submit_some(&work);
	child = vfork();
	if (!child) {
		execl("/proc/self/exe", "stress", NULL);
		_exit(1);
	}
	if (child < 0)
		err(1, "vfork");
	if (pick(2))
		finish(&work);
	close_work(&work);
	if (wait_for(child)) {
		count(&shared->broken, 1);
		complain("a child of vfork() failed, or has workers");
	}
}

/* The child uses a ring that it inherited, and the parent closes it */
static void use_inherited(void)
{
	struct work work;
	pid_t child;

	open_work(&work, kinds[pick(2)], -1);
	if (pick(2)) {
		submit_some(&work);
		finish(&work);
	}
	child = fork_seeded();
	if (!child) {
		submit_some(&work);
		finish(&work);
		io_uring_queue_exit(&work.ring);
		see_workers_go("closing an inherited ring");
		_exit(0);
	}
	close_work(&work);
	if (wait_for(child)) {
		count(&shared->broken, 1);
		complain("a child with an inherited ring died");
	}
}

/* A child dies in one way or another, whatever its requests are doing */
static void dies(void)
{
	struct work work;
	pid_t child = fork_seeded();
	int status;

	if (child) {
		if (pick(2)) {
			sleep_us(pick(4000));
			kill(child, SIGKILL);
		}
		status = wait_for(child);
		if (status && !(WIFSIGNALED(status) &&
				WTERMSIG(status) == SIGKILL)) {
			count(&shared->broken, 1);
			complain("a child failed, or has workers from before it executed itself");
		}
		return;
	}
	open_work(&work, kinds[pick(ARRAY_SIZE(kinds))], -1);
	submit_some(&work);
	switch (pick(3)) {
	case 0:
		if (pick(2))
			fcntl(work.ring.ring_fd, F_SETFD, 0);
		execl("/proc/self/exe", "stress", NULL);
		_exit(1);
	case 1:
		sleep_us(pick(4000));
		break;
	case 2:
		io_uring_queue_exit(&work.ring);
		break;
	}
	_exit(0);
}

static void act(unsigned long life)
{
	uint64_t start = seed * 1000003 + me * 10007 + life * ACTORS * 10007;
	unsigned long round;

	for (round = 0; ; round++) {
		start_random(start + round * 7919);
		switch (pick(20)) {
		case 0:
		case 1:
			use(kinds[pick(ARRAY_SIZE(kinds))]);
			break;
		case 2:
			in_threads();
			break;
		case 3:
			shared_by_threads();
			break;
		case 4:
			use_duplicate();
			break;
		case 5:
			use_registered();
			break;
		case 6:
			use_inherited();
			break;
		case 7:
			use_attached();
			break;
		case 8:
			use_across_vfork();
			break;
		case 9:
			dies();
			break;
		default:
			do_sequence();
			break;
		}
		/* otherwise, the next ring is opened while they exit */
		if (!pick(3))
			see_workers_go("its last ring");
		count(&shared->rounds, 1);
	}
}

static void cgroup_write(int nr, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), CGROUP "/%d/%s", nr, file);
	write_to(path, text);
}

static void nothing(int sig)
{
}

static void start_actor(int nr)
{
	struct actor *actor = &actors[nr];
	char pid[16];

	shared->overdue[nr] = 0;
	actor->pid = fork_child();
	if (actor->pid < 0)
		err(1, "fork");
	if (!actor->pid) {
		me = nr;
		snprintf(pid, sizeof(pid), "%d", getpid());
		cgroup_write(nr, "cgroup.procs", pid);
		act(actor->lives);
	}
	actor->lives++;
}

/* It has said why */
static void ended_by_itself(int nr, int status)
{
	count(&shared->broken, 1);
	printf("actor %d died, status %#x\n", nr, status);
	fflush(stdout);
	start_actor(nr);
}

static void trace(int nr)
{
	pid_t pid = actors[nr].pid;
	int status;

	/* it just died */
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	if (waitpid(pid, &status, __WALL) != pid)
		err(1, "waitpid");
	if (!WIFSTOPPED(status)) {
		ended_by_itself(nr, status);
		return;
	}
	sleep_us(pick(20000));
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static bool is_overdue(int nr)
{
	return count(&shared->overdue[nr], 0);
}

static void disturb(void)
{
	int status, nr = pick(ACTORS);
	char path[64];
	long start = now_ms();
	bool stopped = false;

	if (waitpid(actors[nr].pid, &status, WNOHANG) == actors[nr].pid)
		ended_by_itself(nr, status);
	switch (pick(8)) {
	case 0:
	case 1:
	case 2:
		kill(actors[nr].pid, SIGUSR1);
		break;
	case 3:
		stopped = true;
		kill(actors[nr].pid, SIGSTOP);
		sleep_us(pick(100000));
		kill(actors[nr].pid, SIGCONT);
		break;
	case 4:
		stopped = true;
		trace(nr);
		break;
	case 5:
		stopped = true;
		cgroup_write(nr, "cgroup.freeze", "1");
		sleep_us(pick(100000));
		cgroup_write(nr, "cgroup.freeze", "0");
		break;
	case 6:
		if (is_overdue(nr))
			break;
		kill(actors[nr].pid, SIGKILL);
		waitpid(actors[nr].pid, NULL, 0);
		start_actor(nr);
		break;
	case 7:
		snprintf(path, sizeof(path), CPU_ONLINE, 1 + pick(cpus - 1));
		write_to(path, "0");
		sleep_us(pick(50000));
		write_to(path, "1");
		break;
	}
	if (stopped)
		count(&shared->held_ms[nr], now_ms() - start);
	count(&shared->acts, 1);
	sleep_us(pick(20000));
}

static pid_t start_command(char **command, int seconds)
{
	char text[16];
	pid_t pid;
	int i;

	if (!*command)
		return 0;
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	snprintf(text, sizeof(text), "%d", seconds);
	for (i = 0; command[i]; i++)
		if (!strcmp(command[i], "%"))
			command[i] = text;
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(command[0], command);
	err(1, "%s", command[0]);
}

static void run(int seconds, char **command)
{
	long end = now_ms() + seconds * 1000L;
	pid_t beside = start_command(command, seconds);
	long enough = end + 2 * LOST_S * 1000;
	int i, status;

	for (i = 0; i < ACTORS; i++)
		start_actor(i);
	while (now_ms() < end)
		disturb();
	for (i = 0; i < ACTORS; i++) {
		while (is_overdue(i) && now_ms() < enough)
			sleep_us(1000);
		if (waitpid(actors[i].pid, &status, WNOHANG) == actors[i].pid)
			ended_by_itself(i, status);
		/* before its children, or it would report their death */
		kill(actors[i].pid, SIGKILL);
		cgroup_write(i, "cgroup.kill", "1");
		waitpid(actors[i].pid, NULL, 0);
	}
	if (beside && (waitpid(beside, &status, 0) != beside || status)) {
		count(&shared->broken, 1);
		printf("%s failed\n", command[0]);
	}
	/* orphans are reparented to this process */
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		;
}

#define CACHES	300
/*
 * Some caches keep what processes that are gone have touched, or free it later. They
 * may grow by this much and an eighth. So it takes minutes to notice a leak in one
 * of fifty rings, at 20 to 100 rings a second.
 */
#define SLACK	100

struct cache {
	char name[64];
	long objects;
};

/*
 * Count the objects in each cache. Those that are free in the slab that a CPU takes
 * objects from count as well, and shrinking a cache helps only until the next one is
 * taken. So count some times, and go by the least.
 */
static int count_objects(struct cache *caches)
{
	char line[300], path[100];
	struct cache cache;
	int i, nr = 0;
	FILE *file;

	/* rings and tasks are freed by work queues and by RCU */
	sleep_us(3000000);
	write_to("/proc/sys/vm/drop_caches", "3");
	sleep_us(1000000);
	for (i = 0; i < 8; i++) {
		file = fopen("/proc/slabinfo", "r");
		if (!file)
			err(1, "slabinfo");
		for (nr = 0; nr < CACHES && fgets(line, sizeof(line), file);) {
			if (sscanf(line, "%63s %ld", cache.name,
				   &cache.objects) != 2)
				continue;
			if (strcmp(caches[nr].name, cache.name) ||
			    caches[nr].objects > cache.objects)
				caches[nr] = cache;
			snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink",
				 cache.name);
			write_to(path, "1");
			nr++;
		}
		fclose(file);
	}
	return nr;
}

static void compare(const struct cache *before, int nr_before,
		    const struct cache *after, int nr_after)
{
	int i, j;

	for (i = 0; i < nr_after; i++) {
		/*
		 * Areas of stacks are freed only when there are many of them.
		 * And object debugging keeps its own objects that are free.
		 */
		if (!strcmp(after[i].name, "vmap_area") ||
		    !strcmp(after[i].name, "debug_objects_cache"))
			continue;
		for (j = 0; j < nr_before; j++)
			if (!strcmp(before[j].name, after[i].name))
				break;
		if (j == nr_before)
			continue;
		if (after[i].objects > before[j].objects +
				       before[j].objects / 8 + SLACK) {
			count(&shared->broken, 1);
			printf("leak: ");
		} else if (strcmp(after[i].name, "task_struct") &&
			   strcmp(after[i].name, "io_kiocb") &&
			   strcmp(after[i].name, "filp")) {
			continue;
		}
		printf("%s: %ld objects before, %ld after\n", after[i].name,
		       before[j].objects, after[i].objects);
	}
}

int main(int argc, char *argv[])
{
	static struct cache before[CACHES], after[CACHES];
	struct sigaction action = { .sa_handler = nothing };
	int i, seconds, nr_before, nr_after;
	char path[64];

	/* executed by an actor's child: no worker may be left from before */
	if (argc < 3)
		return nr_workers() != 0;

	seconds = atoi(argv[1]);
	seed = strtoul(argv[2], NULL, 0);
	cpus = sysconf(_SC_NPROCESSORS_CONF);
	printf("SEED=%lu, %d s on %d CPUs\n", seed, seconds, cpus);
	if (cpus < 2)
		errx(1, "needs more CPUs than one");
	fflush(stdout);
	start_random(seed);

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	/* interrupts system calls */
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < ACTORS; i++) {
		snprintf(path, sizeof(path), CGROUP "/%d", i);
		if (mkdir(path, 0700))
			err(1, "%s", path);
	}
	/* disturb() would silently leave out what can't be done here */
	for (i = 1; i < cpus; i++) {
		snprintf(path, sizeof(path), CPU_ONLINE, i);
		if (!write_to(path, "0") || !write_to(path, "1"))
			err(1, "%s", path);
	}
	if (!write_to(CGROUP "/0/cgroup.freeze", "0"))
		err(1, CGROUP);
	prepare_sequences();

	run(seconds / 4 < 5 ? 5 : seconds / 4, argv + 3);
	nr_before = count_objects(before);
	run(seconds, argv + 3);
	nr_after = count_objects(after);
	compare(before, nr_before, after, nr_after);

	printf("%lu rounds, %lu rings, %lu requests, %lu disturbances\n",
	       shared->rounds, shared->rings, shared->requests, shared->acts);
	judge_sequences();
	printf("%lu lost, %lu late, %lu times workers left, %lu times other things broke\n",
	       shared->lost, shared->late, shared->left, shared->broken);
	if (!shared->rounds || !shared->requests)
		errx(1, "nothing happened");
	if (shared->lost || shared->late || shared->left || shared->broken)
		return 1;
	printf("OK\n");
	return 0;
}
