/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A model of one io_wq_acct of a task, with the series: its workers, the task that
 * submits, and whoever else releases its rings. Each d_step is a step of the kernel:
 * what it does under one lock, or one access to what others see without a lock.
 *
 * Above each step, a comment names the lines of the patched source that it stands
 * for, in order, as "@ FUNCTION: LINE". They are those of 7.3, and for other bases
 * base/BASE/steps.sed changes them. SAY() is what a counterexample shows: a column,
 * and what the function does.
 *
 * Parameters, all to be defined:
 *	BASE		73, 72, 612 or 61
 *	LIMIT		->max_workers
 *	WORKERS		threads that exist at once, up to 3, with those that exit. The
 *			creation of another one waits
 *	RINGS		rings that the task gets, up to 2
 *	REQUESTS	requests that it queues
 *	FAILURES	creations that fail, for now or for good
 *	IDLE		1: the idle timeout expires at any time, 0: never
 * Optional:
 *	PROVE		which properties, see properties.pml
 *	CYCLES		for a search for cycles without progress
 *	M_...		a mutant
 */
#if BASE == 61 || BASE == 612
#define NO_LAST_LOOK		/* an idle worker leaves ->nr_running in schedule() */
#endif

#define TASK	8
#define OTHERS	9
#define SAY(column, text)	printf("@%d ", column); printf(text); \
				c_code { step_taken[__COUNTER__] = 1; }

/* Which steps were taken at all, for "prove" to read */
c_decl {
	extern int printf(const char *format, ...);
	static unsigned char step_taken[128];

	static __attribute__((destructor)) void print_steps(void)
	{
		unsigned int i;

		for (i = 0; i < sizeof(step_taken); i++)
			if (step_taken[i])
				printf("step %u\n", i);
	}
}

/* struct io_worker, and what its thread is doing */
#define NONE	0
#define FUTURE	1	/* no thread yet, its creation failed and is retried */
#define STARTS	2
#define RUNS	3
#define SLEEPS	4	/* idle, for WORKER_IDLE_TIMEOUT at most */
#define LINGERS	5	/* idle, until ->linger_until */
#define BLOCKS	6	/* in a request */
#define EXITS	7	/* waits for the last reference to go */
#define DEAD	8	/* it is gone */
byte thread[3];
bit interruptible[3];		/* TASK_INTERRUPTIBLE */
bit is_free[3];			/* on ->free_list */
bit create_state[3];
byte pinned[3];			/* by its ->create_work, how often */
byte works_for[3];		/* the ring of ->cur_work, from 1 */

/* worker->create_work */
#define NO_CB		0
#define QUEUED_CB	1	/* create_worker_cb(), on task->task_works */
#define QUEUED_CONT	2	/* create_worker_cont(), too */
#define TAKEN_CB	3	/* by task_work_run(), which is going to call it */
#define TAKEN_CONT	4
byte create_work[3];

/* struct io_wq_acct */
byte nr_workers;
byte nr_running;
byte work_list[3];		/* how many, by ring, from 1 */
bit linger_until;		/* is in the future */
#define NO_WORK		(work_list[1] + work_list[2] == 0)

/* struct io_uring_task and struct io_wq */
byte nr_rings;
bit rings_lock;
bit exit_on_idle;		/* IO_WQ_BIT_EXIT_ON_IDLE */
bit comes_back;

/* rings, from 1 */
#define OPEN		1
#define RELEASED	2	/* its requests are being cancelled */
#define REMOVED		3	/* from the task context, with M_FIRST_FORM */
byte ring_state[3];
byte nr_opened;
#define IS_OPEN(ring)	(ring_state[ring] == OPEN)

/* What the task has done */
byte nr_queued;
byte nr_failed;
bit in_kernel;			/* the task is */
byte submits_to;		/* a ring that can't be released */
bit refused;			/* creating a worker for the work list failed */

/* Properties, as bits of PROVE */
#define LOST	1	/* work waits, though a worker is idle, or there is none */
#define WAITS	2	/* work waits, though one more worker is allowed */
#define STAYS	4	/* no ring, and a worker sleeps until its idle timeout */
#define LEFT	8	/* the last worker left, though there is a ring. See LEAVES */
#define COUNTS	16	/* a count is wrong */

#define DEC(count)	assert(count > 0); count--

#include "rings.pml"
#include "blocks.pml"
#include "worker.pml"
#include "task.pml"
#include "others.pml"
#include "properties.pml"
