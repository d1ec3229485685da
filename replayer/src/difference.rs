//! Where two journals part, and why.
//!
//! Lines are compared in order, digests aside: those say that values differ, not what was
//! concluded.
//! The first line that one journal has and the other has not is the divergence; the evidence of a
//! verdict says which quantity crossed which limit in one of them only. Beyond it, episodes are
//! matched by kind, entity and time, and decisions by action, target and time.

mod decisions;
mod episodes;

use std::io::BufRead;

use serde::Serialize;
use serde_json::Value;

pub use decisions::{Decision, Decisions, Redecided};
pub use episodes::{Changed, Told};

/// A journal that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// A line is no JSON object.
    #[error("{name}:{line}: not a line of a journal: {problem}")]
    Line {
        /// Name of the journal.
        name: String,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// It cannot be read.
    #[error("cannot read `{name}`")]
    Read {
        /// Name of the journal.
        name: String,
        /// Why.
        source: std::io::Error,
    },
}

/// The lines of a journal.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    lines: Vec<Value>,
}

/// How two journals differ.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Nothing was concluded differently.
    pub same: bool,
    /// Number of lines of each that are digests with another value: samples whose values differ.
    pub digests_differing: usize,
    /// Where they part first.
    pub first: Option<Divergence>,
    /// Episodes of the first journal alone.
    pub only_a: Vec<Told>,
    /// Episodes of the second journal alone.
    pub only_b: Vec<Told>,
    /// Episodes of both that differ.
    pub changed: Vec<Changed>,
    /// How their decisions differ.
    pub decisions: Decisions,
}

/// The first line that one has and the other has not.
#[derive(Debug, Clone, Serialize)]
pub struct Divergence {
    /// Position of the input.
    pub seq: u64,
    /// Time since boot of the first journal's line, or of the only one.
    pub mono_ns: u64,
    /// What the first journal says there.
    pub a: Option<Value>,
    /// What the second journal says there.
    pub b: Option<Value>,
    /// Why, as far as the evidence tells.
    pub why: Vec<String>,
}

impl Journal {
    /// Reads one JSON object a line.
    pub fn read(input: impl BufRead, name: &str) -> Result<Self, JournalError> {
        let mut lines = Vec::new();
        for (at, line) in input.lines().enumerate() {
            let line =
                line.map_err(|source| JournalError::Read { name: name.to_owned(), source })?;
            let bad = |problem: String| JournalError::Line {
                name: name.to_owned(),
                line: at + 1,
                problem,
            };
            let value: Value =
                serde_json::from_str(&line).map_err(|error| bad(error.to_string()))?;
            if value.get("seq").and_then(Value::as_u64).is_none() {
                return Err(bad("it has no `seq`".to_owned()));
            }
            lines.push(value);
        }
        Ok(Self { lines })
    }

    fn concluded(&self) -> Vec<&Value> {
        self.lines.iter().filter(|line| word(line, "output") != "digest").collect()
    }

    fn digests(&self) -> Vec<&Value> {
        self.lines.iter().filter(|line| word(line, "output") == "digest").collect()
    }
}

fn word<'a>(line: &'a Value, field: &str) -> &'a str {
    line.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn number(line: &Value, field: &str) -> u64 {
    line.get(field).and_then(Value::as_u64).unwrap_or_default()
}

/// Compares two journals.
pub fn compare(a: &Journal, b: &Journal) -> Difference {
    let (first_a, first_b) = (a.concluded(), b.concluded());
    let parts = (0..first_a.len().max(first_b.len()))
        .find(|at| first_a.get(*at) != first_b.get(*at))
        .map(|at| diverge(&first_a, &first_b, at));
    let (episodes_a, episodes_b) = (episodes::of(&first_a), episodes::of(&first_b));
    let matched = episodes::compare(&episodes_a, &episodes_b);
    let digests = a.digests().into_iter().zip(b.digests());
    Difference {
        same: parts.is_none(),
        digests_differing: digests.filter(|(one, other)| one != other).count(),
        first: parts,
        only_a: matched.only_a,
        only_b: matched.only_b,
        changed: matched.changed,
        decisions: decisions::compare(&decisions::of(&first_a), &decisions::of(&first_b)),
    }
}

fn diverge(a: &[&Value], b: &[&Value], at: usize) -> Divergence {
    let (one, other) = (a.get(at).copied(), b.get(at).copied());
    // The earlier of two lines is the one that the other journal has not; of the same input, both.
    let seq = |line: Option<&Value>| line.map_or(u64::MAX, |line| number(line, "seq"));
    let (in_a, in_b) = match seq(one).cmp(&seq(other)) {
        std::cmp::Ordering::Less => (one, None),
        std::cmp::Ordering::Greater => (None, other),
        std::cmp::Ordering::Equal => (one, other),
    };
    let line = in_a.or(in_b);
    Divergence {
        seq: line.map_or(0, |line| number(line, "seq")),
        mono_ns: line.map_or(0, |line| number(line, "mono_ns")),
        why: match (in_a, in_b) {
            (Some(one), Some(other)) => both(one, other),
            (Some(one), None) => alone(one, b, "the second"),
            (None, Some(other)) => alone(other, a, "the first"),
            (None, None) => Vec::new(),
        },
        a: in_a.cloned(),
        b: in_b.cloned(),
    }
}

