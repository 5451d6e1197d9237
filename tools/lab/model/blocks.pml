/* SPDX-License-Identifier: GPL-2.0 */
/* How a worker takes work, blocks in it and asks for another worker, and when it leaves */

#define me	_pid

/* It takes a request off the list, with acct->lock */
#define OTHER_IS_FREE	(is_free[0] && me != 0 || is_free[1] && me != 1 || \
			 is_free[2] && me != 2)
#ifndef M_FIRST_FORM
#define LEAVES	(timed_out && nr_workers > 1 && !create_state[me] || \
		 exit_on_idle && !(linger_until && !OTHER_IS_FREE))
#else
#define LEAVES	(timed_out && nr_workers > 1 || exit_on_idle)
#endif

/* A last look at the work list, before the worker sleeps or exits */
#ifdef M_LOOKS_BEFORE_IT_LEAVES
#define NO_WORK_FOR_IDLE	1
#else
#define NO_WORK_FOR_IDLE	NO_WORK
#endif
#ifdef M_NO_SECOND_LOOK
#define NO_WORK_FOR_EXIT	1
#else
#define NO_WORK_FOR_EXIT	NO_WORK
#endif

inline take(ring)
{
	work_list[ring]--;
	works_for[me] = ring;
	if
	:: NO_WORK -> refused = 0
	:: else
	fi
}

/* It sleeps as what then says */
inline dec_running(then)
{
	if
	/*
	 * @ io_wq_worker_sleeping: clear_bit(IO_WORKER_F_RUNNING, &worker->flags);
	 * @ io_wq_worker_sleeping: io_wq_dec_running(worker);
	 */
	:: d_step { nr_running != 1 ->
		SAY(me, "io_wq_worker_sleeping(): blocks, others are running\n");
		DEC(nr_running);
		thread[me] = then
	}
	/* @ io_wq_dec_running: if (!atomic_dec_and_test(&acct->nr_running)) */
	:: d_step { nr_running == 1 ->
		SAY(me, "io_wq_dec_running(): blocks, nr_running is 0\n");
		nr_running = 0
	};
		if
		/* @ io_wq_dec_running: if (!io_acct_run_queue(acct)) */
		:: d_step { NO_WORK ->
			SAY(me, "io_wq_dec_running(): no work waits\n");
			thread[me] = then
		}
		/* @ io_wq_dec_running: if (!io_acct_run_queue(acct)) */
		:: d_step { !NO_WORK ->
			SAY(me, "io_wq_dec_running(): work waits\n")
		};
			queue_worker_create(then)
		fi
	fi
}

inline queue_worker_create(then)
{
	/* @ io_wq_dec_running: atomic_inc(&acct->nr_running); */
	d_step {
		SAY(me, "io_wq_dec_running(): nr_running++ for another worker\n");
		nr_running++
	};
	if
	/*
	 * @ io_queue_worker_create: if (!io_worker_get(worker))
	 * @ io_queue_worker_create: test_and_set_bit_lock(0, &worker->create_state))
	 * @ io_queue_worker_create: if (!task_work_add(wq->task, &worker->create_work, TWA_SIGNAL)) {
	 */
	:: d_step { !create_state[me] && thread[me] != DEAD ->
		SAY(me, "io_queue_worker_create(): asks the task for a worker\n");
		create_state[me] = 1;
		pinned[me]++;
		create_work[me] = QUEUED_CB;
		thread[me] = then
	}
	/*
	 * @ io_queue_worker_create: if (test_bit(0, &worker->create_state) ||
	 * @ io_queue_worker_create: goto fail_release;
	 */
	:: d_step { create_state[me] ->
		SAY(me, "io_queue_worker_create(): create_state is set, can't ask\n")
	};
		/*
		 * @ io_queue_worker_create: fail:
		 * @ io_queue_worker_create: atomic_dec(&acct->nr_running);
		 */
		d_step {
			SAY(me, "io_queue_worker_create(): nr_running--\n");
			DEC(nr_running);
			thread[me] = then
		}
#ifdef M_FIRST_FORM
	:: d_step { !create_state[me] && thread[me] == DEAD ->
		SAY(me, "io_queue_worker_create(): exits, can't ask, nr_running--\n");
		DEC(nr_running);
		thread[me] = then
	}
#endif
	fi
}
