//! What each tool answers, and what of its arguments is refused.

use std::process::Command;

use serde_json::{Value, json};

use super::client::{Client, everything, folder};

/// The middle of the burst.
const AT: &str = "+60s";

fn at(mut arguments: Value) -> Value {
    arguments["at"] = json!(AT);
    arguments
}

fn strings<'a>(told: &'a Value, list: &str, field: &str) -> Vec<&'a str> {
    let all = told[list].as_array().unwrap();
    all.iter().map(|one| one[field].as_str().unwrap()).collect()
}

/// The culprit that stands convicted.
fn convicted(signals: &Value) -> String {
    let all = signals["signals"]["signals"].as_array().unwrap();
    let mut parties = all.iter().flat_map(|signal| signal["culprits"].as_array().unwrap());
    let found = parties.find(|party| party["convicted"] == true).unwrap();
    found["entity"].as_str().unwrap().to_owned()
}

#[test]
fn each_tool_answers_as_the_agents_own_do() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    let signals = client.told("query_signals", &at(everything()));
    let kinds = strings(&signals["signals"], "signals", "kind");
    assert!(kinds.contains(&"scheduler"), "{signals}");
    let culprit = convicted(&signals);
    let trends = json!({"signal_type": "scheduler", "analysis_window": 5});
    let trends = client.told("summarize_trends", &at(trends));
    assert!(!trends["trends"]["changes"].as_array().unwrap().is_empty(), "{trends}");
    let simulated = json!({"signal_type": "scheduler", "duration_minutes": 30});
    let simulated = client.told("simulate_scenario", &at(simulated));
    assert!(simulated["simulated"]["cannot_tell"].is_string(), "{simulated}");
    let asked = json!({"failure_mode": "noisy_neighbour", "urgency": "high", "target": culprit});
    let told = client.told("propose_action", &at(asked.clone()));
    let rules = strings(&told["candidates"], "candidates", "rule");
    assert!(!rules.is_empty() && rules.iter().all(|rule| !rule.is_empty()), "{told}");
    for verdict in strings(&told["candidates"], "candidates", "verdict") {
        assert!(["denied", "needs_approval"].contains(&verdict), "nobody lets it act: {told}");
    }
    assert_eq!(client.told("propose_action", &at(asked)), told, "it did nothing");
    let explained = client.told("explain_incident", &at(json!({})));
    assert!(!explained["steps"].as_array().unwrap().is_empty(), "{explained}");
    assert_eq!(explained["incident"]["causes"][0]["handle"], json!(culprit), "{explained}");
}

#[test]
fn a_handle_means_the_same_in_every_call() {
    let folder = folder();
    let mut client = Client::older(folder.path(), &["burst.toml"]);
    let first = client.told("query_signals", &at(everything()));
    let culprit = convicted(&first);
    client.told("query_signals", &everything());
    let mut early = everything();
    early["at"] = json!("+45s");
    assert_eq!(convicted(&client.told("query_signals", &early)), culprit);
    assert_eq!(client.told("query_signals", &at(everything())), first);
    let asked = json!({"signal_type": "load_mismatch", "analysis_window": 5, "entity": culprit});
    client.told("summarize_trends", &at(asked));
}