/// The fields in which two lines of one input differ.
fn both(one: &Value, other: &Value) -> Vec<String> {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else { return Vec::new() };
    let differing = one.iter().filter(|(field, value)| other.get(*field) != Some(*value));
    let told = differing.map(|(field, value)| {
        let absent = Value::Null;
        format!("{field}: {value} and {}", other.get(field).unwrap_or(&absent))
    });
    told.collect()
}

/// Why one journal has a line that the other has not: what is above its limit in it, and what the
/// other said of the same quantity last.
fn alone(line: &Value, others: &[&Value], which: &str) -> Vec<String> {
    if word(line, "output") != "signal" {
        return vec![format!("{which} journal says nothing of it")];
    }
    let seq = number(line, "seq");
    let is_same = |other: &&&Value| {
        word(other, "output") == "signal"
            && word(other, "kind") == word(line, "kind")
            && other.get("entity") == line.get("entity")
            && number(other, "seq") <= seq
    };
    let last = others.iter().rev().find(is_same);
    let mut why = Vec::new();
    for evidence in list(line, "evidence") {
        let (Some(value), Some(limit)) = (float(evidence, "value"), float(evidence, "limit"))
        else {
            continue;
        };
        let sign = if value >= limit { "at or above" } else { "below" };
        let metric = word(evidence, "metric");
        let baseline = float(evidence, "baseline_p95");
        let baseline = baseline.map_or(String::new(), |p95| format!(", baseline p95 {p95}"));
        why.push(format!("{metric} {value} is {sign} its limit {limit}{baseline}"));
        let before =
            last.and_then(|last| list(last, "evidence").find(|one| word(one, "metric") == metric));
        if let Some(before) = before {
            why.push(format!(
                "{which} journal said {} of it, with limit {}",
                before.get("value").unwrap_or(&Value::Null),
                before.get("limit").unwrap_or(&Value::Null)
            ));
        }
    }
    if last.is_none() {
        why.push(format!("{which} journal says nothing of this kind and entity before"));
    }
    why
}

fn list<'a>(line: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    line.get(field).and_then(Value::as_array).into_iter().flatten()
}

fn float(line: &Value, field: &str) -> Option<f64> {
    line.get(field).and_then(Value::as_f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(lines: &[&str]) -> Journal {
        Journal::read(lines.join("\n").as_bytes(), "j").unwrap()
    }

    const RAISED: &str = concat!(
        r#"{"seq":5,"mono_ns":50,"output":"signal","change":"raised","id":1,"#,
        r#""kind":"scheduler","entity":"host","severity":"low","onset_ns":30,"start_ns":50,"#,
        r#""evidence":[{"metric":"cpu_some_5s","value":0.2,"limit":0.1,"baseline_p95":null,"#,
        r#""unit":"ratio"}],"culprits":[]}"#
    );
    const DIGEST: &str = r#"{"seq":4,"mono_ns":40,"output":"digest","samples":4,"sha256":"a"}"#;

    #[test]
    fn equal_journals_are_the_same_and_digests_are_no_conclusion() {
        let a = journal(&[DIGEST, RAISED]);
        assert!(compare(&a, &a).same);
        let other = DIGEST.replace("\"a\"", "\"b\"");
        let difference = compare(&a, &journal(&[&other, RAISED]));
        assert!(difference.same && difference.digests_differing == 1);
    }

    #[test]
    fn a_verdict_of_one_alone_is_explained_by_its_evidence() {
        let difference = compare(&journal(&[DIGEST, RAISED]), &journal(&[DIGEST]));
        let first = difference.first.unwrap();
        assert_eq!((first.seq, first.b), (5, None));
        assert_eq!(first.why[0], "cpu_some_5s 0.2 is at or above its limit 0.1");
        assert_eq!(difference.only_a.len(), 1);
        let reverse = compare(&journal(&[DIGEST]), &journal(&[DIGEST, RAISED]));
        assert_eq!((reverse.only_a.len(), reverse.only_b.len()), (0, 1));
    }

    #[test]
    fn lines_of_one_input_differ_by_field() {
        let other = RAISED.replace("\"low\"", "\"high\"");
        let difference = compare(&journal(&[RAISED]), &journal(&[&other]));
        assert_eq!(difference.first.unwrap().why, ["severity: \"low\" and \"high\""]);
        assert_eq!(difference.changed.len(), 1);
        assert_eq!(difference.changed[0].what, ["severity: low and high"]);
    }

    #[test]
    fn what_is_no_journal_is_named_with_its_line() {
        let error = Journal::read("{\"seq\":1}\nnonsense".as_bytes(), "j").unwrap_err();
        assert!(error.to_string().starts_with("j:2: not a line of a journal"), "{error}");
        assert!(Journal::read("{\"a\":1}".as_bytes(), "j").is_err());
    }
}
