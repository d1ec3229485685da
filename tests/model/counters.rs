//! Which counters of which fault are compared.

use ks_vocabulary::model::{
    Cgroup, Cpu, Disk, Netns, Pressure, Sample, SchedulerTrace, SyscallTrace, Vm,
};

/// How a quantity becomes a number.
#[derive(Clone, Copy)]
pub(crate) enum How {
    /// Growth by the second.
    Rate,
    /// Mean of what is seen.
    Mean,
    /// Growth of the first by growth of the second.
    Ratio(fn(&Sample) -> Option<f64>),
}

/// One line of a table.
pub(crate) struct Line {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// It follows from how others wait for each other, and not from what is asked for.
    pub(crate) second_order: bool,
    pub(crate) get: fn(&Sample) -> Option<f64>,
    pub(crate) how: How,
}

/// The counters of one fault.
pub(crate) struct Table {
    pub(crate) fault: &'static str,
    pub(crate) lines: &'static [Line],
}

const fn rate(name: &'static str, unit: &'static str, get: fn(&Sample) -> Option<f64>) -> Line {
    Line { name, unit, second_order: false, get, how: How::Rate }
}

const fn mean(name: &'static str, unit: &'static str, get: fn(&Sample) -> Option<f64>) -> Line {
    Line { name, unit, second_order: false, get, how: How::Mean }
}

const fn second_order(mut line: Line) -> Line {
    line.second_order = true;
    line
}

#[expect(clippy::cast_precision_loss, reason = "rates need no more")]
fn float(value: Option<u64>) -> Option<f64> {
    value.map(|value| value as f64)
}

fn pressure(sample: &Sample, get: fn(&Pressure) -> Option<u64>) -> Option<f64> {
    float(sample.pressure.first().and_then(get)).map(|us| us / 1e6)
}

fn vm(sample: &Sample, get: fn(&Vm) -> Option<u64>) -> Option<f64> {
    float(sample.vm.first().and_then(get))
}

fn cpu(sample: &Sample, get: fn(&Cpu) -> Option<u64>) -> Option<f64> {
    float(sample.cpu.first().and_then(get))
}

/// CPUs that were busy, in ticks of 10 ms.
fn busy(sample: &Sample) -> Option<f64> {
    let cpu = sample.cpu.first()?;
    let parts = [cpu.user_ticks(), cpu.nice_ticks(), cpu.system_ticks(), cpu.softirq_ticks()];
    parts.into_iter().map(float).sum::<Option<f64>>().map(|ticks| ticks / 100.0)
}

/// By the tracer: the machine's kernel has no `/proc/schedstat` that counts.
fn run_delay(sample: &Sample) -> Option<f64> {
    let sum: Option<u64> = sample.bpf_scheduler.iter().map(SchedulerTrace::wait_ns).sum();
    float(sum).map(|ns| ns / 1e9)
}

/// The device that the fault is on: a stacked one where one is used, else the first.
fn disk(sample: &Sample, get: fn(&Disk) -> Option<u64>) -> Option<f64> {
    float(sample.disks.iter().find(|row| row.stacked() != Some(true)).and_then(get))
}

fn loop_device(sample: &Sample, get: fn(&Disk) -> Option<u64>) -> Option<f64> {
    let of_model = |row: &&Disk| row.name() == Some(b"loop0");
    let stacked = |row: &&Disk| row.stacked() == Some(true) && row.reads() > Some(0);
    let mut rows = sample.disks.iter();
    let found = rows.clone().find(stacked).or_else(|| rows.find(of_model));
    float(found.and_then(get))
}

/// The namespace of the fault: one that is not the recorder's, or the model's only one.
fn netns(sample: &Sample, get: fn(&Netns) -> Option<u64>) -> Option<f64> {
    let other = sample.netns.iter().find(|row| row.own() == Some(false));
    float(other.or(sample.netns.first()).and_then(get))
}

fn group(sample: &Sample, get: fn(&Cgroup) -> Option<u64>) -> Option<f64> {
    let mut rows = sample.cgroups.iter();
    let own = |row: &&Cgroup| {
        row.path().is_some_and(|path| path.starts_with(b"/ks-provoke")) && get(row).is_some()
    };
    float(rows.find(own).and_then(get))
}

fn calls(sample: &Sample, get: fn(&SyscallTrace) -> Option<u64>) -> Option<f64> {
    float(sample.bpf_syscall.first().and_then(get))
}

const BUSY: Line = rate("CPUs busy", "CPUs", busy);
const SWITCHES: Line = rate("context switches", "1/s", |s| cpu(s, Cpu::context_switches));
const IO_SOME: Line = rate("PSI io some", "s/s", |s| pressure(s, Pressure::io_some_total_us));
const MEMORY_SOME: Line =
    rate("PSI memory some", "s/s", |s| pressure(s, Pressure::memory_some_total_us));
const MEMORY_FULL: Line =
    rate("PSI memory full", "s/s", |s| pressure(s, Pressure::memory_full_total_us));
