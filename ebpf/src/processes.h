/* SPDX-License-Identifier: GPL-2.0 */
/* What the process iterator writes: for each task a `task_row`, and after that of a leader the
 * `process_row` of its process. Tasks come in order of their id. */
#ifndef KS_PROCESSES_H
#define KS_PROCESSES_H

#include "bpf.h"

/* What a task used, or what the ended threads of a process left. */
struct task_use {
	u64 user_ns;	/* as sampled at clock ticks */
	u64 system_ns;	/* the same; both together are less exact than run_ns */
	u64 run_ns;	/* time on a CPU */
	u64 wait_ns;	/* time on a run queue; that of ended threads is not kept */
	u64 minor_faults;
	u64 major_faults;
	u64 voluntary;
	u64 involuntary;
	u64 read_bytes;
	u64 write_bytes;
	u64 cancelled_write_bytes;
};
_Static_assert(sizeof(struct task_use) == 88, "no padding");

struct task_row {
	u32 process; /* id of the thread group */
	u32 task;
	u32 state;   /* the kernel's bits, those of exit included */
	u32 leads;   /* 1 where a process_row follows */
	struct task_use usage;
};
_Static_assert(sizeof(struct task_row) == 104, "no padding");

struct process_row {
	struct task_use ended;
	u64 start_ns; /* CLOCK_BOOTTIME */
	u64 groups;   /* stands for its set of control groups: another value, other groups */
	u64 file_pages;
	u64 anon_pages;
	u64 swap_pages;
	u64 shared_pages;
	u64 netns_inode;
	u64 blkio_delay_ns; /* of the leader */
	u32 parent;
	u32 threads;
	u32 policy;
	s32 nice;
	s32 oom_score_adj;
	u32 has_memory; /* 0 for kernel threads and what is about to be gone */
	u32 session;    /* process id of who leads it, 0 without */
	u32 user;       /* effective user id */
	u32 autogroup;  /* 0 where there is none, or the kernel knows of none */
	s32 autogroup_nice;
	u32 io_priority; /* class << 13 | level of the leader */
	u32 marks;	 /* MARK_* */
	u8 comm[16];
};
_Static_assert(sizeof(struct process_row) == 216, "no padding");

/* Bits of `marks`. */
enum process_mark {
	MARK_KERNEL = 1,	/* a thread of the kernel */
	MARK_RESET_ON_FORK = 2, /* children do not inherit its scheduling */
};

#endif
