/* SPDX-License-Identifier: GPL-2.0 */
/* memory: reclaim that tasks wait for, page-cache turnover, and victims of the OOM killer.
 *
 * Hooks: mm_filemap_add_to_page_cache and its counterpart, the begin and end of direct and of
 * control-group reclaim, mark_victim. Victims are rare, so they are events in a ring buffer. */
#include "kernel.h"
#include "memory.h"
#include "resumed.h"
#include "variants.h"

struct {
	MAP_NUMBER(type, MAP_PERCPU_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct memory_cpu);
} memory_cpus SEC(".maps");

/* When each task that reclaims began. */
struct {
	MAP_NUMBER(type, MAP_HASH);
	MAP_NUMBER(max_entries, RECLAIM_TASKS);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} reclaim_starts SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_RINGBUF);
	MAP_NUMBER(max_entries, MEMORY_RING_BYTES);
} memory_events SEC(".maps");

SEC("tp_btf/mm_filemap_add_to_page_cache")
int handle_cache_add(u64 *ctx)
{
	struct memory_cpu *cpu = THIS_CPU(memory_cpus);

	if (cpu)
		cpu->cache_adds++;
	return 0;
}

SEC("tp_btf/mm_filemap_delete_from_page_cache")
int handle_cache_delete(u64 *ctx)
{
	struct memory_cpu *cpu = THIS_CPU(memory_cpus);

	if (cpu)
		cpu->cache_deletes++;
	return 0;
}

INLINE int begin(void)
{
	u32 task = bpf_get_current_pid_tgid();
	u64 now = bpf_ktime_get_mono_ns();
	struct memory_cpu *cpu;

	if (bpf_map_update_elem(&reclaim_starts, &task, &now, UPDATE_ANY)) {
		cpu = THIS_CPU(memory_cpus);
		if (cpu)
			cpu->lost_starts++;
	}
	return 0;
}

/* Time since the task began to reclaim; 0 where that was not seen. */
INLINE u64 end(void)
{
	u32 task = bpf_get_current_pid_tgid();
	u64 *start = bpf_map_lookup_elem(&reclaim_starts, &task);
	u64 taken;

	if (!start)
		return 0;
	taken = is_stale(*start) ? 0 : bpf_ktime_get_mono_ns() - *start;
	bpf_map_delete_elem(&reclaim_starts, &task);
	return taken;
}

INLINE void count_stall(struct memory_cpu *cpu, u64 taken)
{
	u64 bucket = histogram_bucket(taken);

	if (bucket < HISTOGRAM_BUCKETS)
		cpu->stalls[bucket]++;
}

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int handle_direct_begin(u64 *ctx)
{
	return begin();
}

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int handle_direct_end(u64 *ctx)
{
	struct memory_cpu *cpu = THIS_CPU(memory_cpus);
	u64 taken = end();

	if (cpu && taken) {
		cpu->direct++;
		cpu->direct_ns += taken;
		count_stall(cpu, taken);
	}
	return 0;
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int handle_memcg_begin(u64 *ctx)
{
	return begin();
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int handle_memcg_end(u64 *ctx)
{
	struct memory_cpu *cpu = THIS_CPU(memory_cpus);
	u64 taken = end();

	if (cpu && taken) {
		cpu->memcg++;
		cpu->memcg_ns += taken;
		count_stall(cpu, taken);
	}
	return 0;
}

INLINE struct oom_victim *new_victim(void)
{
	struct oom_victim *victim =
		bpf_ringbuf_reserve(&memory_events, sizeof(struct oom_victim), 0);
	struct memory_cpu *cpu;

	if (!victim) {
		cpu = THIS_CPU(memory_cpus);
		if (cpu)
			cpu->lost_events++;
		return 0;
	}
	__builtin_memset(victim, 0, sizeof(*victim));
	victim->at_ns = bpf_ktime_get_boot_ns();
	return victim;
}

/* Not inlined, so that the object carries the event's type. */
static __attribute__((noinline)) void note_cgroup(struct oom_victim *victim,
						  struct task_struct *task)
{
	struct css_set *sets;
	struct cgroup_subsys_state *state;
	struct cgroup *cgroup;
	struct kernfs_node *node;
	const char *name;
	u32 memory = __builtin_preserve_enum_value(*(enum cgroup_subsys_id *)memory_cgrp_id, 1);

	if (READ(sets, task, cgroups) ||
	    bpf_probe_read_kernel(&state, sizeof(state), &sets->subsys[0] + memory) ||
	    READ(cgroup, state, cgroup) || READ(node, cgroup, kn))
		return;
	READ(victim->cgroup_inode, node, id);
	if (!READ(name, node, name))
		bpf_probe_read_kernel_str(victim->cgroup, sizeof(victim->cgroup), name);
}

/* Since 72ba14deb40a (6.10) the hook has the task; the typed form is refused before. */
SEC("tp_btf/mark_victim")
int handle_victim_task(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	s32 pid = task->tgid;
	struct oom_victim *victim = new_victim();
	struct mm_struct *memory = task->mm;
	struct task_struct *leader;

	if (!victim)
		return 0;
	victim->pid = pid;
	victim->known = 1;
	bpf_probe_read_kernel_str(victim->comm, sizeof(victim->comm), task->comm);
	if (!READ(leader, task, group_leader))
		READ(victim->start_ns, leader, start_boottime);
	if (memory)
		victim->resident_pages = MEMORY_PAGES(memory, MEMORY_FILE) +
					 MEMORY_PAGES(memory, MEMORY_ANON) +
					 MEMORY_PAGES(memory, MEMORY_SHARED);
	note_cgroup(victim, task);
	bpf_ringbuf_submit(victim, 0);
	return 0;
}

SEC("tp_btf/mark_victim")
int handle_victim_pid(u64 *ctx)
{
	struct oom_victim *victim = new_victim();

	if (victim) {
		victim->pid = ctx[0];
		bpf_ringbuf_submit(victim, 0);
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