const MAJOR: Line = rate("major faults", "1/s", |s| vm(s, Vm::pgmajfault));
const READS: Line = rate("reads of the disk", "1/s", |s| disk(s, Disk::reads));
const REFAULTS: Line = rate("refaults of files", "pages/s", |s| vm(s, Vm::refault_file));

/// Of every fault at least four, and one of second order.
pub(crate) const TABLES: &[Table] = &[
    Table {
        fault: "cpu_overload",
        lines: &[
            BUSY,
            mean("tasks that run or want to", "tasks", |s| cpu(s, Cpu::procs_running)),
            SWITCHES,
            second_order(rate("run delay", "s/s", run_delay)),
            second_order(rate("PSI cpu some", "s/s", |s| pressure(s, Pressure::cpu_some_total_us))),
        ],
    },
    Table {
        fault: "memory_pressure",
        lines: &[
            READS,
            rate("read from the disk", "MiB/s", |s| Some(disk(s, Disk::read_sectors)? / 2048.0)),
            REFAULTS,
            mean("memory of the group", "MiB", |s| {
                Some(group(s, Cgroup::memory_bytes)? / 1_048_576.0)
            }),
            second_order(IO_SOME),
            second_order(MEMORY_SOME),
        ],
    },
    Table {
        fault: "out_of_memory",
        lines: &[
            rate("kills", "1/s", |s| vm(s, Vm::oom_kill)),
            mean("memory of the group", "MiB", |s| {
                Some(group(s, Cgroup::memory_bytes)? / 1_048_576.0)
            }),
            rate("page faults", "1/s", |s| vm(s, Vm::pgfault)),
            second_order(rate("limit of the group met", "1/s", |s| group(s, Cgroup::memory_fail))),
            second_order(MEMORY_SOME),
        ],
    },
    Table {
        fault: "swap_thrashing",
        lines: &[
            rate("pages swapped in", "pages/s", |s| vm(s, Vm::pswpin)),
            rate("pages swapped out", "pages/s", |s| vm(s, Vm::pswpout)),
            MAJOR,
            BUSY,
            second_order(MEMORY_SOME),
            second_order(MEMORY_FULL),
        ],
    },
    Table {
        fault: "disk_saturation",
        lines: &[
            rate("reads of the device", "1/s", |s| loop_device(s, Disk::reads)),
            rate("utilisation", "s/s", |s| Some(loop_device(s, Disk::io_ms)? / 1e3)),
            Line {
                name: "await",
                unit: "ms",
                second_order: true,
                get: |s| loop_device(s, Disk::read_ms),
                how: How::Ratio(|s| loop_device(s, Disk::reads)),
            },
            second_order(rate("mean queue", "requests", |s| {
                Some(loop_device(s, Disk::queue_ms)? / 1e3)
            })),
            second_order(IO_SOME),
        ],
    },
    Table {
        fault: "syscall_storm",
        lines: &[
            rate("system calls", "1/s", |s| calls(s, SyscallTrace::calls)),
            rate("refused with EMFILE", "1/s", |s| calls(s, SyscallTrace::emfile)),
            rate("CPUs in the kernel", "CPUs", |s| Some(cpu(s, Cpu::system_ticks)? / 100.0)),
            BUSY,
            second_order(SWITCHES),
        ],
    },
    Table {
        fault: "fault_storm",
        lines: &[MAJOR, READS, REFAULTS, second_order(IO_SOME), second_order(MEMORY_SOME)],
    },
    Table {
        fault: "listen_overflow",
        lines: &[
            rate("overflows of accept queues", "1/s", |s| netns(s, Netns::listen_overflows)),
            rate("connections accepted", "1/s", |s| netns(s, Netns::tcp_passive_opens)),
            rate("segments in", "1/s", |s| netns(s, Netns::tcp_in_segs)),
            second_order(rate("connection requests sent again", "1/s", |s| {
                netns(s, Netns::tcp_retrans_segs)
            })),
        ],
    },
    Table {
        fault: "port_exhaustion",
        lines: &[
            rate("connections opened", "1/s", |s| netns(s, Netns::tcp_active_opens)),
            rate("segments in", "1/s", |s| netns(s, Netns::tcp_in_segs)),
            mean("sockets in TIME_WAIT", "1", |s| netns(s, Netns::tcp_tw)),
            second_order(rate("connects without a port", "1/s", |s| {
                calls(s, SyscallTrace::connect_eaddrnotavail)
            })),
            second_order(BUSY),
        ],
    },
    Table {
        fault: "packet_loss",
        lines: &[
            rate("segments sent again", "1/s", |s| netns(s, Netns::tcp_retrans_segs)),
            rate("segments out", "1/s", |s| netns(s, Netns::tcp_out_segs)),
            rate("segments in", "1/s", |s| netns(s, Netns::tcp_in_segs)),
            second_order(rate("timers that ran out", "1/s", |s| netns(s, Netns::tcp_timeouts))),
        ],
    },
];
