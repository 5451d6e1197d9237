// SPDX-License-Identifier: GPL-2.0
/*
 * Workers go with the last ring, whatever kind it is, and stay until then.
 */
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "iowq.h"

FIXTURE(kind)
{
	struct io_uring rings[2];
	int nr_rings;
};

FIXTURE_VARIANT(kind)
{
	unsigned int flags;
	/* with a second ring, attached to the first by IORING_SETUP_ATTACH_WQ */
	bool attached;
};

FIXTURE_VARIANT_ADD(kind, plain)
{
};

FIXTURE_VARIANT_ADD(kind, attached)
{
	.attached = true,
};

FIXTURE_VARIANT_ADD(kind, disabled)
{
	.flags = IORING_SETUP_R_DISABLED,
};

FIXTURE_VARIANT_ADD(kind, single_issuer)
{
	.flags = IORING_SETUP_SINGLE_ISSUER,
};

FIXTURE_VARIANT_ADD(kind, defer_taskrun)
{
	.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(kind, disabled_defer_taskrun)
{
	.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
		 IORING_SETUP_R_DISABLED,
};

/* A kernel thread submits and has the workers. It ends with the ring. */
FIXTURE_VARIANT_ADD(kind, sqpoll)
{
	.flags = IORING_SETUP_SQPOLL,
};

FIXTURE_VARIANT_ADD(kind, attached_sqpoll)
{
	.flags = IORING_SETUP_SQPOLL,
	.attached = true,
};

FIXTURE_SETUP(kind)
{
	int i;

	self->nr_rings = variant->attached ? 2 : 1;
	for (i = 0; i < self->nr_rings; i++) {
		struct io_uring_params params = {
			.flags = variant->flags,
			.sq_thread_idle = 100,
		};

		if (i) {
			params.flags |= IORING_SETUP_ATTACH_WQ;
			params.wq_fd = self->rings[0].ring_fd;
		}
		ASSERT_EQ(0, io_uring_queue_init_params(4, &self->rings[i],
							&params));
		/* io_uring_enable_rings() is only in liburing 2.3's static library */
		if (variant->flags & IORING_SETUP_R_DISABLED)
			ASSERT_EQ(0, syscall(SYS_io_uring_register,
					     self->rings[i].ring_fd,
					     IORING_REGISTER_ENABLE_RINGS,
					     NULL, 0));
		ASSERT_EQ(0, run_async_nop(&self->rings[i]));
	}
	ASSERT_LE(1, nr_workers());
}

FIXTURE_TEARDOWN(kind)
{
}

TEST_F(kind, workers_go)
{
	int i;

	for (i = 0; i < self->nr_rings; i++)
		io_uring_queue_exit(&self->rings[i]);
	EXPECT_EQ(0, wait_for_no_worker());
}

TEST_F(kind, worker_stays_while_a_ring_is_open)
{
	if (variant->attached)
		io_uring_queue_exit(&self->rings[0]);
	EXPECT_LE(1, least_workers(variant->flags & IORING_SETUP_SQPOLL ?
				   KEPT_MS : 300));
}

TEST_HARNESS_MAIN
