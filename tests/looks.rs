//! Actions that only look, asked for by a reasoner while a scenario goes on: what they are answered
//! is what the scenario made, no sooner than it was sampled and no later, and nothing is done.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::io::sink;

use ks_agent::reasoner::{Advised, Reasoner};
use ks_engine::engine::Engine;
use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_replayer::range::Range;
use ks_replayer::replay::{self, Run};
use ks_replayer::report::Report;
use ks_replayer::scenario;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::decision::{
    AgentConfig, Ending, Finish, LookTold, Mode, ModelRequest, Phase, Reasoner as Named, Reply,
    ToolAnswer,
};
use ks_vocabulary::input::{Config, Input};
use ks_vocabulary::kind::Severity;
use serde_json::{Value, json};

/// A program takes all CPUs from its sibling, and leaves sockets open; others read, send and are in
/// swap.
const SCENARIO: &str = r#"
summary = "A tenant takes the CPUs of its sibling."
duration = "60s"

[host]
cpus = 2
memory = "4GiB"
swap = "2GiB"
disk = "rotating"
filesystem = "50GiB"
filesystem_used = 0.4
nic_mbit = 1000

[background]
mix = "idle"

[[process]]
name = "hog"
group = "/tenants.slice/b.service"
threads = 8
nice = 3
demand = { spin = 8.0, memory = "700MiB", unclosed = 2.0 }

[[process]]
name = "worker"
group = "/tenants.slice/a.service"
threads = 4
demand = { cpu = 0.2, burst = "2ms" }

[[process]]
name = "reader"
group = "/tenants.slice/c.service"
threads = 4
demand = { read = { threads = 4.0, think = "1ms", size = "64KiB" } }

[[process]]
name = "sleeper"
group = "/tenants.slice/d.service"
swapped = "256MiB"
demand = { memory = "50MiB", hot = 0.0, segments = 500.0, segment = "1000B" }
"#;

/// Asks for everything once, in the phases in which it may.
#[derive(Debug, Default)]
struct Curious {
    next: usize,
}

/// The answer of a look at the processes that use most CPU.
fn top(request: &ModelRequest) -> Option<(String, String)> {
    let answers = request.history.iter().filter_map(|one| one.answer.as_ref().ok());
    let mut top = answers.filter_map(|answer| {
        let ToolAnswer::Looked(told) = answer else { return None };
        let LookTold::TopCpu { processes } = &**told else { return None };
        let first = processes.rows.first()?;
        Some((first.entity.clone(), first.group.clone()?))
    });
    top.next()
}

impl Reasoner for Curious {
    fn advise(&mut self, request: &ModelRequest) -> Advised {
        let query = json!({"call": {"tool": "query_signals", "arguments":
            {"severity_min": "low", "lookback_minutes": 5}}});
        let (process, group) = top(request).unwrap_or_default();
        let signal = request.history.iter().find_map(|one| match &one.answer {
            Ok(ToolAnswer::Signals(told)) => told.signals.first().map(|signal| signal.id),
            _ => None,
        });
        let look = |action: &str, params: Value| {
            json!({"call": {"tool": "execute_remediation", "arguments": {"action_type": action,
                "params": params, "justification": "It shows what goes on.",
                "confidence": 0.5, "evidence": [signal]}}})
        };
        let count = json!({"count": 50});
        let all = [
            query,
            look("list_top_cpu", count.clone()),
            look("list_top_memory", count.clone()),
            look("check_io_activity", count.clone()),
            json!("next"),
            look("check_network_stats", json!({})),
            look("check_tcp_stats", json!({})),
            look("monitor_swap", json!({"lasts": 5})),
            json!("next"),
            look("list_blocked_tasks", count),
            look("show_cgroup_usage", json!({"group": group})),
            look("show_process", json!({"process": process})),
            json!("next"),
            look("check_disk_space", json!({})),
            look("list_sockets", json!({"process": process})),
            look("check_pressure", json!({})),
        ];
        self.next += 1;
        if let Some(reply) = all.get(self.next - 1) {
            return Advised::Text(reply.to_string());
        }
        let reason = "it has seen enough".to_owned();
        Advised::Reply(Reply::Finish(Finish::new(Ending::NothingToDo, reason)))
    }
}

fn curious() -> Run {
    let mut run = Run::default();
    run.advise_by(|| Box::new(Curious::default()));
    run
}

/// Goes through the scenario; `each` is told its inputs.
fn run(mut each: impl FnMut(&Input)) -> Report {
    let scenario = Scenario::parse(SCENARIO, "looks.toml").unwrap();
    let mut simulation = scenario::simulation(&scenario, 1).unwrap();
    // What is high has lasted for longer than rates are taken over.
    let (mode, severity_min) = (Mode::Auto, Severity::High);
    let agent =
        AgentConfig { mode, severity_min, reasoner: Named::Rules, ..AgentConfig::default() };
    simulation.configure(Config { agent, ..Config::default() });
    let mut run = curious();
    let all = Range::new(None, None);
    let each = |_: &Engine, input: &Input| each(input);
    scenario::drive(&mut run, &mut simulation, all, &mut sink(), |_, _| {}, each).unwrap();
    run.finish("looks", &mut sink()).unwrap()
}

/// What each look was answered, by its word.
fn answers(report: &Report) -> Value {
    let mut all = serde_json::Map::new();
    for step in &report.steps {
        if let Some(told) = step.answer.get("looked").and_then(Value::as_object) {
            all.extend(told.clone());
        }
    }
    Value::Object(all)
}

