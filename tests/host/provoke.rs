//! The provoker: each fault is made, recorded and labelled, and nothing of it stays, whatever ends
//! the provoker.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::recorded::{Recorded, is_root};
use crate::{KS, Own, skipped};

/// Faults that cross a limit within a few seconds of the shortest schedule.
const QUICK: [&str; 8] = [
    "cpu_overload",
    "out_of_memory",
    "swap_thrashing",
    "disk_saturation",
    "syscall_storm",
    "fault_storm",
    "listen_overflow",
    "packet_loss",
];
/// Those whose limits take longer.
const SLOW: [&str; 3] = ["quiet", "memory_pressure", "port_exhaustion"];

fn provoke(fault: &str, path: &Path) -> Command {
    let mut command = Command::new(KS);
    command.args(["provoke", fault, "--baseline", "2s", "--lasts", "7s", "--cool-down", "1s"]);
    command.arg("-o").arg(path);
    command
}

/// What stands on the host that only a provoker makes.
fn left() -> Vec<String> {
    let mut found = Vec::new();
    let folders = ["/sys/fs/cgroup", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu", "/run", "/tmp"];
    for folder in folders {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let names = entries.filter_map(|entry| Some(entry.ok()?.path().display().to_string()));
        found.extend(names.filter(|name| name.contains("/ks-provoke-")));
    }
    let swaps = std::fs::read_to_string("/proc/swaps").unwrap();
    found.extend(swaps.lines().filter(|line| line.contains("zram")).map(str::to_owned));
    found
}

/// Processes of a name.
fn running(name: &str) -> usize {
    let entries = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok);
    let comm = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("comm")).ok();
    entries.filter_map(comm).filter(|comm| comm.trim_end() == name).count()
}

/// Makes a fault, or says why that cannot be done here.
fn made(fault: &str, path: &Path) -> bool {
    let output = provoke(fault, path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(3) {
        eprintln!("skipped: {fault}: {said}");
        return false;
    }
    assert!(output.status.success(), "{fault}: {said}");
    true
}

#[test]
fn every_fault_is_recorded_and_labelled_and_nothing_stays() {
    if skipped() || !is_root() {
        return;
    }
    let before = left();
    for fault in QUICK.iter().chain(&SLOW) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        if !made(fault, &path) {
            continue;
        }
        assert!(Recorded::read(&path).samples().len() >= 9, "{fault}");
        let cases = std::fs::read_to_string(path.with_extension("toml")).unwrap();
        if QUICK.contains(fault) {
            let expects = cases.split("[[case.expect]]").skip(1);
            let must = expects.filter(|expect| !expect.contains("optional")).count();
            assert!(must >= 1, "{fault}: no limit was crossed\n{cases}");
        }
        let mut test = Command::new(KS);
        let judged = test.arg("test").arg(path.with_extension("toml")).output().unwrap();
        let said = String::from_utf8_lossy(&judged.stdout);
        eprintln!("{fault}: {}", said.lines().last().unwrap_or_default());
        assert!(judged.status.code() <= Some(1), "{fault}: the cases are read");
        assert_eq!(left(), before, "{fault}");
    }
}

#[test]
fn what_a_killed_provoker_made_ends_or_is_removed() {
    if skipped() || !is_root() {
        return;
    }
    let before = left();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut command = provoke("swap_thrashing", &path);
    let mut provoker = Own(command.stderr(Stdio::piped()).spawn().unwrap());
    let begun = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        running("ks-touch") > 0 || provoker.0.try_wait().unwrap().is_some()
    });
    if let Some(status) = provoker.0.try_wait().unwrap() {
        return eprintln!("skipped: it cannot be made here: {status}");
    }
    assert!(begun, "its worker runs");
    kill_process(Pid::from_child(&provoker.0), Signal::KILL).unwrap();
    provoker.0.wait().unwrap();
    let ended = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        running("ks-touch") == 0
    });
    assert!(ended, "the worker ends with it");
    assert_ne!(left(), before, "a group and swap are left");
    let output = Command::new(KS).args(["provoke", "--clean-up"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("removed"), "{said}");
    assert_eq!(left(), before);
    let sealed = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        std::fs::metadata(&path).is_ok_and(|file| file.len() > 0)
    });
    assert!(sealed, "the recorder seals what it has");
}
