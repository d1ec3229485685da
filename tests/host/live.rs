//! `ks live` on this very host: what it says is what a replay of its recording says.
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::{KS, Own, skipped, wait_until_begun};

/// Four processes that want a CPU, one of which forks all the time. stress-ng adds memory and
/// disk where it is installed.
pub(crate) fn load(folder: &Path) -> Vec<Own> {
    let shell = |script: &str| {
        Own(Command::new("sh").args(["-c", script]).stdout(Stdio::null()).spawn().unwrap())
    };
    let mut load = vec![
        shell("while :; do :; done"),
        shell("while :; do :; done"),
        shell("while :; do :; done"),
        shell("while :; do /bin/true; done"),
    ];
    let stress = ["--vm", "1", "--vm-bytes", "64m", "--hdd", "1", "--hdd-bytes", "32m"];
    let stress = Command::new("stress-ng")
        .args(stress)
        .args(["--timeout", "60s", "--temp-path"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match stress {
        Ok(child) => load.push(Own(child)),
        Err(_) => eprintln!("going on without stress-ng: it is not installed"),
    }
    load
}

pub(crate) fn live(folder: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(KS);
    command.args(["live", "--interval", "100ms", "-o"]).arg(folder).args(more);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The journals of a directory, one after the other.
pub(crate) fn journals(folder: &Path) -> String {
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    named(folder, "jsonl").into_iter().map(read).collect()
}

/// The files of a directory with this ending, by name.
fn named(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    found.sort();
    found
}

pub(crate) fn replay(folder: &Path, journal: &Path) -> Output {
    let mut command = Command::new(KS);
    command.args(["replay", "--format", "json"]).arg(folder).arg("--journal").arg(journal);
    command.output().unwrap()
}

pub(crate) fn replayed(folder: &Path, scratch: &Path) -> String {
    let journal = scratch.join("replayed.jsonl");
    assert!(replay(folder, &journal).status.success());
    std::fs::read_to_string(journal).unwrap()
}

pub(crate) fn terminate(child: &mut Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
}

/// A run of some seconds, to its end; the return value is what it said on stderr.
pub(crate) fn run(folder: &Path, more: &[&str]) -> String {
    let outcome = live(folder, more).wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(outcome.status.success(), "{said}");
    said
}

#[test]
fn live_and_replay_agree_under_load_over_several_segments() {
    if skipped() {
        return;
    }
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let load = load(scratch.path());
    let mut child = live(folder.path(), &["--segment", "4s"]);
    std::thread::sleep(Duration::from_secs(14));
    terminate(&mut child);
    drop(load);
    let journal = journals(folder.path());
    assert!(journal.contains("\"change\":\"raised\""), "four loops on this host are a signal");
    assert!(named(folder.path(), "parquet").len() >= 3, "a segment is 4 s long");
    assert_eq!(named(folder.path(), "jsonl").len(), named(folder.path(), "parquet").len());
    assert_eq!(replayed(folder.path(), scratch.path()), journal);
    assert_eq!(replayed(folder.path(), scratch.path()), journal, "and a second time");
}

#[test]
fn the_journal_of_a_killed_run_is_a_prefix_of_its_replay() {
    if skipped() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    let _load = load(scratch.path());
    let mut lines = 0;
    for round in 0..20u64 {
        let folder = tempfile::tempdir().unwrap();
        let mut child = live(folder.path(), &["--segment", "1s"]);
        wait_until_begun(folder.path());
        std::thread::sleep(Duration::from_millis((round * 7919) % 1900));
        child.kill().unwrap();
        child.wait().unwrap();
        let journal = journals(folder.path());
        let replayed = replayed(folder.path(), scratch.path());
        assert!(replayed.starts_with(&journal), "round {round}:\n{journal}\n---\n{replayed}");
        lines += journal.lines().count();
    }
    assert!(lines > 20, "the journals say something");
}

/// Two runs that were killed and one that was not: each next run finishes the one before it.
#[test]
fn the_journals_of_several_runs_are_their_replay_also_after_kills() {
    if skipped() {
        return;
    }
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _load = load(scratch.path());
    let raised = "\"output\":\"signal\",\"id\":1,\"change\":\"raised\"";
    for (runs, wait_ms) in [(1, 700), (2, 300)] {
        let before = named(folder.path(), "parquet").len();
        let mut child = live(folder.path(), &["--segment", "1s"]);
        let begun = (0..1000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            named(folder.path(), "log").len() + named(folder.path(), "parquet").len() > before
        });
        assert!(begun, "no segment within 10 s");
        let stands = (0..3000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            journals(folder.path()).matches(raised).count() >= runs
        });
        assert!(stands, "nothing is raised within 30 s under load");
        std::thread::sleep(Duration::from_millis(wait_ms));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let said = run(folder.path(), &["--duration", "1500ms"]);
    assert!(said.contains("the last run was cut short: its journal got"), "{said}");
    let journal = journals(folder.path());
    assert_eq!(journal.matches("\"output\":\"end\"").count(), 3, "each run says that it is over");
    assert_eq!(replayed(folder.path(), scratch.path()), journal);
    assert!(named(folder.path(), "log").is_empty(), "everything is sealed");
    let first = journal.matches(raised).count();
    assert!(first >= 2, "episodes are numbered within their run: {journal}");
}

#[test]
fn old_segments_go_with_their_journals_and_a_second_daemon_is_refused() {
    if skipped() {
        return;
    }
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut child = live(folder.path(), &["--segment", "1s", "--keep", "2s"]);
    wait_until_begun(folder.path());
    std::thread::sleep(Duration::from_millis(5500));
    let second = live(folder.path(), &[]).wait_with_output().unwrap();
    assert_eq!(second.status.code(), Some(3));
    terminate(&mut child);
    let left = named(folder.path(), "parquet");
    assert!((1..=4).contains(&left.len()), "{left:?}");
    assert_eq!(named(folder.path(), "jsonl").len(), left.len());
    let output = replay(folder.path(), &scratch.path().join("j"));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["mode"], "what_if");
    let differs = report["differs"][0].as_str().unwrap();
    assert!(differs.starts_with("begins at segment ") && differs.ends_with("missing"), "{differs}");
    let refused = live(folder.path(), &["--keep-bytes", "300k"]).wait_with_output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "no segment would be kept");
}

