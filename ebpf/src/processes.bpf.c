/* SPDX-License-Identifier: GPL-2.0 */
/* processes: every task, as a kernel iterator that user space reads at each tick.
 *
 * Hook: iter/task. One pass gives what the walk over /proc needs five files a process for, and sums
 * that it cannot give: run-queue waits and switches of all threads. */
#include "kernel.h"
#include "processes.h"
#include "variants.h"

enum {
	DEFAULT_PRIORITY = 120, /* of nice 0 */
	/* PF_KTHREAD: a kernel thread can borrow the memory of a process, which is not its own. */
	KERNEL_THREAD = 0x00200000,
};

/* Not inlined, so that the object carries the row's type. */
static __attribute__((noinline)) void note_task(struct task_row *row, struct task_struct *task)
{
	struct task_use *use = &row->usage;

	row->process = task->tgid;
	row->task = task->pid;
	row->state = task_state(task) | task->exit_state;
	row->leads = row->process == row->task;
	use->user_ns = task->utime;
	use->system_ns = task->stime;
	use->run_ns = task->se.sum_exec_runtime;
	use->wait_ns = task->sched_info.run_delay;
	use->minor_faults = task->min_flt;
	use->major_faults = task->maj_flt;
	use->voluntary = task->nvcsw;
	use->involuntary = task->nivcsw;
	use->read_bytes = task->ioac.read_bytes;
	use->write_bytes = task->ioac.write_bytes;
	use->cancelled_write_bytes = task->ioac.cancelled_write_bytes;
}

INLINE void note_ended(struct task_use *use, struct signal_struct *process)
{
	use->user_ns = process->utime;
	use->system_ns = process->stime;
	use->run_ns = process->sum_sched_runtime;
	use->minor_faults = process->min_flt;
	use->major_faults = process->maj_flt;
	use->voluntary = process->nvcsw;
	use->involuntary = process->nivcsw;
	use->read_bytes = process->ioac.read_bytes;
	use->write_bytes = process->ioac.write_bytes;
	use->cancelled_write_bytes = process->ioac.cancelled_write_bytes;
}

INLINE void note_memory(struct process_row *row, struct mm_struct *memory)
{
	if (!memory)
		return;
	row->has_memory = 1;
	row->file_pages = MEMORY_PAGES(memory, MEMORY_FILE);
	row->anon_pages = MEMORY_PAGES(memory, MEMORY_ANON);
	row->swap_pages = MEMORY_PAGES(memory, MEMORY_SWAP);
	row->shared_pages = MEMORY_PAGES(memory, MEMORY_SHARED);
}

/* What seldom changes. Numbers are those of the first PID and user namespaces. */
INLINE void note_facts(struct process_row *row, struct task_struct *task)
{
	struct signal_struct *process = task->signal;
	struct pid *session = process->pids[PID_OF_SESSION];
	struct io_context *io = task->io_context;

	if (session)
		READ(row->session, session, numbers[0].nr);
	row->user = task->cred->euid.val;
	if (FIELD_EXISTS(process->autogroup)) {
		struct autogroup *autogroup = process->autogroup;

		if (autogroup) {
			row->autogroup = autogroup->id;
			row->autogroup_nice = autogroup->nice;
		}
	}
	if (io)
		row->io_priority = io->ioprio;
	if (task->flags & KERNEL_THREAD)
		row->marks |= MARK_KERNEL;
	if (resets_on_fork(task))
		row->marks |= MARK_RESET_ON_FORK;
}

/* Not inlined, for the same reason. */
static __attribute__((noinline)) void note_process(struct process_row *row,
						   struct task_struct *task)
{
	struct task_struct *parent = task->real_parent;
	struct task_delay_info *delays = task->delays;
	struct nsproxy *spaces = task->nsproxy;

	note_ended(&row->ended, task->signal);
	if (!(task->flags & KERNEL_THREAD))
		note_memory(row, task->mm);
	row->start_ns = task->start_boottime;
	row->groups = (u64)task->cgroups;
	if (spaces)
		row->netns_inode = spaces->net_ns->ns.inum;
	if (delays)
		row->blkio_delay_ns = delays->blkio_delay;
	if (parent)
		row->parent = parent->tgid;
	row->threads = task->signal->nr_threads;
	row->policy = task->policy;
	row->nice = task->static_prio - DEFAULT_PRIORITY;
	row->oom_score_adj = task->signal->oom_score_adj;
	note_facts(row, task);
	bpf_probe_read_kernel_str(row->comm, sizeof(row->comm), task->comm);
}

SEC("iter/task")
int handle_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct process_row process = {};
	struct task_row row = {};

	if (!task)
		return 0;
	note_task(&row, task);
	bpf_seq_write(seq, &row, sizeof(row));
	if (row.leads) {
		note_process(&process, task);
		bpf_seq_write(seq, &process, sizeof(process));
	}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
