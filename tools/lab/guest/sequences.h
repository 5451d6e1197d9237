/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequences of system calls like those with which syzkaller broke io-wq, each in a process
 * of its own. The comments say what one did to an earlier kernel, with the subject of the
 * commit that mended it, and in brackets how the ids of syzbot's reports start.
 */
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "stress.h"

#define FIFO		"/tmp/fifo"
#define CORE		"/tmp/core"
#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define NOBODY		65534

/* The one that this process runs */
static unsigned int sequence;

/* It has come to its point */
static void happened(void)
{
	count(&shared->happened[sequence], 1);
}

static void end_work(struct work *work)
{
	close_work(work);
	if (!pick(3))
		see_workers_go("a sequence of syzkaller's");
}

/* The process ends, whatever its requests are doing. */
static void end_process(void)
{
	happened();
	if (pick(2))
		sleep_us(pick(4000));
	if (!pick(3))
		execl("/proc/self/exe", "stress", NULL);
	_exit(0);
}

/* All requests end, as they have to after @end_them, or the process does. */
static void end_requests(struct work *work, void (*end_them)(struct work *work))
{
	if (pick(2))
		end_process();
	end_them(work);
	reap_all(work, end_them);
	happened();
}

static struct io_uring_sqe *next_sqe(struct work *work)
{
	work->pending++;
	return get_sqe(&work->ring);
}

static void prep_splice(struct work *work, unsigned int sqe_flags)
{
	struct io_uring_sqe *sqe = next_sqe(work);

	io_uring_prep_splice(sqe, work->pipe[0], -1, work->null, -1, 1, 0);
	io_uring_sqe_set_flags(sqe, sqe_flags);
	io_uring_sqe_set_data64(sqe, pick(ENTRIES));
	work->blocked++;
}

static void prep_nop(struct work *work)
{
	work->pending++;
	prep_async_nop(&work->ring);
}

static void set_limit(int resource, rlim_t soft)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		err(1, "getrlimit");
	limit.rlim_cur = soft;
	if (setrlimit(resource, &limit))
		err(1, "setrlimit");
}

/*
 * No worker can be created, and then one can. Requests were freed twice, and what was
 * allocated for the worker was not freed. "io-wq: fix cancellation on create-worker
 * failure" [bc2d90f60254], "io-wq: fix memory leak in create_io_worker()" [65454c239241]
 */
static void creation_fails(void)
{
	struct work work;

	open_work(&work, 0, -1);
	set_limit(RLIMIT_NPROC, 1);
	if (setresuid(NOBODY, NOBODY, NOBODY))
		err(1, "setresuid");
	/* it was cleared */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prep_splice(&work, 0);
	prep_nop(&work);
	submit_all(&work);
	feed(&work);
	reap_all(&work, feed);
	if (work.cancelled)
		happened();
	work.blocked = 0;
	set_limit(RLIMIT_NPROC, 1000);
	submit_some(&work);
	finish(&work);
	end_work(&work);
}

/*
 * There may be no worker for requests that block. "io_uring: fix false WARN_ONCE"
 * [ea2f1484cffe]
 */
static void no_worker_allowed(void)
{
	unsigned int limits[2] = { 2, 2 };
	struct work work;

	set_limit(RLIMIT_NPROC, 0);
	open_work(&work, 0, -1);
	prep_splice(&work, 0);
	prep_nop(&work);
	submit_all(&work);
	set_limit(RLIMIT_NPROC, 1000);
	if (pick(2)) {
		io_uring_register_iowq_max_workers(&work.ring, limits);
		prep_splice(&work, 0);
		submit_all(&work);
		end_requests(&work, feed);
	} else {
		end_requests(&work, cancel_all);
	}
	end_work(&work);
}

/*
 * A ring, a task context or a worker lacks memory. What was half set up was used.
 * "io_uring/tctx: work around xa_store() allocation error issue" [cc36d44ec9f3],
 * "io_uring/sqpoll: zero sqd->thread on tctx errors" [3d92cfcfa840]
 */
