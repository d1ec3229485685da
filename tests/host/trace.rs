//! Single events, from `ks trace` and beside a recording.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::{KS, Own, skipped};

/// The events that `arguments` print while a process named `name` begins and ends again and again.
fn events_of(arguments: &[&str], name: &str) -> Option<Vec<Value>> {
    let mut command = Command::new(KS);
    let mut child =
        Own(command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let out = child.0.stdout.take().unwrap();
    let reader = std::thread::spawn(move || {
        let lines = BufReader::new(out).lines().map(Result::unwrap);
        lines.map(|line| serde_json::from_str(&line).unwrap()).collect::<Vec<Value>>()
    });
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join(name);
    std::fs::copy("/bin/true", &program).unwrap();
    // Until the programs are attached nothing is seen.
    while child.0.try_wait().unwrap().is_none() {
        assert!(Command::new(&program).status().unwrap().success());
        std::thread::sleep(Duration::from_millis(50));
    }
    let status = child.0.wait().unwrap();
    let events = reader.join().unwrap();
    if !status.success() {
        let mut said = String::new();
        let _ = std::io::Read::read_to_string(&mut child.0.stderr.take().unwrap(), &mut said);
        assert!(said.contains("permission denied") || said.contains("no BTF"), "{said}");
        eprintln!("skipped: {said}");
        return None;
    }
    Some(events)
}

fn is_of(event: &Value, kind: &str, comm: &str) -> bool {
    event["event"] == kind && event["comm"] == comm
}

#[test]
fn lives_are_told_event_by_event() {
    if skipped() {
        return;
    }
    let arguments = ["trace", "lifetime", "--json", "--duration", "3s"];
    let Some(events) = events_of(&arguments, "ks-traced") else { return };
    let count = |kind| events.iter().filter(|event| is_of(event, kind, "ks-traced")).count();
    assert!(count("exec") >= 5 && count("exit") >= 5, "{events:?}");
    let begun = events.iter().find(|event| is_of(event, "exec", "ks-traced")).unwrap();
    let same = |event: &&Value| is_of(event, "exit", "ks-traced") && event["pid"] == begun["pid"];
    let ended = events.iter().find(same).unwrap();
    assert_eq!(ended["status"], 0);
    let time = |event: &Value| event["time"].as_str().unwrap().to_owned();
    assert!(time(begun) < time(ended), "in order of time");
}

#[test]
fn a_recording_prints_events_beside() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet").display().to_string();
    let arguments = ["record", "--events=lifetime,tcp", "--duration", "4s", "-o", &path];
    let Some(events) = events_of(&arguments, "ks-beside") else { return };
    assert!(events.iter().any(|event| is_of(event, "exec", "ks-beside")));
    assert!(crate::recorded::Recorded::read(std::path::Path::new(&path)).samples().len() >= 3);
}
