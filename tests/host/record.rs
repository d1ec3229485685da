//! The recorder on this very host. Run by `make test-host`; `make test` reads no host.
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::{KS, skipped, wait_until_begun};
use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::{Body, Input};

fn start(path: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(KS);
    command.args(["record", "--interval", "100ms", "-o"]).arg(path).args(more);
    command.stderr(Stdio::piped()).spawn().unwrap()
}

fn replay(path: &Path) -> Output {
    Command::new(KS).args(["replay", "--format", "json"]).arg(path).output().unwrap()
}

fn ticks(output: &Output) -> u64 {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    report["recording"]["ticks"].as_u64().unwrap()
}

#[test]
fn a_terminated_recorder_seals() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut recorder = start(&path, &[]);
    std::thread::sleep(Duration::from_millis(1200));
    let pid = recorder.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(recorder.wait().unwrap().success());
    assert!((8..=14).contains(&ticks(&replay(&path))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_killed_recorder_loses_one_tick_at_most() {
    if skipped() {
        return;
    }
    for round in 0..50u64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let mut recorder = start(&path, &[]);
        wait_until_begun(folder.path());
        let lived_ms = (round * 7919) % 850;
        std::thread::sleep(Duration::from_millis(lived_ms));
        recorder.kill().unwrap();
        recorder.wait().unwrap();
        let found = ticks(&replay(&path));
        // The first tick is at once; the last one may have been under way.
        let least = (lived_ms / 100).saturating_sub(1);
        assert!(found >= least, "round {round}: {found} ticks after {lived_ms} ms");
        assert!(Command::new(KS).arg("recover").arg(&path).status().unwrap().success());
        assert_eq!(ticks(&replay(&path)), found, "sealing changes nothing");
    }
}

#[test]
fn a_second_recorder_on_one_output_is_refused() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut first = start(&path, &[]);
    wait_until_begun(folder.path());
    for force in [&[][..], &["--force"][..]] {
        let second = start(&path, force).wait_with_output().unwrap();
        assert_eq!(second.status.code(), Some(3));
        assert!(String::from_utf8_lossy(&second.stderr).contains("written by another process"));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    assert!(ticks(&replay(&path)) > 0);
}

#[test]
fn a_full_disk_seals_what_was_recorded_and_says_so() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=5m", "tmpfs"])
        .arg(folder.path())
        .stderr(Stdio::null())
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!("skipped: cannot mount a small tmpfs");
        return;
    }
    let path = folder.path().join("x.parquet");
    let recorder = start(&path, &["--duration", "20s"]);
    std::thread::sleep(Duration::from_millis(700));
    let filler = std::fs::write(folder.path().join("filler"), vec![1; 8 << 20]);
    assert!(filler.is_err(), "the disk is full");
    let outcome = recorder.wait_with_output().unwrap();
    let replayed = replay(&path);
    let unmounted = Command::new("umount").arg(folder.path()).status().unwrap().success();
    let words = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert_eq!(outcome.status.code(), Some(3), "{words}");
    assert!(words.contains("what was recorded before is"), "{words}");
    assert!(ticks(&replayed) > 3);
    assert!(unmounted);
    assert!(words.contains("No space left"), "{words}");
}

fn recorded(path: &Path) -> Vec<Input> {
    let mut reader = Reader::open(&[path.to_owned()]).unwrap();
    std::iter::from_fn(|| reader.next().unwrap().cloned()).collect()
}

#[test]
fn a_listener_and_its_backlog_are_recorded() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = u64::from(listener.local_addr().unwrap().port());
    assert!(start(&path, &["--duration", "500ms"]).wait().unwrap().success());
    let inputs = recorded(&path);
    let absent = inputs.iter().find_map(|input| {
        let Body::SourceState(state) = &input.body else { return None };
        (state.source == "listeners").then(|| state.reason.clone())
    });
    let found = inputs.iter().find_map(|input| {
        let Body::Sample(sample) = &input.body else { return None };
        sample.listeners.iter().find(|row| row.port() == Some(port)).cloned()
    });
    let found = found.expect("the listener is in the recording");
    if found.backlog().is_none() {
        eprintln!("skipped: no backlog without netlink: {absent:?}");
        return;
    }
    assert_eq!(found.queue(), Some(0));
    assert!(found.backlog() >= Some(1));
    assert_eq!(found.address(), Some([127, 0, 0, 1].as_slice()));
}

#[test]
fn the_filesystem_recorded_is_the_one_that_is_mounted() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    assert!(start(&path, &["--duration", "300ms"]).wait().unwrap().success());
    let root = recorded(&path).into_iter().find_map(|input| {
        let Body::Sample(sample) = input.body else { return None };
        sample.filesystems.iter().find(|row| row.mount() == Some(b"/")).cloned()
    });
    let root = root.expect("the root is mounted");
    let df = Command::new("df").args(["-B1", "--output=size", "/"]).output().unwrap();
    let text = String::from_utf8(df.stdout).unwrap();
    let size: u64 = text.lines().nth(1).unwrap().trim().parse().unwrap();
    assert_eq!(root.total_bytes(), Some(size));
}
