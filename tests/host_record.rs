//! The recorder on this very host. Run by `make test-host`; `make test` reads no host.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by it, and says why it skips"
)]

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

const KS: &str = env!("CARGO_BIN_EXE_ks");

fn skipped() -> bool {
    let skip = std::env::var_os("KS_HOST_TESTS").is_none();
    if skip {
        eprintln!("skipped: reads this host (run `make test-host`)");
    }
    skip
}

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
    for round in 0..20u64 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let mut recorder = start(&path, &[]);
        let lived_ms = 250 + (round * 7919) % 600;
        std::thread::sleep(Duration::from_millis(lived_ms));
        recorder.kill().unwrap();
        recorder.wait().unwrap();
        let found = ticks(&replay(&path));
        // The first tick is at once; the process needs some time to begin.
        let least = (lived_ms / 100).saturating_sub(2);
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
    std::thread::sleep(Duration::from_millis(300));
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
}
