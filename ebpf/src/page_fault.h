/* SPDX-License-Identifier: GPL-2.0 */
/* What the page-fault tracer counts on each CPU. All counters only grow. */
#ifndef KS_PAGE_FAULT_H
#define KS_PAGE_FAULT_H

#include "histogram.h"

struct page_fault_cpu {
	u64 user;
	u64 kernel;
	u64 minor;    /* where latency is measured */
	u64 major;    /* where latency is measured */
	u64 major_ns; /* what major faults took, summed */
	u64 lost;     /* faults whose start was overwritten */
	u32 latency[HISTOGRAM_BUCKETS]; /* of major faults, ns */
};
_Static_assert(sizeof(struct page_fault_cpu) == 48 + 4 * HISTOGRAM_BUCKETS, "no padding");

enum page_fault_limits {
	PAGE_FAULT_STARTS = 1024,
};

struct page_fault_start {
	u64 at_ns;
	u64 task;
};
_Static_assert(sizeof(struct page_fault_start) == 16, "no padding");

#endif
