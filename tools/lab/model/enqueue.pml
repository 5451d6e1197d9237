/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The task, continued: io_wq_enqueue() and create_worker_cb() look for a free worker. If
 * there is none, they may reserve a slot for a new one.
 */
activate:
	if
	/* @ io_acct_activate_free_worker: hlist_nulls_for_each_entry_rcu(worker, n, &acct->free_list, nulls_node) { */
	:: d_step { ON_LIST(0) ->
		SAY(TASK, "io_acct_activate_free_worker(): sees worker 0\n");
		SEE(0)
	}
	/* @ io_acct_activate_free_worker: hlist_nulls_for_each_entry_rcu(worker, n, &acct->free_list, nulls_node) { */
	:: d_step { ON_LIST(1) ->
		SAY(TASK, "io_acct_activate_free_worker(): sees worker 1\n");
		SEE(1)
	}
	/* @ io_acct_activate_free_worker: hlist_nulls_for_each_entry_rcu(worker, n, &acct->free_list, nulls_node) { */
	:: d_step { ON_LIST(2) ->
		SAY(TASK, "io_acct_activate_free_worker(): sees worker 2\n");
		SEE(2)
	}
	/* @ io_acct_activate_free_worker: return false; */
	:: d_step { !ON_LIST(0) && !ON_LIST(1) && !ON_LIST(2) && caller == ENQUEUE ->
		SAY(TASK, "io_acct_activate_free_worker(): finds none\n")
	}; goto none_is_free
	/* @ io_acct_activate_free_worker: return false; */
	:: d_step { !ON_LIST(0) && !ON_LIST(1) && !ON_LIST(2) && caller == CB ->
		SAY(TASK, "io_acct_activate_free_worker(): finds none\n")
	}; goto reserve
	fi;
	if
	/*
	 * @ io_acct_activate_free_worker: if (!io_worker_get(worker))
	 * @ io_acct_activate_free_worker: continue;
	 */
	:: d_step { IS_GONE(picked) ->
		SAY(TASK, "io_acct_activate_free_worker(): it is gone\n");
		picked = 0
	}; goto activate
	/*
	 * @ io_acct_activate_free_worker: wake_up_process(worker->task);
	 * @ io_acct_activate_free_worker: return true;
	 */
	:: d_step { !IS_GONE(picked) && caller == ENQUEUE ->
		SAY(TASK, "io_acct_activate_free_worker(): wakes it up\n");
		WAKE(picked);
		RETURN
	}; goto end_user
	/* @ io_acct_activate_free_worker: wake_up_process(worker->task); */
	:: d_step { !IS_GONE(picked) && caller == CB ->
		SAY(TASK, "io_acct_activate_free_worker(): wakes it up\n");
		WAKE(picked);
		picked = 0
	}; goto cb_done
	fi;

none_is_free:
	if
	/* @ io_wq_enqueue: !atomic_read(&acct->nr_running))) */
	:: d_step { nr_running ->
		SAY(TASK, "io_wq_enqueue(): leaves it to who is running\n");
		RETURN
	}; goto end_user
	/* @ io_wq_enqueue: !atomic_read(&acct->nr_running))) */
	:: d_step { !nr_running ->
		SAY(TASK, "io_wq_enqueue(): nobody is running\n")
	}
	/* @ io_wq_enqueue: if (do_create && ((work_flags & IO_WQ_WORK_CONCURRENT) || */
	:: d_step { nr_running ->
		SAY(TASK, "io_wq_enqueue(): wants one more (IO_WQ_WORK_CONCURRENT)\n")
	}
	fi;

reserve:
	if
	/* @ io_wq_create_worker: if (acct->nr_workers >= acct->max_workers) { */
	:: d_step { nr_workers >= LIMIT && caller == ENQUEUE ->
		SAY(TASK, "io_wq_create_worker(): there is no slot\n");
		RETURN
	}; goto end_user
	/* @ io_wq_create_worker: acct->nr_workers++; */
	:: d_step { nr_workers < LIMIT && caller == ENQUEUE ->
		SAY(TASK, "io_wq_create_worker(): takes a slot\n");
		nr_workers++
	}; goto count
	/* @ create_worker_cb: if (acct->nr_workers < acct->max_workers) { */
	:: d_step { nr_workers >= LIMIT && caller == CB ->
		SAY(TASK, "create_worker_cb(): there is no slot\n")
	}; goto cb_done
	/* @ create_worker_cb: acct->nr_workers++; */
	:: d_step { nr_workers < LIMIT && caller == CB ->
		SAY(TASK, "create_worker_cb(): takes a slot\n");
		nr_workers++
	}
	fi;
count:
	if
	/*
	 * @ io_wq_create_worker: atomic_inc(&acct->nr_running);
	 * @ create_worker_cb: atomic_inc(&acct->nr_running);
	 */
	:: d_step {
		SAY(TASK, "io_wq_create_worker(): nr_running++\n");
		nr_running++
	}
	fi;
	goto end_create;
