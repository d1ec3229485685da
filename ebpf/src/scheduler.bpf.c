/* SPDX-License-Identifier: GPL-2.0 */
/* scheduler: how long tasks wait for a CPU, and how often CPUs switch.
 *
 * Hooks: sched_switch, sched_wakeup, sched_wakeup_new, sched_migrate_task. The wait of the task
 * switched to is the run queue's clock less the time at which the scheduler queued it, so no map
 * of tasks is needed; it rests on the kernel's scheduler accounting (SCHED_INFO). */
#include "kernel.h"
#include "scheduler.h"
#include "variants.h"

struct {
	MAP_NUMBER(type, MAP_PERCPU_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct scheduler_cpu);
} scheduler_cpus SEC(".maps");

INLINE void count_wait(struct scheduler_cpu *cpu, struct task_struct *next)
{
	u64 queued = next->sched_info.last_queued;
	struct rq *rq = next->se.cfs_rq->rq;
	u64 clock = rq->clock;
	u64 depth = rq->nr_running;

	cpu->depth_sum += depth;
	if (depth > cpu->depth_max)
		cpu->depth_max = depth;
	if (!queued || clock < queued)
		return;
	cpu->wait_ns += clock - queued;
	u64 bucket = histogram_bucket(clock - queued);
	if (bucket < HISTOGRAM_BUCKETS)
		cpu->waits[bucket]++;
}

SEC("tp_btf/sched_switch")
int handle_switch(u64 *ctx)
{
	int preempt = ctx[0];
	struct task_struct *prev = (void *)ctx[1];
	struct task_struct *next = (void *)ctx[2];
	struct scheduler_cpu *cpu = THIS_CPU(scheduler_cpus);

	if (!cpu)
		return 0;
	/* As the kernel counts: a task that did not block was preempted or yielded. */
	if (preempt || !task_state(prev))
		cpu->involuntary++;
	else
		cpu->voluntary++;
	if (next->pid)
		count_wait(cpu, next);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int handle_wakeup(u64 *ctx)
{
	struct scheduler_cpu *cpu = THIS_CPU(scheduler_cpus);

	if (cpu)
		cpu->wakeups++;
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int handle_wakeup_new(u64 *ctx)
{
	struct scheduler_cpu *cpu = THIS_CPU(scheduler_cpus);

	if (cpu)
		cpu->wakeups_new++;
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int handle_migrate(u64 *ctx)
{
	struct scheduler_cpu *cpu = THIS_CPU(scheduler_cpus);

	if (cpu)
		cpu->migrations++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
