//! Scenarios through the whole product: the library, bad files, `ks scenario`, `ks test`.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::path::Path;
use std::process::{Command, Output};

use ks_scenarios::library;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::input::{Input, Stamp};

fn ks(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn inputs(scenario: &Scenario, seed: u64, count: usize) -> Vec<Input> {
    let mut simulation = scenario.simulation(seed);
    let (mut stamp, mut all) = (Stamp::default(), Vec::new());
    while let Some((at, body)) = simulation.next()
        && all.len() < count
    {
        all.push(stamp.put(at, body).clone());
    }
    all
}

fn load(name: &str) -> Scenario {
    Scenario::parse(library::find(name).unwrap(), name).unwrap()
}

#[test]
fn every_scenario_of_the_library_can_be_read_and_expects_something() {
    let names: Vec<_> = library::names().collect();
    assert!(names.len() >= 20, "{names:?}");
    for name in names {
        let scenario = load(name);
        assert!(!scenario.expect.is_empty() || !scenario.forbid.is_empty(), "{name}");
        assert!(scenario.seeds.count >= 20, "{name}");
    }
}

#[test]
fn a_seed_gives_the_same_run_and_another_seed_another_one() {
    let scenario = load("runaway_threads");
    let run = inputs(&scenario, 7, 120);
    assert_eq!(run.len(), 120);
    assert!(run == inputs(&scenario, 7, 120), "the same seed");
    assert!(run != inputs(&scenario, 8, 120), "another seed");
}

/// A scenario of ten minutes with these lines added or in place of others.
fn check_bad(lines: &str, expected: &str) {
    let text = format!("summary = \"s\"\nduration = \"10m\"\n{lines}");
    let error = Scenario::parse(&text, "bad.toml").unwrap_err().to_string();
    assert!(error.contains(expected), "{error:?} has no {expected:?}");
    let place: Vec<&str> = error.split(':').collect();
    assert_eq!(place[0], "bad.toml");
    assert!(place[1].parse::<usize>().is_ok() && place[2].parse::<usize>().is_ok(), "{error}");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_place() {
    check_bad("colour = 1", "bad.toml:3:1: unknown field `colour`");
    check_bad("[host]\ncpus = 0", "bad.toml:4:1: a host has 1 to 1024 CPUs");
    check_bad("[host]\ncpus = -4", "bad.toml:4:8");
    check_bad("[host]\nmemory = \"-1GiB\"", "bad.toml:4:10: `-1GiB` is no number of bytes");
    check_bad("[host]\nmemory = \"99999TiB\"", "256MiB to 16TiB");
    check_bad("[host]\nfilesystem_used = 1.5", "share from 0 up to 1");
    check_bad("interval = \"50ms\"", "a multiple of it");
    check_bad("seeds = { first = 9223372036854775807, count = 0 }", "no seed, no run");
    check_bad("seeds = { first = 9223372036854775808 }", "bad.toml:3:19: a number of TOML is at");
    check_bad("[[process]]\nname = \"a-name-that-is-too-long\"", "1 to 15 bytes");
    let huge = "[[process]]\nname = \"a\"\ndemand = { memory = \"100GiB\" }";
    check_bad(huge, "bad.toml:5:12: with `a` what runs holds");
    check_bad("[[process]]\nname = \"a\"\nnice = 40", "bad.toml:5:1: 40 is no nice level");
    check_bad("[[process]]\nname = \"a\"\ndemand = { cpu = -1.0 }", "`cpu` is negative");
    check_bad("[[process]]\nname = \"a\"\nduring = \"x\"", "there is no fault `x`");
    check_bad("[[process]]\nname = \"a\"\nwaits_for = \"x\"", "there is no process `x`");
    check_bad("needed = [\"x\"]", "bad.toml:3:1: there is no process and no control group `x`");
    check_bad("[host]\ndisk_scheduler = \"cfq\"", "bad.toml:4:18: unknown variant");
    check_bad("[[fault]]\nat = \"11m\"\nloss = 0.1", "behind the end of the run");
    check_bad("[[fault]]\nat = \"5m\"\nduration = \"6m\"\nloss = 0.1", "ends behind the end");
    check_bad("[[fault]]\nat = \"5m\"", "changes nothing");
    check_bad("[[fault]]\nat = \"5m\"\nloss = 1.5", "a share from 0 to 1");
    let target = "[[fault]]\nat = \"5m\"\ntarget = \"nobody\"\ndemand = { spin = 1.0 }";
    check_bad(target, "bad.toml:5:1: there is no process `nobody`");
    check_bad("[[fault]]\nat = \"5m\"\ndemand = { spin = 1.0 }", "needs a `target`");
    check_bad("[[expect]]\nkind = \"scheduler\"", "there is no fault");
    check_bad("[[expect]]\nkind = \"sheduler\"", "bad.toml:4:8: unknown variant");
    let form = "[[expect]]\nkind = \"syscall\"\nsubtype = \"slwo\"";
    check_bad(form, "bad.toml:5:11: unknown variant");
    check_bad("[[forbid]]\nkind = \"sheduler\"", "none of the ten kinds");
}

#[test]
fn a_scenario_that_makes_no_sense_is_wrong_use_and_one_that_is_not_there_is_unreadable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.toml"), "summary = \"s\"").unwrap();
    let bad = ks(folder.path(), &["replay", "bad.toml"]);
    assert_eq!(bad.status.code(), Some(2), "{}", text(&bad.stderr));
    assert!(
        text(&bad.stderr).contains("bad.toml:1:1: a scenario has a `duration`"),
        "{}",
        text(&bad.stderr)
    );
    for (name, other) in [("one", "two"), ("two", "one")] {
        let text = format!("summary = \"s\"\nduration = \"5m\"\ninclude = [\"{other}.toml\"]\n");
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    let circle = ks(folder.path(), &["replay", "one.toml"]);
    assert_eq!(circle.status.code(), Some(2), "{}", text(&circle.stderr));
    let told = "two.toml:3:12: it includes itself: one.toml -> two.toml -> one.toml";
    assert!(text(&circle.stderr).contains(told), "{}", text(&circle.stderr));
    std::fs::write(folder.path().join("bytes.toml"), b"summary = \"s\"\n# \xff\n").unwrap();
    std::fs::write(folder.path().join("cases.toml"), "[[case]]\nnmae = 3\n").unwrap();
    let place = |arguments: &[&str], code: i32, told: &str| {
        let run = ks(folder.path(), arguments);
        assert_eq!(run.status.code(), Some(code), "{}", text(&run.stderr));
        assert!(text(&run.stderr).contains(told), "{}", text(&run.stderr));
    };
    place(&["replay", "bytes.toml"], 2, "bytes.toml:2:3: this is no text");
    place(&["test", "bytes.toml"], 2, "bytes.toml:2:3: this is no text");
    place(&["test", "cases.toml"], 2, "cases.toml:2:1: unknown field `nmae`");
    place(&["test", "--seeds", "0"], 2, "--seeds");
    place(&["replay", "missing.toml"], 4, "cannot read the scenario `missing.toml`: No such file");
    place(&["test", "missing.toml"], 4, "cannot read the scenario `missing.toml`: No such file");
    let unknown = ks(folder.path(), &["scenario", "show", "unheard_of"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown.stderr));
    assert!(text(&unknown.stderr).contains("ks scenario list"));
}

#[test]
fn a_scenario_in_memory_and_its_recording_give_the_same_report() {
    let folder = tempfile::tempdir().unwrap();
    let built = ks(folder.path(), &["scenario", "build", "packet_loss", "-o", "x.parquet"]);
    assert_eq!(built.status.code(), Some(0), "{}", text(&built.stderr));
    let report = |path: &str| {
        let replayed = ks(folder.path(), &["replay", path, "--format", "json"]);
        assert_eq!(replayed.status.code(), Some(0), "{}", text(&replayed.stderr));
        let mut report: serde_json::Value = serde_json::from_slice(&replayed.stdout).unwrap();
        report["recording"]["path"] = serde_json::Value::Null;
        report
    };
    let in_memory = report("packet_loss");
    assert_eq!(in_memory, report("x.parquet"));
    assert_eq!(in_memory["mode"], "as_recorded", "an engine saw it while it was built");
    assert_eq!(in_memory["episodes"][0]["kind"], "network_degradation");
    let again = ks(folder.path(), &["scenario", "build", "packet_loss", "-o", "x.parquet"]);
    assert_eq!(again.status.code(), Some(3), "an existing file is not replaced");
}

/// Ticks that the engine is owed are part of the run: the recording has them.
#[test]
fn a_scenario_whose_ticks_are_late_and_its_recording_are_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let name = "thrashing_late_ticks";
    let built = ks(folder.path(), &["scenario", "build", name, "-o", "x.parquet"]);
    assert_eq!(built.status.code(), Some(0), "{}", text(&built.stderr));
    let journal = |path: &str| {
        let replayed = ks(folder.path(), &["replay", path, "--journal", "j.jsonl"]);
        assert_eq!(replayed.status.code(), Some(0), "{}", text(&replayed.stderr));
        std::fs::read(folder.path().join("j.jsonl")).unwrap()
    };
    assert_eq!(text(&journal("x.parquet")), text(&journal(name)));
    let inspected = ks(folder.path(), &["inspect", "x.parquet", "--format", "json"]);
    let inspected: serde_json::Value = serde_json::from_slice(&inspected.stdout).unwrap();
    assert!(inspected["inputs"]["tick"].as_u64() > Some(10), "{}", inspected["inputs"]);
}

