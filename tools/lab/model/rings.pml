/* SPDX-License-Identifier: GPL-2.0 */
/* The count of rings, and exit-on-idle */

/* Without the lock, a ring is got while another one is put */
#ifdef M_TOGGLES_WITHOUT_THE_LOCK
#define NOT_LOCKED	1
#else
#define NOT_LOCKED	!rings_lock
#endif

/* It gets ring number nr_opened + 1 */
inline get_ring(again)
{
	nr_opened++;
	ring_state[nr_opened] = OPEN;
	if
	:: nr_rings == 0 -> exit_on_idle = 0; comes_back = again
	:: else
	fi;
	nr_rings++
}

#ifdef M_FIRST_FORM
#define WAKE_ALL(i)	if \
	:: thread[i] != NONE -> interruptible[i] = 0 \
	:: else \
	fi

inline remove_ring(ring)
{
	ring_state[ring] = REMOVED;
	DEC(nr_rings);
	if
	:: nr_rings == 0 -> exit_on_idle = 1; WAKE_ALL(0); WAKE_ALL(1); WAKE_ALL(2)
	:: else
	fi
}
#endif

#define WAKE_IF_FREE(i)	if \
	:: is_free[i] -> interruptible[i] = 0 \
	:: else \
	fi

/* The lock is held as long as the toggle takes. The count may only change with it. */
inline put_ring(ring)
{
	ring_state[ring] = RELEASED;
#ifndef M_FIRST_FORM
	DEC(nr_rings);
	if
	:: nr_rings == 0 -> rings_lock = 1;
#if !defined(M_TOGGLES_AFTER_THE_WALK) && !defined(M_TOGGLES_WITHOUT_THE_LOCK)
		exit_on_idle = 1
#endif
	:: else
	fi
#endif
}
