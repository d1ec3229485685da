//! Expectations made as tight as what was seen, in the file that they stand in.
//!
//! Blessing narrows a range of severities to what the runs reached, and names the culprit where all
//! of them convicted the same one; what an agent that may act decided in all of them is written
//! beside the condition that it rests on. It takes nothing away. An expectation that is not met can
//! only be weakened, by a reason that is kept in the file beside what was changed.

mod decided;

use ks_scenarios::expectation::Expect;
use ks_vocabulary::kind::Severity;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::case::{Case, Place};
use super::{Decided, Verdict};

/// Why a file is not blessed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BlessError {
    /// The file cannot be edited.
    #[error("cannot edit the file: {0}")]
    Syntax(String),
    /// Something is not met, and may not be weakened.
    #[error("{}: what is not met is only weakened, by --weaken REASON", .0.join("; "))]
    Unmet(Vec<String>),
}

/// A file with tighter expectations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blessed {
    /// Its text.
    pub text: String,
    /// What was changed, in words.
    pub changes: Vec<String>,
}

/// What the runs of one case's entry showed of one expectation.
#[derive(Debug, Clone, Default)]
struct Shown {
    severities: Option<(Severity, Severity)>,
    culprits: Vec<Option<String>>,
    missed: bool,
    culprit_wrong: bool,
}

/// A case, what became of it, and what an agent that may act decides in it.
pub type Ran<'a> = (&'a Case, &'a Verdict, &'a Decided);

/// Tightens the expectations of `text` by what its runs showed.
pub fn bless(text: &str, runs: &[Ran<'_>], weaken: Option<&str>) -> Result<Blessed, BlessError> {
    let unmet: Vec<String> =
        runs.iter().flat_map(|(_, verdict, _)| verdict.why.iter().cloned()).collect();
    if !unmet.is_empty() && weaken.is_none() {
        return Err(BlessError::Unmet(unmet));
    }
    let mut document: DocumentMut = text
        .parse()
        .map_err(|error: toml_edit::TomlError| BlessError::Syntax(error.to_string()))?;
    let mut changes = Vec::new();
    let mut places: Vec<Place> = runs.iter().map(|(case, ..)| case.place).collect();
    places.dedup();
    for place in places {
        let of_it: Vec<_> = runs.iter().filter(|(case, ..)| case.place == place).collect();
        let Some((first, ..)) = of_it.first() else { continue };
        let Some(table) = table_of(&mut document, place) else { continue };
        for (at, expect) in first.expect.iter().enumerate() {
            let shown = shown(of_it.iter().map(|(_, verdict, _)| *verdict), at);
            let Some(own) = expectation(table, at) else { continue };
            changes.extend(change(own, expect, &shown, weaken));
        }
        let decided: Vec<&Decided> = of_it.iter().map(|(.., decided)| *decided).collect();
        changes.extend(decide(table, &first.expect, &decided, weaken.is_some()));
    }
    if let Some(reason) = weaken {
        note(&mut document, reason, &changes);
        changes.extend(declare(&mut document, reason, runs));
    }
    Ok(Blessed { text: document.to_string(), changes })
}

/// Writes what was decided, or takes away what was not; the return value says what.
fn decide(
    table: &mut Table,
    expects: &[Expect],
    runs: &[&Decided],
    may_weaken: bool,
) -> Vec<String> {
    let name = |at: usize| format!("{} on {}", expects[at].kind.word(), expects[at].entity);
    let mut changes = Vec::new();
    if may_weaken {
        for (at, _) in expects.iter().enumerate().filter(|(_, one)| decided::is_missed(one, runs)) {
            let Some(own) = expectation(table, at) else { continue };
            decided::clear(own);
            changes.push(format!("{}: anything may be decided", name(at)));
        }
        return changes;
    }
    let plan = decided::plan(expects, runs);
    for (at, fields) in plan.own {
        let told = expectation(table, at).and_then(|own| decided::write(own, &fields));
        changes.extend(told.map(|told| format!("{}: {told}", name(at))));
    }
    for (at, fields) in plan.further {
        let Some(mut copy) = expectation(table, at).map(|own| own.clone()) else { continue };
        decided::clear(&mut copy);
        let told = decided::write(&mut copy, &fields);
        let Some(all) = table.get_mut("expect").and_then(Item::as_array_of_tables_mut) else {
            continue;
        };
        all.push(copy);
        changes.extend(told.map(|told| format!("{}, once more: {told}", name(at))));
    }
    let unplaced = plan.unplaced.into_iter();
    changes
        .extend(unplaced.map(|one| format!("not written, since nothing expected stands: {one}")));
    changes
}

fn table_of(document: &mut DocumentMut, place: Place) -> Option<&mut Table> {
    match place {
        Place::Top => Some(document.as_table_mut()),
        Place::Entry(at) => document.get_mut("case")?.as_array_of_tables_mut()?.get_mut(at),
        Place::Elsewhere => None,
    }
}

fn expectation(table: &mut Table, at: usize) -> Option<&mut Table> {
    table.get_mut("expect")?.as_array_of_tables_mut()?.get_mut(at)
}

fn shown<'a>(verdicts: impl Iterator<Item = &'a Verdict>, at: usize) -> Shown {
    let mut shown = Shown::default();
    for outcome in verdicts.filter_map(|verdict| verdict.outcomes.get(at)) {
        shown.missed |= !outcome.found && !outcome.optional;
        shown.culprit_wrong |= outcome.culprit_right == Some(false);
        let Some(peak) = outcome.peak else { continue };
        let (low, high) = shown.severities.unwrap_or((peak, peak));
        shown.severities = Some((low.min(peak), high.max(peak)));
        shown.culprits.push(outcome.convicted.clone());
    }
    shown
}

