/* SPDX-License-Identifier: GPL-2.0 */
/* Single events, for people who want to look. What the numbers mean depends on the kind. */
#ifndef KS_EVENTS_H
#define KS_EVENTS_H

#include "bpf.h"

enum event_kind {
	EVENT_SWITCH = 1,	 /* wait of the next task in ns, its id, state of this task, preempted */
	EVENT_WAKEUP = 2,	 /* id of the task woken */
	EVENT_MIGRATE = 3,	 /* id of the task, CPU it goes to */
	EVENT_ISSUE = 4,	 /* bytes, device, operation */
	EVENT_COMPLETE = 5,	 /* bytes, device, operation, latency in ns; error in `aux` */
	EVENT_CALL = 6,		 /* number, result, latency in ns */
	EVENT_FAULT_USER = 7,	 /* address, error code */
	EVENT_FAULT_KERNEL = 8,	 /* the same */
	EVENT_RECLAIM = 9,	 /* pages reclaimed, duration in ns */
	EVENT_RECLAIM_GROUP = 10, /* the same */
	EVENT_OOM_KILL = 11,	 /* id of the victim */
	EVENT_RETRANSMIT = 12,	 /* local port, remote port */
	EVENT_TCP_STATE = 13,	 /* local port, remote port, old state, new state */
	EVENT_FORK = 14,	 /* id of the new process */
	EVENT_EXEC = 15,
	EVENT_EXIT = 16,	 /* code as of wait(2) */
};

enum event_limits {
	EVENT_RING_BYTES = 4194304,
	EVENT_STARTS = 16384,
};

struct event {
	u64 at_ns; /* CLOCK_BOOTTIME */
	u64 numbers[4];
	u32 kind;
	u32 aux;
	u32 process; /* of the running task, and its name */
	u32 task;
	u8 comm[16];
	u8 other_comm[16]; /* of the task that the event is about */
};
_Static_assert(sizeof(struct event) == 88, "no padding");

#endif
