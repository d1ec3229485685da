//! Reads the answer of a reasoner from outside.

use alloc::format;
use alloc::string::{String, ToString};

use alloc::vec::Vec;

use ks_vocabulary::decision::{BadCall, Ending, Finish, Reply, ToolCall, ToolName, strict};
use serde::Deserialize;
use serde_json::Value;

/// A longer reason is cut.
const REASON_CHARS_MAX: usize = 1_000;
/// What is taken of a call that asks for no action, as of one that asks for one
/// (`gemini-api.md`, section 4).
const JUSTIFICATION_CHARS: core::ops::RangeInclusive<usize> = 20..=REASON_CHARS_MAX;
const EVIDENCE_MAX: usize = 20;

/// What is called in place of an action: that none is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declined {
    action_type: NoAction,
    justification: String,
    confidence: Option<f64>,
    evidence: Vec<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NoAction {
    None,
    CannotTell,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Written {
    Call { tool: String, arguments: Value },
    Next,
    Finish { ending: Ending, reason: String },
}

/// The answer that a text is: `{"call": {"tool": NAME, "arguments": {...}}}`, `"next"`, or
/// `{"finish": {"ending": WORD, "reason": TEXT}}`.
pub fn parse(text: &str) -> Result<Reply, String> {
    let value = strict(text).map_err(|error| error.to_string())?;
    let written: Written = serde_json::from_value(value).map_err(|error| error.to_string())?;
    Ok(match written {
        Written::Next => Reply::Next,
        Written::Call { tool, arguments } if declines(&tool, &arguments) => declined(arguments)
            .map(Reply::Finish)
            .map_err(|bad| format!("call of a tool: {bad}"))?,
        Written::Call { tool, arguments } => {
            let call = ToolCall::parse(&tool, &arguments.to_string());
            Reply::Call(call.map_err(|bad: BadCall| format!("call of a tool: {bad}"))?)
        }
        Written::Finish { ending, reason } => {
            if ending == Ending::BudgetUsedUp {
                return Err("what is spent is counted here".into());
            }
            Reply::Finish(Finish::new(ending, shown(&reason)))
        }
    })
}

/// A reason as it is shown.
fn shown(reason: &str) -> String {
    reason.chars().filter(|letter| !letter.is_control()).take(REASON_CHARS_MAX).collect()
}

/// Whether a call asks for no action.
fn declines(tool: &str, arguments: &Value) -> bool {
    let word = arguments.get("action_type").and_then(Value::as_str);
    tool == ToolName::ExecuteRemediation.word() && matches!(word, Some("none" | "cannot_tell"))
}

/// The end that such a call is. What goes with an action must not be there.
fn declined(arguments: Value) -> Result<Finish, String> {
    let read: Declined = serde_json::from_value(arguments).map_err(|error| error.to_string())?;
    let length = read.justification.chars().count();
    if !(JUSTIFICATION_CHARS).contains(&length) {
        return Err(format!("`justification` of {length} characters: 20 to 1000 are taken"));
    }
    if !(1..=EVIDENCE_MAX).contains(&read.evidence.len()) {
        return Err("`evidence` names 1 to 20 signals".into());
    }
    if read.confidence.is_some_and(|sure| !(0.0..=1.0).contains(&sure)) {
        return Err("`confidence` lies from 0 to 1".into());
    }
    let ending = match read.action_type {
        NoAction::None => Ending::NothingToDo,
        NoAction::CannotTell => Ending::CannotTell,
    };
    let reason = shown(&read.justification);
    Ok(Finish { ending, reason, evidence: read.evidence })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_form_is_read() {
        assert_eq!(parse("\"next\""), Ok(Reply::Next));
        let call = r#"{"call":{"tool":"propose_action",
            "arguments":{"failure_mode":"cpu_hog","urgency":"low"}}}"#;
        assert!(matches!(parse(call), Ok(Reply::Call(_))));
        let finish = r#"{"finish":{"ending":"nothing_to_do","reason":"it\nends"}}"#;
        let Ok(Reply::Finish(finish)) = parse(finish) else { panic!("no end") };
        assert_eq!(finish.reason, "itends");
    }

    #[test]
    fn a_call_for_no_action_ends_the_work() {
        let call = |fields: &str| {
            parse(&format!(
                "{{\"call\":{{\"tool\":\"execute_remediation\",\"arguments\":{{{fields}}}}}}}"
            ))
        };
        let why = "\"justification\":\"Nobody waits for what it takes.\"";
        let none = call(&format!("\"action_type\":\"none\",{why},\"evidence\":[3]"));
        let Ok(Reply::Finish(finish)) = none else { panic!("{none:?}") };
        assert_eq!((finish.ending, &finish.evidence[..]), (Ending::NothingToDo, &[3][..]));
        let cannot = format!("\"action_type\":\"cannot_tell\",{why},\"evidence\":[1,2]");
        let Ok(Reply::Finish(finish)) = call(&cannot) else { panic!("{cannot}") };
        assert_eq!(finish.ending, Ending::CannotTell);
        for wrong in [
            format!("\"action_type\":\"none\",{why}"),
            format!("\"action_type\":\"none\",{why},\"evidence\":[]"),
            format!("\"action_type\":\"none\",{why},\"evidence\":[1],\"params\":{{}}"),
            format!("\"action_type\":\"none\",{why},\"evidence\":[1],\"confidence\":2"),
            "\"action_type\":\"none\",\"justification\":\"short\",\"evidence\":[1]".into(),
        ] {
            assert!(call(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_malformed_is_said() {
        for text in [
            "",
            "I approve this.",
            "{}",
            "null",
            r#"{"call":{"tool":"rm","arguments":{}}}"#,
            r#"{"call":{"tool":"propose_action","arguments":{},"approved":true}}"#,
            r#"{"finish":{"ending":"budget_used_up","reason":"x"}}"#,
            r#"{"finish":{"ending":"acted"}}"#,
            r#"{"call":{"tool":"query_signals","arguments":"{}"}}"#,
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,120}") {
            drop(parse(&text));
        }
    }
}
