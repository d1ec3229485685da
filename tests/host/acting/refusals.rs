//! What is refused: with an exit code, a reason, and what to do instead.
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::victim::{USER, Victim};
use super::{ACTOR, LOWER, TO_TEN, act, ks, proposing, said, unfit};
use crate::{KS, Own};

const MISUSED: i32 = 2;
const DENIED: i32 = 1;
const NOT_HERE: i32 = 3;
const UNREADABLE: i32 = 4;

fn refused(output: &Output, code: i32, words: &[&str]) {
    let told = said(output);
    assert_eq!(output.status.code(), Some(code), "{told}");
    for word in words {
        assert!(told.contains(word), "`{word}` is missing: {told}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_begins() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pid = victim.pid();
    refused(&act(folder, "nonsense", pid, &[]), MISUSED, &["`ks actions` names them all"]);
    let has = ["has no `bogus`", "it has process, nice"];
    refused(&act(folder, LOWER, pid, &["--set", "bogus=1"]), MISUSED, &has);
    let bounds = ["1 to 19", "`ks actions lower_process_priority`"];
    refused(&act(folder, LOWER, pid, &["--set", "nice=-5"]), MISUSED, &bounds);
    refused(&act(folder, LOWER, pid, &["--set", "nice=20"]), MISUSED, &bounds);
    let no_target = ["act", LOWER, "--set", "nice=10"];
    refused(&ks(&no_target, &folder.join("x")), MISUSED, &["done to a process: add --target"]);
    let disk = ["act", LOWER, "--target", "disk:sda", "--set", "nice=10"];
    refused(&ks(&disk, &folder.join("x")), MISUSED, &["`disk:sda` is none"]);
    let no_log = ks(&["audit", "verify"], folder);
    refused(&no_log, UNREADABLE, &["audit.jsonl", "hint: name the directory"]);
    refused(&act(folder, LOWER, pid, &["--set", "nice"]), MISUSED, &["NAME=VALUE"]);
    refused(&act(folder, LOWER, pid, &TO_TEN), MISUSED, &["name a recording", "-o FILE.parquet"]);
    refused(&act(folder, LOWER, 1, &TO_TEN), MISUSED, &["`1` is no process id"]);
    let mut gone = Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    refused(&act(folder, LOWER, gone.id(), &TO_TEN), MISUSED, &["there is no process"]);
    let nowhere = folder.join("observd");
    refused(&ks(&["stop-acting"], &nowhere), MISUSED, &["no daemon writes there"]);
    assert!(!nowhere.exists(), "a switch that nobody looks at is none");
    let nobody = ks(&["approve", "99"], folder);
    refused(&nobody, NOT_HERE, &["no daemon writes", "hint:"]);
    refused(&ks(&["deny", "99"], folder), NOT_HERE, &["no daemon writes", "hint:"]);
    let root = folder.to_str().unwrap();
    let other = ks(&["live", "--mode", "auto", "--root", root], folder);
    refused(&other, MISUSED, &["leave --root out"]);
    assert_eq!(victim.nice(), 0);
    assert!(!folder.join("acting").exists(), "no actor began");
}

#[test]
fn who_is_not_root_cannot_act() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let folder = tempfile::tempdir().unwrap();
    let permissions = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(folder.path(), permissions).unwrap();
    let ks = folder.path().join("ks");
    std::fs::copy(KS, &ks).unwrap();
    let target = format!("pid:{}", victim.pid());
    let own = ["act", LOWER, "--target", &target, "--set", "nice=10", "-o", "x.parquet"];
    let observing = ["live", "--mode", "propose", "-o", "live"];
    for arguments in [&own[..], &observing[..]] {
        let mut command = Command::new(&ks);
        command.args(arguments).uid(USER).gid(USER).current_dir(folder.path());
        if arguments[0] == "act" {
            command.args(["--daemon", "nowhere"]);
        }
        let output = command.output().unwrap();
        refused(&output, NOT_HERE, &["it needs root", "hint: start it as root"]);
    }
    assert_eq!(victim.nice(), 0);
}

/// A thread of the kernel.
fn kernel_thread() -> Option<u32> {
    let children = std::fs::read_to_string("/proc/2/task/2/children").unwrap_or_default();
    children.split_ascii_whitespace().next()?.parse().ok()
}

#[test]
fn what_is_protected_is_left_alone() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::running("sleep 1 & exec sleep 1000", 2) else { return };
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let daemon = proposing(folder);
    let denied = |pid: u32, words: &[&str]| {
        refused(&act(folder, LOWER, pid, &TO_TEN), DENIED, words);
    };
    match kernel_thread() {
        Some(pid) => denied(pid, &["denied by protected", "a thread of the kernel"]),
        None => eprintln!("going on without a thread of the kernel: none is seen here"),
    }
    denied(daemon.0.id(), &["denied by protected"]);
    let own = Own(Command::new("sleep").arg("1000").stdin(Stdio::null()).spawn().unwrap());
    denied(own.0.id(), &["denied by"]);
    let child = victim.members()[1];
    assert!((0..300).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap().contains(") Z ")
    }));
    denied(child, &["denied by"]);
    let another = format!("process:{}:5", victim.pid());
    let mut command = Command::new(KS);
    command.args(["act", LOWER, "--target", &another, "--daemon"]).arg(folder).args(TO_TEN);
    refused(&command.args(ACTOR).output().unwrap(), DENIED, &["is gone, or another"]);
    refused(&ks(&["approve", "99"], folder), NOT_HERE, &["does not wait", "what waits: nothing"]);
    refused(&ks(&["deny", "99"], folder), NOT_HERE, &["does not wait", "what waits: nothing"]);
    let nothing = ks(&["undo", "99"], folder);
    refused(&nothing, NOT_HERE, &["none of the last decisions of this run"]);
    assert_eq!(victim.nice(), 0);
}

#[test]
fn where_nothing_can_be_noted_nothing_is_done() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(folder.path());
    if !mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: cannot mount a small tmpfs");
        return;
    }
    assert!(std::fs::write(folder.path().join("filler"), vec![1; 1 << 20]).is_err());
    let recording = scratch.path().join("x.parquet");
    let more = ["--set", "nice=10", "-o", recording.to_str().unwrap()];
    let full = act(folder.path(), LOWER, victim.pid(), &more);
    let stopped = ks(&["stop-acting"], folder.path());
    let unmounted = Command::new("umount").arg(folder.path()).status().unwrap().success();
    refused(&full, NOT_HERE, &["the actor cannot act", "No space left"]);
    assert!(stopped.status.success(), "{}", said(&stopped));
    assert_eq!(victim.nice(), 0);
    assert!(unmounted);
    let file = scratch.path().join("a file");
    std::fs::write(&file, "").unwrap();
    let no_folder = act(&file, LOWER, victim.pid(), &more);
    refused(&no_folder, NOT_HERE, &["the actor cannot act", "Not a directory"]);
    assert!(!Path::new(&recording).exists(), "nothing was recorded");
}
