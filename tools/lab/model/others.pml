/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who else takes part: any task that releases a ring, the kworker that cancels its
 * requests, the one that retries to create a worker, and the clock.
 */
#define RETRIES(i)	(thread[i] == FUTURE && create_work[i] == NO_CB)
active proctype others()
{
end_others:
	if
	/*
	 * @ io_ring_ctx_wait_and_kill: io_tctx_ring_put(node->task->io_uring);
	 * @ io_tctx_ring_put: spin_lock(&tctx->rings_lock);
	 * @ io_tctx_ring_put: if (!--tctx->nr_rings)
	 * @ io_wq_set_exit_on_idle: set_bit(IO_WQ_BIT_EXIT_ON_IDLE, &wq->state);
	 */
	:: d_step { IS_OPEN(1) && submits_to != 1 && !rings_lock ->
		SAY(OTHERS, "io_tctx_ring_put(): releases ring 1\n");
		put_ring(1)
	}
	/* @ io_tctx_ring_put: if (!--tctx->nr_rings) */
	:: d_step { IS_OPEN(2) && submits_to != 2 && !rings_lock ->
		SAY(OTHERS, "io_tctx_ring_put(): releases ring 2\n");
		put_ring(2)
	}
	/*
	 * @ io_wq_set_exit_on_idle: raw_spin_lock(&acct->workers_lock);
	 * @ io_wq_set_exit_on_idle: acct->linger_until = linger_until;
	 * @ io_wq_set_exit_on_idle: hlist_nulls_for_each_entry(worker, n, &acct->free_list, nulls_node) {
	 * @ io_wq_set_exit_on_idle: wake_up_process(worker->task);
	 * @ io_wq_set_exit_on_idle: raw_spin_unlock(&acct->workers_lock);
	 * @ io_tctx_ring_put: spin_unlock(&tctx->rings_lock);
	 */
	:: d_step { rings_lock ->
#ifdef M_TOGGLES_WITHOUT_THE_LOCK
		exit_on_idle = 1;
#endif
		SAY(OTHERS, "io_wq_set_exit_on_idle(): sets linger_until, wakes up free workers\n");
		linger_until = comes_back;
		WAKE_IF_FREE(0); WAKE_IF_FREE(1); WAKE_IF_FREE(2);
#ifndef M_TOGGLES_AFTER_THE_WALK
		rings_lock = 0
	}
#else
	};
		d_step {
			SAY(OTHERS, "io_wq_set_exit_on_idle(): sets exit-on-idle\n");
			exit_on_idle = 1;
			rings_lock = 0
		}
#endif
	/* @ io_acct_cancel_pending_work: io_wq_remove_pending(wq, acct, work, prev); */
	:: d_step { ring_state[1] == RELEASED && work_list[1] ->
		SAY(OTHERS, "io_acct_cancel_pending_work(): cancels one of ring 1\n");
		work_list[1]--
	}
	/* @ io_acct_cancel_pending_work: io_wq_remove_pending(wq, acct, work, prev); */
	:: d_step { ring_state[2] == RELEASED && work_list[2] ->
		SAY(OTHERS, "io_acct_cancel_pending_work(): cancels one of ring 2\n");
		work_list[2]--
	}
	/* @ io_worker_may_linger: return ktime_before(ktime_get(), acct->linger_until); */
	:: d_step { linger_until ->
		SAY(OTHERS, "io_worker_may_linger(): 5 ms have passed\n");
		linger_until = 0
	}
	/* @ io_workqueue_create: if (!io_queue_worker_create(worker, acct, create_worker_cont)) */
	:: d_step { RETRIES(0) ->
		SAY(OTHERS, "io_workqueue_create(): asks the task to retry worker 0\n");
		create_state[0] = 1;
		create_work[0] = QUEUED_CONT
	}
	/* @ io_workqueue_create: if (!io_queue_worker_create(worker, acct, create_worker_cont)) */
	:: d_step { RETRIES(1) ->
		SAY(OTHERS, "io_workqueue_create(): asks the task to retry worker 1\n");
		create_state[1] = 1;
		create_work[1] = QUEUED_CONT
	}
	/* @ io_workqueue_create: if (!io_queue_worker_create(worker, acct, create_worker_cont)) */
	:: d_step { RETRIES(2) ->
		SAY(OTHERS, "io_workqueue_create(): asks the task to retry worker 2\n");
		create_state[2] = 1;
		create_work[2] = QUEUED_CONT
	}
	fi;
	goto end_others
}