#[test]
fn what_is_out_of_bounds_is_refused_with_a_sentence() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    let signals = "query_signals";
    let mut check = |tool: &str, arguments: Value, expected: &str| {
        let told = client.refused(tool, &arguments);
        assert!(told.contains(expected), "{arguments}: {told}");
    };
    check(signals, json!({}), "missing field `severity_min`");
    check(signals, json!({"severity_min": "low"}), "missing field `lookback_minutes`");
    for minutes in [json!(0), json!(1441), json!(-1), json!(1.5), json!("5"), json!(null)] {
        check(signals, json!({"severity_min": "low", "lookback_minutes": minutes}), "");
    }
    let with = |key: &str, value: Value| {
        let mut arguments = everything();
        arguments[key] = value;
        arguments
    };
    check(signals, with("severity_min", json!("LOW")), "unknown variant `LOW`");
    check(signals, with("limit", json!(51)), "1 to 50 are taken");
    check(signals, with("limit", json!(0)), "1 to 50 are taken");
    check(signals, with("signal_types", json!(["cpu"])), "unknown variant");
    check(signals, with("signal_types", json!(["scheduler", "scheduler"])), "twice");
    check(signals, with("sql", json!("select 1")), "unknown field `sql`");
    check(signals, with("path", json!("/etc/passwd")), "unknown field `path`");
    check(signals, with("at", json!("yesterday")), "`at`: write a time as");
    check(signals, with("at", json!("1969-01-01T00:00:00Z")), "before the beginning");
    check(signals, with("incident", json!(0)), "from 1 on");
    check(signals, with("incident", json!(999)), "no incident 999");
    check(signals, with("x", json!("y".repeat(20_000))), "are taken");
    let trends = |window: u64, entity: &str| {
        json!({"signal_type": "scheduler", "analysis_window": window, "entity": entity})
    };
    check("summarize_trends", trends(4, "proc#1"), "5 to 1440 are taken");
    check("summarize_trends", trends(5, "proc#999"), "was not issued");
    for entity in ["1234", "process:1:2", "/bin/sh", "proc#0", "proc#01", "proc#1; ls", ""] {
        check("summarize_trends", trends(5, entity), "no handle");
    }
    let simulated = |minutes: u64, action: &str| {
        json!({"signal_type": "scheduler", "duration_minutes": minutes, "action_type": action})
    };
    check("simulate_scenario", simulated(241, "none"), "1 to 240 are taken");
    check("simulate_scenario", simulated(5, "rm -rf"), "no action");
    let proposed = |mode: &str, urgency: &str| json!({"failure_mode": mode, "urgency": urgency});
    check("propose_action", proposed("it_is_slow", "low"), "unknown variant");
    check("propose_action", proposed("cpu_hog", "now"), "unknown variant");
    check("explain_incident", json!({"incident": 999}), "no incident 999");
    check("explain_incident", json!({"format": "text"}), "unknown field `format`");
    client.told(signals, &everything());
}

#[test]
fn the_trace_of_an_incident_is_that_of_ks_explain() {
    let folder = folder();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.current_dir(folder.path()).args(["explain", "burst.toml", "--incident", "1"]);
    let output = command.args(["--format", "json"]).output().unwrap();
    let expected: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut client = Client::start(folder.path(), &["burst.toml"]);
    let mut told = client.told("explain_incident", &json!({"incident": 1}));
    for cause in told["incident"]["causes"].as_array_mut().unwrap() {
        cause.as_object_mut().unwrap().remove("handle").unwrap();
    }
    assert_eq!(told["truncated"], 0);
    for part in ["incident", "steps", "decisions"] {
        assert_eq!(told[part], expected[part], "{part}");
    }
}

#[test]
fn a_scenario_of_the_library_is_known_by_its_name_and_several_are_told_apart() {
    let folder = folder();
    let mut client = Client::start(folder.path(), &["noisy_neighbour", "burst.toml"]);
    let listed = client.ask("tools/list", &json!({}));
    let schema = &listed["result"]["tools"][0]["inputSchema"];
    let paths = json!(["noisy_neighbour", "burst.toml"]);
    assert_eq!(schema["properties"]["path"]["enum"], paths, "{schema}");
    let told = client.refused("query_signals", &everything());
    assert_eq!(told, "`path` is one of `noisy_neighbour`, `burst.toml`");
    let mut arguments = everything();
    arguments["path"] = json!("noisy_neighbour");
    arguments["at"] = json!("+10m");
    let noisy = client.told("query_signals", &arguments);
    assert!(strings(&noisy["signals"], "signals", "kind").contains(&"scheduler"), "{noisy}");
    let explained = json!({"path": "noisy_neighbour", "at": "+10m"});
    let explained = client.told("explain_incident", &explained);
    assert_eq!(explained["incident"]["causes"][0]["entity"], "cgroup:/tenants.slice/b.service");
}
