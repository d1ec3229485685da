//! A made host on which several things go wrong at once, second by second.

use std::ops::Range;

use ks_vocabulary::input::{
    Body, ENGINE_VERSION, HostFacts, Input, JUDGEMENT, SCHEMA_VERSION, Start,
};
use ks_vocabulary::model::{
    CgroupCell, CgroupName, CpuCell, DiskCell, DiskName, MemoryCell, NetnsCell, NicCell, NicName,
    PressureCell, ProcessCell, ProcessName, ReadTimes, Sample, VmCell,
};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const LENGTH: u64 = 540;
/// When what began at any time is over.
const END: u64 = 300;

/// When each trouble lasts; one that is empty does not come.
pub(crate) struct Script {
    /// A process takes 25 MiB of memory a second.
    leak: Range<u64>,
    /// Tasks stall for memory.
    reclaim: Range<u64>,
    /// Pages of a database go to swap and are faulted back in.
    swap: Range<u64>,
    /// The database reads so much back that the disk is never idle.
    reread: Range<u64>,
    /// Tasks wait for it uninterruptibly.
    blocked: Range<u64>,
    /// A backup, which has no part in the leak, writes as fast as the disk takes it.
    backup: Range<u64>,
    /// Packets come damaged.
    damage: Range<u64>,
}

const NEVER: Range<u64> = 0..0;

/// A leak down the whole chain, and a network fault that has nothing to do with it.
pub(crate) const LEAK_AND_NETWORK: Script = Script {
    leak: 60..END,
    reclaim: 120..END,
    swap: 150..END,
    reread: 180..END,
    blocked: 210..END,
    backup: NEVER,
    damage: 200..260,
};

/// A leak, and a backup that saturates the disk meanwhile.
pub(crate) const LEAK_AND_BACKUP: Script = Script {
    leak: 60..END,
    reclaim: 120..END,
    swap: NEVER,
    reread: NEVER,
    blocked: NEVER,
    backup: 180..270,
    damage: NEVER,
};

/// Counters so far.
#[derive(Default)]
struct Counters {
    memory_some_us: u64,
    memory_full_us: u64,
    io_some_us: u64,
    io_full_us: u64,
    stalled_direct: u64,
    swapped_pages: u64,
    faults: u64,
    refaults: u64,
    busy_ms: u64,
    queued_ms: u64,
    rx_errors: u64,
    database_memory_us: u64,
    database_io_us: u64,
    database_read: u64,
    backup_written: u64,
}

/// Levels of one second.
struct Levels {
    leaked: u64,
    swapped: u64,
    blocked: u64,
}

fn seconds_in(range: &Range<u64>, second: u64) -> u64 {
    second.clamp(range.start, range.end) - range.start
}

impl Counters {
    fn add(&mut self, script: &Script, second: u64) {
        let is = |range: &Range<u64>, amount: u64| if range.contains(&second) { amount } else { 0 };
        self.memory_some_us += is(&script.reclaim, 250_000);
        self.memory_full_us += is(&script.reclaim, 100_000) + is(&script.swap, 100_000);
        self.stalled_direct += is(&script.reclaim, 50);
        self.swapped_pages += is(&script.swap, 300);
        self.faults += 1 + is(&script.swap, 300);
        self.refaults += is(&script.swap, 200);
        let disk = [&script.reread, &script.backup].into_iter().any(|range| is(range, 1) == 1);
        self.busy_ms += if disk { 980 } else { 20 };
        self.queued_ms += if disk { 6_000 } else { 25 };
        self.io_some_us += if disk { 600_000 } else { 5_000 };
        self.io_full_us += if disk { 250_000 } else { 1_000 };
        self.rx_errors += is(&script.damage, 200);
        self.database_memory_us += is(&script.swap, 300_000);
        self.database_io_us += is(&script.reread, 500_000);
        self.database_read += 4096 + is(&script.reread, 20 * MIB);
        self.backup_written += is(&script.backup, 90 * MIB);
    }
}