/// Changes one expectation; the return value says how.
fn change(own: &mut Table, expect: &Expect, shown: &Shown, weaken: Option<&str>) -> Vec<String> {
    let name = format!("{} on {}", expect.kind.word(), expect.entity);
    let mut changes = Vec::new();
    if weaken.is_some() {
        if shown.missed {
            own["optional"] = value(true);
            changes.push(format!("{name}: it may be missing"));
        }
        if shown.culprit_wrong {
            own["ambiguous"] = value(true);
            changes.push(format!("{name}: anybody may be ranked first"));
        }
        return changes;
    }
    if let Some((low, high)) = shown.severities
        && expect.severity.bounds() != (low, high)
    {
        own["severity"] = if low == high { value(low.word()) } else { range(low, high) };
        changes.push(format!("{name}: severity {} to {}", low.word(), high.word()));
    }
    let first = shown.culprits.first().cloned().flatten();
    let all_same = shown.culprits.iter().all(|culprit| *culprit == first);
    if let (None, Some(culprit), true) = (&expect.culprit, first, all_same && !expect.ambiguous) {
        own["culprit"] = value(&culprit);
        changes.push(format!("{name}: culprit {culprit}"));
    }
    changes
}

fn range(low: Severity, high: Severity) -> Item {
    let mut array = Array::new();
    array.push(low.word());
    array.push(high.word());
    Item::Value(Value::Array(array))
}

/// Keeps what was weakened, and why.
fn note(document: &mut DocumentMut, reason: &str, changes: &[String]) {
    for change in changes {
        keep(document, reason, change);
    }
}

/// One more entry of what was weakened.
fn keep<'a>(document: &'a mut DocumentMut, reason: &str, what: &str) -> Option<&'a mut Table> {
    let entry = document.entry("weakened").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let entries = entry.as_array_of_tables_mut()?;
    let mut table = Table::new();
    table["reason"] = value(reason);
    table["what"] = value(what);
    entries.push(table);
    let last = entries.len() - 1;
    entries.get_mut(last)
}

