//! What a model is told beside the facts: texts of files, with a hash that stands in the journal,
//! so that it is known later what a decision was asked by.

use std::fmt::Write as _;
use std::sync::LazyLock;

use ks_vocabulary::decision::{ModelRequest, Phase, ToolName};
use sha2::{Digest as _, Sha256};

const SYSTEM: &str = include_str!("../prompts/system.txt");
const OBSERVE: &str = include_str!("../prompts/observe.txt");
const EXPLAIN: &str = include_str!("../prompts/explain.txt");
const SIMULATE: &str = include_str!("../prompts/simulate.txt");
const DECIDE: &str = include_str!("../prompts/decide.txt");
const EXECUTE: &str = include_str!("../prompts/execute.txt");
const TOOLS: &str = include_str!("../prompts/tools.txt");

static SHA256: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for text in [SYSTEM, OBSERVE, EXPLAIN, SIMULATE, DECIDE, EXECUTE, TOOLS] {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hex(&hash.finalize())
});

/// SHA-256 of all texts, in hexadecimal.
pub fn sha256() -> &'static str {
    &SHA256
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes all that is written to it.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What the model is told throughout a phase.
pub(crate) fn system(phase: Phase) -> String {
    format!("{SYSTEM}\n{}", of_phase(phase))
}

fn of_phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Observe => OBSERVE,
        Phase::Explain => EXPLAIN,
        Phase::Simulate => SIMULATE,
        Phase::Decide => DECIDE,
        Phase::Execute | Phase::Verify | Phase::Reflect => EXECUTE,
    }
}

/// What it is told first: the incident, and what was tried on it.
pub(crate) fn first(question: &ModelRequest) -> String {
    let incident = serde_json::to_string(&question.incident).unwrap_or_default();
    let mut text = format!("The incident, with its likely first causes:\n{incident}\n");
    if !question.tried.is_empty() {
        let tried = serde_json::to_string(&question.tried).unwrap_or_default();
        let _ = writeln!(text, "What was tried on it before, with what came of it:\n{tried}");
    }
    text
}

/// What it is told where a phase begins without an answer of a tool.
pub(crate) fn goes_on(phase: Phase) -> String {
    format!("The phase {phase} begins.")
}

/// What it is told of a reply that was not taken.
pub(crate) fn refused(why: &str) -> String {
    format!("That was not taken: {}", crate::clean::text_of(why))
}

/// What a tool is for.
pub(crate) fn about(tool: ToolName) -> &'static str {
    let mut lines = TOOLS.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(name, _)| *name == tool.word()).map_or("", |(_, about)| about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_is_described() {
        for tool in ToolName::ALL {
            assert!(about(*tool).len() > 40, "{tool}");
        }
        assert_eq!(sha256().len(), 64);
    }
}
