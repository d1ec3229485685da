/* SPDX-License-Identifier: GPL-2.0 */
/* The parts of kernel types that the tracers read. Offsets are those of the running kernel: each
 * access is relocated when the object is loaded. */
#ifndef KS_KERNEL_H
#define KS_KERNEL_H

#include "bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct rq {
	unsigned int nr_running;
	u64 clock;
};

struct cfs_rq {
	struct rq *rq;
};

struct sched_entity {
	struct cfs_rq *cfs_rq;
	u64 sum_exec_runtime;
};

struct sched_info {
	unsigned long long run_delay;
	unsigned long long last_queued;
};

struct kernfs_node {
	const char *name;
	u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup_subsys_state *subsys[4];
	struct cgroup *dfl_cgrp;
};

struct task_io_accounting {
	u64 read_bytes;
	u64 write_bytes;
	u64 cancelled_write_bytes;
};

typedef struct {
	int counter;
} atomic_t;

enum pid_kind {
	PID_OF_SESSION = 3, /* PIDTYPE_SID */
	PID_KINDS,
};

struct upid {
	int nr;
};

struct pid {
	struct upid numbers[1];
};

/* Its number is 0 for the one that stands for none. */
struct autogroup {
	unsigned long id;
	int nice;
};

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t euid;
};

struct io_context {
	unsigned short ioprio;
};

struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct pid *pids[PID_KINDS];
	struct autogroup *autogroup;
	u64 utime;
	u64 stime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;
	unsigned long maj_flt;
	unsigned long maxrss;
	struct task_io_accounting ioac;
	int group_exit_code;
	unsigned long long sum_sched_runtime;
	short oom_score_adj;
};

struct task_delay_info {
	u64 blkio_delay;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

struct nsproxy {
	struct net *net_ns;
};

struct inode {
	u16 i_mode;
};

struct file {
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

/* Resident pages by kind; what the CPUs have yet to add is left out, as in /proc. */
struct percpu_counter {
	s64 count;
};

enum memory_kind {
	MEMORY_FILE,
	MEMORY_ANON,
	MEMORY_SWAP,
	MEMORY_SHARED,
	MEMORY_KINDS,
};

struct mm_struct {
	unsigned long total_vm;
	struct percpu_counter rss_stat[MEMORY_KINDS];
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	int exit_state;
	int static_prio;
	unsigned int policy;
	unsigned int sched_reset_on_fork : 1;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct nsproxy *nsproxy;
	struct task_delay_info *delays;
	unsigned long nvcsw;
	unsigned long nivcsw;
	unsigned long min_flt;
	unsigned long maj_flt;
	struct sched_entity se;
	struct sched_info sched_info;
	struct css_set *cgroups;
	struct cred *cred;
	struct io_context *io_context;
	struct signal_struct *signal;
	struct files_struct *files;
	struct mm_struct *mm;
	struct task_struct *group_leader;
	struct task_io_accounting ioac;
	u64 utime;
	u64 stime;
	int exit_code;
	u64 start_boottime;
	char comm[16];
};

struct gendisk {
	int major;
	int first_minor;
};

struct request_queue {
	struct gendisk *disk;
};

struct request {
	struct request_queue *q;
	unsigned int cmd_flags;
	unsigned int __data_len;
	u64 start_time_ns;
};

struct sock_common {
	u16 skc_dport; /* big endian */
	u16 skc_num;
};

struct sock {
	struct sock_common __sk_common;
};

struct seq_file {
	void *buf;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct pt_regs {
	unsigned long di;
	unsigned long orig_ax;
};

/* Which entry of css_set.subsys is the memory controller's: the value is the running kernel's. */
enum cgroup_subsys_id {
	memory_cgrp_id = 4,
};

#pragma clang attribute pop

#endif
