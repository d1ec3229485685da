//! What the search begins with: the corpus, a line of JSON for each input, and a call for every
//! form of action that can be planned on the desk.

use ks_vocabulary::action::ActionKind;
use serde_json::{Map, Value, json};

use super::seat::handle_of;
use crate::actions::tests::written;

const CORPUS: &str = include_str!("../../../../corpus/replies.jsonl");

pub(super) fn corpus() -> Vec<Vec<u8>> {
    let each = CORPUS.lines().map(|line| {
        let input: String = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        input.into_bytes()
    });
    each.collect()
}

/// Every form of action that the desk can have planned, and that is an answer to a condition.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let answers = |name: &&str| {
        ActionKind::ALL.iter().any(|kind| kind.name() == *name && !kind.form().answers.is_empty())
    };
    written().map(|(name, _)| name).filter(answers)
}

/// A call for each of them, as a reasoner would write it; of those on a process one for the hog
/// too, since some of the table are meant for one that is protected.
pub(super) fn forms() -> Vec<Vec<u8>> {
    let each = written().flat_map(|(name, parameters)| {
        let fields: Map<String, Value> =
            serde_json::from_str(&format!("{{{parameters}}}")).unwrap();
        let own: Map<String, Value> =
            fields.into_iter().map(|(field, value)| (field, handle_of(value))).collect();
        let mut of_hog = own.clone();
        let is_on_a_process = of_hog.get_mut("process").map(|process| *process = "proc#1".into());
        [Some(own), is_on_a_process.map(|()| of_hog)]
            .into_iter()
            .flatten()
            .map(move |params| call(name, &params))
    });
    each.collect()
}

fn call(name: &str, params: &Map<String, Value>) -> Vec<u8> {
    let arguments = json!({
        "action_type": name,
        "params": params,
        "justification": "Nobody else takes as much of it as that.",
        "confidence": 0.7,
        "evidence": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    });
    let call = json!({"call": {"tool": "execute_remediation", "arguments": arguments}});
    call.to_string().into_bytes()
}
