//! The agent on modelled hosts: what it decides, does and verifies, as a whole.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "product/run.rs"]
mod run;

use std::path::Path;

use ks_engine::analysis::knowledge::KnownPlacebos;
use ks_replayer::replay::Run;
use ks_replayer::report::{Decision, Report};
use ks_replayer::scenario::{self, untreated};
use ks_scenarios::library;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::decision::{Decided, Mode, Upshot};
use ks_vocabulary::input::Config;
use serde_json::{Value, json};

/// Scenarios on which the agent acts by itself: what happens to them when nothing is done comes
/// with the product.
const ACTED_ON: [&str; 13] = [
    "action_makes_it_worse",
    "compile_in_a_hurry",
    "fork_bomb",
    "handle_leak",
    "leaking_service",
    "noisy_neighbour",
    "noisy_neighbour_weight",
    "port_exhaustion",
    "quiet",
    "renice_one_session",
    "renice_two_sessions",
    "runaway_threads",
    "two_faults_at_once",
];

/// `KS_BLESS_UNTREATED=1` works them out anew, and else one seed of some of them is held against
/// what is there: a model or an engine that gives something else makes them stale.
#[test]
fn what_happens_when_nothing_is_done_is_that_of_this_engine_and_model() {
    if std::env::var_os("KS_BLESS_UNTREATED").is_some() {
        for name in ACTED_ON {
            let scenario = scenario::load(Path::new(name)).unwrap();
            let found = untreated::worked_out(&scenario, name, &|_, _| {}).unwrap();
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("scenarios/untreated")
                .join(name)
                .with_extension("json");
            std::fs::write(path, lines(&found)).unwrap();
        }
        return;
    }
    for name in ["noisy_neighbour_weight", "renice_one_session"] {
        let shipped: Vec<KnownPlacebos> =
            serde_json::from_str(library::untreated(name).unwrap()).unwrap();
        let scenario = scenario::load(Path::new(name)).unwrap();
        for one in untreated::of_first_seed(&scenario, name).unwrap() {
            let is_same =
                |known: &&KnownPlacebos| (known.kind, &known.metric) == (one.kind, &one.metric);
            let known = shipped.iter().find(is_same).unwrap();
            assert!(known.values.starts_with(&one.values), "{name}: {one:?} is stale");
        }
    }
}

/// One quantity a line.
fn lines(all: &[KnownPlacebos]) -> String {
    let each: Vec<String> = all.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
    format!("[\n{}\n]\n", each.join(",\n"))
}

/// What `ks` prints on stdout, and its exit code.
fn ks(arguments: &[&str]) -> (String, String, Option<i32>) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_ks"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

