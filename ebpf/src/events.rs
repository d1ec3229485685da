//! Single events: what the tracers count, one by one.

use aya::{EbpfLoader, include_bytes_aligned};

use crate::descriptions::{needed, optional, tracepoint};
use crate::error::LoadError;
use crate::kernel::Kernel;
use crate::layout::{Event, read};
use crate::program::Choice;
use crate::tracer::Tracer;

/// The compiled object.
pub static OBJECT: &[u8] = include_bytes_aligned!("../objects/events.bpf.o");

/// What a tracer's events come from, by the tracer's name.
pub static TRACERS: [(&str, &[Choice]); 7] = [
    (
        "scheduler",
        &[
            needed(&[tracepoint("handle_switch", "sched_switch")]),
            optional(&[tracepoint("handle_wakeup", "sched_wakeup")], "no wakeups"),
            optional(&[tracepoint("handle_migrate", "sched_migrate_task")], "no migrations"),
        ],
    ),
    (
        "block_io",
        &[
            needed(&[
                tracepoint("handle_issue_of_queue", "block_rq_issue"),
                tracepoint("handle_issue", "block_rq_issue"),
            ]),
            needed(&[tracepoint("handle_complete", "block_rq_complete")]),
        ],
    ),
    (
        "syscall",
        &[
            needed(&[tracepoint("handle_return", "sys_exit")]),
            optional(&[tracepoint("handle_call", "sys_enter")], "no latency of calls"),
        ],
    ),
    (
        "page_fault",
        &[
            needed(&[tracepoint("handle_fault_user", "page_fault_user")]),
            needed(&[tracepoint("handle_fault_kernel", "page_fault_kernel")]),
        ],
    ),
    (
        "memory",
        &[
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
                &[
                    tracepoint("handle_victim_task", "mark_victim"),
                    tracepoint("handle_victim_pid", "mark_victim"),
                ],
                "no OOM victims",
            ),
        ],
    ),
    (
        "tcp",
        &[
            needed(&[tracepoint("handle_retransmit", "tcp_retransmit_skb")]),
            needed(&[tracepoint("handle_state", "inet_sock_set_state")]),
        ],
    ),
    (
        "lifetime",
        &[
            needed(&[tracepoint("handle_exit", "sched_process_exit")]),
            needed(&[tracepoint("handle_fork", "sched_process_fork")]),
            optional(&[tracepoint("handle_exec", "sched_process_exec")], "no execs"),
        ],
    ),
];

/// Events as they come.
#[derive(Debug)]
pub struct EventStream {
    tracer: Tracer,
    limits: Vec<String>,
}

impl EventStream {
    /// Attaches what the events of `tracers` come from; names that [`TRACERS`] has not are left
    /// out, and so are those that this kernel has no hook for, if it has for another. Events of
    /// this very process are left out too.
    pub fn open(kernel: &Kernel, tracers: &[&str]) -> Result<Self, LoadError> {
        let mut loader = EbpfLoader::new();
        loader.btf(Some(kernel.btf()));
        let reader = u64::from(std::process::id());
        loader.override_global("reader", &reader, true);
        let ebpf = loader.load(OBJECT).map_err(|error| LoadError::of_object(&error))?;
        let (mut tracer, mut limits) = (Tracer::new(ebpf), Vec::new());
        let (mut attached, mut first) = (false, None);
        for (name, choices) in TRACERS.iter().filter(|(name, _)| tracers.contains(name)) {
            match tracer.attach(choices, kernel) {
                Ok(limit) => {
                    attached = true;
                    limits.extend(limit.map(|limit| format!("{name}: {limit}")));
                }
                Err(error) => {
                    limits.push(format!("{name}: {error}"));
                    first.get_or_insert(error);
                }
            }
        }
        match first {
            Some(error) if !attached => Err(error),
            _ => Ok(Self { tracer, limits }),
        }
    }

    /// What this kernel does not let it see.
    pub fn limits(&self) -> &[String] {
        &self.limits
    }

    /// The events that came since the last call, as they came.
    pub fn take(&mut self, mut each: impl FnMut(&Event)) {
        self.tracer.events("events", |bytes| {
            if let Some(event) = read::<Event>(bytes) {
                each(&event);
            }
        });
    }

    /// Events so far that found no room.
    pub fn lost(&self) -> u64 {
        self.tracer.per_cpu::<u64>("events_lost").iter().sum()
    }
}
