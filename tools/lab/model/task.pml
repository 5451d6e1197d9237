/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The task: it gets rings, queues requests and runs its task work, and creates workers
 * in the latter two. It may stop at any point between them, so it also stands for a
 * task that runs its task work late, as in vfork().
 */
#define ENQUEUE	0
#define CB	1
#define CONT	2

#define UNUSED(i)	(i < WORKERS && thread[i] == NONE)
#define A_WORKER_IS_UNUSED	(UNUSED(0) || UNUSED(1) || UNUSED(2))
#define USE(state)	if \
	:: caller == CONT -> new = cb \
	:: else -> if \
		:: UNUSED(0) -> new = 0 \
		:: else -> if \
			:: UNUSED(1) -> new = 1 \
			:: else -> new = 2 \
			fi \
		fi \
	fi; \
	create_work[new] = NO_CB; \
	thread[new] = state

#define IS_QUEUED(i)	(create_work[i] == QUEUED_CB || create_work[i] == QUEUED_CONT)
#define TASK_WORK	(IS_QUEUED(0) || IS_QUEUED(1) || IS_QUEUED(2))
#define TAKE(i)	if \
	:: create_work[i] == QUEUED_CB -> create_work[i] = TAKEN_CB \
	:: create_work[i] == QUEUED_CONT -> create_work[i] = TAKEN_CONT \
	:: else \
	fi
#define IS_TAKEN(i)	(create_work[i] == TAKEN_CB || create_work[i] == TAKEN_CONT)

/*
 * A worker is seen on the free list, and woken up a moment later. On 6.1, only one that
 * is asleep will do, and the lock makes this one step.
 */
#if BASE == 61
#define ON_LIST(i)	(is_free[i] && interruptible[i])
#define SEE(i)		picked = i; interruptible[i] = 0
#define WAKE(i)
#else
#define ON_LIST(i)	(is_free[i] && thread[i] != DEAD)
#define SEE(i)		picked = i
#define WAKE(i)		interruptible[i] = 0
#endif
#define IS_GONE(i)	(thread[i] == NONE || thread[i] == DEAD)

#define RETURN	in_kernel = 0; submits_to = 0; picked = 0; caller = 0; cb = 0; new = 0

inline queue(ring)
{
	in_kernel = 1;
	submits_to = ring;
	nr_queued++;
	refused = 0;
	work_list[ring]++;
	caller = ENQUEUE
}

inline call(i, what)
{
	cb = i;
	caller = what;
	if
	:: what == CB -> create_work[i] = NO_CB
	:: else
	fi
}

