//! A process names itself as it likes: its bytes are recorded as they are, and nobody who reads an
//! output has them run in his terminal or break his lines.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ks_vocabulary::model::ShortLived;
use serde_json::Value;

use crate::recorded::Recorded;
use crate::{KS, Own, skipped, wait_until_begun};

/// At most 15 bytes: a new line, a quote, a terminal's red, no UTF-8, and what looks like the end
/// of the name in `/proc/PID/stat`.
const NAME: &[u8] = b"h\n\"\x1b[31m\xff) R 1";
/// The same for people and programs.
const SHOWN: &str = "h\u{fffd}\"\u{fffd}[31m\u{fffd}) R 1";

const SHORT_LIVES: u64 = 5;

/// Every form of every output, with what it takes but the path.
const VIEWS: [&[&str]; 10] = [
    &["dump", "--raw", "--format", "table", "--columns", "*"],
    &["dump", "--raw", "--format", "csv", "--columns", "*"],
    &["dump", "--raw", "--format", "json", "--columns", "*"],
    &["dump", "--format", "table", "--top", "5", "--columns", "processes.utime_ticks,*.comm"],
    &["dump", "--format", "csv", "--columns", "bpf_short_lived.*"],
    &["dump", "--format", "json", "--columns", "bpf_short_lived.*"],
    &["inspect", "--format", "text"],
    &["inspect", "--format", "json"],
    &["replay", "--format", "text"],
    &["replay", "--format", "json"],
];

/// A copy of a program under the hostile name.
fn disguised(program: &str, folder: &Path) -> std::io::Result<PathBuf> {
    let folder = folder.join(Path::new(program).file_name().unwrap());
    std::fs::create_dir(&folder)?;
    let copy = folder.join(OsStr::from_bytes(NAME));
    std::fs::copy(program, &copy)?;
    Ok(copy)
}

/// Runs the copy of a program, which may look at how it is called.
fn run(copy: &Path, called: &str, arguments: &[&str]) -> std::io::Result<Own> {
    Command::new(copy).arg0(called).args(arguments).spawn().map(Own)
}

/// Records while disguised processes want more CPUs than there are, so that verdicts name them,
/// and others end at once.
fn record_disguised(path: &Path, folder: &Path) -> std::io::Result<()> {
    let (shell, sleep) = (disguised("/bin/sh", folder)?, disguised("/bin/sleep", folder)?);
    let mut command = Command::new(KS);
    command.args(["record", "--duration", "20s", "-o"]).arg(path);
    let mut recorder = Own(command.stderr(Stdio::null()).spawn()?);
    wait_until_begun(path.parent().expect("it is in a folder"));
    std::thread::sleep(Duration::from_secs(3));
    let cpus = std::thread::available_parallelism()?.get();
    let spin = |_| run(&shell, "sh", &["-c", "while :; do :; done"]);
    let _hogs: Vec<Own> = (0..cpus * 4).map(spin).collect::<Result<_, _>>()?;
    for _ in 0..SHORT_LIVES {
        run(&sleep, "sleep", &["0.02"])?.0.wait()?;
    }
    assert!(recorder.0.wait()?.success());
    Ok(())
}

/// What `ks` prints, which holds no control character and is UTF-8; so are its notes.
fn printed(view: &[&str], path: &Path) -> String {
    let output = Command::new(KS).args(view).arg(path).output().unwrap();
    let notes = clean(output.stderr, &format!("the notes of {view:?}"));
    assert!(output.status.success(), "{view:?}: {notes}");
    clean(output.stdout, &format!("{view:?}"))
}

fn clean(bytes: Vec<u8>, what: &str) -> String {
    let text = String::from_utf8(bytes).expect(what);
    let raw = text.chars().find(|symbol| symbol.is_control() && *symbol != '\n');
    assert_eq!(raw, None, "{what} has a control character");
    text
}

/// The names of those whom the episodes of a report name.
fn culprits(report: &Value) -> Vec<&str> {
    let episodes = report["episodes"].as_array().unwrap().iter();
    let named = episodes.flat_map(|episode| episode["culprits"].as_array().unwrap());
    named.filter_map(|culprit| culprit["comm"].as_str()).collect()
}

#[test]
fn a_hostile_name_is_recorded_as_it_is_and_printed_without_harm() {
    if skipped() {
        return;
    }
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("x.parquet");
    if let Err(error) = record_disguised(&path, scratch.path()) {
        return eprintln!("skipped: no program can be copied and run: {error}");
    }
    let found = Recorded::read(&path);
    let mut running = found.samples().into_iter().flat_map(|sample| sample.processes.iter());
    assert!(running.any(|row| row.comm() == Some(NAME)), "those that run are recorded");
    let has_lifetime = found.has("bpf/lifetime");
    if has_lifetime {
        let ended = found.samples().into_iter().flat_map(|sample| sample.bpf_short_lived.iter());
        let ended = ended.filter(|row| row.comm() == Some(NAME)).filter_map(ShortLived::count);
        assert!(ended.sum::<u64>() >= SHORT_LIVES, "those that ended are recorded");
    }
    let journal = scratch.path().join("journal.jsonl");
    printed(&["replay", "--journal", journal.to_str().unwrap()], &path);
    let journal = clean(std::fs::read(journal).unwrap(), "the journal");
    assert!(journal.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    let [table, .., json] = VIEWS.map(|view| printed(view, &path));
    assert!(table.contains(SHOWN), "it is shown");
    let report: Value = serde_json::from_str(&json).unwrap();
    let named = culprits(&report);
    assert!(named.contains(&SHOWN), "{named:?}");
}
