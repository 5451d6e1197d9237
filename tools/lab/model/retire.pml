/* SPDX-License-Identifier: GPL-2.0 */
/* A worker, continued: it has left its slot, and exits unless there is work */
retire:
	if
#ifdef M_WAITS_FOR_THE_SUBMITTER
	:: goto cancelled
#else
	/* @ io_worker_cancel_create: if (test_bit(0, &worker->create_state) && */
	:: d_step { create_work[me] != QUEUED_CB ->
		SAY(me, "io_worker_cancel_create(): has not asked for a worker\n")
	}
	/* @ io_worker_cancel_create: io_worker_cancel_cb(worker); */
	:: d_step { create_work[me] == QUEUED_CB ->
		SAY(me, "io_worker_cancel_create(): doesn't ask for a worker anymore\n");
		create_work[me] = NO_CB
	};
		/*
		 * @ io_worker_cancel_cb: atomic_dec(&acct->nr_running);
		 * @ io_worker_cancel_cb: clear_bit_unlock(0, &worker->create_state);
		 * @ io_worker_cancel_cb: io_worker_release(worker);
		 */
		d_step {
			SAY(me, "io_worker_cancel_cb(): nr_running--\n");
			DEC(nr_running);
			create_state[me] = 0;
			DEC(pinned[me])
		}
#endif
	fi;
#ifdef M_FIRST_FORM
	d_step { thread[me] = EXITS };
	d_step { !pinned[me] -> thread[me] = DEAD };
	/* the list of all workers and the free list */
	d_step {
		SAY(me, "io_worker_exit(): leaves the free list\n");
		is_free[me] = 0
	};
	dec_running(NONE);
	goto end_none;
#endif
cancelled:
	if
	/* @ io_worker_retire: atomic_dec(&acct->nr_running); */
	:: d_step {
		SAY(me, "io_worker_retire(): nr_running--\n");
		DEC(nr_running)
	}
	fi;
	if
	/* @ io_worker_retire: if (!io_acct_run_queue(acct)) */
	:: d_step { NO_WORK_FOR_EXIT ->
		SAY(me, "io_worker_retire(): exits\n");
		thread[me] = EXITS
	}; goto end_exit
	/* @ io_worker_retire: if (!io_acct_run_queue(acct)) */
	:: d_step { !NO_WORK_FOR_EXIT ->
		SAY(me, "io_worker_retire(): finds work\n")
	}
	fi;
	if
	/* @ io_worker_retire: if (acct->nr_workers >= acct->max_workers) { */
	:: d_step { nr_workers >= LIMIT ->
		SAY(me, "io_worker_retire(): there is no slot left, exits\n");
		thread[me] = EXITS
	}; goto end_exit
#if defined(NO_LAST_LOOK) && !defined(M_LOOKS_BEFORE_IT_LEAVES)
	/*
	 * @ io_worker_retire: acct->nr_workers++;
	 * @ io_worker_retire: __io_worker_idle(acct, worker);
	 */
	:: d_step { nr_workers < LIMIT ->
		SAY(me, "io_worker_retire(): takes a slot, is free again\n");
		nr_workers++;
		is_free[me] = 1
	}
#else
	/* @ io_worker_retire: acct->nr_workers++; */
	:: d_step { nr_workers < LIMIT ->
		SAY(me, "io_worker_retire(): takes a slot, stays\n");
		nr_workers++
	}
#endif
	fi;
	/*
	 * @ io_worker_retire: atomic_inc(&acct->nr_running);
	 * @ io_worker_retire: set_bit(IO_WORKER_F_UP, &worker->flags);
	 */
	d_step {
		SAY(me, "io_worker_retire(): nr_running++\n");
		nr_running++
	};
	goto loop;
end_exit:
	if
	/*
	 * @ io_worker_exit: io_worker_release(worker);
	 * @ io_worker_exit: wait_for_completion(&worker->ref_done);
	 */
	:: d_step { !pinned[me] ->
		SAY(me, "io_worker_exit(): is gone\n");
		thread[me] = NONE
	}
	fi;
	goto end_none
