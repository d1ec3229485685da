/* SPDX-License-Identifier: GPL-2.0 */
/* events: what the other tracers count, one by one through a ring buffer.
 *
 * Only the programs that are asked for are loaded. A record wakes nobody: the reader comes by
 * itself, since being woken would make the events of the scheduler that it reads. */
#include "events.h"
#include "kernel.h"
#include "variants.h"

enum {
	NO_WAKEUP = 1, /* BPF_RB_NO_WAKEUP */
};

/* The process that reads, whose own events are left out. */
const volatile u64 reader = 0;

struct {
	MAP_NUMBER(type, MAP_RINGBUF);
	MAP_NUMBER(max_entries, EVENT_RING_BYTES);
} events SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_PERCPU_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} events_lost SEC(".maps");

/* When something began: by task, or by request. */
struct {
	MAP_NUMBER(type, MAP_LRU_HASH);
	MAP_NUMBER(max_entries, EVENT_STARTS);
	MAP_TYPE(key, u64);
	MAP_TYPE(value, u64);
} event_starts SEC(".maps");

/* Not inlined, so that the object carries the event's type. */
static __attribute__((noinline)) void begin(struct event *event, u32 kind)
{
	u64 id = bpf_get_current_pid_tgid();

	__builtin_memset(event, 0, sizeof(*event));
	event->at_ns = bpf_ktime_get_boot_ns();
	event->kind = kind;
	event->process = id >> 32;
	event->task = id;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
}

INLINE struct event *new_event(u32 kind)
{
	struct event *event;
	u64 *lost;

	if (bpf_get_current_pid_tgid() >> 32 == reader)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(struct event), 0);
	if (event) {
		begin(event, kind);
		return event;
	}
	lost = THIS_CPU(events_lost);
	if (lost)
		(*lost)++;
	return 0;
}

INLINE int emit(u32 kind, u64 first, u64 second, u64 third, u64 fourth)
{
	struct event *event = new_event(kind);

	if (!event)
		return 0;
	event->numbers[0] = first;
	event->numbers[1] = second;
	event->numbers[2] = third;
	event->numbers[3] = fourth;
	bpf_ringbuf_submit(event, NO_WAKEUP);
	return 0;
}

/* An event about another task than the running one. */
INLINE int emit_about(u32 kind, struct task_struct *task, u64 second)
{
	struct event *event = new_event(kind);

	if (!event)
		return 0;
	event->numbers[0] = task->pid;
	event->numbers[1] = second;
	bpf_probe_read_kernel_str(event->other_comm, sizeof(event->other_comm), task->comm);
	bpf_ringbuf_submit(event, NO_WAKEUP);
	return 0;
}

INLINE void note_start(u64 key)
{
	u64 now = bpf_ktime_get_mono_ns();

	bpf_map_update_elem(&event_starts, &key, &now, UPDATE_ANY);
}

/* Time since the start; 0 where that was not seen. */
INLINE u64 since_start(u64 key)
{
	u64 *start = bpf_map_lookup_elem(&event_starts, &key);
	u64 taken;

	if (!start)
		return 0;
	taken = bpf_ktime_get_mono_ns() - *start;
	bpf_map_delete_elem(&event_starts, &key);
	return taken;
}

INLINE u64 task_key(void)
{
	return (u32)bpf_get_current_pid_tgid();
}

/* A task can reclaim in a call: its start has another key. */
INLINE u64 reclaim_key(void)
{
	return task_key() | 1ull << 32;
}

