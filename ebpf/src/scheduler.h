/* SPDX-License-Identifier: GPL-2.0 */
/* What the scheduler tracer counts on each CPU. All counters only grow. */
#ifndef KS_SCHEDULER_H
#define KS_SCHEDULER_H

#include "histogram.h"

struct scheduler_cpu {
	u64 voluntary;	 /* switches from a task that blocked */
	u64 involuntary; /* switches from a task that could have gone on */
	u64 wakeups;
	u64 wakeups_new;
	u64 migrations;
	u64 wait_ns;	 /* run-queue waits of tasks switched to, summed */
	u64 depth_sum;	 /* runnable tasks at each switch, summed */
	u64 depth_max;	 /* most runnable tasks at a switch since user space cleared it */
	u32 waits[HISTOGRAM_BUCKETS]; /* run-queue waits in ns */
};
_Static_assert(sizeof(struct scheduler_cpu) == 64 + 4 * HISTOGRAM_BUCKETS, "no padding");

#endif
