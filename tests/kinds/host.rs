//! A made host whose every source is there: calm, or with one kind of fault.

use ks_vocabulary::input::{
    Body, ENGINE_VERSION, HostFacts, Input, JUDGEMENT, SCHEMA_VERSION, Start,
};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::model::{
    CgroupCell, CgroupName, CpuCell, DiskCell, DiskName, FileHandlesCell, FilesystemCell,
    FilesystemName, LimitsCell, LoadCell, MemoryCell, NetnsCell, NicCell, NicName, PressureCell,
    ProcessCell, ProcessName, ReadTimes, Sample, SoftnetCell, VmCell,
};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

const GIB: u64 = 1024 * 1024 * 1024;
/// The fault lasts from second 30 to second 90 of 240.
const FAULT: std::ops::Range<u64> = 30..90;
const LENGTH: u64 = 240;

/// Rates and levels of one second.
#[derive(Clone, Copy)]
struct Second {
    running: u64,
    cpu_some: u64,
    memory_some: u64,
    memory_full: u64,
    io_some: u64,
    io_full: u64,
    available: u64,
    swap_free: u64,
    swapped: u64,
    majflt: u64,
    refaults: u64,
    disk_busy: u64,
    disk_queue: u64,
    rx_errors: u64,
    overflows: u64,
    space_free: u64,
    hog_ticks: u64,
    hog_bytes: u64,
    hog_rss: u64,
}

const CALM: Second = Second {
    running: 1,
    cpu_some: 10_000,
    memory_some: 0,
    memory_full: 0,
    io_some: 5_000,
    io_full: 2_000,
    available: 6 * GIB,
    swap_free: 2 * GIB,
    swapped: 0,
    majflt: 1,
    refaults: 0,
    disk_busy: 50,
    disk_queue: 60,
    rx_errors: 0,
    overflows: 0,
    space_free: 60 * GIB,
    hog_ticks: 1,
    hog_bytes: 4096,
    hog_rss: 0,
};

/// What is wrong while the fault lasts.
fn faulty(kind: Kind) -> Second {
    match kind {
        Kind::MemoryPressure => Second {
            memory_some: 400_000,
            memory_full: 200_000,
            available: GIB / 2,
            hog_rss: 40 << 20,
            ..CALM
        },
        Kind::LoadMismatch => Second { running: 14, hog_ticks: 300, ..CALM },
        Kind::IoCongestion => {
            Second { io_some: 600_000, io_full: 250_000, hog_bytes: 90 << 20, ..CALM }
        }
        Kind::NetworkDegradation => Second { rx_errors: 200, ..CALM },
        Kind::TcpExhaustion => Second { overflows: 20, ..CALM },
        Kind::SwapThrashing => Second { swapped: 150, memory_full: 80_000, swap_free: GIB, ..CALM },
        Kind::BlockDeviceSaturation => {
            Second { disk_busy: 980, disk_queue: 6_000, hog_bytes: 90 << 20, ..CALM }
        }
        Kind::Scheduler => Second { cpu_some: 600_000, hog_ticks: 300, ..CALM },
        Kind::Syscall => Second { space_free: 5 * GIB, hog_bytes: 90 << 20, ..CALM },
        Kind::PageFault => Second { majflt: 150, refaults: 20, ..CALM },
    }
}

/// Counters so far.
#[derive(Default)]
struct Counters {
    cpu_some: u64,
    memory_some: u64,
    memory_full: u64,
    io_some: u64,
    io_full: u64,
    swapped: u64,
    majflt: u64,
    refaults: u64,
    disk_busy: u64,
    disk_queue: u64,
    rx_errors: u64,
    overflows: u64,
    hog_ticks: u64,
    hog_bytes: u64,
    hog_rss: u64,
}

impl Counters {
    fn add(&mut self, second: &Second) {
        self.cpu_some += second.cpu_some;
        self.memory_some += second.memory_some;
        self.memory_full += second.memory_full;
        self.io_some += second.io_some;
        self.io_full += second.io_full;
        self.swapped += second.swapped;
        self.majflt += second.majflt;
        self.refaults += second.refaults;
        self.disk_busy += second.disk_busy;
        self.disk_queue += second.disk_queue;
        self.rx_errors += second.rx_errors;
        self.overflows += second.overflows;
        self.hog_ticks += second.hog_ticks;
        self.hog_bytes += second.hog_bytes;
        self.hog_rss += second.hog_rss;
    }
}

