//! Real faults on this very host: found in time, with the right culprit; and nothing when idle.
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::memory_group::Group;
use crate::{KS, Own, has, skipped};
use serde_json::Value;

/// The worst delay from the crossing to the raise, in seconds.
const WORST_S: f64 = 6.0;

pub(crate) fn record(path: &Path, seconds: u64) -> Own {
    let mut command = Command::new(KS);
    command.args(["record", "--duration", &format!("{seconds}s"), "-o"]).arg(path);
    Own(command.stderr(Stdio::null()).spawn().unwrap())
}

pub(crate) fn episodes(path: &Path) -> Vec<Value> {
    let output = Command::new(KS).args(["replay", "--format", "json"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["episodes"].as_array_mut().map(std::mem::take).unwrap()
}

/// When the raw counters crossed the limit, by the reference script.
fn t_cross(path: &Path, columns: &str, quantity: &[&str], limit: &str) -> Option<String> {
    let dump = ["--raw", "--format", "json", "--columns", columns];
    let dump = Command::new(KS).arg("dump").arg(path).args(dump).output().unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/t_cross.py");
    let mut command = Command::new("python3");
    command.arg(script).args(quantity).arg(limit).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(&dump.stdout).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned()).filter(|at| at != "none")
}

fn seconds_between(earlier: &str, later: &str) -> f64 {
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_nanosecond();
    (time(later) - time(earlier)) as f64 / 1e9
}

fn convicted(episode: &Value) -> Vec<String> {
    let culprits = episode["culprits"].as_array().unwrap().iter();
    let convicted = culprits.filter(|culprit| culprit["convicted"] == true);
    convicted.map(|culprit| culprit["entity"].as_str().unwrap().to_owned()).collect()
}

/// The earliest episode among `kinds`.
fn earliest<'a>(episodes: &'a [Value], kinds: &[&str]) -> Option<&'a Value> {
    let found = episodes.iter().filter(|episode| {
        kinds.contains(&episode["kind"].as_str().unwrap()) && episode["entity"] == "host"
    });
    found.min_by_key(|episode| episode["start"].as_str().unwrap())
}

#[test]
fn an_overloaded_cpu_is_found_within_six_seconds() {
    if skipped() {
        return;
    }
    if !has("python3") {
        return eprintln!("skipped: python3 is not installed, which computes the crossing");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut recorder = record(&path, 32);
    std::thread::sleep(Duration::from_secs(10));
    let cpus = std::thread::available_parallelism().unwrap().get();
    let spin = || Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
    let hogs: Vec<Own> = (0..cpus * 4).map(|_| Own(spin())).collect();
    let pids: Vec<String> = hogs.iter().map(|hog| format!("process:{}:", hog.0.id())).collect();
    recorder.0.wait().unwrap();
    drop(hogs);
    let episodes = episodes(&path);
    let columns = "cpu.procs_running,cpu.procs_blocked,cpu.cpus_online";
    let crossed = t_cross(&path, columns, &["demand"], "1.0").expect("the demand crossed 1");
    let found = earliest(&episodes, &["load_mismatch", "scheduler"]).expect("it is found");
    let delay_s = seconds_between(&crossed, found["start"].as_str().unwrap());
    eprintln!("found {delay_s:.1} s after the crossing");
    assert!(delay_s <= WORST_S, "{delay_s} s");
    let load = earliest(&episodes, &["load_mismatch"]).expect("the load is found");
    let named = load["culprits"].as_array().unwrap();
    let ours = |entity: &str| pids.iter().any(|pid| entity.starts_with(pid.as_str()));
    assert!(!named.is_empty(), "somebody is named");
    let entities = named.iter().map(|culprit| culprit["entity"].as_str().unwrap());
    for process in entities.filter(|entity| entity.starts_with("process:")) {
        assert!(ours(process), "{named:?}");
    }
}

/// Joins the group, then maps a file larger than its limit and reads it again and again. Pages
/// that are in memory already belong to who wrote them, so they are dropped first. A watchdog ends
/// it after 40 s.
const REREAD: &str = r#"
import mmap, os, signal, sys
signal.alarm(40)
open(sys.argv[1] + "/cgroup.procs", "w").write(str(os.getpid()))
file = open(sys.argv[2], "rb")
os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
view = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
while True:
    for at in range(0, len(view), 4096):
        view[at]
"#;

#[test]
fn memory_pressure_is_found_within_six_seconds_with_its_culprit() {
    if skipped() {
        return;
    }
    if !Path::new("/proc/pressure/memory").exists() {
        return eprintln!("skipped: this kernel has no PSI, or it is off");
    }
    if !has("python3") {
        return eprintln!("skipped: python3 is not installed, which makes the load");
    }
    let group = match Group::new(64 << 20) {
        Ok(group) => group,
        Err(why) => return eprintln!("skipped: {why}"),
    };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (path, data) = (folder.path().join("x.parquet"), folder.path().join("data"));
    let mut file = std::fs::File::create(&data).unwrap();
    for _ in 0..192 {
        file.write_all(&vec![7; 1 << 20]).unwrap();
    }
    file.sync_all().unwrap();
    let mut recorder = record(&path, 35);
    std::thread::sleep(Duration::from_secs(8));
    let mut command = Command::new("python3");
    let hog = Own(command.args(["-c", REREAD]).arg(&group.0).arg(&data).spawn().unwrap());
    let pid = hog.0.id();
    recorder.0.wait().unwrap();
    drop(hog);
    drop(group);
    let episodes = episodes(&path);
    let column = "pressure.memory_some_total_us";
    let crossed = t_cross(&path, column, &["stall", column], "0.05");
    let Some(crossed) = crossed else {
        return eprintln!("skipped: rereading stalled nobody for 5 % of the time on this host");
    };
    let found = earliest(&episodes, &["memory_pressure"]).expect("it is found");
    let delay_s = seconds_between(&crossed, found["start"].as_str().unwrap());
    eprintln!("found {delay_s:.1} s after the crossing");
    assert!(delay_s <= WORST_S, "{delay_s} s");
    let convicted = convicted(found);
    let ours = convicted.iter().any(|entity| {
        entity.starts_with(&format!("process:{pid}:")) || entity.contains("ks-test-")
    });
    assert!(ours, "{found:#}");
}

#[test]
fn an_idle_minute_raises_nothing() {
    if skipped() {
        return;
    }
    // What was started before may still be ending, and what was built before may not be on disk.
    rustix::fs::sync();
    std::thread::sleep(Duration::from_secs(5));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    record(&path, 60).0.wait().unwrap();
    let columns = "cpu.procs_running,cpu.procs_blocked,cpu.cpus_online";
    let busy = t_cross(&path, columns, &["demand"], "1.0");
    let mut found = episodes(&path);
    if !found.is_empty() && busy.is_some() {
        return eprintln!("skipped: others used this host meanwhile, from {busy:?}");
    }
    // That a filesystem is nearly full is true of an idle host too.
    found.retain(|episode| !episode["entity"].as_str().is_some_and(is_nearly_full));
    assert!(found.is_empty(), "{found:#?}");
}

/// Whether an entity is a filesystem of which four fifths are used, as `statvfs` tells.
fn is_nearly_full(entity: &str) -> bool {
    let Some(mount) = entity.strip_prefix("filesystem:") else { return false };
    rustix::fs::statvfs(mount).is_ok_and(|space| {
        let used = space.f_blocks - space.f_bfree;
        used as f64 >= 0.8 * (used + space.f_bavail) as f64
    })
}
