/* SPDX-License-Identifier: GPL-2.0 */
/* What the system-call tracer counts. All counters only grow. */
#ifndef KS_SYSCALL_H
#define KS_SYSCALL_H

#include "histogram.h"

enum syscall_limits {
	SYSCALL_NUMBERS = 512,
	SYSCALL_ERRORS = 136,
	SYSCALL_STARTS = 4096,
	SYSCALL_CULPRITS = 1024,
	/* Storage and metadata calls this long are counted for their process: 10 ms. */
	SYSCALL_SLOW_NS = 10000000,
};

/* What a call does. User space says which call is which; files and pipes are told apart here. */
enum syscall_class {
	CLASS_OTHER = 0,
	CLASS_WAIT = 1,
	CLASS_STORAGE = 2,
	CLASS_METADATA = 3,
	CLASS_MEMORY = 4,
	CLASS_PROCESS = 5,
	CLASS_NET_SEND = 6,
	/* Reads and writes: storage on files, waiting on anything else. */
	CLASS_DESCRIPTOR = 7,
	SYSCALL_CLASSES = 8,
};

struct syscall_cpu {
	u64 calls;
	u64 failed;
	u64 measured; /* calls whose latency is in a histogram */
	u64 lost;     /* calls measured whose start was overwritten */
	u32 counts[SYSCALL_NUMBERS];
	u32 failures[SYSCALL_NUMBERS];
	u32 errors[SYSCALL_ERRORS]; /* by errno; EADDRNOTAVAIL of connect only */
	u32 latency[SYSCALL_CLASSES * HISTOGRAM_BUCKETS]; /* ns, by class */
};
_Static_assert(sizeof(struct syscall_cpu) ==
		       32 + 4 * (2 * SYSCALL_NUMBERS + SYSCALL_ERRORS +
				 SYSCALL_CLASSES * HISTOGRAM_BUCKETS),
	       "no padding");

/* A call that is under way. Tasks share the slots: one that finds another's start is lost. */
struct syscall_start {
	u64 at_ns;
	u64 task;
	u8 apart[48]; /* slots do not share a cache line */
};
_Static_assert(sizeof(struct syscall_start) == 64, "one cache line");

struct syscall_classes {
	u8 class[SYSCALL_NUMBERS];
};
_Static_assert(sizeof(struct syscall_classes) == SYSCALL_NUMBERS, "no padding");

struct syscall_culprit {
	u64 slow;    /* storage and metadata calls of at least SYSCALL_SLOW_NS */
	u64 slow_ns; /* what they took, summed */
	u64 refused; /* EMFILE, ENFILE, ENOSPC, ENOMEM, and EADDRNOTAVAIL of connect */
	u8 comm[16];
};
_Static_assert(sizeof(struct syscall_culprit) == 40, "no padding");

#endif
