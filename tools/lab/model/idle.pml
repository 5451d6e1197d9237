/* SPDX-License-Identifier: GPL-2.0 */
/* A worker, continued: it found no work, and leaves or goes idle */
decide:
	if
	/*
	 * @ io_wq_worker: raw_spin_lock(&acct->workers_lock);
	 * @ io_wq_worker: exit_on_idle = test_bit(IO_WQ_BIT_EXIT_ON_IDLE, &wq->state);
	 * @ io_wq_worker: if ((last_timeout && (exit_mask || acct->nr_workers > 1) &&
	 * @ io_wq_worker: !test_bit(0, &worker->create_state)) ||
	 * @ io_wq_worker: (exit_on_idle && !io_worker_may_linger(acct, worker))) {
	 * @ io_wq_worker: acct->nr_workers--;
	 * @ io_wq_worker: hlist_nulls_del_init_rcu(&worker->nulls_node);
	 * @ io_wq_worker: raw_spin_unlock(&acct->workers_lock);
	 * @ io_wq_worker: __set_current_state(TASK_RUNNING);
	 */
	:: d_step { LEAVES ->
		SAY(me, "io_wq_worker(): leaves its slot and the free list\n");
		if
		:: (PROVE & LEFT) && nr_workers == 1 && (IS_OPEN(1) || IS_OPEN(2)) ->
			printf("@! the last worker leaves, though there is a ring\n");
			assert(0)
		:: else
		fi;
		DEC(nr_workers);
#ifndef M_FIRST_FORM
		is_free[me] = 0;
#endif
		interruptible[me] = 0;
		timed_out = 0
	}; goto retire
	/*
	 * @ io_wq_worker: last_timeout = false;
	 * @ io_wq_worker: __io_worker_idle(acct, worker);
	 * @ __io_worker_idle: hlist_nulls_add_head_rcu(&worker->nulls_node, &acct->free_list);
	 * @ io_wq_worker: raw_spin_unlock(&acct->workers_lock);
	 */
	:: d_step { !LEAVES ->
		SAY(me, "__io_worker_idle(): gets on the free list\n");
		is_free[me] = 1;
		unused = exit_on_idle;
		timed_out = 0
	}
	fi;
#if defined(NO_LAST_LOOK) || defined(M_FIRST_FORM)
	if
	/* @ io_wq_worker: ret = schedule_timeout(WORKER_IDLE_TIMEOUT); */
	:: d_step { !interruptible[me] ->
		SAY(me, "io_wq_worker(): is awake\n");
		unused = 0
	}; goto loop
	:: interruptible[me];
#ifdef M_LOOKS_BEFORE_IT_LEAVES
		d_step {
			SAY(me, "io_wq_worker(): nr_running--, sleeps\n");
			DEC(nr_running);
			thread[me] = (unused -> LINGERS : SLEEPS)
		}
#else
		dec_running((unused -> LINGERS : SLEEPS))
#endif
	fi;
	unused = 0;
#else
	/*
	 * @ io_wq_worker: clear_bit(IO_WORKER_F_RUNNING, &worker->flags);
	 * @ io_wq_worker: atomic_dec(&acct->nr_running);
	 */
	d_step {
		SAY(me, "io_wq_worker(): nr_running--\n");
		DEC(nr_running)
	};
	if
	/* @ io_wq_worker: if (io_acct_run_queue(acct)) { */
	:: d_step { !NO_WORK_FOR_IDLE ->
		SAY(me, "io_wq_worker(): finds work after all\n");
		unused = 0;
		last_look = 1
	};
		/*
		 * @ io_wq_worker: io_wq_worker_running(current);
		 * @ io_wq_worker_running: io_wq_inc_running(worker);
		 */
		d_step {
			SAY(me, "io_wq_worker_running(): nr_running++\n");
			nr_running++
		};
		goto look
	/*
	 * @ io_wq_worker: ret = schedule_hrtimeout_range(&linger_until,
	 * @ io_wq_worker: ret = schedule_timeout(WORKER_IDLE_TIMEOUT);
	 */
	:: d_step { NO_WORK_FOR_IDLE ->
		SAY(me, "io_wq_worker(): sleeps\n");
		thread[me] = (unused -> LINGERS : SLEEPS);
		unused = 0
	}
	fi;
#endif
end_idle:
	if
	/*
	 * @ io_wq_worker: io_wq_worker_running(current);
	 * @ io_wq_worker_running: io_wq_inc_running(worker);
	 */
	:: d_step { !interruptible[me] ->
		SAY(me, "io_wq_worker_running(): is awake, nr_running++\n");
		thread[me] = RUNS;
		nr_running++
	}; goto loop
	/*
	 * @ io_wq_worker: ret = schedule_timeout(WORKER_IDLE_TIMEOUT);
	 * @ io_wq_worker: if (!ret && !exit_on_idle) {
	 */
	:: d_step { IDLE && thread[me] == SLEEPS && interruptible[me] ->
		SAY(me, "io_wq_worker(): the idle timeout expires\n");
		interruptible[me] = 0;
		timed_out = 1;
		thread[me] = RUNS
	}
	/* @ io_wq_worker: ret = schedule_hrtimeout_range(&linger_until, */
	:: d_step { !linger_until && thread[me] == LINGERS && interruptible[me] ->
		SAY(me, "io_wq_worker(): lingered long enough\n");
		interruptible[me] = 0;
		thread[me] = RUNS
	}
	fi;
progress_woken:
	/*
	 * @ io_wq_worker: io_wq_worker_running(current);
	 * @ io_wq_worker_running: io_wq_inc_running(worker);
	 */
	d_step {
		SAY(me, "io_wq_worker_running(): nr_running++\n");
		nr_running++
	};
	goto loop;
