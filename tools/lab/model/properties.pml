/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What must never be, looked at in each state. A state is quiet if nothing happens
 * before the task does something, an idle timeout expires or a blocked request goes on.
 */
#define IS_IDLE(i)	(thread[i] >= SLEEPS && thread[i] <= LINGERS && interruptible[i])
#define IS_QUIET(i)	(thread[i] == NONE || IS_IDLE(i) || \
			 thread[i] == BLOCKS && IS_OPEN(works_for[i]))
#define IS_THERE(i)	(thread[i] != NONE)
#define WORK_IS_CANCELLED	(ring_state[1] > OPEN && work_list[1] || \
				 ring_state[2] > OPEN && work_list[2])
#define QUIET	(!in_kernel && !TASK_WORK && !rings_lock && !WORK_IS_CANCELLED && \
		 IS_QUIET(0) && IS_QUIET(1) && IS_QUIET(2))
#define THERE	(IS_THERE(0) + IS_THERE(1) + IS_THERE(2))
#define WAITS_FOR_TASK(i)	(thread[i] == EXITS && pinned[i] && \
				 create_work[i] != TAKEN_CB)

active proctype properties()
{
end_properties:
	if
	:: d_step { (PROVE & LOST) && QUIET && !NO_WORK &&
	   (THERE == 0 || IS_IDLE(0) || IS_IDLE(1) || IS_IDLE(2)) ->
		printf("@! a request waits, though a worker could run it\n");
		assert(0)
	}
	:: d_step { (PROVE & WAITS) && QUIET && !NO_WORK && !refused && THERE < LIMIT ->
		printf("@! a request waits, though another worker is allowed\n");
		assert(0)
	}
	:: d_step { (PROVE & STAYS) && nr_opened && !nr_rings && !rings_lock &&
	   (thread[0] == SLEEPS && interruptible[0] ||
	    thread[1] == SLEEPS && interruptible[1] ||
	    thread[2] == SLEEPS && interruptible[2]) ->
		printf("@! there is no ring, but a worker sleeps\n");
		assert(0)
	}
	:: d_step { (PROVE & STAYS) && !in_kernel &&
	   (WAITS_FOR_TASK(0) || WAITS_FOR_TASK(1) || WAITS_FOR_TASK(2)) ->
		printf("@! a worker that exits waits for the task\n");
		assert(0)
	}
	:: d_step { (PROVE & COUNTS) && QUIET &&
	   (nr_running || nr_workers != THERE ||
	    nr_rings != IS_OPEN(1) + IS_OPEN(2) ||
	    exit_on_idle != (nr_opened && !nr_rings) ||
	    create_state[0] || create_state[1] || create_state[2] ||
	    pinned[0] || pinned[1] || pinned[2]) ->
		printf("@! a count is wrong\n");
		assert(0)
	}
	fi
}
