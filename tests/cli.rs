//! What `ks` says and which code it ends with when it is given what it cannot use.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;
use std::process::{Command, Stdio};

use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::{Body, Delivery, HostFacts, Input, SourceState, Start};
use ks_vocabulary::model::{CpuCell, DiskCell, DiskName, ReadTimes, Sample};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

fn check(arguments: &[&str], code: i32, expected: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_ks")).args(arguments).output().unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{words}");
    assert!(words.contains(expected), "{words}");
    assert!(output.stdout.is_empty(), "errors go to stderr");
}

#[test]
fn unreadable_input_ends_with_4_and_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.parquet");
    std::fs::write(&bad, "hello").unwrap();
    check(&["replay", bad.to_str().unwrap()], 4, "bad.parquet` is not a recording");
    check(&["replay", folder.path().join("none.parquet").to_str().unwrap()], 4, "No such file");
    for either in ["none.parquet", "none.parquet.log"] {
        let path = folder.path().join(either);
        check(&["recover", path.to_str().unwrap()], 4, "none.parquet.log`: No such file");
    }
}

#[test]
fn an_existing_output_ends_with_3_and_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let there = folder.path().join("there.parquet");
    std::fs::write(&there, "precious").unwrap();
    check(&["record", "-o", there.to_str().unwrap()], 3, "hint: choose another name");
    assert_eq!(std::fs::read(&there).unwrap(), b"precious");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn wrong_use_ends_with_2() {
    check(&["record", "-o", "x.parquet", "--interval", "5ms"], 2, "100ms to 60s");
    check(&["replay"], 2, "<PATH>");
}

const HOSTILE: &str = "web\x1b[2J\n9 ticks of db\u{202e}\u{2028}";
const SHOWN: &str = r"web\u{1b}[2J\u{a}9 ticks of db\u{202e}\u{2028}";
const DISK: &str = "=cmd|' /C calc'!A0\u{202e}";

/// Writes a recording of a host with these names, of a tick in each of `seconds`.
fn record(path: &Path, host: &str, disk: &str, seconds: &[u64]) {
    let start = Start {
        host: HostFacts { hostname: host.into(), user_hz: 100, ..HostFacts::default() },
        boot_id: "b".into(),
        clock: ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(1_700_000_000_000_000_000) },
        sources: vec![SourceState {
            source: "diskstats".into(),
            state: Delivery::On,
            reason: Some(host.into()),
        }],
        ..Start::default()
    };
    let sample = |second: u64| {
        let mut sample = Sample::default();
        let row = sample.disks.push();
        row.set_name(DiskName::name, disk.as_bytes());
        row.set(DiskCell::reads, second * 10);
        sample.disks.set_read(ReadTimes::default());
        Body::Sample(Box::new(sample))
    };
    let mut writer = Writer::create(path, false).unwrap();
    let first = Timestamp(seconds[0] * SECOND_NS);
    writer.append(&Input::recorded(0, first, Body::Start(Box::new(start)))).unwrap();
    for (seq, second) in (1..).zip(seconds) {
        let mono = Timestamp(second * SECOND_NS);
        writer.append(&Input::recorded(seq, mono, sample(*second))).unwrap();
    }
    writer.seal().unwrap();
}

/// What `ks` prints of a recording, which is called as its own folder calls it.
fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_ks")).current_dir(folder).args(arguments).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn is_harmless(symbol: char) -> bool {
    symbol == '\n' || !symbol.is_control() && !['\u{202e}', '\u{2028}'].contains(&symbol)
}