static void allocation_fails(void)
{
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	struct io_uring ring;
	struct work work;
	char nth[8] = "";
	bool opened = false, first = pick(2);

	if (fd < 0)
		err(1, "fail-nth");
	if (!first)
		open_work(&work, 0, -1);
	snprintf(nth, sizeof(nth), "%u", 1 + pick(first ? 60 : 20));
	if (write(fd, nth, strlen(nth)) < 0)
		err(1, "fail-nth");
	if (first)
		opened = !io_uring_queue_init(ENTRIES, &ring, kinds[pick(ARRAY_SIZE(kinds))]);
	else
		submit_some(&work);
	/* the number that is left */
	if (pread(fd, nth, sizeof(nth), 0) > 0 && atoi(nth) == 0)
		happened();
	/* before the ring is closed: munmap() could fail, and the mapping would keep it */
	if (pwrite(fd, "0", 1, 0) < 0)
		err(1, "fail-nth");
	close(fd);
	if (opened)
		io_uring_queue_exit(&ring);
	if (first) {
		open_work(&work, kinds[pick(ARRAY_SIZE(kinds))], -1);
		submit_some(&work);
	}
	finish(&work);
	end_work(&work);
}

static void *submit_fixed(void *arg)
{
	static char byte;
	struct work *work = arg;
	int i, round;

	for (round = 0; round < 6; round++) {
		for (i = 0; i < ENTRIES; i++) {
			struct io_uring_sqe *sqe = next_sqe(work);

			io_uring_prep_read(sqe, 0, &byte, 1, 0);
			io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_ASYNC);
		}
		submit_all(work);
	}
	return NULL;
}

static void *end_soon(void *arg)
{
	start_random((uintptr_t)arg);
	sleep_us(pick(5000));
	end_process();
	return NULL;
}

/*
 * Workers wait for the submitter's lock, so ask it for more workers, while another thread
 * ends the process. The exit hung, or a worker was freed that was still there. "io-wq: fix
 * silly logic error in io_task_work_match()" [f62d3e0a4ea4], "io-wq: check for wq exit
 * after adding new worker task_work" [b60c982cb0ef], "io-wq: drop wqe lock before creating
 * new worker" [b18b8be69df3], "io_uring/io-wq: only free worker if it was allocated for
 * creation" [b3ba2408ce0c, ad53b671c30d, 55cc59267340]
 */
static void exits_while_creating(void)
{
	void *chance = (void *)(uintptr_t)pick(UINT32_MAX);
	struct work work;
	pthread_t thread;

	open_work(&work, kinds[pick(5)], -1);
	if (io_uring_register_files(&work.ring, &work.file, 1))
		errx(1, "file can't be registered");
	if (pick(2)) {
		pthread_create(&thread, NULL, submit_fixed, &work);
		end_soon(chance);
	}
	pthread_create(&thread, NULL, end_soon, chance);
	submit_fixed(&work);
	pthread_join(thread, NULL);
}

/*
 * A task that dumps core waits for its workers, while one of these waits for it to create
 * another. "io-wq: remove worker to owner tw dependency" [27d62ee6f256]
 */
static void dumps_core(void)
{
	struct work work;
	int i;

	open_work(&work, kinds[pick(ARRAY_SIZE(kinds))], -1);
	set_limit(RLIMIT_CORE, RLIM_INFINITY);
	for (i = 0; i < ENTRIES; i++)
		prep_splice(&work, pick(2) ? IOSQE_ASYNC : 0);
	submit_all(&work);
	if (!pick(3))
		sleep_us(pick(2000));
	abort();
}