fn levels(script: &Script, second: u64) -> Levels {
    if second >= END {
        return Levels { leaked: 0, swapped: 0, blocked: 0 };
    }
    Levels {
        leaked: seconds_in(&script.leak, second) * 25 * MIB,
        swapped: seconds_in(&script.swap, second) * 4 * MIB,
        blocked: if script.blocked.contains(&second) { 16 } else { 0 },
    }
}

/// The inputs of a run.
pub(crate) fn inputs(script: &Script) -> Vec<Input> {
    let start = Start {
        schema: SCHEMA_VERSION,
        engine_version: ENGINE_VERSION.into(),
        judgement: Some(JUDGEMENT),
        host: HostFacts {
            hostname: "made".into(),
            user_hz: 100,
            page_bytes: 4096,
            ..HostFacts::default()
        },
        boot_id: "b".into(),
        clock: ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(1_800_000_000_000_000_000) },
        seed: 1,
        interval_ns: SECOND_NS,
        segment: 0,
        sources: Vec::new(),
        ..Start::default()
    };
    let mut inputs = vec![Input::recorded(0, Timestamp(0), Body::Start(Box::new(start)))];
    let mut counters = Counters::default();
    for second in 1..=LENGTH {
        counters.add(script, second);
        let sample = Box::new(sample(second, &levels(script, second), &counters));
        let mono = Timestamp(second * SECOND_NS);
        inputs.push(Input::recorded(second, mono, Body::Sample(sample)));
    }
    inputs
}

fn sample(second: u64, levels: &Levels, counters: &Counters) -> Sample {
    let mut sample = Sample { processes_complete: second % 60 == 1, ..Sample::default() };
    host_tables(&mut sample, second, levels, counters);
    memory_tables(&mut sample, levels, counters);
    device_tables(&mut sample, second, counters);
    group_tables(&mut sample, second, counters);
    process_tables(&mut sample, second, levels, counters);
    for table in sample.tables_mut() {
        if !table.is_empty() {
            table.set_read(ReadTimes { begin_ns: 0, end_ns: 100_000 });
        }
    }
    sample
}

fn host_tables(sample: &mut Sample, second: u64, levels: &Levels, counters: &Counters) {
    let cpu = sample.cpu.push();
    cpu.set(CpuCell::cpus_online, 4u64);
    cpu.set(CpuCell::user_ticks, second * 20);
    cpu.set(CpuCell::idle_ticks, second * 380);
    cpu.set(CpuCell::context_switches, second * 2_000);
    cpu.set(CpuCell::procs_running, 1u64);
    cpu.set(CpuCell::procs_blocked, levels.blocked);
    let stall = sample.pressure.push();
    stall.set(PressureCell::cpu_some_total_us, second * 10_000);
    stall.set(PressureCell::memory_some_total_us, counters.memory_some_us);
    stall.set(PressureCell::memory_full_total_us, counters.memory_full_us);
    stall.set(PressureCell::io_some_total_us, counters.io_some_us);
    stall.set(PressureCell::io_full_total_us, counters.io_full_us);
}

fn memory_tables(sample: &mut Sample, levels: &Levels, counters: &Counters) {
    let memory = sample.memory.push();
    memory.set(MemoryCell::total_bytes, 8 * GIB);
    // Reclaim keeps half a gibibyte free whatever the leak takes.
    memory.set(MemoryCell::available_bytes, (6 * GIB).saturating_sub(levels.leaked).max(GIB / 2));
    memory.set(MemoryCell::swap_total_bytes, 2 * GIB);
    memory.set(MemoryCell::swap_free_bytes, 2 * GIB - levels.swapped);
    let vm = sample.vm.push();
    vm.set(VmCell::pswpin, counters.swapped_pages);
    vm.set(VmCell::pswpout, counters.swapped_pages);
    vm.set(VmCell::pgmajfault, counters.faults);
    vm.set(VmCell::refault_file, 0u64);
    vm.set(VmCell::refault_anon, counters.refaults);
    vm.set(VmCell::allocstall, counters.stalled_direct);
    vm.set(VmCell::oom_kill, 0u64);
}

