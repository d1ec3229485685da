/* SPDX-License-Identifier: GPL-2.0 */
/* syscall: how many calls, which of them fail, and how long they take, by class.
 *
 * Hooks: sys_exit counts; sys_enter is attached only while latency is measured, since it costs as
 * much as the counting. A start is kept in a slot that the task's number picks, without a lock: two
 * tasks that meet in a slot lose a measurement, which is counted. */
#include "kernel.h"
#include "syscall.h"
#include "resumed.h"
#include "variants.h"

enum numbers {
	S_IFMT = 0170000,
	S_IFREG = 0100000,
	S_IFBLK = 0060000,
	ENOMEM = 12,
	ENFILE = 23,
	EMFILE = 24,
	ENOSPC = 28,
	EADDRNOTAVAIL = 99,
};

/* Number of `connect`, which differs between architectures. */
const volatile u64 connect_number = 42;

struct {
	MAP_NUMBER(type, MAP_PERCPU_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct syscall_cpu);
} syscall_cpus SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, SYSCALL_STARTS);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct syscall_start);
} syscall_starts SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct syscall_classes);
} syscall_classes SEC(".maps");

struct {
	MAP_NUMBER(type, MAP_LRU_HASH);
	MAP_NUMBER(max_entries, SYSCALL_CULPRITS);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, struct syscall_culprit);
} syscall_culprits SEC(".maps");

INLINE struct syscall_start *slot_of(u32 task)
{
	u32 slot = (task * 2654435761u) >> 20;

	return bpf_map_lookup_elem(&syscall_starts, &slot);
}

INLINE u32 class_of(u32 number)
{
	struct syscall_classes *classes = THIS_CPU(syscall_classes);

	return classes ? classes->class[number & (SYSCALL_NUMBERS - 1)] : CLASS_OTHER;
}

INLINE struct syscall_culprit *culprit(void)
{
	u32 process = bpf_get_current_pid_tgid() >> 32;
	struct syscall_culprit *known = bpf_map_lookup_elem(&syscall_culprits, &process);
	struct syscall_culprit new = {};

	if (known)
		return known;
	bpf_get_current_comm(new.comm, sizeof(new.comm));
	bpf_map_update_elem(&syscall_culprits, &process, &new, UPDATE_NOEXIST);
	return bpf_map_lookup_elem(&syscall_culprits, &process);
}

/* Whether a descriptor of the current process is a file or a block device. */
INLINE int is_storage(u64 descriptor)
{
	struct task_struct *task = bpf_get_current_task();
	struct files_struct *files;
	struct fdtable *table;
	struct file **descriptors, *file;
	struct inode *inode;
	unsigned int length;
	u16 mode = 0;

	if (READ(files, task, files) || READ(table, files, fdt) || READ(length, table, max_fds) ||
	    READ(descriptors, table, fd) || descriptor >= length)
		return 0;
	if (bpf_probe_read_kernel(&file, sizeof(file), descriptors + descriptor) ||
	    READ(inode, file, f_inode) || READ(mode, inode, i_mode))
		return 0;
	return (mode & S_IFMT) == S_IFREG || (mode & S_IFMT) == S_IFBLK;
}

INLINE void count_error(struct syscall_cpu *cpu, u32 number, u64 error)
{
	struct syscall_culprit *process;

	cpu->failed++;
	cpu->failures[number & (SYSCALL_NUMBERS - 1)]++;
	if (error >= SYSCALL_ERRORS || (error == EADDRNOTAVAIL && number != connect_number))
		return;
	cpu->errors[error]++;
	if (error != EMFILE && error != ENFILE && error != ENOSPC && error != ENOMEM &&
	    error != EADDRNOTAVAIL)
		return;
	process = culprit();
	if (process)
		__sync_fetch_and_add(&process->refused, 1);
}

INLINE void count_latency(struct syscall_cpu *cpu, struct pt_regs *regs, u32 number, u64 latency)
{
	u64 class = class_of(number) & (SYSCALL_CLASSES - 1);
	struct syscall_culprit *process;
	u64 bucket;

	if (class == CLASS_DESCRIPTOR)
		class = is_storage(call_argument(regs)) ? CLASS_STORAGE : CLASS_WAIT;
	bucket = class * HISTOGRAM_BUCKETS + histogram_bucket(latency);
	ONE_REGISTER(bucket);
	if (bucket < SYSCALL_CLASSES * HISTOGRAM_BUCKETS)
		cpu->latency[bucket]++;
	cpu->measured++;
	if (latency < SYSCALL_SLOW_NS || (class != CLASS_STORAGE && class != CLASS_METADATA))
		return;
	process = culprit();
	if (process) {
		__sync_fetch_and_add(&process->slow, 1);
		__sync_fetch_and_add(&process->slow_ns, latency);
	}
}

SEC("tp_btf/sys_enter")
int handle_enter(u64 *ctx)
{
	u32 task = bpf_get_current_pid_tgid();
	struct syscall_start *start = slot_of(task);

	if (start) {
		start->task = task;
		start->at_ns = bpf_ktime_get_mono_ns();
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int handle_exit(u64 *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	s64 result = ctx[1];
	s64 number = call_number(regs);
	struct syscall_cpu *cpu = THIS_CPU(syscall_cpus);
	u32 task = bpf_get_current_pid_tgid();
	struct syscall_start *start;

	if (!cpu || number < 0 || number >= SYSCALL_NUMBERS)
		return 0;
	cpu->calls++;
	cpu->counts[number & (SYSCALL_NUMBERS - 1)]++;
	if (result < 0 && result > -4096)
		count_error(cpu, number, -result);
	start = slot_of(task);
	if (!start || !start->at_ns)
		return 0;
	if (start->task != task) {
		cpu->lost++;
		return 0;
	}
	u64 at = start->at_ns;
	u64 latency = bpf_ktime_get_mono_ns() - at;

	start->at_ns = 0;
	if ((s64)latency >= 0 && !is_stale(at))
		count_latency(cpu, regs, number, latency);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
