/* SPDX-License-Identifier: GPL-2.0 */
/* The one histogram layout of recordings: log-linear, eight sub-buckets for each power of two, so
 * a bucket is at most an eighth wider than its lower bound. Values below 8 have a bucket each.
 * The engine's twin is engine/vocabulary/src/histogram.rs. */
#ifndef KS_HISTOGRAM_H
#define KS_HISTOGRAM_H

#include "bpf.h"

enum histogram_layout {
	HISTOGRAM_SUB_BITS = 3,
	/* Up to 2^38: 274 s in ns. The last bucket holds what is larger. */
	HISTOGRAM_BUCKETS = 288,
};

INLINE u64 histogram_bucket(u64 value)
{
	u64 rest = value;
	u64 exponent = 0;

	if (value < 8)
		return value;
	if (rest >> 32) {
		rest >>= 32;
		exponent += 32;
	}
	if (rest >> 16) {
		rest >>= 16;
		exponent += 16;
	}
	if (rest >> 8) {
		rest >>= 8;
		exponent += 8;
	}
	if (rest >> 4) {
		rest >>= 4;
		exponent += 4;
	}
	if (rest >> 2) {
		rest >>= 2;
		exponent += 2;
	}
	if (rest >> 1)
		exponent += 1;
	exponent = ((exponent - 2) << HISTOGRAM_SUB_BITS) +
		   ((value >> (exponent - HISTOGRAM_SUB_BITS)) & 7);
	if (exponent >= HISTOGRAM_BUCKETS)
		exponent = HISTOGRAM_BUCKETS - 1;
	ONE_REGISTER(exponent);
	return exponent;
}

#endif