#[test]
fn met_expectations_pass_and_unmet_ones_fail_with_exit_code_1() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["packet_loss", "slight_loss_below", "runaway_threads"];
    let mut arguments = vec!["test", "--junit", "results.xml", "--format", "json"];
    arguments.extend(names);
    let passed = ks(folder.path(), &arguments);
    assert_eq!(passed.status.code(), Some(0), "{}", text(&passed.stdout));
    let results: serde_json::Value = serde_json::from_slice(&passed.stdout).unwrap();
    assert_eq!((&results["passed"], &results["failed"]), (&3.into(), &0.into()));
    assert_eq!(results["kinds"]["network_degradation"]["found"], 1);
    let junit = std::fs::read_to_string(folder.path().join("results.xml")).unwrap();
    assert!(junit.contains("tests=\"3\" failures=\"0\""), "{junit}");
    let cases = "[[case]]\nname = \"nothing is lost\"\nscenario = \"packet_loss\"\n\
        [[case.forbid]]\nkind = \"network_degradation\"\n";
    std::fs::write(folder.path().join("cases.toml"), cases).unwrap();
    let failed = ks(folder.path(), &["test", "cases.toml"]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    let told = text(&failed.stdout);
    assert!(told.contains("FAILED nothing is lost: packet_loss seed 1"), "{told}");
    assert!(told.contains("forbidden: ") && told.contains("0 passed, 1 failed"), "{told}");
}