/// Declares what was raised in excess, with the reason; the return value says what.
fn declare(document: &mut DocumentMut, reason: &str, runs: &[Ran<'_>]) -> Vec<String> {
    let excess = runs.iter().flat_map(|(_, verdict, _)| &verdict.excess);
    let mut places: Vec<_> = excess
        .filter(|excess| !excess.is_declared)
        .map(|excess| (excess.kind, excess.entity.as_str()))
        .collect();
    places.sort_unstable();
    places.dedup();
    let mut changes = Vec::new();
    for (kind, entity) in places {
        let what =
            format!("{} on {entity}: raised though nothing crosses a limit of it", kind.word());
        if let Some(table) = keep(document, reason, &what) {
            table["kind"] = value(kind.word());
            table["entity"] = value(entity);
        }
        changes.push(what);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::super::case::of_text;
    use super::super::excess::Excess;
    use super::super::judge::Outcome;
    use ks_vocabulary::kind::Kind;

    use super::*;

    const FILE: &str = "# ours\n[[case]]\nname = \"a\"\nfrom = \"x.parquet\"\n\n[[case.expect]]\n\
        kind = \"scheduler\" # whom it hits\n";

    fn verdict(found: bool, peak: Severity, convicted: Option<&str>) -> Verdict {
        Verdict {
            why: if found { Vec::new() } else { vec!["missed: scheduler on host".to_owned()] },
            outcomes: vec![Outcome {
                kind: Kind::Scheduler,
                repeats: false,
                found,
                optional: false,
                flapping: 0,
                culprit_right: None,
                delay_s: None,
                escalations: Vec::new(),
                peak: found.then_some(peak),
                convicted: convicted.map(str::to_owned),
            }],
            ..Verdict::default()
        }
    }

    fn blessed(verdicts: &[Verdict], weaken: Option<&str>) -> Result<Blessed, BlessError> {
        let cases = of_text(std::path::Path::new("x.toml"), FILE).unwrap();
        let decided = Decided::default();
        let runs: Vec<_> = verdicts.iter().map(|verdict| (&cases[0], verdict, &decided)).collect();
        bless(FILE, &runs, weaken)
    }

    #[test]
    fn a_range_is_narrowed_and_comments_stay() {
        let runs =
            [verdict(true, Severity::High, Some("hog")), verdict(true, Severity::Medium, None)];
        let text = blessed(&runs, None).unwrap().text;
        assert!(text.contains("severity = [\"medium\", \"high\"]") && !text.contains("culprit"));
        assert!(text.contains("# ours") && text.contains("# whom it hits"), "{text}");
        let one = blessed(&runs[..1], None).unwrap().text;
        assert!(one.contains("severity = \"high\"") && one.contains("culprit = \"hog\""), "{one}");
        assert_eq!(of_text(std::path::Path::new("x.toml"), &one).unwrap().len(), 1);
    }

    #[test]
    fn what_is_in_excess_is_declared_with_its_reason() {
        let excess = |kind| Excess { kind, entity: "host".to_owned(), is_declared: false };
        let mut run = verdict(true, Severity::Medium, None);
        run.excess = vec![excess(Kind::Syscall), excess(Kind::Syscall)];
        run.why.push("excess: syscall on host".to_owned());
        assert!(matches!(blessed(std::slice::from_ref(&run), None), Err(BlessError::Unmet(_))));
        let text = blessed(&[run], Some("a late reading")).unwrap().text;
        let cases = of_text(std::path::Path::new("x.toml"), &text).unwrap();
        let [entry] = cases[0].weakened.as_slice() else { panic!("{text}") };
        assert_eq!((entry.kind, entry.entity.as_str()), (Some(Kind::Syscall), "host"));
        assert_eq!(entry.reason, "a late reading");
    }

    #[test]
    fn what_is_not_met_is_refused_or_weakened_with_its_reason() {
        let runs = [verdict(false, Severity::High, None)];
        assert!(matches!(blessed(&runs, None), Err(BlessError::Unmet(_))));
        let text = blessed(&runs, Some("too rare")).unwrap().text;
        assert!(
            text.contains("optional = true") && text.contains("reason = \"too rare\""),
            "{text}"
        );
        let cases = of_text(std::path::Path::new("x.toml"), &text).unwrap();
        assert!(cases[0].expect[0].optional);
    }
}