active proctype task()
{
	byte picked, caller, cb, new;

end_user:
	if
	/*
	 * @ io_tctx_ring_get: spin_lock(&tctx->rings_lock);
	 * @ io_tctx_ring_get: if (!tctx->nr_rings++)
	 * @ io_tctx_ring_get: io_wq_set_exit_on_idle(tctx->io_wq, false);
	 * @ io_wq_set_exit_on_idle: clear_bit(IO_WQ_BIT_EXIT_ON_IDLE, &wq->state);
	 * @ io_tctx_ring_get: spin_unlock(&tctx->rings_lock);
	 */
	:: d_step { nr_opened < RINGS && NOT_LOCKED ->
		SAY(TASK, "io_tctx_ring_get(): gets a ring, clears exit-on-idle\n");
		get_ring(0)
	}; goto end_user
	/*
	 * @ io_tctx_ring_get: if (!tctx->nr_rings++)
	 * @ io_wq_set_exit_on_idle: wq->comes_back = now - wq->unused_since < WORKER_LINGER_NS;
	 */
	:: d_step { nr_opened && nr_opened < RINGS && !nr_rings && NOT_LOCKED ->
		SAY(TASK, "io_tctx_ring_get(): gets a ring again within 5 ms\n");
		get_ring(1)
	}; goto end_user
	/*
	 * @ io_wq_enqueue: raw_spin_lock(&acct->lock);
	 * @ io_wq_enqueue: io_wq_insert_work(wq, acct, work, work_flags);
	 * @ io_wq_enqueue: raw_spin_unlock(&acct->lock);
	 */
	:: d_step { nr_queued < REQUESTS && IS_OPEN(1) ->
		SAY(TASK, "io_wq_enqueue(): queues a request of ring 1\n");
		queue(1)
	}; goto activate
	/* @ io_wq_enqueue: io_wq_insert_work(wq, acct, work, work_flags); */
	:: d_step { nr_queued < REQUESTS && IS_OPEN(2) ->
		SAY(TASK, "io_wq_enqueue(): queues a request of ring 2\n");
		queue(2)
	}; goto activate
#ifdef M_FIRST_FORM
	:: d_step { ring_state[1] == RELEASED ->
		SAY(TASK, "io_uring_del_tctx_node(): removes ring 1\n");
		remove_ring(1)
	}; goto end_user
	:: d_step { ring_state[2] == RELEASED ->
		SAY(TASK, "io_uring_del_tctx_node(): removes ring 2\n");
		remove_ring(2)
	}; goto end_user
#endif
	/* @ create_worker_cb: worker = container_of(cb, struct io_worker, create_work); */
	:: d_step { TASK_WORK ->
		SAY(TASK, "create_worker_cb(): task_work_run() is going to call it\n");
		in_kernel = 1;
		TAKE(0); TAKE(1); TAKE(2)
	}; goto task_work
	fi;

#include "enqueue.pml"
#include "create.pml"

task_work:
	if
	/* @ create_worker_cb: worker = container_of(cb, struct io_worker, create_work); */
	:: d_step { create_work[0] == TAKEN_CB ->
		SAY(TASK, "create_worker_cb(): is called for worker 0\n");
		call(0, CB)
	}
	/* @ create_worker_cb: worker = container_of(cb, struct io_worker, create_work); */
	:: d_step { create_work[1] == TAKEN_CB ->
		SAY(TASK, "create_worker_cb(): is called for worker 1\n");
		call(1, CB)
	}
	/* @ create_worker_cb: worker = container_of(cb, struct io_worker, create_work); */
	:: d_step { create_work[2] == TAKEN_CB ->
		SAY(TASK, "create_worker_cb(): is called for worker 2\n");
		call(2, CB)
	}
	/* @ create_worker_cont: worker = container_of(cb, struct io_worker, create_work); */
	:: d_step { create_work[0] == TAKEN_CONT ->
		SAY(TASK, "create_worker_cont(): tries again to create worker 0\n");
		call(0, CONT)
	}; goto end_create
	/* @ create_worker_cont: worker = container_of(cb, struct io_worker, create_work); */
	:: d_step { create_work[1] == TAKEN_CONT ->
		SAY(TASK, "create_worker_cont(): tries again to create worker 1\n");
		call(1, CONT)
	}; goto end_create
	/* @ create_worker_cont: worker = container_of(cb, struct io_worker, create_work); */
	:: d_step { create_work[2] == TAKEN_CONT ->
		SAY(TASK, "create_worker_cont(): tries again to create worker 2\n");
		call(2, CONT)
	}; goto end_create
	:: d_step { !IS_TAKEN(0) && !IS_TAKEN(1) && !IS_TAKEN(2) -> RETURN }; goto end_user
	fi;
#ifndef M_CLEARS_LAST
	/* @ create_worker_cb: clear_bit_unlock(0, &worker->create_state); */
	d_step {
		SAY(TASK, "create_worker_cb(): clears create_state\n");
		create_state[cb] = 0
	};
#endif
	/*
	 * @ create_worker_cb: atomic_dec(&acct->nr_running);
	 * @ create_worker_cb: smp_mb__after_atomic();
	 */
	d_step {
		SAY(TASK, "create_worker_cb(): nr_running--\n");
		DEC(nr_running)
	};
#ifdef M_DOES_NOT_LOOK
	goto reserve
#else
	goto activate
#endif
}
