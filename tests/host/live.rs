//! `ks live` on this very host: what it says is what a replay of its recording says.
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{KS, Own, skipped, wait_until_begun};

/// Four processes that want a CPU, one of which forks all the time. stress-ng adds memory and
/// disk where it is installed.
fn load(folder: &Path) -> Vec<Own> {
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

fn live(folder: &Path, more: &[&str]) -> Child {
    let mut command = Command::new(KS);
    command.args(["live", "--interval", "100ms", "-o"]).arg(folder).args(more);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn replayed(folder: &Path, scratch: &Path) -> String {
    let journal = scratch.join("replayed.jsonl");
    let mut command = Command::new(KS);
    command.arg("replay").arg(folder).arg("--journal").arg(&journal).stdout(Stdio::null());
    assert!(command.status().unwrap().success());
    std::fs::read_to_string(journal).unwrap()
}

fn terminate(child: &mut Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(child.wait().unwrap().success());
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
    let journal = std::fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    assert!(journal.contains("\"change\":\"raised\""), "four loops on this host are a signal");
    let sealed = std::fs::read_dir(folder.path()).unwrap().filter(|entry| {
        entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "parquet")
    });
    assert!(sealed.count() >= 3, "a segment is 4 s long");
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
        let journal = std::fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
        let replayed = replayed(folder.path(), scratch.path());
        assert!(replayed.starts_with(&journal), "round {round}:\n{journal}\n---\n{replayed}");
        lines += journal.lines().count();
    }
    assert!(lines > 20, "the journals say something");
}

#[test]
fn a_run_after_a_kill_seals_what_was_left_and_keeps_its_journal() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = live(folder.path(), &[]);
    wait_until_begun(folder.path());
    std::thread::sleep(Duration::from_millis(700));
    child.kill().unwrap();
    child.wait().unwrap();
    let second = live(folder.path(), &["--duration", "500ms"]).wait_with_output().unwrap();
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected =
        ["00000000.parquet", "00000001.parquet", "journal-before-00000001.jsonl", "journal.jsonl"];
    assert_eq!(names, expected);
}

#[test]
fn old_segments_are_removed_and_a_second_daemon_is_refused() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = live(folder.path(), &["--segment", "1s", "--keep-bytes", "1k"]);
    std::thread::sleep(Duration::from_millis(3500));
    let second = live(folder.path(), &[]).wait_with_output().unwrap();
    assert_eq!(second.status.code(), Some(3));
    terminate(&mut child);
    let left = std::fs::read_dir(folder.path()).unwrap().filter(|entry| {
        entry.as_ref().unwrap().path().extension().is_some_and(|end| end == "parquet")
    });
    assert_eq!(left.count(), 0, "each is larger than 1 kB");
}
