//! What each tracer consists of: its object, and the programs to attach.

use aya::include_bytes_aligned;

use crate::program::{Choice, Description, Hook, Program};

pub(crate) const fn tracepoint(name: &'static str, hook: &'static str) -> Program {
    Program { name, hook: Hook::Tracepoint(hook) }
}

pub(crate) const fn needed(variants: &'static [Program]) -> Choice {
    Choice { variants, loss: None }
}

pub(crate) const fn optional(variants: &'static [Program], loss: &'static str) -> Choice {
    Choice { variants, loss: Some(loss) }
}

/// `bpf/scheduler`.
pub static SCHEDULER: Description = Description {
    object: include_bytes_aligned!("../objects/scheduler.bpf.o"),
    choices: &[
        needed(&[tracepoint("handle_switch", "sched_switch")]),
        optional(&[tracepoint("handle_wakeup", "sched_wakeup")], "no wakeups"),
        optional(&[tracepoint("handle_wakeup_new", "sched_wakeup_new")], "no wakeups of new tasks"),
        optional(&[tracepoint("handle_migrate", "sched_migrate_task")], "no migrations"),
    ],
};

/// `bpf/block_io`. The form with the queue as first argument is tried first: where there is no
/// second argument the verifier refuses it, and where there is one the other would read garbage.
pub static BLOCK_IO: Description = Description {
    object: include_bytes_aligned!("../objects/block_io.bpf.o"),
    choices: &[
        needed(&[
            tracepoint("handle_issue_of_queue", "block_rq_issue"),
            tracepoint("handle_issue", "block_rq_issue"),
        ]),
        needed(&[tracepoint("handle_complete", "block_rq_complete")]),
    ],
};

/// `bpf/syscall`: counting.
pub static SYSCALL: Description = Description {
    object: include_bytes_aligned!("../objects/syscall.bpf.o"),
    choices: &[
        needed(&[tracepoint("handle_exit", "sys_exit")]),
        optional(&[tracepoint("handle_enter", "sys_enter")], "no latency: sys_enter is refused"),
    ],
};

/// `bpf/page_fault`.
pub static PAGE_FAULT: Description = Description {
    object: include_bytes_aligned!("../objects/page_fault.bpf.o"),
    choices: &[
        needed(&[tracepoint("handle_user", "page_fault_user")]),
        needed(&[tracepoint("handle_kernel", "page_fault_kernel")]),
        optional(
            &[Program { name: "handle_begin", hook: Hook::Entry("handle_mm_fault") }],
            FAULTS_UNTIMED,
        ),
        optional(
            &[Program { name: "handle_end", hook: Hook::Exit("handle_mm_fault") }],
            FAULTS_UNTIMED,
        ),
    ],
};

/// What is missing of `bpf/page_fault` where functions cannot be traced.
pub const FAULTS_UNTIMED: &str = "no latency: this kernel lets no program trace handle_mm_fault";

/// `bpf/memory`.
pub static MEMORY: Description = Description {
    object: include_bytes_aligned!("../objects/memory.bpf.o"),
    choices: &[
        needed(&[tracepoint("handle_direct_begin", "mm_vmscan_direct_reclaim_begin")]),
        needed(&[tracepoint("handle_direct_end", "mm_vmscan_direct_reclaim_end")]),
        optional(
            &[tracepoint("handle_memcg_begin", "mm_vmscan_memcg_reclaim_begin")],
            "no reclaim of control groups",
        ),
        optional(
            &[tracepoint("handle_memcg_end", "mm_vmscan_memcg_reclaim_end")],
            "no reclaim of control groups",
        ),
        optional(
            &[tracepoint("handle_cache_add", "mm_filemap_add_to_page_cache")],
            "no page-cache turnover",
        ),
        optional(
            &[tracepoint("handle_cache_delete", "mm_filemap_delete_from_page_cache")],
            "no page-cache turnover",
        ),
        optional(
            &[
                tracepoint("handle_victim_task", "mark_victim"),
                tracepoint("handle_victim_pid", "mark_victim"),
            ],
            "no OOM victims",
        ),
    ],
};

/// `bpf/tcp`.
pub static TCP: Description = Description {
    object: include_bytes_aligned!("../objects/tcp.bpf.o"),
    choices: &[
        needed(&[tracepoint("handle_retransmit", "tcp_retransmit_skb")]),
        needed(&[tracepoint("handle_state", "inet_sock_set_state")]),
    ],
};

/// `bpf/lifetime`.
pub static LIFETIME: Description = Description {
    object: include_bytes_aligned!("../objects/lifetime.bpf.o"),
    choices: &[
        needed(&[tracepoint("handle_exit", "sched_process_exit")]),
        needed(&[tracepoint("handle_fork", "sched_process_fork")]),
        optional(&[tracepoint("handle_exec", "sched_process_exec")], "no execs"),
    ],
};
