//! Reads the answer of a reasoner from outside.

use alloc::format;
use alloc::string::{String, ToString};

use ks_vocabulary::decision::{BadCall, Ending, Finish, Reply, ToolCall, strict};
use serde::Deserialize;
use serde_json::Value;

/// A longer reason is cut.
const REASON_CHARS_MAX: usize = 1_000;

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
        Written::Call { tool, arguments } => {
            let call = ToolCall::parse(&tool, &arguments.to_string());
            Reply::Call(call.map_err(|bad: BadCall| format!("call of a tool: {bad}"))?)
        }
        Written::Finish { ending, reason } => {
            if ending == Ending::BudgetUsedUp {
                return Err("what is spent is counted here".into());
            }
            let reason = reason.chars().filter(|letter| !letter.is_control());
            Reply::Finish(Finish { ending, reason: reason.take(REASON_CHARS_MAX).collect() })
        }
    })
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
