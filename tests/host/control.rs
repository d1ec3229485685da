//! A daemon that is asked and told things while it runs: what it was told is in its recording.
use std::path::Path;
use std::process::{Command, Output};

use crate::live::{journals, live, load, replayed, run, terminate};
use crate::{KS, skipped, wait_until_begun};

fn ks(arguments: &[&str], folder: &Path) -> Output {
    Command::new(KS).args(arguments).arg("-o").arg(folder).output().unwrap()
}

pub(crate) fn status(folder: &Path) -> serde_json::Value {
    let asked = ks(&["status", "--format", "json"], folder);
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    serde_json::from_slice(&asked.stdout).unwrap()
}

fn hang_up(pid: u32) {
    let sent = Command::new("kill").args(["-HUP", &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Waits up to 10 s until the daemon says so.
pub(crate) fn wait_for(folder: &Path, what: &str, holds: impl Fn(&serde_json::Value) -> bool) {
    let held = (0..100).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        // It may not listen yet.
        ks(&["status"], folder).status.success() && holds(&status(folder))
    });
    assert!(held, "{what}: {}", status(folder));
}

#[test]
fn what_a_daemon_was_told_is_in_its_recording_and_survives_a_kill() {
    if skipped() {
        return;
    }
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, config) = (folder.path(), scratch.path().join("ks.toml"));
    let entry =
        |entity: &str| format!("[[accept]]\nkind = \"page_fault\"\nentity = \"{entity}\"\n");
    std::fs::write(&config, entry("disk:a")).unwrap();
    let load = load(scratch.path());
    let more = ["--segment", "3s", "--no-ebpf", "--config", config.to_str().unwrap()];
    let mut child = live(folder, &more);
    wait_until_begun(folder);
    let standing = |kind: &'static str| {
        move |status: &serde_json::Value| {
            status["standing"].as_array().unwrap().iter().any(|one| one["kind"] == kind)
        }
    };
    wait_for(folder, "a host with four loops is overloaded", standing("load_mismatch"));
    let accepted = ks(&["accept", "load_mismatch", "host"], folder);
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    wait_for(folder, "what stood ends", |status| !standing("load_mismatch")(status));
    std::fs::write(&config, entry("disk:b")).unwrap();
    hang_up(child.id());
    let names = |status: &serde_json::Value, entity: &str| {
        status["accepted"].as_array().unwrap().iter().any(|one| one["entity"] == entity)
    };
    wait_for(folder, "it is read again", |status| names(status, "disk:b"));
    assert!(!names(&status(folder), "disk:a"), "the new configuration replaces the old one");
    child.kill().unwrap();
    child.wait().unwrap();
    let refused = ks(&["status"], folder);
    assert_eq!(refused.status.code(), Some(3), "nobody listens where a daemon was killed");

    let mut child = live(folder, &["--no-ebpf"]);
    wait_until_begun(folder);
    wait_for(folder, "it goes on", |status| status["samples"].as_u64() > Some(2));
    assert!(names(&status(folder), "host"), "what was said is carried");
    assert!(!names(&status(folder), "disk:b"), "what was configured is not");
    let past = ["accept", "load_mismatch", "host", "--until", "2020-01-01T00:00:00Z"];
    let told = String::from_utf8(ks(&past, folder).stderr).unwrap();
    assert!(told.contains("is judged as ever"), "{told}");
    wait_for(folder, "what is past is taken back", |status| !names(status, "host"));
    terminate(&mut child);
    drop(load);
    assert!(!folder.join("control.sock").exists());
    let journal = journals(folder);
    assert!(journal.contains("\"change\":\"accepted_as_normal\""), "{journal}");
    assert_eq!(replayed(folder, scratch.path()), journal);
}

#[test]
fn what_is_in_the_way_of_the_socket_ends_nothing() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("control.sock"), "somebody else's").unwrap();
    let said = run(folder.path(), &["--no-ebpf", "--duration", "500ms"]);
    assert!(said.contains("nobody can ask at"), "{said}");
    let kept = std::fs::read(folder.path().join("control.sock")).unwrap();
    assert_eq!(kept, b"somebody else's");
    let absent = ks(&["accept", "scheduler", "host"], folder.path());
    let told = String::from_utf8_lossy(&absent.stderr).into_owned();
    assert_eq!(absent.status.code(), Some(3), "{told}");
    assert!(told.contains("no daemon writes") && told.contains("hint:"), "{told}");
}
