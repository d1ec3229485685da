//! Reads a call: what it is about, from when on it is looked at, and what is asked. The agent's own
//! reader takes the rest, with its bounds.

use ks_replayer::moment::Moment;
use ks_vocabulary::decision::ToolCall;
use serde_json::{Map, Value};

use super::offered::Offered;

/// A call within its bounds.
#[derive(Debug)]
pub(super) struct Asked {
    /// Which of the subjects, by its position.
    pub(super) subject: usize,
    /// From when; nothing for the end.
    pub(super) at: Option<Moment>,
    /// About which incident; nothing for the worst.
    pub(super) incident: Option<u64>,
    pub(super) what: What,
}

/// What is asked.
#[derive(Debug)]
pub(super) enum What {
    /// A tool of the agent.
    Tool(ToolCall),
    /// The trace of an incident.
    Explain,
}

/// Reads the arguments of a call. The error is a sentence for whoever called.
pub(super) fn read(
    offered: Offered,
    mut arguments: Map<String, Value>,
    paths: &[String],
) -> Result<Asked, String> {
    let at = arguments.remove("at").filter(|at| !at.is_null()).map(|at| moment(&at)).transpose()?;
    let incident = arguments.remove("incident").filter(|incident| !incident.is_null());
    let incident = incident.map(|incident| number(&incident)).transpose()?;
    let subject = subject(&mut arguments, paths)?;
    let what = match offered.of_agent() {
        Some(tool) => {
            let rest = Value::Object(arguments).to_string();
            let call = ToolCall::parse(tool.word(), &rest).map_err(|bad| bad.to_string())?;
            What::Tool(call)
        }
        None => {
            if let Some(unknown) = arguments.keys().next() {
                return Err(format!("unknown field `{unknown}`, expected `at` or `incident`"));
            }
            What::Explain
        }
    };
    Ok(Asked { subject, at, incident, what })
}

fn moment(value: &Value) -> Result<Moment, String> {
    let text = value.as_str().ok_or("`at` is text")?;
    text.parse::<Moment>().map_err(|error| format!("`at`: {error}"))
}

fn number(value: &Value) -> Result<u64, String> {
    let number = value.as_u64().filter(|number| *number > 0);
    number.ok_or_else(|| "`incident` is a whole number from 1 on".to_owned())
}

/// Where there is but one path it is not named.
fn subject(arguments: &mut Map<String, Value>, paths: &[String]) -> Result<usize, String> {
    if paths.len() == 1 {
        return Ok(0);
    }
    let named = arguments.remove("path");
    let found = paths.iter().position(|path| named.as_ref().and_then(Value::as_str) == Some(path));
    found.ok_or_else(|| format!("`path` is one of `{}`", paths.join("`, `")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(offered: Offered, arguments: &Value, paths: &[&str]) -> Result<Asked, String> {
        let paths: Vec<String> = paths.iter().map(ToString::to_string).collect();
        read(offered, arguments.as_object().unwrap().clone(), &paths)
    }

    #[test]
    fn what_is_shared_is_read_here_and_the_rest_by_the_agents_reader() {
        let arguments = json!({"signal_type": "scheduler", "duration_minutes": 240, "at": "+90s",
            "incident": 3, "path": "b"});
        let asked = check(Offered::Simulated, &arguments, &["a", "b"]).unwrap();
        assert_eq!((asked.subject, asked.incident), (1, Some(3)));
        assert_eq!(asked.at, Some("+90s".parse().unwrap()));
        assert!(matches!(asked.what, What::Tool(ToolCall::SimulateScenario { .. })));
        let none = check(Offered::Explained, &json!({"at": null, "incident": null}), &["a"]);
        let none = none.unwrap();
        assert_eq!((none.at, none.incident, none.subject), (None, None, 0));
    }

    #[test]
    fn what_is_out_of_bounds_is_refused_with_a_reason() {
        let refused = |offered, arguments: Value, paths: &[&str], expected: &str| {
            let error = check(offered, &arguments, paths).unwrap_err();
            assert!(error.contains(expected), "{arguments}: {error}");
        };
        let explained = Offered::Explained;
        refused(explained, json!({"at": "noon"}), &["a"], "`at`: write a time as");
        refused(explained, json!({"at": 5}), &["a"], "`at` is text");
        for incident in [json!(0), json!(-1), json!(1.5), json!("1"), json!([1])] {
            refused(explained, json!({"incident": incident}), &["a"], "from 1 on");
        }
        refused(explained, json!({"path": "a"}), &["a"], "unknown field `path`");
        refused(explained, json!({"x": 1}), &["a"], "unknown field `x`");
        refused(explained, json!({}), &["a", "b"], "`path` is one of `a`, `b`");
        refused(explained, json!({"path": "c"}), &["a", "b"], "`path` is one of `a`, `b`");
        let window = json!({"signal_type": "scheduler", "analysis_window": 4});
        refused(Offered::Trends, window, &["a"], "5 to 1440 are taken");
        let extra = json!({"failure_mode": "cpu_hog", "urgency": "low", "path": "a"});
        refused(Offered::Candidates, extra, &["a"], "unknown field `path`");
    }
}
