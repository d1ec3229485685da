/* SPDX-License-Identifier: GPL-2.0 */
/* When user space put the programs on their hooks again: what began before that may have ended
 * unseen, so a start noted before it says nothing. */
#ifndef KS_RESUMED_H
#define KS_RESUMED_H

#include "bpf.h"

/* CLOCK_MONOTONIC; 0 if they never were taken off. */
u64 resumed_ns = 0;

INLINE int is_stale(u64 start_ns)
{
	return start_ns < resumed_ns;
}

#endif
