# What 6.12 calls it, see tools/lab/model/steps.py
# an idle worker leaves ->nr_running in schedule()
/@ io_wq_worker: io_wq_worker_running\(current\);/d
s/io_wq_worker: atomic_dec\(&acct->nr_running\);/io_wq_dec_running: if (!atomic_dec_and_test(\&acct->nr_running))/
s/io_wq_worker: if \(io_acct_run_queue\(acct\)\) \{/io_wq_dec_running: if (!io_acct_run_queue(acct))/
s/acct->workers_lock/wq->lock/
s/io_acct_activate_free_worker/io_wq_activate_free_worker/
s/&acct->free_list/\&wq->free_list/
s/acct->linger_until/wq->linger_until/
s/(io_get_next_work)\(acct, wq\)/\1(acct, worker)/
s/(__io_worker_idle|io_worker_may_linger)\(acct, worker\)/\1(wq, worker)/
s/(io_init_new_worker)\(wq, acct, worker, tsk\)/\1(wq, worker, tsk)/
s/(io_wq_insert_work)\(wq, acct, work, work_flags\)/\1(wq, work)/
s/(io_wq_remove_pending)\(wq, acct, work, prev\)/\1(wq, work, prev)/
s/io_wq_submit_work\(work\);/wq->do_work(work);/
s/(io_wq_activate_free_worker\()acct\)/\1wq, acct)/