fn replayed(arguments: &[&str]) -> Value {
    let mut all = vec!["replay"];
    all.extend_from_slice(arguments);
    all.extend_from_slice(&["--format", "json"]);
    let (out, error, code) = ks(&all);
    assert_eq!(code, Some(0), "{error}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_leak_is_detected_decided_on_acted_on_and_verified() {
    let granted = ["leaking_service", "--config", "examples/grant-terminate.toml"];
    let report = replayed(&granted);
    let told = serde_json::to_string_pretty(&report["decisions"]).unwrap();
    insta::assert_snapshot!("leak_with_a_grant", told);
    let decision = &report["decisions"][0];
    assert_eq!(decision["outcome"], "resolved");
    assert_eq!(decision["actual"]["method"], "placebo");
    let again = replayed(&granted);
    assert_eq!(report["journal_sha256"], again["journal_sha256"]);
    let critical = report["episodes"].as_array().unwrap().iter();
    assert_eq!(critical.filter(|one| one["severity"] == "critical").count(), 0, "it was in time");
}

#[test]
fn without_a_grant_it_is_proposed_with_plan_and_interval() {
    let report = replayed(&["leaking_service", "--mode", "auto"]);
    let decision = &report["decisions"][0];
    assert_eq!(decision["verdict"], "needs_approval");
    assert_eq!(decision["plan"][0], "SIGTERM to process:317:3570000");
    assert!(decision["predicted"]["low"].as_f64() < decision["predicted"]["high"].as_f64());
    let (out, ..) = ks(&["replay", "leaking_service", "--mode", "auto"]);
    insta::assert_snapshot!("leak_without_a_grant", out);
}

#[test]
fn what_does_not_help_is_put_back_and_what_helps_stays() {
    let helped = replayed(&["renice_one_session", "--mode", "auto"]);
    assert_eq!(helped["decisions"][0]["outcome"], "resolved");
    let useless = replayed(&["runaway_threads", "--mode", "auto"]);
    let first = &useless["decisions"][0];
    assert_eq!(
        (&first["action"], &first["outcome"]),
        (&json!("lower_cpu_weight"), &json!("rolled_back"))
    );
    assert_eq!(first["undo"][0], "`100` to cpu.weight of cgroup:/system.slice/spinner.service");
    let lesson = first["lesson"].as_str().unwrap();
    assert!(lesson.contains("is read as it was before"), "a rollback is verified too: {lesson}");
}

/// A program is held back, and minutes later another one does the same.
const HELPS_FOR_A_WHILE: &str = r#"
summary = "A tenant takes the CPUs of its sibling, and later another does."
duration = "14m"

[host]
cpus = 2

[background]
mix = "idle"

[[process]]
name = "worker"
group = "/tenants.slice/a.service"
threads = 4
demand = { cpu = 0.2, burst = "2ms" }

[[process]]
name = "first"
group = "/tenants.slice/b.service"
threads = 8
during = "burst"
demand = { spin = 8.0 }

[[process]]
name = "second"
group = "/tenants.slice/c.service"
threads = 8
during = "late"
demand = { spin = 8.0, arrivals = 10.0 }

[[fault]]
name = "burst"
at = "2m"

[[fault]]
name = "late"
at = "10m"
"#;

fn acted_on(text: &str) -> Report {
    let scenario = Scenario::parse(text, "a_while.toml").unwrap();
    run::through(Run::default(), &scenario, 1, Config::by_rules(Mode::Auto))
}

#[test]
fn what_stops_working_is_told_of_the_decision() {
    // Nobody acts on who serves others, so that the watch goes on.
    let serves = HELPS_FOR_A_WHILE.replace("during = \"late\"", "during = \"late\"\nport = 9090");
    let report = acted_on(&serves);
    let told: Vec<String> = report.decisions.iter().map(|one| format!("{one:?}")).collect();
    let is_stopped = |one: &&Decision| {
        one.lesson.as_deref().is_some_and(|lesson| lesson.contains("it stopped working within"))
    };
    let first = report.decisions.iter().find(is_stopped);
    let first = first.unwrap_or_else(|| panic!("{told:#?}"));
    assert_eq!(first.course.last().unwrap().change, Decided::Watched);
    assert!(matches!(first.outcome, Some(Upshot::Improved | Upshot::Resolved)));
    assert_eq!(acted_on(&serves).journal_sha256, report.journal_sha256);
}

#[test]
fn nothing_waits_for_the_watch() {
    let report = acted_on(HELPS_FOR_A_WHILE);
    let helped = |one: &&Decision| one.outcome == Some(Upshot::Improved);
    let first = report.decisions.iter().find(helped).unwrap();
    let later = report.decisions.iter().find(|one| one.id > first.id).unwrap();
    assert_eq!(later.comm.as_deref(), Some("second"));
    assert!(later.course.iter().any(|stage| stage.change == Decided::Asked), "{later:?}");
}

#[test]
fn nobody_touches_what_others_need_and_what_is_well() {
    for name in ["hog_everybody_needs", "fault_ends_by_itself", "busy_ranks"] {
        let report = replayed(&[name, "--mode", "auto"]);
        assert_eq!(report["decisions"], json!([]), "{name}");
    }
}

#[test]
fn nothing_is_done_to_a_recording() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n.parquet");
    let path = path.to_str().unwrap();
    let (_, error, code) = ks(&["scenario", "build", "noisy_neighbour_weight", "-o", path]);
    assert_eq!(code, Some(0), "{error}");
    let usual = replayed(&[path]);
    assert_eq!((&usual["mode"], &usual["decisions"]), (&json!("as_recorded"), &json!([])));
    let report = replayed(&[path, "--mode", "auto"]);
    assert_eq!(report["mode"], "what_if");
    assert_eq!(report["decisions"][0]["outcome"], "dry_run");
    let (_, error, _) = ks(&["replay", path, "--mode", "auto"]);
    assert!(error.contains("nothing is done to a recording"), "{error}");
}

