/* SPDX-License-Identifier: GPL-2.0 */
/* What the block tracer counts for each device and operation. All counters only grow. */
#ifndef KS_BLOCK_IO_H
#define KS_BLOCK_IO_H

#include "histogram.h"

enum block_operation {
	BLOCK_READ = 0,
	BLOCK_WRITE = 1,
	BLOCK_FLUSH = 2,
	BLOCK_DISCARD = 3,
	BLOCK_OTHER = 4,
};

struct block_key {
	u32 device; /* major << 20 | minor */
	u32 operation;
};
_Static_assert(sizeof(struct block_key) == 8, "no padding");

struct block_value {
	u64 issued;
	u64 completed;
	u64 errors;
	u64 no_start;	/* completions whose issue was not seen */
	u64 bytes;	/* of completed requests */
	u64 latency_ns; /* issue to complete, summed */
	u64 queued_ns;	/* queued to issue, summed */
	u64 depth_max;	/* most in flight since user space cleared it */
	u32 latency[HISTOGRAM_BUCKETS]; /* issue to complete, ns */
	u32 queued[HISTOGRAM_BUCKETS];	/* queued to issue, ns */
	u32 sizes[HISTOGRAM_BUCKETS];	/* bytes */
};
_Static_assert(sizeof(struct block_value) == 64 + 12 * HISTOGRAM_BUCKETS, "no padding");

struct block_start {
	u64 at_ns;
	struct block_key key;
	u64 bytes;
};
_Static_assert(sizeof(struct block_start) == 24, "no padding");

struct block_losses {
	u64 starts;  /* issues that found no room */
	u64 devices; /* requests whose device found no room */
};
_Static_assert(sizeof(struct block_losses) == 16, "no padding");

#endif