fn device_tables(sample: &mut Sample, second: u64, counters: &Counters) {
    let disk = sample.disks.push();
    disk.set_name(DiskName::name, b"vda");
    disk.set(DiskCell::rotational, false);
    disk.set(DiskCell::reads, counters.queued_ms / 5);
    disk.set(DiskCell::read_ms, counters.queued_ms);
    disk.set(DiskCell::writes, 0u64);
    disk.set(DiskCell::write_ms, 0u64);
    disk.set(DiskCell::io_ms, counters.busy_ms);
    disk.set(DiskCell::queue_ms, counters.queued_ms);
    let nic = sample.nics.push();
    nic.set_name(NicName::name, b"eth0");
    nic.set(NicCell::netns, 7u64);
    nic.set(NicCell::speed_mbit, 1_000u64);
    nic.set(NicCell::carrier, true);
    for (cell, rate) in [
        (NicCell::rx_bytes, 1_000_000),
        (NicCell::rx_packets, 2_000),
        (NicCell::tx_bytes, 1_000_000),
        (NicCell::tx_packets, 2_000),
    ] {
        nic.set(cell, second * rate);
    }
    for cell in [NicCell::rx_dropped, NicCell::tx_dropped, NicCell::tx_errors] {
        nic.set(cell, 0u64);
    }
    nic.set(NicCell::rx_errors, counters.rx_errors);
    let netns = sample.netns.push();
    netns.set(NetnsCell::netns, 7u64);
    netns.set(NetnsCell::own, true);
    netns.set(NetnsCell::tcp_out_segs, second * 1_500);
    netns.set(NetnsCell::tcp_retrans_segs, second);
}

fn group_tables(sample: &mut Sample, second: u64, counters: &Counters) {
    // Rows of a table are in the order of their keys.
    for (inode, path) in [(11u64, b"/backup".as_slice()), (12, b"/db"), (13, b"/web")] {
        let is_database = path == b"/db";
        let own = |total_us: u64| if is_database { total_us } else { 0 };
        let group = sample.cgroups.push();
        group.set_name(CgroupName::hierarchy, b"v2");
        group.set_name(CgroupName::path, path);
        group.set(CgroupCell::inode, inode);
        group.set(CgroupCell::cpu_some_total_us, second * 1_000);
        group.set(CgroupCell::memory_some_total_us, own(counters.database_memory_us));
        group.set(CgroupCell::memory_full_total_us, own(counters.database_memory_us) / 3);
        group.set(CgroupCell::io_some_total_us, own(counters.database_io_us));
        group.set(CgroupCell::io_full_total_us, own(counters.database_io_us) / 3);
    }
}

/// Whose process it is, with its counters.
struct Row {
    pid: u64,
    comm: &'static [u8],
    group: &'static [u8],
    rss: u64,
    swap: u64,
    faults: u64,
    read: u64,
    written: u64,
}

fn process_tables(sample: &mut Sample, second: u64, levels: &Levels, counters: &Counters) {
    let calm = |pid: u64, comm: &'static [u8], group: &'static [u8]| Row {
        pid,
        comm,
        group,
        rss: 64 * MIB,
        swap: 0,
        faults: 0,
        read: 0,
        written: 0,
    };
    let rows = [
        calm(100, b"calm", b"/web"),
        Row {
            rss: 2 * GIB - levels.swapped,
            swap: levels.swapped,
            faults: counters.faults * 9 / 10,
            read: counters.database_read,
            ..calm(200, b"db", b"/db")
        },
        Row {
            rss: 64 * MIB + levels.leaked,
            faults: counters.faults / 10,
            ..calm(300, b"leaky", b"/web")
        },
        Row { written: counters.backup_written, ..calm(400, b"backup", b"/backup") },
    ];
    for Row { pid, comm, group, rss, swap, faults, read, written } in rows {
        let row = sample.processes.push();
        row.set(ProcessCell::pid, pid);
        row.set(ProcessCell::start_ticks, 4_000u64);
        row.set_name(ProcessName::comm, comm);
        row.set_name(ProcessName::cgroup, group);
        row.set(ProcessCell::utime_ticks, second);
        row.set(ProcessCell::rss_bytes, rss);
        row.set(ProcessCell::swap_bytes, swap);
        row.set(ProcessCell::majflt, faults);
        row.set(ProcessCell::read_bytes, read);
        row.set(ProcessCell::write_bytes, written);
    }
}
