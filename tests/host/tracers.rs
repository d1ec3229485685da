//! What the tracers count on this very host, held against what the kernel counts elsewhere.

use std::process::{Command, Stdio};
use std::time::Duration;

use ks_recorder::clock;
use ks_vocabulary::model::{Sample, SchedulerTrace, ShortLived, SyscallCount};
use ks_vocabulary::time::SECOND_NS;

use crate::loop_device::Loop;
use crate::memory_group::Group;
use crate::recorded::{Recorded, close, is_root};
use crate::{KS, Own, skipped};

/// How often the known loop calls.
const CALLS: u64 = 50_000;

#[test]
fn switches_and_faults_are_those_that_the_kernel_counts() {
    if skipped() {
        return;
    }
    let found = Recorded::while_working(5, || {
        for _ in 0..5 {
            std::hint::black_box(vec![1u8; 32 << 20]);
            (0..2000).for_each(|_| std::thread::yield_now());
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    if found.has("bpf/scheduler") {
        let traced = found.grown(|sample| {
            let rows = sample.bpf_scheduler.iter();
            sample.bpf_scheduler.read()?;
            Some(rows.filter_map(|row| Some(row.voluntary()? + row.involuntary()?)).sum())
        });
        let counted = found.grown(|sample| sample.cpu.first()?.context_switches());
        close(traced, counted, 0.02, 50);
    }
    if found.has("bpf/page_fault") {
        let traced = found.grown(|sample| {
            let row = sample.bpf_page_fault.first()?;
            Some(row.user()? + row.kernel()?)
        });
        let counted = found.grown(|sample| sample.vm.first()?.pgfault());
        assert!(counted > 30_000, "there was work");
        close(traced, counted, 0.02, 200);
    }
}

#[test]
fn every_call_of_a_known_loop_is_counted_and_every_one_that_fails() {
    if skipped() {
        return;
    }
    let bad = rustix::process::Pid::from_raw(i32::MAX).unwrap();
    let found = Recorded::while_working(4, || {
        for _ in 0..CALLS {
            std::hint::black_box(rustix::process::getppid());
            assert!(rustix::process::getpgid(Some(bad)).is_err(), "no process has that id");
        }
    });
    if !found.has("bpf/syscall") {
        return;
    }
    let counted = |number: i64, get: fn(&SyscallCount) -> Option<u64>| {
        let number = u64::try_from(number).ok();
        let of =
            |sample: &Sample| get(sample.bpf_syscalls.iter().find(|row| row.number() == number)?);
        let last = found.samples().into_iter().filter_map(of).next_back();
        let before = found.samples().first().and_then(|sample| of(sample)).unwrap_or(0);
        last.expect("the calls are recorded") - before
    };
    close(counted(libc::SYS_getppid, SyscallCount::calls), CALLS, 0.001, 20);
    close(counted(libc::SYS_getpgid, SyscallCount::calls), CALLS, 0.001, 20);
    close(counted(libc::SYS_getpgid, SyscallCount::failed), CALLS, 0.001, 20);
    assert_eq!(counted(libc::SYS_getppid, SyscallCount::failed), 0);
}

#[test]
fn a_storm_of_calls_ends_their_timing_within_two_seconds() {
    if skipped() {
        return;
    }
    let found = Recorded::while_working(6, || {
        let begin = clock::now();
        while clock::now().since_ns(begin) < 4 * SECOND_NS {
            for _ in 0..10_000 {
                std::hint::black_box(rustix::process::getppid());
            }
        }
    });
    if !found.has("bpf/syscall") {
        return;
    }
    let timed: Vec<bool> =
        found.samples().iter().filter_map(|sample| sample.bpf_syscall.first()?.timed()).collect();
    assert_eq!(timed.first(), Some(&true));
    assert!(timed[..5].contains(&false), "{timed:?}");
    assert!(found.state("bpf/syscall").1.contains("latency is shed"));
}

/// Reads and writes that a device completed before: a loop device keeps its counters when its file
/// changes.
fn requests(device: &[u8]) -> u64 {
    let device = std::str::from_utf8(device).unwrap();
    let text = std::fs::read_to_string(format!("/sys/block/{device}/stat")).unwrap();
    let numbers: Vec<u64> = text.split_whitespace().map(|field| field.parse().unwrap()).collect();
    numbers[0] + numbers[4]
}

#[test]
fn requests_of_a_loop_device_are_those_of_diskstats() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(device) = Loop::new(&folder.path().join("disk")).filter(|_| is_root()) else {
        return eprintln!("skipped: no loop device can be made");
    };
    let name = device.name();
    let before = requests(&name);
    let found = Recorded::while_working(5, || {
        for (from, to, flag) in [
            ("/dev/zero", device.device.as_str(), "oflag=direct"),
            (device.device.as_str(), "/dev/null", "iflag=direct"),
        ] {
            let mut command = Command::new("dd");
            command.args([
                &format!("if={from}"),
                &format!("of={to}"),
                flag,
                "bs=16k",
                "count=3000",
            ]);
            assert!(command.stderr(Stdio::null()).status().unwrap().success());
        }
    });
    if !found.has("bpf/block_io") {
        return;
    }
    let samples = found.samples();
    for (operation, counted) in [(b"read".as_slice(), 3000), (b"write".as_slice(), 3000)] {
        let traced = samples
            .last()
            .unwrap()
            .bpf_block_io
            .iter()
            .find(|row| row.disk() == Some(&name) && row.operation() == Some(operation));
        let traced = traced.expect("the device has requests");
        close(traced.completed().unwrap(), counted, 0.01, 5);
        close(traced.bytes().unwrap(), counted * 16 * 1024, 0.01, 200_000);
        assert_eq!(traced.errors(), Some(0));
    }
    let disks = samples.iter().filter_map(|sample| {
        let disk = sample.disks.iter().find(|disk| disk.name() == Some(&name))?;
        Some(disk.reads()? + disk.writes()?)
    });
    close(disks.max().unwrap() - before, 6000, 0.01, 30);
    let latency: u64 = samples
        .iter()
        .flat_map(|sample| sample.bpf_histograms.iter())
        .filter(|row| row.metric() == Some(b"block_latency_ns") && row.entity() == Some(&name))
        .filter_map(ks_vocabulary::model::Bucket::count)
        .sum();
    close(latency, 6000, 0.01, 30);
}

/// Run-queue wait in ns, by `/proc/PID/schedstat`.
fn waited_ns(pid: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
    text.split_whitespace().nth(1)?.parse().ok()
}

#[test]
fn waits_of_starved_processes_are_those_of_schedstat() {
    if skipped() {
        return;
    }
    let cpus = std::thread::available_parallelism().unwrap().get();
    let mut waited = 0;
    let found = Recorded::while_working(6, || {
        let spin = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
        let hogs: Vec<Own> = (0..cpus * 3).map(|_| Own(spin())).collect();
        std::thread::sleep(Duration::from_secs(3));
        waited = hogs.iter().filter_map(|hog| waited_ns(hog.0.id())).sum();
    });
    if !found.has("bpf/scheduler") || waited == 0 {
        return eprintln!("skipped: no tracer, or no /proc/PID/schedstat");
    }
    let traced = found.grown(|sample| {
        sample.bpf_scheduler.read()?;
        Some(sample.bpf_scheduler.iter().filter_map(SchedulerTrace::wait_ns).sum())
    });
    let share = traced as f64 / waited as f64;
    assert!((0.9..1.3).contains(&share), "{traced} of {waited} ns");
}

#[test]
fn a_victim_of_the_oom_killer_is_named_with_its_group() {
    if skipped() {
        return;
    }
    let group = match Group::new(24 << 20) {
        Ok(group) => group,
        Err(why) => return eprintln!("skipped: {why}"),
    };
    let mut pid = 0;
    let found = Recorded::while_working(5, || {
        let script = format!("echo $$ > {}/cgroup.procs && exec tail /dev/zero", group.0.display());
        let mut child = Own(Command::new("sh").args(["-c", &script]).spawn().unwrap());
        pid = child.0.id();
        for _ in 0..150 {
            if child.0.try_wait().unwrap().is_some() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    if !found.has("bpf/memory") {
        return;
    }
    let events: Vec<_> =
        found.samples().iter().flat_map(|sample| sample.bpf_events.iter().cloned()).collect();
    let victim = events.iter().find(|event| event.pid() == Some(u64::from(pid)));
    let victim = victim.unwrap_or_else(|| panic!("no event of {pid} among {events:?}"));
    assert_eq!(victim.kind(), Some(b"oom_kill".as_slice()));
    if victim.comm().is_none() {
        return eprintln!("skipped: this kernel tells the pid of a victim only");
    }
    assert_eq!(victim.comm(), Some(b"tail".as_slice()));
    let name = group.0.file_name().unwrap().as_encoded_bytes().to_vec();
    assert!(victim.cgroup().is_some_and(|path| path.ends_with(&name)), "{victim:?}");
    // The kernel notes the high-water mark now and then only, and not beyond the group's limit.
    assert!(victim.resident_bytes() > Some(0) && victim.resident_bytes() < Some(32 << 20));
    let memcg = found.grown(|sample| sample.bpf_memory.first()?.memcg());
    assert!(memcg > 0, "the group was reclaimed before");
}

#[test]
fn lives_shorter_than_a_tick_are_counted_by_name() {
    if skipped() {
        return;
    }
    let found = Recorded::while_working(4, || {
        for at in 0..40 {
            let script = if at % 2 == 0 { "exit 0" } else { "exit 3" };
            let _ = Command::new("sh").args(["-c", script]).status();
        }
    });
    if !found.has("bpf/lifetime") {
        return;
    }
    let rows: Vec<_> =
        found.samples().iter().flat_map(|sample| sample.bpf_short_lived.iter().cloned()).collect();
    let of_sh = || rows.iter().filter(|row| row.comm() == Some(b"sh"));
    assert!(of_sh().filter_map(ShortLived::count).sum::<u64>() >= 40);
    let failed: u64 = of_sh().filter_map(ShortLived::failed).sum();
    assert!((20..40).contains(&failed), "{failed}");
    assert!(found.grown(|sample| sample.bpf_lifetime.first()?.forks()) >= 40);
}

#[test]
fn without_the_right_to_trace_the_recording_goes_on_and_says_so() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let own = folder.path().join("ks");
    std::fs::copy(KS, &own).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"]);
    command.arg(&own).args(["record", "--duration", "1s", "-o"]).arg(&path);
    match command.stderr(Stdio::null()).status() {
        Ok(status) if status.success() => {}
        _ => return eprintln!("skipped: setpriv cannot give up root"),
    }
    let found = Recorded::read(&path);
    assert_eq!(found.state("bpf/scheduler"), ("absent".into(), "permission denied".into()));
    assert!(found.samples().iter().all(|sample| sample.cpu.read().is_some()));
    let path = folder.path().join("y.parquet");
    let mut command = Command::new(KS);
    command.args(["record", "--no-ebpf", "--duration", "300ms", "-o"]).arg(&path);
    assert!(command.stderr(Stdio::null()).status().unwrap().success());
    assert_eq!(Recorded::read(&path).state("bpf/tcp"), ("absent".into(), "--no-ebpf".into()));
}
