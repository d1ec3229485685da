/* SPDX-License-Identifier: GPL-2.0 */
/* Processes that began and ended between two ticks, and how many there are. */
#ifndef KS_LIFETIME_H
#define KS_LIFETIME_H

#include "bpf.h"

enum lifetime_limits {
	LIFETIME_GROUPS = 512,
};

struct lifetime_cpu {
	u64 forks; /* processes, not threads */
	u64 execs;
	u64 exits;
	u64 lost; /* short lives that found no room */
};
_Static_assert(sizeof(struct lifetime_cpu) == 32, "no padding");

struct lifetime_key {
	u64 cgroup_inode; /* of version 2, else of the memory hierarchy; 0 where not known */
	u8 comm[16];
};
_Static_assert(sizeof(struct lifetime_key) == 24, "no padding");

/* Sums over the processes with one key since user space took them. */
struct lifetime_value {
	u64 count;
	u64 failed; /* ended by a signal or with another code than 0 */
	u64 cpu_ns;
	u64 resident_pages; /* the most that any of them had */
	u64 read_bytes;
	u64 write_bytes;
};
_Static_assert(sizeof(struct lifetime_value) == 48, "no padding");

#endif