/// Until there is room the daemon goes on without eyes; then it says what is missing.
#[test]
fn a_full_disk_ends_nothing_and_leaves_a_gap() {
    if skipped() {
        return;
    }
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=9m", "tmpfs"]).arg(folder.path());
    if !mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: cannot mount a small tmpfs");
        return;
    }
    let mut child = Own(live(folder.path(), &["--segment", "1h"]));
    wait_until_begun(folder.path());
    let filler = folder.path().join("filler");
    assert!(std::fs::write(&filler, vec![1; 16 << 20]).is_err(), "the disk is full");
    // Somebody else takes what sealing frees.
    let again = folder.path().join("again");
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(500));
        let _ = std::fs::write(&again, vec![1; 16 << 20]);
    }
    std::fs::remove_file(&again).unwrap();
    std::fs::remove_file(&filler).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    terminate(&mut child.0);
    let mut said = String::new();
    std::io::Read::read_to_string(child.0.stderr.as_mut().unwrap(), &mut said).unwrap();
    let journal = journals(folder.path());
    let replayed = replayed(folder.path(), scratch.path());
    let output = replay(folder.path(), &scratch.path().join("j"));
    let unmounted = Command::new("umount").arg(folder.path()).status().unwrap().success();
    assert!(said.contains("No space left"), "{said}");
    assert!(said.contains("recording again: "), "{said}");
    assert_eq!(replayed, journal, "{said}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["mode"], "as_recorded");
    assert!(report["recording"]["gaps"].as_u64() >= Some(1), "{said}");
    assert!(unmounted);
}

#[test]
fn a_stdout_that_takes_no_more_ends_the_printing_and_not_the_run() {
    if skipped() {
        return;
    }
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _load = load(scratch.path());
    let mut command = Command::new(KS);
    command.args(["live", "--interval", "100ms", "--duration", "6s", "--format", "json", "-o"]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let outcome = command.arg(folder.path()).stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&outcome.stderr);
    assert!(outcome.status.success(), "{said}");
    assert!(said.contains("the journal goes on"), "{said}");
    assert_eq!(replayed(folder.path(), scratch.path()), journals(folder.path()));
}