static void prep_waiting(struct work *work, int nonblock)
{
	static struct __kernel_timespec soon[4];
	struct io_uring_sqe *sqe;
	static char byte;
	int i = pick(4);

	soon[i].tv_nsec = 1 + pick(5000000);
	switch (pick(5)) {
	case 0:
		io_uring_prep_poll_add(next_sqe(work), work->pipe[0], POLLIN);
		break;
	case 1:
		prep_splice(work, IOSQE_IO_LINK | (pick(2) ? IOSQE_ASYNC : 0));
		io_uring_prep_link_timeout(next_sqe(work), &soon[i], 0);
		break;
	case 2:
		io_uring_prep_timeout(next_sqe(work), &soon[i], 0, 0);
		break;
	case 3:
		prep_splice(work, 0);
		sqe = next_sqe(work);
		io_uring_prep_cancel64(sqe, pick(ENTRIES), 0);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
		break;
	case 4:
		sqe = next_sqe(work);
		io_uring_prep_read(sqe, nonblock, &byte, 1, 0);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
		break;
	}
}

/*
 * Requests wait for a pipe or for some time, and workers cancel each other's. The exit
 * hung, and a request was freed early. "io_uring: ensure task_work gets run as part of
 * cancelations" [21e6887c0be1], "io_uring: fix io_try_cancel_userdata race for iowq"
 * [b0c9d1588ae9], "io_uring: fix link timeout refs" [a2910119328c]. A worker read again
 * and again what it could not wait for [adb05ed28534], as it did until "io_uring: avoid
 * io-wq -EAGAIN looping for !IOPOLL".
 */
static void waits_for_much(void)
{
	struct work work;
	char path[32];
	int i, nonblock;

	open_work(&work, kinds[pick(ARRAY_SIZE(kinds))], -1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", work.pipe[0]);
	nonblock = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (nonblock < 0)
		err(1, "%s", path);
	for (i = 0; i < 12; i++)
		prep_waiting(&work, nonblock);
	submit_all(&work);
	end_requests(&work, cancel_all);
	end_work(&work);
}

/*
 * One worker has a long chain of long reads to do, each of which starts even if the one
 * before it failed. The exit took minutes. "io_uring/io-wq: check IO_WQ_BIT_EXIT inside
 * work run loop" [4eb282331cab]
 */
static void reads_for_long(void)
{
	static struct iovec vectors[1024];
	static char buffer[1024 * 1024];
	unsigned int limits[2] = { 1, 1 };
	int i, zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	struct io_uring_sqe *sqe;
	struct work work;

	if (zero < 0)
		err(1, "/dev/zero");
	for (i = 0; i < (int)ARRAY_SIZE(vectors); i++) {
		vectors[i].iov_base = buffer;
		vectors[i].iov_len = sizeof(buffer);
	}
	open_work(&work, kinds[pick(ARRAY_SIZE(kinds))], -1);
	io_uring_register_iowq_max_workers(&work.ring, limits);
	for (i = 0; i < ENTRIES; i++) {
		sqe = next_sqe(&work);
		io_uring_prep_readv(sqe, zero, vectors, ARRAY_SIZE(vectors), 0);
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC |
				       (i < ENTRIES - 1 ? IOSQE_IO_HARDLINK : 0));
	}
	submit_all(&work);
	end_process();
}

static struct {
	struct work work;
	pthread_mutex_t lock;
} threads = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

static void *write_and_exit(void *arg)
{
	int i;

	start_random((uintptr_t)arg);
	pthread_mutex_lock(&threads.lock);
	for (i = 0; i < 8; i++) {
		threads.work.pending++;
		prep_async_write(&threads.work.ring, threads.work.file, "data", 4, 0);
	}
	submit_all(&threads.work);
	pthread_mutex_unlock(&threads.lock);
	return NULL;
}

static void end_by_themselves(struct work *work)
{
}

/*
 * Threads write to one file through one ring and exit, as limits and CPUs for all of its
 * workers are registered. A worker that was gone was woken, locks were taken in the wrong
 * order, a task context was used early. "io-wq: Fix UAF when wakeup wqe in hash waitqueue"
 * [6cb11ade52aa], "io_uring: drop ctx->uring_lock before acquiring sqd->lock"
 * [97fa56483f69], "io_uring/tctx: set ->io_uring before publishing the tctx node"
 */
