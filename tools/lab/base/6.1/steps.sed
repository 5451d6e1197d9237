# What 6.1 calls it, see tools/lab/model/steps.py
# an idle worker leaves ->nr_running in schedule()
/@ io_wq_worker: io_wq_worker_running\(current\);/d
s/io_wq_worker: atomic_dec\(&acct->nr_running\);/io_wq_dec_running: if (!atomic_dec_and_test(\&acct->nr_running))/
s/io_wq_worker: if \(io_acct_run_queue\(acct\)\) \{/io_wq_dec_running: if (!io_acct_run_queue(acct))/
s/acct->workers_lock/wqe->lock/
s/io_acct_activate_free_worker/io_wqe_activate_free_worker/
s/&acct->free_list/\&wqe->free_list/
s/acct->linger_until/wqe->linger_until/
s/\bio_wq_(worker|enqueue|create_worker|dec_running|inc_running)\b/io_wqe_\1/
s/\bio_wq_insert_work\(wq, acct, work, work_flags\)/io_wqe_insert_work(wqe, work)/
s/(io_get_next_work)\(acct, wq\)/\1(acct, worker)/
s/(__io_worker_idle|io_worker_may_linger)\(acct, worker\)/\1(wqe, worker)/
s/(io_init_new_worker)\(wq, acct, worker, tsk\)/\1(wqe, worker, tsk)/
s/(io_acct_cancel_pending_work)\(wq, /\1(wqe, /
s/io_wq_remove_pending\(wq, acct, work, prev\)/io_wqe_remove_pending(wqe, work, prev)/
s/(io_worker_handle_work: )if \(!__io_acct_run_queue\(acct\)\)/\1break;/
s/io_wq_submit_work\(work\);/wq->do_work(work);/
s/clear_bit\((IO_WORKER_F_[A-Z]*), &worker->flags\);/worker->flags \&= ~\1;/
s/set_bit\((IO_WORKER_F_[A-Z]*), &worker->flags\);/worker->flags |= \1;/
s/(io_wqe_activate_free_worker: )wake_up_process\(worker->task\);/\1if (wake_up_process(worker->task)) {/
s/(io_wqe_activate_free_worker\()acct\)/\1wqe, acct)/