/// The inputs of a run in which `kind` is at fault.
pub(crate) fn inputs(kind: Kind) -> Vec<Input> {
    let start = Start {
        schema: SCHEMA_VERSION,
        engine_version: ENGINE_VERSION.into(),
        judgement: Some(JUDGEMENT),
        host: HostFacts {
            hostname: "made".into(),
            kernel: "6.18.0".into(),
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
    for number in 1..=LENGTH {
        let second = if FAULT.contains(&number) { faulty(kind) } else { CALM };
        counters.add(&second);
        let sample = Box::new(sample(number, &second, &counters));
        let mono = Timestamp(number * SECOND_NS);
        inputs.push(Input::recorded(number, mono, Body::Sample(sample)));
    }
    inputs
}

fn sample(number: u64, second: &Second, counters: &Counters) -> Sample {
    let mut sample = Sample { processes_complete: number % 60 == 1, ..Sample::default() };
    host_tables(&mut sample, number, second, counters);
    memory_tables(&mut sample, second, counters);
    storage_tables(&mut sample, second, counters);
    network_tables(&mut sample, number, counters);
    process_tables(&mut sample, number, counters);
    for table in sample.tables_mut() {
        if !table.is_empty() {
            table.set_read(ReadTimes { begin_ns: 0, end_ns: 100_000 });
        }
    }
    sample
}

fn host_tables(sample: &mut Sample, number: u64, second: &Second, counters: &Counters) {
    let cpu = sample.cpu.push();
    cpu.set(CpuCell::cpus_online, 4u64);
    cpu.set(CpuCell::user_ticks, counters.hog_ticks);
    cpu.set(CpuCell::idle_ticks, number * 400 - counters.hog_ticks);
    cpu.set(CpuCell::context_switches, number * 2_000);
    cpu.set(CpuCell::procs_running, second.running);
    cpu.set(CpuCell::procs_blocked, 0u64);
    let load = sample.load.push();
    load.set(LoadCell::load1, 0.5);
    load.set(LoadCell::tasks, 300u64);
    let stall = sample.pressure.push();
    stall.set(PressureCell::cpu_some_total_us, counters.cpu_some);
    stall.set(PressureCell::memory_some_total_us, counters.memory_some);
    stall.set(PressureCell::memory_full_total_us, counters.memory_full);
    stall.set(PressureCell::io_some_total_us, counters.io_some);
    stall.set(PressureCell::io_full_total_us, counters.io_full);
    let handles = sample.file_handles.push();
    handles.set(FileHandlesCell::allocated, 2_000u64);
    handles.set(FileHandlesCell::unused, 0u64);
    handles.set(FileHandlesCell::max, 800_000u64);
    let limits = sample.limits.push();
    limits.set(LimitsCell::pid_max, 32_768u64);
    limits.set(LimitsCell::threads_max, 60_000u64);
    limits.set(LimitsCell::local_port_first, 32_768u64);
    limits.set(LimitsCell::local_port_last, 60_999u64);
    limits.set(LimitsCell::tcp_max_tw_buckets, 65_536u64);
    limits.set(LimitsCell::tcp_max_orphans, 65_536u64);
    limits.set(LimitsCell::tcp_mem_pressure_pages, 100_000u64);
    limits.set(LimitsCell::tcp_mem_max_pages, 150_000u64);
}

fn memory_tables(sample: &mut Sample, second: &Second, counters: &Counters) {
    let memory = sample.memory.push();
    memory.set(MemoryCell::total_bytes, 8 * GIB);
    memory.set(MemoryCell::available_bytes, second.available);
    memory.set(MemoryCell::swap_total_bytes, 2 * GIB);
    memory.set(MemoryCell::swap_free_bytes, second.swap_free);
    memory.set(MemoryCell::dirty_bytes, 1u64 << 20);
    memory.set(MemoryCell::writeback_bytes, 0u64);
    let vm = sample.vm.push();
    vm.set(VmCell::pswpin, counters.swapped);
    vm.set(VmCell::pswpout, counters.swapped);
    vm.set(VmCell::pgmajfault, counters.majflt);
    vm.set(VmCell::refault_file, counters.refaults);
    vm.set(VmCell::refault_anon, 0u64);
    vm.set(VmCell::allocstall, 0u64);
    vm.set(VmCell::oom_kill, 0u64);
}

fn storage_tables(sample: &mut Sample, second: &Second, counters: &Counters) {
    let disk = sample.disks.push();
    disk.set_name(DiskName::name, b"vda");
    disk.set(DiskCell::rotational, false);
    disk.set(DiskCell::reads, counters.disk_queue / 5);
    disk.set(DiskCell::read_ms, counters.disk_queue);
    disk.set(DiskCell::writes, 0u64);
    disk.set(DiskCell::write_ms, 0u64);
    disk.set(DiskCell::io_ms, counters.disk_busy);
    disk.set(DiskCell::queue_ms, counters.disk_queue);
    let filesystem = sample.filesystems.push();
    filesystem.set_name(FilesystemName::mount, b"/");
    filesystem.set_name(FilesystemName::fstype, b"ext4");
    filesystem.set(FilesystemCell::limited, true);
    filesystem.set(FilesystemCell::read_only, false);
    filesystem.set(FilesystemCell::total_bytes, 100 * GIB);
    filesystem.set(FilesystemCell::free_bytes, second.space_free);
    filesystem.set(FilesystemCell::available_bytes, second.space_free);
}

fn network_tables(sample: &mut Sample, number: u64, counters: &Counters) {
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
        nic.set(cell, number * rate);
    }
    for cell in [NicCell::rx_dropped, NicCell::tx_dropped, NicCell::tx_errors] {
        nic.set(cell, 0u64);
    }
    nic.set(NicCell::rx_errors, counters.rx_errors);
    let netns = sample.netns.push();
    netns.set(NetnsCell::netns, 7u64);
    netns.set(NetnsCell::own, true);
    netns.set(NetnsCell::listen, 1u64);
    netns.set(NetnsCell::tcp_out_segs, number * 1_500);
    netns.set(NetnsCell::tcp_retrans_segs, number);
    netns.set(NetnsCell::listen_overflows, counters.overflows);
    netns.set(NetnsCell::req_q_full_drop, 0u64);
    netns.set(NetnsCell::req_q_full_do_cookies, 0u64);
    netns.set(NetnsCell::tcp_tw, 50u64);
    let softnet = sample.softnet.push();
    softnet.set(SoftnetCell::cpu, 0u64);
    softnet.set(SoftnetCell::processed, number * 2_000);
    softnet.set(SoftnetCell::dropped, 0u64);
}

fn process_tables(sample: &mut Sample, number: u64, counters: &Counters) {
    let group = sample.cgroups.push();
    group.set_name(CgroupName::hierarchy, b"v2");
    group.set_name(CgroupName::path, b"/job");
    group.set(CgroupCell::inode, 9u64);
    group.set(CgroupCell::cpu_usage_us, counters.hog_ticks * 10_000);
    group.set(CgroupCell::memory_bytes, (64 << 20) + counters.hog_rss);
    for (pid, comm, share) in [(100u64, b"hog".as_slice(), 9), (200, b"calm", 1)] {
        let row = sample.processes.push();
        row.set(ProcessCell::pid, pid);
        row.set(ProcessCell::start_ticks, 4_000u64);
        row.set_name(ProcessName::comm, comm);
        row.set_name(ProcessName::cgroup, b"/job");
        row.set(ProcessCell::utime_ticks, counters.hog_ticks * share / 10);
        row.set(ProcessCell::write_bytes, counters.hog_bytes * share / 10);
        row.set(ProcessCell::majflt, counters.majflt * share / 10);
        row.set(ProcessCell::rss_bytes, (32 << 20) + counters.hog_rss * share / 10);
        row.set(ProcessCell::leader_cpu_ns, number);
    }
}