static void threads_come_and_go(void)
{
	struct work *work = &threads.work;
	pthread_t thread[8];
	int i, j;

	open_work(work, kinds[pick(5)], -1);
	for (i = 0; i < 8; i++) {
		if (pthread_create(&thread[i], NULL, write_and_exit,
				   (void *)(uintptr_t)pick(UINT32_MAX)))
			errx(1, "no thread");
		for (j = pick(4); j; j--) {
			unsigned int limits[2] = { 1 + pick(4), 1 + pick(4) };

			register_settings(&work->ring);
			io_uring_register_iowq_max_workers(&work->ring, limits);
		}
	}
	for (i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	end_requests(work, end_by_themselves);
	end_work(work);
}

/*
 * Each open of a FIFO keeps a worker waiting, and files sent to another ring are task work,
 * in which the workers look for what they asked for when they exit. CPUs locked up.
 * "io_uring/io-wq: avoid repeated task_work scans during teardown", not from syzbot
 */
static void opens_fifos(void)
{
	struct work work, target;
	struct io_uring_sqe *sqe;
	int i;

	open_work(&target, IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, -1);
	/*
	 * Not one with a thread of the kernel's. That thread would wait until this task
	 * has taken the files, which it doesn't while execl() waits for that thread.
	 */
	open_work(&work, 0, -1);
	if (io_uring_register_files(&work.ring, &work.file, 1) ||
	    io_uring_register_files_sparse(&target.ring, 1))
		errx(1, "files can't be registered");
	for (i = 0; i < ENTRIES; i++) {
		sqe = next_sqe(&work);
		if (pick(2)) {
			io_uring_prep_openat(sqe, AT_FDCWD, FIFO, O_RDONLY | O_CLOEXEC, 0);
		} else {
			io_uring_prep_msg_ring(sqe, target.ring.ring_fd, 0, 0, 0);
			sqe->addr = IORING_MSG_SEND_FD;
			/* to the first slot */
			sqe->file_index = 1;
		}
		io_uring_sqe_set_flags(sqe, IOSQE_ASYNC);
	}
	submit_all(&work);
	end_requests(&work, cancel_all);
	close_work(&target);
	end_work(&work);
}

static const struct {
	const char *name;
	void (*run)(void);
} sequences[SEQUENCES] = {
	{ "creation_fails", creation_fails },
	{ "no_worker_allowed", no_worker_allowed },
	{ "allocation_fails", allocation_fails },
	{ "exits_while_creating", exits_while_creating },
	{ "dumps_core", dumps_core },
	{ "waits_for_much", waits_for_much },
	{ "reads_for_long", reads_for_long },
	{ "threads_come_and_go", threads_come_and_go },
	{ "opens_fifos", opens_fifos },
};

static void do_sequence(void)
{
	pid_t child;
	int status;

	sequence = pick(SEQUENCES);
	count(&shared->tried[sequence], 1);
	child = fork_seeded();
	if (!child) {
		sequences[sequence].run();
		_exit(0);
	}
	status = wait_for(child);
	if (sequences[sequence].run == dumps_core && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGABRT) {
		/* another one may have got the file */
		if (WCOREDUMP(status))
			happened();
	} else if (status) {
		count(&shared->broken, 1);
		complain("%s ended with status %#x", sequences[sequence].name, status);
	}
}

/* Have core dumped, and allocations fail that may wait, without a message for each */
static void prepare_sequences(void)
{
	if (!write_to("/proc/sys/kernel/core_pattern", CORE) ||
	    !write_to(FAILSLAB "ignore-gfp-wait", "N") ||
	    !write_to(FAILSLAB "verbose", "0") || mkfifo(FIFO, 0600))
		err(1, "sequences");
}

/* One that often came to nothing shows nothing */
static void judge_sequences(void)
{
	int i;

	for (i = 0; i < SEQUENCES; i++) {
		printf("%s: %lu of %lu times\n", sequences[i].name,
		       shared->happened[i], shared->tried[i]);
		if (shared->tried[i] >= 10 && !shared->happened[i])
			count(&shared->broken, 1);
	}
}