#[test]
fn names_of_hosts_and_files_add_no_line_and_reach_no_terminal_raw() {
    let folder = tempfile::tempdir().unwrap();
    let bad = format!("{HOSTILE}.parquet");
    record(&folder.path().join(&bad), HOSTILE, DISK, &[1, 2, 3, 4]);
    record(&folder.path().join("good.parquet"), "web", "sda", &[1, 2, 3, 4]);
    let views: [&[&str]; 4] =
        [&["inspect"], &["replay"], &["analyze"], &["dump", "--columns", "disks.*"]];
    for view in views {
        let of = |name: &str| printed(folder.path(), &[view, &[name]].concat());
        let (shown, good) = (of(&bad), of("good.parquet"));
        assert!(shown.chars().all(is_harmless), "{view:?}: {shown:?}");
        assert_eq!(shown.lines().count(), good.lines().count(), "{view:?}: {shown}");
    }
    let shown = printed(folder.path(), &["inspect", &bad]);
    assert!(shown.starts_with(&format!("{SHOWN}.parquet: 4 ticks of {SHOWN}, sealed\n")));
    assert!(shown.contains(&format!("diskstats  on      {SHOWN}\n")), "{shown}");
    let shown = printed(folder.path(), &["replay", &bad]);
    assert!(shown.starts_with(&format!("4 ticks of {SHOWN}, ")), "{shown}");
}

#[test]
fn errors_and_notes_are_one_line_whatever_they_name() {
    let folder = tempfile::tempdir().unwrap();
    let name = folder.path().join(format!("{HOSTILE}.parquet"));
    std::fs::write(&name, "hello").unwrap();
    let (name, option) = (name.to_str().unwrap(), format!("--{HOSTILE}"));
    for arguments in [vec!["replay", name], vec!["replay", "x", &option]] {
        let output = Command::new(env!("CARGO_BIN_EXE_ks")).args(arguments).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(words.contains(SHOWN) && words.chars().all(is_harmless), "{words:?}");
        assert!(words.starts_with("error: ") && !words.contains("\n9 ticks"), "{words}");
    }
    record(&folder.path().join("other.parquet"), HOSTILE, DISK, &[1, 2]);
    let other = folder.path().join("other.parquet");
    check(&["replay", other.to_str().unwrap(), name], 4, SHOWN);
}

