/* SPDX-License-Identifier: GPL-2.0 */
/* lifetime: processes too short-lived to be seen at a tick, by name and control group.
 *
 * Hooks: sched_process_fork, sched_process_exec, sched_process_exit. A process ends with its last
 * thread; what its other threads used is in the structure that they share. */
#include "kernel.h"
#include "lifetime.h"

/* Processes that lived longer were seen at a tick. */
const volatile u64 short_ns = 1000000000;

struct {
	MAP_NUMBER(type, MAP_PERCPU_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct lifetime_cpu);
} lifetime_cpus SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_HASH);
	MAP_NUMBER(max_entries, LIFETIME_GROUPS);
	MAP_TYPE(key, struct lifetime_key);
	MAP_TYPE(value, struct lifetime_value);
} lifetimes SEC(".maps");

SEC("tp_btf/sched_process_fork")
int handle_fork(u64 *ctx)
{
	struct task_struct *child = (void *)ctx[1];
	struct lifetime_cpu *cpu = THIS_CPU(lifetime_cpus);

	if (cpu && child->pid == child->tgid)
		cpu->forks++;
	return 0;
}

SEC("tp_btf/sched_process_exec")
int handle_exec(u64 *ctx)
{
	struct lifetime_cpu *cpu = THIS_CPU(lifetime_cpus);

	if (cpu)
		cpu->execs++;
	return 0;
}

INLINE u64 cgroup_of(struct task_struct *task)
{
	struct css_set *sets = task->cgroups;
	struct cgroup *unified = sets->dfl_cgrp;
	u64 inode = unified->kn->id;
	u32 memory = __builtin_preserve_enum_value(*(enum cgroup_subsys_id *)memory_cgrp_id, 1);
	struct cgroup_subsys_state *state;
	struct cgroup *cgroup;
	struct kernfs_node *node;

	/* The root of version 2 is where everything is when version 1 has the controllers. */
	if (inode > 1)
		return inode;
	if (bpf_probe_read_kernel(&state, sizeof(state), &sets->subsys[0] + memory) ||
	    READ(cgroup, state, cgroup) || READ(node, cgroup, kn) || READ(inode, node, id))
		return 0;
	return inode;
}

INLINE void add(struct lifetime_value *sum, struct task_struct *task)
{
	struct signal_struct *process = task->signal;
	u64 resident = process->maxrss;

	__sync_fetch_and_add(&sum->count, 1);
	if (task->exit_code)
		__sync_fetch_and_add(&sum->failed, 1);
	__sync_fetch_and_add(&sum->cpu_ns,
			     process->utime + process->stime + task->utime + task->stime);
	__sync_fetch_and_add(&sum->read_bytes, process->ioac.read_bytes + task->ioac.read_bytes);
	__sync_fetch_and_add(&sum->write_bytes, process->ioac.write_bytes + task->ioac.write_bytes);
	if (resident > sum->resident_pages)
		sum->resident_pages = resident;
}

SEC("tp_btf/sched_process_exit")
int handle_exit(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	struct lifetime_cpu *cpu = THIS_CPU(lifetime_cpus);
	struct lifetime_key key = {};
	struct lifetime_value none = {}, *sum;

	if (!cpu || task->signal->live.counter)
		return 0;
	cpu->exits++;
	if (bpf_ktime_get_boot_ns() - task->group_leader->start_boottime >= short_ns)
		return 0;
	key.cgroup_inode = cgroup_of(task);
	bpf_probe_read_kernel_str(key.comm, sizeof(key.comm), task->comm);
	sum = bpf_map_lookup_elem(&lifetimes, &key);
	if (!sum) {
		bpf_map_update_elem(&lifetimes, &key, &none, UPDATE_NOEXIST);
		sum = bpf_map_lookup_elem(&lifetimes, &key);
	}
	if (sum)
		add(sum, task);
	else
		cpu->lost++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