fn number(told: &Value, path: &str) -> f64 {
    let found = told.pointer(path).and_then(Value::as_f64);
    assert!(found.is_some(), "no {path} in {told:#}");
    found.unwrap_or_default()
}

fn about(told: &Value, path: &str, expected: f64, share: f64) {
    let found = number(told, path);
    assert!((found - expected).abs() <= share * expected, "{path}: {found}, not {expected}");
}

#[test]
fn all_twelve_are_answered_with_what_the_scenario_made() {
    const MIB: f64 = 1_048_576.0;
    let report = run(|_| {});
    assert!(report.decisions.is_empty(), "nothing is decided by a look");
    let told = answers(&report);
    assert_eq!(told.as_object().unwrap().len(), 12, "{told:#}");

    // The hog has what its sibling and the reader leave of two CPUs.
    let cpus = number(&told, "/top_cpu/processes/rows/0/cpus");
    assert!((1.2..=2.0).contains(&cpus), "{cpus}");
    about(&told, "/cgroup/usage/cpus", cpus, 0.25);
    about(&told, "/top_memory/processes/rows/0/rss_bytes", 700.0 * MIB, 0.05);
    about(&told, "/cgroup/usage/memory_bytes", 700.0 * MIB, 0.10);
    assert_eq!(
        told["process"]["usage"]["entity"],
        told["top_memory"]["processes"]["rows"][0]["entity"]
    );
    assert_eq!(told["process"]["settings"]["nice"], 3.0);
    assert_eq!(told["process"]["settings"]["state"], "running");
    assert_eq!(told["process"]["settings"]["policy"], "other");
    assert_eq!(told["process"]["usage"]["threads"], 8.0);

    let reader = &told["io_activity"]["processes"]["rows"][0];
    let disk = &told["io_activity"]["disks"]["rows"][0];
    about(disk, "/read_bytes_per_s", number(reader, "/read_bytes_per_s"), 0.05);
    let requests = number(disk, "/requests_per_s");
    about(disk, "/read_bytes_per_s", requests * 65_536.0, 0.02);
    assert!(number(disk, "/busy_share") > 0.9 && requests > 50.0, "{disk}");
    assert_eq!(told["blocked_tasks"]["processes"]["rows"][0]["entity"], reader["entity"]);
    assert_eq!(told["blocked_tasks"]["processes"]["rows"][0]["waits_for"], "disk");

    about(&told, "/swap/host/swap_total_bytes", 2048.0 * MIB, 0.001);
    about(&told, "/swap/host/swap_free_bytes", (2048.0 - 256.0) * MIB, 0.02);
    about(&told, "/swap/host/over_s", 5.5, 0.1);
    assert_eq!(told["swap"]["host"]["out_pages_per_s"], 0.0);

    let nic = &told["network"]["interfaces"]["rows"][0];
    assert_eq!((&nic["speed_mbit"], &nic["carrier"]), (&json!(1000.0), &json!(true)));
    about(nic, "/tx_bytes_per_s", 500.0 * 1000.0, 0.15);
    about(&told, "/tcp/namespaces/rows/0/sent_per_s", 500.0, 0.15);
    assert_eq!(told["tcp"]["namespaces"]["rows"][0]["own"], true);
    let leaked = number(&told, "/sockets/of/close_wait");
    assert!((60.0..=190.0).contains(&leaked), "two a second: {leaked}");
    about(&told, "/tcp/namespaces/rows/0/close_wait", leaked, 0.02);

    about(&told, "/disk_space/filesystems/rows/0/total_bytes", 50.0 * 1024.0 * MIB, 0.01);
    about(&told, "/disk_space/filesystems/rows/0/used_share", 0.4 / 0.95, 0.01);
    assert!(number(&told, "/pressure/host/cpu_some_share") > 0.5);
    assert!(number(&told, "/pressure/groups/rows/0/cpu_some_share") > 0.3);
    for path in ["/top_cpu/processes/age_s", "/pressure/host/age_s", "/cgroup/usage/age_s"] {
        assert!((0.0..=1.0).contains(&number(&told, path)), "{path}");
    }
}

#[test]
fn an_answer_names_nothing_of_the_host_and_is_the_same_in_every_run() {
    let report = run(|_| {});
    let looks = report.steps.iter().filter(|step| step.answer.get("looked").is_some());
    let text: String = looks.map(|step| step.answer.to_string()).collect();
    for name in ["hog", "worker", "reader", "sleeper", "slice", "service", "eth0", "schedule"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
    let phases: Vec<Phase> = report.steps.iter().map(|step| step.phase).collect();
    assert!(phases.contains(&Phase::Decide) && !phases.contains(&Phase::Execute));
    assert_eq!(report.journal_sha256, run(|_| {}).journal_sha256);
}

/// What a replay decodes is enough for every look.
#[test]
fn a_recording_is_answered_as_the_scenario_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("looks.parquet");
    let mut writer = Writer::create(&path, false).unwrap();
    let live = run(|input| writer.append(input).unwrap());
    writer.seal().unwrap();
    let mut reader = Reader::open_for_engine(&[path]).unwrap();
    let (mut again, all) = (curious(), Range::new(None, None));
    replay::drive(&mut again, &mut reader, all, &mut sink(), |_, _| {}, |_, _| {}).unwrap();
    let again = again.finish("looks", &mut sink()).unwrap();
    assert_eq!(answers(&again), answers(&live));
    assert_eq!(again.journal_sha256, live.journal_sha256);
}
