/* SPDX-License-Identifier: GPL-2.0 */
/* Differences between kernels, each with the commit that made it. A flavour (`___name`) is matched
 * with the kernel's type of the name before the underscores. */
#ifndef KS_VARIANTS_H
#define KS_VARIANTS_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Before 2f064a59a11f (5.14) the state of a task was a long by the name of `state`. */
struct task_struct___state {
	long state;
};

/* Before f3fa33acca9f (5.17) the disk was the request's, not the queue's. */
struct request___rq_disk {
	struct gendisk *rq_disk;
};

/* Before f1a7941243c1 (6.2) the pages of an address space were counted in one place. */
typedef struct {
	s64 counter;
} atomic_long_t;

struct mm_rss_stat {
	atomic_long_t count[MEMORY_KINDS];
};

struct mm_struct___counts {
	struct mm_rss_stat rss_stat;
};

/* arm64 keeps the number of the call in a field of its own. */
struct user_pt_regs___arm64 {
	u64 regs[31];
};

struct pt_regs___arm64 {
	u64 orig_x0;
	s32 syscallno;
};

#pragma clang attribute pop

INLINE long task_state(struct task_struct *task)
{
	if (FIELD_EXISTS(task->__state))
		return task->__state;
	return ((struct task_struct___state *)task)->state;
}

/* A bit of a word whose place among others is the running kernel's. */
INLINE u64 resets_on_fork(struct task_struct *task)
{
	u32 offset = FIELD_BYTES_AT(task->sched_reset_on_fork);
	u64 word = 0;

	bpf_probe_read_kernel(&word, FIELD_BYTES(task->sched_reset_on_fork),
			      (void *)task + offset);
	word <<= FIELD_SHIFT_LEFT(task->sched_reset_on_fork);
	return word >> FIELD_SHIFT_RIGHT(task->sched_reset_on_fork);
}

INLINE struct gendisk *request_disk(struct request *request)
{
	struct request___rq_disk *old = (void *)request;

	if (FIELD_EXISTS(old->rq_disk))
		return old->rq_disk;
	return request->q->disk;
}

/* Pages of one kind, a constant: only then is the access relocated. The old form is read through
 * a helper, since verifiers of its time take no typedef in an array. One CPU can have taken away
 * what another has yet to add. */
#define MEMORY_PAGES(memory, kind)                                                     \
	({                                                                             \
		struct mm_struct___counts *old = (void *)(memory);                     \
		s64 pages = 0;                                                         \
                                                                                       \
		if (FIELD_EXISTS(old->rss_stat.count))                                 \
			bpf_probe_read_kernel(&pages, sizeof(pages),                   \
					      &old->rss_stat.count[kind].counter);     \
		else                                                                   \
			pages = (memory)->rss_stat[kind].count;                        \
		pages > 0 ? (u64)pages : 0;                                            \
	})

/* Number of the system call that is at its end. */
INLINE s64 call_number(struct pt_regs *regs)
{
	struct pt_regs___arm64 *arm = (void *)regs;

	if (FIELD_EXISTS(arm->syscallno))
		return arm->syscallno;
	return regs->orig_ax;
}

/* Its first argument. */
INLINE u64 call_argument(struct pt_regs *regs)
{
	struct pt_regs___arm64 *arm = (void *)regs;

	if (FIELD_EXISTS(arm->orig_x0))
		return arm->orig_x0;
	return regs->di;
}

#endif
