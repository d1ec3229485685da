/* SPDX-License-Identifier: GPL-2.0 */
/* What the memory tracer counts on each CPU, and its events. All counters only grow. */
#ifndef KS_MEMORY_H
#define KS_MEMORY_H

#include "histogram.h"

enum memory_limits {
	RECLAIM_TASKS = 1024,
	MEMORY_RING_BYTES = 65536,
	CGROUP_NAME_BYTES = 64,
};

struct memory_cpu {
	u64 cache_adds;	   /* pages or folios added to the page cache */
	u64 cache_deletes; /* and removed from it */
	u64 direct;	   /* direct reclaims that ended */
	u64 direct_ns;	   /* time tasks stalled in them, summed */
	u64 memcg;	   /* reclaims of a control group at its limit */
	u64 memcg_ns;	   /* time tasks stalled in them, summed */
	u64 lost_starts;   /* reclaims that found no room */
	u64 lost_events;   /* victims that found no room in the ring */
	u32 stalls[HISTOGRAM_BUCKETS]; /* reclaim of either kind, ns */
};
_Static_assert(sizeof(struct memory_cpu) == 64 + 4 * HISTOGRAM_BUCKETS, "no padding");

struct oom_victim {
	u64 at_ns;	    /* CLOCK_BOOTTIME */
	u64 start_ns;	    /* start of the process, CLOCK_BOOTTIME; 0 where not known */
	u64 cgroup_inode;   /* of its memory control group; 0 where not known */
	u64 resident_pages; /* high-water mark as last noted: it lags; 0 where not known */
	u32 pid;
	u32 known;	    /* whether more than the pid is known */
	u8 comm[16];
	u8 cgroup[CGROUP_NAME_BYTES]; /* last part of the group's path */
};
_Static_assert(sizeof(struct oom_victim) == 120, "no padding");

#endif
