/* SPDX-License-Identifier: GPL-2.0 */
/* The task, continued: it creates a worker, for whichever caller */
end_create:
	if
	/*
	 * @ create_io_worker: tsk = io_worker_create_thread(worker);
	 * @ create_io_worker: io_init_new_worker(wq, acct, worker, tsk);
	 * @ create_worker_cont: io_init_new_worker(wq, acct, worker, tsk);
	 * @ io_init_new_worker: hlist_nulls_add_head_rcu(&worker->nulls_node, &acct->free_list);
	 * @ io_init_new_worker: wake_up_new_task(tsk);
	 */
	:: d_step { caller == CONT || A_WORKER_IS_UNUSED ->
		SAY(TASK, "io_init_new_worker(): a new worker is on the free list\n");
		USE(STARTS);
		create_state[new] = 0;
		is_free[new] = 1
	}; goto created
	/*
	 * @ create_io_worker: INIT_DELAYED_WORK(&worker->work, io_workqueue_create);
	 * @ create_io_worker: queue_create_worker_retry(worker);
	 * @ create_worker_cont: queue_create_worker_retry(worker);
	 * @ queue_create_worker_retry: schedule_delayed_work(&worker->work,
	 */
	:: d_step { nr_failed < FAILURES && (caller == CONT || A_WORKER_IS_UNUSED) ->
		SAY(TASK, "queue_create_worker_retry(): creation failed, will retry\n");
		USE(FUTURE);
		create_state[new] = 0;
		nr_failed++
	}; goto created
	/*
	 * @ create_io_worker: } else if (!io_should_retry_thread(worker, PTR_ERR(tsk))) {
	 * @ create_worker_cont: } else if (!io_should_retry_thread(worker, PTR_ERR(tsk))) {
	 */
	:: d_step { nr_failed < FAILURES ->
		SAY(TASK, "create_io_worker(): creation failed for good\n");
		if
		:: caller == CONT -> create_work[cb] = NO_CB; create_state[cb] = 0; thread[cb] = NONE
		:: else
		fi;
		nr_failed++
	}
	fi;
	/* @ io_worker_not_created: atomic_dec(&acct->nr_running); */
	d_step {
		SAY(TASK, "io_worker_not_created(): nr_running--\n");
		DEC(nr_running)
	};
	if
	/* @ io_worker_not_created: none = !--acct->nr_workers; */
	:: d_step { nr_workers > 1 ->
		SAY(TASK, "io_worker_not_created(): there are others\n");
		DEC(nr_workers);
		refused = !NO_WORK
	}; goto created
	/* @ io_worker_not_created: none = !--acct->nr_workers; */
	:: d_step { nr_workers <= 1 ->
		SAY(TASK, "io_worker_not_created(): there is no worker\n");
		DEC(nr_workers)
	}
	fi;
cancel:
	if
	/*
	 * @ io_worker_not_created: while (none && io_acct_cancel_pending_work(wq, acct, &match))
	 * @ io_acct_cancel_pending_work: io_wq_remove_pending(wq, acct, work, prev);
	 */
	:: d_step { work_list[1] ->
		SAY(TASK, "io_acct_cancel_pending_work(): cancels one of ring 1\n");
		work_list[1]--
	}
	/* @ io_acct_cancel_pending_work: io_wq_remove_pending(wq, acct, work, prev); */
	:: d_step { work_list[2] ->
		SAY(TASK, "io_acct_cancel_pending_work(): cancels one of ring 2\n");
		work_list[2]--
	}
	/* @ io_acct_cancel_pending_work: return false; */
	:: d_step { NO_WORK ->
		SAY(TASK, "io_acct_cancel_pending_work(): there is no more\n")
	}; goto created
	fi;
#ifndef M_CANCEL_ONE
	goto cancel;
#endif

created:
	if
	:: d_step { caller == ENQUEUE -> RETURN }; goto end_user
	:: d_step { caller == CONT -> cb = 0; new = 0 }; goto task_work
	:: d_step { caller == CB -> new = 0 }
	fi;
cb_done:
	if
#ifndef M_CLEARS_LAST
	/* @ create_worker_cb: io_worker_release(worker); */
	:: d_step {
		SAY(TASK, "create_worker_cb(): drops the reference on the worker\n");
#else
	:: d_step {
		SAY(TASK, "create_worker_cb(): clears create_state\n");
		create_state[cb] = 0;
#endif
		DEC(pinned[cb]);
		cb = 0
	}
	fi;