/// "And nothing else" holds while a fault lasts too.
#[test]
fn what_crosses_no_limit_fails_its_case_unless_the_file_says_why_it_is_borne_with() {
    let folder = tempfile::tempdir().unwrap();
    let whole = library::find("leaking_service").unwrap();
    // A forecast of the end raises the kind before any counter crosses, and the run ends there.
    let (begin, _) = whole.split_once("[[expect]]").unwrap();
    let begin = begin.replace("duration = \"1h15m\"", "duration = \"43m\"");
    let silent = format!("{begin}[[forbid]]\nkind = \"network_degradation\"\n");
    std::fs::write(folder.path().join("silent.toml"), &silent).unwrap();
    let failed = ks(folder.path(), &["test", "silent.toml"]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    let told = text(&failed.stdout);
    assert!(told.contains("excess: medium memory_pressure (predicted) on host"), "{told}");
    let borne = format!(
        "{silent}[[weakened]]\nwhat = \"raised\"\nreason = \"a forecast\"\n\
         kind = \"memory_pressure\"\n"
    );
    std::fs::write(folder.path().join("borne.toml"), borne).unwrap();
    let borne = ks(folder.path(), &["test", "borne.toml", "--format", "json"]);
    assert_eq!(borne.status.code(), Some(0), "{}", text(&borne.stdout));
    let results: serde_json::Value = serde_json::from_slice(&borne.stdout).unwrap();
    let count = &results["kinds"]["memory_pressure"];
    assert_eq!((&count["excess"], &count["excess_declared"]), (&1.into(), &1.into()));
}

#[test]
fn an_action_that_cannot_be_done_is_told_and_fails_its_case() {
    let folder = tempfile::tempdir().unwrap();
    let scenario = "summary = \"s\"\nduration = \"2m\"\n[[process]]\nname = \"a\"\n\
        [[action]]\nat = \"30s\"\ndo = { terminate_process = { process = \"a\" } }\n\
        [[action]]\nat = \"1m\"\ndo = { terminate_process = { process = \"a\" } }\n\
        [[forbid]]\nkind = \"scheduler\"\n";
    std::fs::write(folder.path().join("twice.toml"), scenario).unwrap();
    let replayed = ks(folder.path(), &["replay", "twice.toml"]);
    let told = "an action 1m after the start was refused: there is no process `a`";
    assert!(text(&replayed.stderr).contains(told), "{}", text(&replayed.stderr));
    assert!(!text(&replayed.stderr).contains("30s"), "{}", text(&replayed.stderr));
    let tested = ks(folder.path(), &["test", "twice.toml"]);
    assert_eq!(tested.status.code(), Some(1), "{}", text(&tested.stdout));
    assert!(text(&tested.stdout).contains("action 1m: there is no process `a`"));
}

#[test]
fn a_part_of_a_recording_is_a_case_too() {
    let folder = tempfile::tempdir().unwrap();
    let recording = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/recordings");
    std::fs::copy(recording.join("cpu_overload_one.parquet"), folder.path().join("x.parquet"))
        .unwrap();
    let cases = "[[case]]\nname = \"overload\"\nfrom = \"x.parquet\"\n\
        [[case.expect]]\nkind = \"load_mismatch\"\nonset = \"15s\"\nend = \"46s\"\n\
        [[case.expect]]\nkind = \"scheduler\"\nonset = \"15s\"\nend = \"46s\"\n\
        [[case]]\nname = \"before\"\nfrom = \"x.parquet\"\nuntil = \"14s\"\n\
        [[case.forbid]]\nkind = \"load_mismatch\"\n\
        [[case]]\nname = \"behind the end\"\nfrom = \"x.parquet\"\nat = \"5m\"\n\
        [[case.forbid]]\nkind = \"load_mismatch\"\n";
    std::fs::write(folder.path().join("cases.toml"), cases).unwrap();
    let tested = ks(folder.path(), &["test", "cases.toml", "--format", "json"]);
    let results: serde_json::Value = serde_json::from_slice(&tested.stdout).unwrap();
    let passed = |at: usize| results["cases"][at]["passed"].as_bool().unwrap();
    assert!(passed(0) && passed(1), "{results:#}");
    assert!(!passed(2) && results["cases"][2]["why"][0].as_str().unwrap().contains("no tick"));
}

#[test]
fn blessing_narrows_and_never_loosens_without_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = folder.join("loss.toml");
    let original = library::find("packet_loss").unwrap();
    std::fs::write(&file, original).unwrap();
    let blessed = ks(folder, &["test", "loss.toml", "--bless"]);
    assert_eq!(blessed.status.code(), Some(0), "{}", text(&blessed.stderr));
    let narrowed = std::fs::read_to_string(&file).unwrap();
    assert!(narrowed.contains("severity = \"medium\""), "{narrowed}");
    let unmet = original.replace("\"medium\", \"high\"", "\"low\", \"low\"");
    std::fs::write(&file, &unmet).unwrap();
    let refused = ks(folder, &["test", "loss.toml", "--bless"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("--weaken REASON"), "{}", text(&refused.stderr));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), unmet, "it is left as it is");
    let weakened = ks(folder, &["test", "loss.toml", "--bless", "--weaken", "we do not know yet"]);
    assert_eq!(weakened.status.code(), Some(0), "{}", text(&weakened.stderr));
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(kept.contains("optional = true") && kept.contains("we do not know yet"), "{kept}");
    assert_eq!(ks(folder, &["test", "--bless"]).status.code(), Some(2), "the library is not ours");
}
