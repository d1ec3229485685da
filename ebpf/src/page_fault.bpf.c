/* SPDX-License-Identifier: GPL-2.0 */
/* page_fault: user and kernel faults, and how long major ones take.
 *
 * Hooks: page_fault_user and page_fault_kernel count; fentry and fexit of handle_mm_fault time
 * faults and tell major ones by its return value. Some kernels refuse those two: then there are
 * counts without latency. */
#include "kernel.h"
#include "page_fault.h"
#include "resumed.h"

enum fault_flag {
	VM_FAULT_MAJOR = 4,
};

struct {
	MAP_NUMBER(type, MAP_PERCPU_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct page_fault_cpu);
} page_fault_cpus SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, PAGE_FAULT_STARTS);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct page_fault_start);
} page_fault_starts SEC(".maps");

INLINE struct page_fault_start *slot_of(u32 task)
{
	u32 slot = (task * 2654435761u) >> 22;

	return bpf_map_lookup_elem(&page_fault_starts, &slot);
}

SEC("tp_btf/page_fault_user")
int handle_user(u64 *ctx)
{
	struct page_fault_cpu *cpu = THIS_CPU(page_fault_cpus);

	if (cpu)
		cpu->user++;
	return 0;
}

SEC("tp_btf/page_fault_kernel")
int handle_kernel(u64 *ctx)
{
	struct page_fault_cpu *cpu = THIS_CPU(page_fault_cpus);

	if (cpu)
		cpu->kernel++;
	return 0;
}

SEC("fentry/handle_mm_fault")
int handle_begin(u64 *ctx)
{
	u32 task = bpf_get_current_pid_tgid();
	struct page_fault_start *start = slot_of(task);

	if (start) {
		start->task = task;
		start->at_ns = bpf_ktime_get_mono_ns();
	}
	return 0;
}

/* The arguments are address space, address, flags and registers; the fifth is the return value. */
SEC("fexit/handle_mm_fault")
int handle_end(u64 *ctx)
{
	u32 task = bpf_get_current_pid_tgid();
	struct page_fault_cpu *cpu = THIS_CPU(page_fault_cpus);
	struct page_fault_start *start = slot_of(task);
	u64 taken;
	u64 bucket;

	if (!cpu || !start)
		return 0;
	if (!((u32)ctx[4] & VM_FAULT_MAJOR)) {
		cpu->minor++;
		return 0;
	}
	cpu->major++;
	if (start->task != task || is_stale(start->at_ns)) {
		cpu->lost++;
		return 0;
	}
	taken = bpf_ktime_get_mono_ns() - start->at_ns;
	cpu->major_ns += taken;
	bucket = histogram_bucket(taken);
	if (bucket < HISTOGRAM_BUCKETS)
		cpu->latency[bucket]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
