/* SPDX-License-Identifier: GPL-2.0 */
/* A worker. When its thread is gone, the next worker takes its place. */
active [WORKERS] proctype worker()
{
	bit timed_out, unused, last_look;

end_none:
	if
	/*
	 * @ io_wq_worker: while (!test_bit(IO_WQ_BIT_EXIT, &wq->state)) {
	 * @ io_wq_worker: set_current_state(TASK_INTERRUPTIBLE);
	 */
	:: d_step { thread[me] == STARTS ->
		SAY(me, "io_wq_worker(): starts\n");
		thread[me] = RUNS;
		interruptible[me] = 1
	}
	fi;
	goto look;
loop:
	if
	/* @ io_wq_worker: set_current_state(TASK_INTERRUPTIBLE); */
	:: d_step {
		SAY(me, "io_wq_worker(): sets TASK_INTERRUPTIBLE\n");
		last_look = 0;
		interruptible[me] = 1
	}
	fi;
look:
	if
	/* @ io_wq_worker: while (io_acct_run_queue(acct)) */
	:: d_step { NO_WORK && !last_look ->
		SAY(me, "io_wq_worker(): finds no work\n")
	}; goto decide
	/* @ io_worker_handle_work: if (!__io_acct_run_queue(acct)) */
	:: d_step { NO_WORK && last_look ->
		SAY(me, "io_worker_handle_work(): finds no more work\n")
	}; goto loop
	/*
	 * @ io_worker_handle_work: work = io_get_next_work(acct, wq);
	 * @ io_worker_handle_work: raw_spin_unlock(&acct->lock);
	 */
	:: d_step { work_list[1] ->
		SAY(me, "io_worker_handle_work(): takes a request of ring 1\n");
		take(1)
	}
	/* @ io_worker_handle_work: work = io_get_next_work(acct, wq); */
	:: d_step { work_list[2] ->
		SAY(me, "io_worker_handle_work(): takes a request of ring 2\n");
		take(2)
	}
	fi;
	/*
	 * @ __io_worker_busy: clear_bit(IO_WORKER_F_FREE, &worker->flags);
	 * @ __io_worker_busy: raw_spin_lock(&acct->workers_lock);
	 * @ __io_worker_busy: hlist_nulls_del_init_rcu(&worker->nulls_node);
	 * @ __io_worker_busy: raw_spin_unlock(&acct->workers_lock);
	 */
	d_step {
		SAY(me, "__io_worker_busy(): leaves the free list\n");
		is_free[me] = 0;
		interruptible[me] = 0
	};
request:
	if
	/*
	 * @ io_worker_handle_work: __set_current_state(TASK_RUNNING);
	 * @ io_worker_handle_work: io_wq_submit_work(work);
	 * @ io_worker_handle_work: io_assign_current_work(worker, NULL);
	 */
	:: d_step {
		SAY(me, "io_worker_handle_work(): the request is done\n");
		works_for[me] = 0
	}; goto look
	:: dec_running(BLOCKS)
	fi;
end_blocks:
	/*
	 * @ io_wq_worker_running: set_bit(IO_WORKER_F_RUNNING, &worker->flags);
	 * @ io_wq_worker_running: io_wq_inc_running(worker);
	 * @ io_wq_inc_running: atomic_inc(&acct->nr_running);
	 */
	d_step {
		SAY(me, "io_wq_worker_running(): the request goes on, nr_running++\n");
		thread[me] = RUNS;
		nr_running++
	};
#ifdef CYCLES
progress_unblocked:
	skip;
#endif
	goto request;
#include "idle.pml"
#include "retire.pml"
}