#[test]
fn a_name_is_no_formula_in_csv() {
    let folder = tempfile::tempdir().unwrap();
    record(&folder.path().join("a.parquet"), "web", DISK, &[1, 2]);
    let arguments = ["dump", "a.parquet", "--raw", "--columns", "disks.reads", "--format", "csv"];
    let lines = printed(folder.path(), &arguments);
    assert_eq!(lines.lines().count(), 3);
    let cells = lines.lines().flat_map(|line| line.split(','));
    assert!(cells.clone().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{lines}");
    assert!(cells.clone().any(|cell| cell == format!("'{DISK}")), "{lines}");
}

#[test]
fn words_that_cannot_be_written_end_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    record(&path, "web", "sda", &[1, 2]);
    let path = path.to_str().unwrap();
    let columns = "swaps.used_bytes";
    for (arguments, code) in [
        (vec!["replay", "none.parquet"], 4),
        (vec!["dump", path, "--columns", columns], 0),
        (vec!["replay"], 2),
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
        let status = command.args(&arguments).stderr(full).stdout(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_replay_says_how_many_ticks_were_late_and_missed() {
    let folder = tempfile::tempdir().unwrap();
    record(&folder.path().join("late.parquet"), "web", "sda", &[1, 2, 5, 6, 8]);
    record(&folder.path().join("good.parquet"), "web", "sda", &[1, 2, 3]);
    let late = printed(folder.path(), &["replay", "late.parquet"]);
    assert_eq!(late.lines().nth(1), Some("late ticks: 2, missed ticks: 3"), "{late}");
    let good = printed(folder.path(), &["replay", "good.parquet"]);
    assert_eq!(good.lines().nth(1), Some(""), "{good}");
}

#[test]
fn a_what_if_calls_a_condition_normal() {
    const RECORDING: &str = "fixtures/recordings/memory_pressure_double.parquet";
    const GROUP: &str = "memory_pressure:cgroup:memory:/ks-provoke-23657";
    let replayed = |arguments: &[&str]| {
        let arguments = [&["replay", RECORDING, "--format", "json"], arguments].concat();
        let output = Command::new(env!("CARGO_BIN_EXE_ks")).args(arguments).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{words}");
        (serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap(), words)
    };
    let raised = |run: &serde_json::Value| {
        let episodes = run["episodes"].as_array().unwrap().iter();
        episodes.map(|one| one["kind"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(raised(&replayed(&[]).0), ["io_congestion", "memory_pressure", "memory_pressure"]);
    let (run, words) = replayed(&["--accept", "io_congestion:host"]);
    assert_eq!(raised(&run), ["memory_pressure", "memory_pressure"]);
    assert_eq!(run["mode"], "what_if");
    let differs = run["differs"].as_array().unwrap();
    assert!(
        differs.iter().any(|why| why == "io_congestion on host is called normal from the start")
    );
    assert_eq!(words, "");
    let all = ["io_congestion:host", "memory_pressure:host", GROUP];
    let all = all.map(|one| ["--accept", one]).concat();
    assert_eq!(raised(&replayed(&all).0), [""; 0]);
    let (run, words) = replayed(&["--accept", "block_device_saturation:disk:none"]);
    assert_eq!(raised(&run).len(), 3);
    assert!(
        words.contains("`--accept block_device_saturation:disk:none` changes nothing"),
        "{words}"
    );
    let accept = |what, expected| check(&["replay", RECORDING, "--accept", what], 2, expected);
    accept("cpu:host", "the conditions are memory_pressure, ");
    accept("scheduler:eth0", "write an entity as verdicts do: `host`, `disk:sda`");
    accept("scheduler", "write KIND:ENTITY, such as load_mismatch:host");
}

#[test]
fn what_is_called_normal_stands_beside_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("ks.toml");
    std::fs::write(&config, "[[accept]]\nkind = \"io_congestion\"\nentity = \"host\"\n").unwrap();
    let recording = "fixtures/recordings/memory_pressure_double.parquet";
    let replayed = printed(
        Path::new(env!("CARGO_MANIFEST_DIR")),
        &[
            "replay",
            recording,
            "--accept",
            "memory_pressure:host",
            "--accept",
            "memory_pressure:cgroup:memory:/ks-provoke-23657",
            "--config",
            config.to_str().unwrap(),
        ],
    );
    assert!(replayed.contains("No signal was raised."), "{replayed}");
    assert!(replayed.contains("; memory_pressure on host is called normal from the start"));
}

/// A minute of a host with far more tasks than it has CPUs, whose configuration is read anew.
fn overload(path: &Path) {
    let start = Start {
        host: HostFacts { hostname: "web".into(), user_hz: 100, ..HostFacts::default() },
        boot_id: "b".into(),
        ..Start::default()
    };
    let sample = |second: u64| {
        let mut sample = Sample::default();
        let row = sample.cpu.push();
        row.set(CpuCell::cpus_online, 2u64);
        row.set(CpuCell::user_ticks, second * 200);
        row.set(CpuCell::idle_ticks, 0u64);
        row.set(CpuCell::procs_running, 40u64);
        row.set(CpuCell::procs_blocked, 0u64);
        sample.cpu.set_read(ReadTimes::default());
        Body::Sample(Box::new(sample))
    };
    let mut writer = Writer::create(path, false).unwrap();
    let bodies = (1..60).map(|second| match second {
        1 => Body::Start(Box::new(start.clone())),
        30 => Body::ConfigChange(Box::default()),
        _ => sample(second),
    });
    for (seq, body) in (0..).zip(bodies) {
        let mono = Timestamp((seq + 1) * SECOND_NS);
        writer.append(&Input::recorded(seq, mono, body)).unwrap();
    }
    writer.seal().unwrap();
}

#[test]
fn what_is_called_normal_outlives_a_recorded_change_of_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    overload(&folder.path().join("a.parquet"));
    let plain = printed(folder.path(), &["replay", "a.parquet"]);
    assert!(plain.contains("CRITICAL load_mismatch (cpu_bound) on host"), "{plain}");
    let accepted = printed(folder.path(), &["replay", "a.parquet", "--accept=load_mismatch:host"]);
    assert!(accepted.contains("No signal was raised."), "critical congestion too: {accepted}");
}

#[test]
fn recordings_that_cannot_follow_each_other_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (early, late) = (path("early.parquet"), path("late.parquet"));
    record(early.as_ref(), "web", "sda", &[1, 2]);
    record(late.as_ref(), "web", "sda", &[8, 9]);
    let journal = path("journal.jsonl");
    std::fs::write(&journal, "mine").unwrap();
    let twice = format!("`{late}` and `{late}` are the same file");
    let order = format!("`{early}` begins before `{late}`");
    let output = path("out");
    for (command, last) in [
        (vec!["replay", "--journal", &journal], vec![]),
        (vec!["analyze"], vec![]),
        (vec!["baseline", "build", "-o", &output], vec![]),
        (vec!["capture", "-o", &output, "--around", "+1s"], vec!["--from"]),
    ] {
        let given = |first, second| {
            let paths = [first, second].map(|path: &String| [last.as_slice(), &[path]].concat());
            [command.clone(), paths.concat()].concat()
        };
        check(&given(&late, &late), 2, &twice);
        check(&given(&late, &early), 2, &order);
    }
    assert_eq!(std::fs::read(&journal).unwrap(), b"mine", "it is kept");
    check(&["replay", &late, &late], 2, "hint: name each recording once");
    check(&["replay", &late, &early], 2, "hint: name recordings in the order");
    assert!(printed(folder.path(), &["replay", &early, &late]).starts_with("4 ticks of web"));
}

#[test]
fn actions_are_listed_and_explained() {
    let ks = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_ks")).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, text) = ks(&["actions"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("45 actions; `ks actions --here` tells which"), "{text}");
    assert!(text.contains("  terminate_process ") && text.contains("need an approval"), "{text}");
    let (_, text) = ks(&["actions", "--kind", "swap_thrashing"]);
    assert!(text.contains("reduce_swappiness") && !text.contains("widen_port_range"), "{text}");
    let (_, text) = ks(&["actions", "lower_cpu_weight"]);
    for expected in
        ["weight: 1 to 99", "undo     the value before is put back", "cpu.weight=<1-99>"]
    {
        assert!(text.contains(expected), "{text}");
    }
    let (_, json) = ks(&["actions", "--format", "json"]);
    let actions: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(actions.as_array().unwrap().len(), 45);
    assert_eq!(ks(&["actions", "reboot"]).0, Some(2));
    assert_eq!(ks(&["actions", "--kind", "hunger"]).0, Some(2));
}

#[test]
fn the_policy_says_which_rule_decides() {
    let check = |action: &str, code: i32, expected: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
        let output = command.args(["policy", "check", action]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(expected), "{text}");
    };
    check("renice -n 10 -p 5678", 0, "allowed: renice -n 10 -p 5678: lower_process_priority");
    check("kill -KILL 5678", 1, "denied: kill -KILL 5678: forbidden rule 7");
    check("renice -n 10 -p 5678; id", 1, "forbidden rule 1");
    check("renice -n 20 -p 5678", 1, "no allowed form is like it");
    check(
        r#"{"lower_cpu_weight":{"group":"/batch.slice","weight":20}}"#,
        0,
        "lower_cpu_weight, rule",
    );
    check(r#"{"lower_cpu_weight":{"group":"cg#4","weight":20}}"#, 1, "`group` is not resolved");
    check(r#"{"lower_cpu_weight":{"group":"/batch.slice","weight":200}}"#, 1, "it is no action");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    let output = command.args(["policy", "show", "--format", "json"]).output().unwrap();
    let rules: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(rules["allowed"].as_array().unwrap().len() >= 40, "{rules}");
    assert!(rules["forbidden"].as_array().unwrap().len() >= 15, "{rules}");
}
