/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM io_wq

#if !defined(_TRACE_IO_WQ_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TRACE_IO_WQ_H

#include <linux/sched.h>
#include <linux/tracepoint.h>

#ifndef TRACE_HEADER_MULTI_READ
enum io_wq_exit_reason {
	IO_WQ_EXIT_TIMEOUT,	/* no work for the idle timeout */
	IO_WQ_EXIT_UNUSED,	/* the task has no ring left */
	IO_WQ_EXIT_TASK,	/* the task exits or executes another program */
	IO_WQ_EXIT_SIGNAL,	/* a fatal signal */
};
#endif

TRACE_DEFINE_ENUM(IO_WQ_EXIT_TIMEOUT);
TRACE_DEFINE_ENUM(IO_WQ_EXIT_UNUSED);
TRACE_DEFINE_ENUM(IO_WQ_EXIT_TASK);
TRACE_DEFINE_ENUM(IO_WQ_EXIT_SIGNAL);

#define show_io_wq_exit_reason(reason)			\
	__print_symbolic(reason,			\
		{ IO_WQ_EXIT_TIMEOUT,	"timeout" },	\
		{ IO_WQ_EXIT_UNUSED,	"unused" },	\
		{ IO_WQ_EXIT_TASK,	"task" },	\
		{ IO_WQ_EXIT_SIGNAL,	"signal" })

DECLARE_EVENT_CLASS(io_wq_worker,

	TP_PROTO(struct task_struct *task, struct task_struct *worker, bool bound),

	TP_ARGS(task, worker, bound),

	TP_STRUCT__entry(
		__field(pid_t,	task)
		__field(pid_t,	worker)
		__field(bool,	bound)
	),

	TP_fast_assign(
		__entry->task	= task->pid;
		__entry->worker	= worker->pid;
		__entry->bound	= bound;
	),

	TP_printk("task=%d worker=%d work=%s", __entry->task, __entry->worker,
		  __entry->bound ? "bound" : "unbound")
);

/**
 * io_wq_worker_create - called when a worker has been created
 *
 * @task:	the task that it works for
 * @worker:	the worker
 * @bound:	whether it does bounded work
 */
DEFINE_EVENT(io_wq_worker, io_wq_worker_create,
	TP_PROTO(struct task_struct *task, struct task_struct *worker, bool bound),
	TP_ARGS(task, worker, bound)
);

/**
 * io_wq_worker_wake - called when an idle worker is woken up because the task
 *		       has no ring left
 *
 * @task:	the task that it works for
 * @worker:	the worker
 * @bound:	whether it does bounded work
 */
DEFINE_EVENT(io_wq_worker, io_wq_worker_wake,
	TP_PROTO(struct task_struct *task, struct task_struct *worker, bool bound),
	TP_ARGS(task, worker, bound)
);

/**
 * io_wq_worker_exit - called when a worker is about to exit
 *
 * @task:	the task that it works for
 * @worker:	the worker
 * @bound:	whether it does bounded work
 * @reason:	why it exits
 */
TRACE_EVENT(io_wq_worker_exit,

	TP_PROTO(struct task_struct *task, struct task_struct *worker, bool bound,
		 enum io_wq_exit_reason reason),

	TP_ARGS(task, worker, bound, reason),

	TP_STRUCT__entry(
		__field(pid_t,	task)
		__field(pid_t,	worker)
		__field(bool,	bound)
		__field(int,	reason)
	),

	TP_fast_assign(
		__entry->task	= task->pid;
		__entry->worker	= worker->pid;
		__entry->bound	= bound;
		__entry->reason	= reason;
	),

	TP_printk("task=%d worker=%d work=%s reason=%s", __entry->task,
		  __entry->worker, __entry->bound ? "bound" : "unbound",
		  show_io_wq_exit_reason(__entry->reason))
);

#endif /* _TRACE_IO_WQ_H */

/* This part must be outside protection */
#include <trace/define_trace.h>