#[test]
fn a_recording_of_what_was_done_replays_to_the_same_journal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("acted.parquet");
    let path = path.to_str().unwrap();
    for name in ["noisy_neighbour_weight", "runaway_threads"] {
        let acted = replayed(&[name, "--mode", "auto"]);
        let build = ["scenario", "build", name, "--mode", "auto", "--force", "-o", path];
        let (_, error, code) = ks(&build);
        assert_eq!(code, Some(0), "{error}");
        let again = replayed(&[path]);
        assert_eq!(again["mode"], "as_recorded", "{}", again["differs"]);
        assert_eq!(again["decisions"], acted["decisions"], "outcomes are those of the recording");
        assert_eq!(again["journal_sha256"], acted["journal_sha256"]);
    }
}

#[test]
fn a_whole_trace_is_explained() {
    let (out, error, code) = ks(&["explain", "port_exhaustion", "--mode", "propose"]);
    assert_eq!(code, Some(0), "{error}");
    let asks = ["observe turn 1: query_signals: limit 50", "execute_remediation: action"];
    let answers = ["signal 1: ", "needs_approval by mode", "decision 1"];
    for part in asks.into_iter().chain(answers) {
        assert!(out.contains(part), "{part}: {out}");
    }
    let (.., code) = ks(&["explain", "quiet", "--incident", "7"]);
    assert_eq!(code, Some(2));
}

#[test]
fn wrong_modes_reasoners_and_policies_are_refused_at_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.toml");
    std::fs::write(&path, "[budgets]\nactions = 99\n").unwrap();
    let policy = path.to_str().unwrap();
    for (arguments, code, told) in [
        (&["--mode", "yolo"][..], 2, "observe, propose, auto"),
        (&["--reasoner", "oracle"][..], 2, "off, rules"),
        (&["--mode", "auto", "--policy", policy][..], 2, "site.toml:1:1: a policy can only lower"),
        (&["--policy", "/nowhere.toml"][..], 4, "/nowhere.toml"),
    ] {
        let mut all = vec!["replay", "quiet"];
        all.extend_from_slice(arguments);
        let (_, error, found) = ks(&all);
        assert!(error.contains(told), "{error}");
        assert_eq!(found, Some(code), "{error}");
    }
    std::fs::write(&path, "deny = [\"limit_cgroup_cpu\"]\n").unwrap();
    let denied = replayed(&["noisy_neighbour_weight", "--mode", "auto", "--policy", policy]);
    let all = denied["decisions"].as_array().unwrap();
    assert!(all.iter().all(|one| one["action"] != "limit_cgroup_cpu"), "{all:#?}");
}

#[test]
fn another_policy_is_held_against_what_was_decided() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("site.toml");
    std::fs::write(&path, "approve = [\"limit_cgroup_cpu\"]\n").unwrap();
    let policy = path.to_str().unwrap();
    let asked = ["policy", "diff", "noisy_neighbour_weight", "--policy", policy];
    let (out, error, code) = ks(&asked);
    assert_eq!(code, Some(1), "{error}");
    assert!(out.contains("limit_cgroup_cpu to cgroup:/tenants.slice/b.service"), "{out}");
    assert!(out.contains("needs_approval by site"), "{out}");
    let shown = ["policy", "diff", "noisy_neighbour_weight", "--policy", "examples/site.toml"];
    let (out, error, code) = ks(&shown);
    assert!(code == Some(1) && out.contains("needs_approval by site"), "{out}{error}");
    std::fs::write(&path, "deny = [\"clear_page_cache\"]\n").unwrap();
    let (out, _, code) = ks(&asked);
    assert_eq!((code, out.contains("changes none of")), (Some(0), true), "{out}");
}