SEC("tp_btf/sched_switch")
int handle_switch(u64 *ctx)
{
	struct task_struct *prev = (void *)ctx[1];
	struct task_struct *next = (void *)ctx[2];
	u64 queued = next->sched_info.last_queued;
	u64 clock = next->se.cfs_rq->rq->clock;
	struct event *event = new_event(EVENT_SWITCH);

	if (!event)
		return 0;
	if (next->pid && queued && clock >= queued)
		event->numbers[0] = clock - queued;
	event->numbers[1] = next->pid;
	event->numbers[2] = task_state(prev);
	event->numbers[3] = ctx[0] & 1;
	bpf_probe_read_kernel_str(event->other_comm, sizeof(event->other_comm), next->comm);
	bpf_ringbuf_submit(event, NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int handle_wakeup(u64 *ctx)
{
	return emit_about(EVENT_WAKEUP, (void *)ctx[0], 0);
}

SEC("tp_btf/sched_migrate_task")
int handle_migrate(u64 *ctx)
{
	return emit_about(EVENT_MIGRATE, (void *)ctx[0], (u32)ctx[1]);
}

INLINE u64 device_of(struct request *request)
{
	struct gendisk *disk = request_disk(request);

	return disk ? (u64)disk->major << 20 | (u64)disk->first_minor : 0;
}

INLINE int issue(struct request *request)
{
	note_start((u64)request);
	return emit(EVENT_ISSUE, request->__data_len, device_of(request),
		    request->cmd_flags & 0xff, 0);
}

SEC("tp_btf/block_rq_issue")
int handle_issue(u64 *ctx)
{
	return issue((void *)ctx[0]);
}

/* Before a54895fa057c (5.11) the queue was the first argument. */
SEC("tp_btf/block_rq_issue")
int handle_issue_of_queue(u64 *ctx)
{
	return issue((void *)ctx[1]);
}

SEC("tp_btf/block_rq_complete")
int handle_complete(u64 *ctx)
{
	struct request *request = (void *)ctx[0];
	struct event *event = new_event(EVENT_COMPLETE);

	if (!event)
		return 0;
	event->numbers[0] = (u32)ctx[2];
	event->numbers[1] = device_of(request);
	event->numbers[2] = request->cmd_flags & 0xff;
	event->numbers[3] = since_start((u64)request);
	event->aux = ctx[1];
	bpf_ringbuf_submit(event, NO_WAKEUP);
	return 0;
}

SEC("tp_btf/sys_enter")
int handle_call(u64 *ctx)
{
	note_start(task_key());
	return 0;
}

SEC("tp_btf/sys_exit")
int handle_return(u64 *ctx)
{
	return emit(EVENT_CALL, call_number((void *)ctx[0]), ctx[1], since_start(task_key()), 0);
}

SEC("tp_btf/page_fault_user")
int handle_fault_user(u64 *ctx)
{
	return emit(EVENT_FAULT_USER, ctx[0], ctx[2], 0, 0);
}

SEC("tp_btf/page_fault_kernel")
int handle_fault_kernel(u64 *ctx)
{
	return emit(EVENT_FAULT_KERNEL, ctx[0], ctx[2], 0, 0);
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int handle_direct_begin(u64 *ctx)
{
	note_start(reclaim_key());
	return 0;
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int handle_direct_end(u64 *ctx)
{
	return emit(EVENT_RECLAIM, ctx[0], since_start(reclaim_key()), 0, 0);
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int handle_memcg_begin(u64 *ctx)
{
	note_start(reclaim_key());
	return 0;
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int handle_memcg_end(u64 *ctx)
{
	return emit(EVENT_RECLAIM_GROUP, ctx[0], since_start(reclaim_key()), 0, 0);
}

/* Since 72ba14deb40a (6.10) the hook has the task; the typed form is refused before. */
SEC("tp_btf/mark_victim")
int handle_victim_task(u64 *ctx)
{
	return emit_about(EVENT_OOM_KILL, (void *)ctx[0], 0);
}

SEC("tp_btf/mark_victim")
int handle_victim_pid(u64 *ctx)
{
	return emit(EVENT_OOM_KILL, (u32)ctx[0], 0, 0, 0);
}

INLINE u32 remote_port(struct sock *socket)
{
	return __builtin_bswap16(socket->__sk_common.skc_dport);
}

SEC("tp_btf/tcp_retransmit_skb")
int handle_retransmit(u64 *ctx)
{
	struct sock *socket = (void *)ctx[0];

	return emit(EVENT_RETRANSMIT, socket->__sk_common.skc_num, remote_port(socket), 0, 0);
}

SEC("tp_btf/inet_sock_set_state")
int handle_state(u64 *ctx)
{
	struct sock *socket = (void *)ctx[0];

	return emit(EVENT_TCP_STATE, socket->__sk_common.skc_num, remote_port(socket),
		    (u32)ctx[1], (u32)ctx[2]);
}

SEC("tp_btf/sched_process_fork")
int handle_fork(u64 *ctx)
{
	return emit_about(EVENT_FORK, (void *)ctx[1], 0);
}

SEC("tp_btf/sched_process_exec")
int handle_exec(u64 *ctx)
{
	return emit(EVENT_EXEC, 0, 0, 0, 0);
}

SEC("tp_btf/sched_process_exit")
int handle_exit(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];

	return emit(EVENT_EXIT, (u32)task->exit_code, 0, 0, 0);
}

char LICENSE[] SEC("license") = "GPL";
