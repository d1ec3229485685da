//! What is taken of a call, and what is refused.

use super::*;
use proptest::prelude::*;

const EXECUTION: &str = r#"{"action_type":"lower_process_priority","params":{"process":"proc#7",
    "nice":10},"justification":"It takes the CPUs that the others want.","confidence":0.7,
    "evidence":[3,4],"predicted_effect":{"metric":"cpu_some_5s","direction":"down","low":0.1,
    "high":0.5,"unit":"ratio","within_seconds":60}}"#;

fn refused(name: &str, arguments: &str) -> String {
    ToolCall::parse(name, arguments).expect_err(arguments).to_string()
}

#[test]
fn each_tool_is_read_with_its_defaults() {
    let call = ToolCall::parse("query_signals", r#"{"severity_min":"low","lookback_minutes":5}"#);
    let ToolCall::QuerySignals { limit: 20, .. } = call.unwrap() else { panic!("another tool") };
    let trends = r#"{"signal_type":"scheduler","analysis_window":5,"entity":"proc#7"}"#;
    assert!(ToolCall::parse("summarize_trends", trends).is_ok());
    let wait = r#"{"signal_type":"scheduler","duration_minutes":1,"action_type":"none"}"#;
    let call = ToolCall::parse("simulate_scenario", wait).unwrap();
    assert!(matches!(call, ToolCall::SimulateScenario { action_type: None, .. }));
    let propose = r#"{"failure_mode":"cpu_hog","urgency":"high","target":"cg#2"}"#;
    assert!(ToolCall::parse("propose_action", propose).is_ok());
    let ToolCall::ExecuteRemediation(asked) =
        ToolCall::parse("execute_remediation", EXECUTION).unwrap()
    else {
        panic!("another tool")
    };
    assert_eq!(asked.action.name(), "lower_process_priority");
    assert_eq!(asked.predicted_effect.unwrap().within_s, 60);
}

#[test]
fn what_a_broken_caller_sends_is_refused_with_its_reason() {
    for (name, arguments, reason) in [
        ("run_shell", "{}", "there is no tool `run_shell`"),
        ("query_signals", r#"{"severity_min":"low","lookback_minutes":true}"#, "boolean"),
        ("query_signals", r#"{"severity_min":"low","lookback_minutes":0}"#, "1 to 1440"),
        ("query_signals", r#"{"severity_min":"low","lookback_minutes":1.5}"#, "float"),
        ("query_signals", r#"{"severity_min":"urgent","lookback_minutes":5}"#, "unknown variant"),
        ("query_signals", r#"{"severity_min":"low","lookback_minutes":5,"x":1}"#, "unknown field"),
        (
            "query_signals",
            r#"{"severity_min":"low","lookback_minutes":5,"lookback_minutes":6}"#,
            "said twice",
        ),
        (
            "query_signals",
            r#"{"severity_min":"low","lookback_minutes":5,"signal_types":["syscall","syscall"]}"#,
            "twice",
        ),
        ("query_signals", r#"{"severity_min":"low","lookback_minutes":5,"limit":51}"#, "1 to 50"),
        ("summarize_trends", r#"{"signal_type":"scheduler","analysis_window":4}"#, "5 to 1440"),
        (
            "summarize_trends",
            r#"{"signal_type":"scheduler","analysis_window":5,"entity":"process:5:6"}"#,
            "no handle",
        ),
        (
            "simulate_scenario",
            r#"{"signal_type":"scheduler","duration_minutes":1,"action_type":"kill_all"}"#,
            "no action `kill_all`",
        ),
        (
            "simulate_scenario",
            r#"{"signal_type":"scheduler","duration_minutes":1,"target":"proc#1"}"#,
            "goes with",
        ),
        ("propose_action", r#"{"failure_mode":"gremlins","urgency":"low"}"#, "unknown variant"),
    ] {
        let found = refused(name, arguments);
        assert!(found.contains(reason), "{arguments}: {found}");
    }
}

#[test]
fn an_execution_is_refused_for_each_of_its_parts() {
    for (from, to, reason) in [
        ("0.7", "1.7", "from 0 to 1"),
        ("0.7", "\"high\"", "invalid type"),
        ("[3,4]", "[]", "1 to 20"),
        ("[3,4]", "[-3]", "invalid value"),
        ("proc#7", "5678", "no handle"),
        ("proc#7", "proc#07", "no handle"),
        ("proc#7", "process:5678:9", "no handle"),
        ("proc#7", "sshd", "no handle"),
        ("\"nice\":10", "\"nice\":0", "1 to 19"),
        ("\"nice\":10", "\"nice\":-1", "1 to 19"),
        ("\"nice\":10", "\"nice\":20", "1 to 19"),
        ("\"nice\":10", "\"nice\":true", "boolean"),
        ("\"nice\":10", "\"nice\":\"10\"", "string"),
        ("\"nice\":10", "\"nice\":10,\"force\":true", "unknown field"),
        ("lower_process_priority", "kill_process", "unknown variant"),
        ("It takes the CPUs that the others want.", "because", "20 to 1000"),
        ("cpu_some_5s", "happiness", "unknown variant"),
        ("\"unit\":\"ratio\"", "\"unit\":\"bytes\"", "another unit"),
        ("\"high\":0.5", "\"high\":0.05", "no interval"),
        ("\"within_seconds\":60", "\"within_seconds\":5", "10 to 900"),
    ] {
        let arguments = EXECUTION.replacen(from, to, 1);
        assert_ne!(arguments, EXECUTION, "{from}");
        let found = refused("execute_remediation", &arguments);
        assert!(found.contains(reason), "{to}: {found}");
    }
    let two = format!("[{EXECUTION},{EXECUTION}]");
    assert!(!refused("execute_remediation", &two).is_empty(), "two actions in one call");
}

#[test]
fn each_phase_has_the_tools_that_it_needs() {
    let of = |phase: Phase| {
        let of = ToolName::ALL.iter().filter(|tool| tool.is_of(phase));
        of.map(|tool| tool.word()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(of(Phase::Observe), "query_signals summarize_trends");
    assert_eq!(of(Phase::Simulate), "simulate_scenario");
    assert_eq!(of(Phase::Decide), "propose_action");
    assert_eq!(of(Phase::Execute), "execute_remediation");
    assert_eq!(of(Phase::Verify), "");
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(text in "\\PC{0,60}", at in 0usize..400) {
        for tool in ToolName::ALL {
            drop(ToolCall::parse(tool.word(), &text));
        }
        let mut broken = EXECUTION.to_owned();
        let at = (0..=at.min(broken.len())).rev().find(|at| broken.is_char_boundary(*at)).unwrap();
        broken.insert_str(at, &text);
        drop(ToolCall::parse("execute_remediation", &broken));
        drop(ToolCall::parse("execute_remediation", &EXECUTION[..at.min(EXECUTION.len())]));
    }
}
