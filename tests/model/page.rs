//! The page: a table for each fault, and how many of its lines agree.

use std::fmt::Write as _;

use crate::counters::{Line, Table};
use crate::run::{INTENSITIES, Run};

/// Agreement: within this factor.
const FACTOR: f64 = 2.0;
/// Both below this are both nothing: less than a thousandth of whatever the unit is.
const NOTHING: f64 = 1e-3;
/// Crossings closer than this are at the same time, in s: two ticks.
const TIE_S: f64 = 2.0;

const HEAD: &str = "# The model against reality

Written by `KS_BLESS=1 cargo test --test model`, and checked by that test. Real: the recordings of
`ks provoke` in `fixtures/recordings`, of a virtual machine of two CPUs. Model: the scenarios of
`scenarios/provoked`, whose constants were fitted at strength 1; agreement is judged at half and
twice of it: within a factor of two. Rates are those from 5 s after the onset to 1 s before the end.
Second order: what follows from how tasks wait for each other. What does not agree stays here.
";

pub(crate) fn page(tables: &[Table]) -> String {
    let mut text = HEAD.to_owned();
    let mut sums = (0, 0);
    let mut body = String::new();
    for table in tables {
        let runs = INTENSITIES.map(|(name, intensity)| {
            (Run::real(table.fault, name), Run::modelled(table.fault, intensity))
        });
        let _ = writeln!(body, "\n## {}\n", table.fault);
        body += "| counter | half: real | model | one: real | model | double: real | model \
                 | agrees |\n|---|---|---|---|---|---|---|---|\n";
        for line in table.lines {
            let agrees = write_line(&mut body, line, &runs);
            sums.0 += agrees;
            sums.1 += 2;
        }
        body += &order(&runs);
    }
    let (agree, all) = sums;
    let _ = writeln!(text, "\n{agree} of {all} judgements agree.");
    text + &body
}

/// The return value is how many of half and double agree.
fn write_line(body: &mut String, line: &Line, runs: &[(Run, Run); 3]) -> u32 {
    let star = if line.second_order { " (second order)" } else { "" };
    let _ = write!(body, "| {}, {}{star} |", line.name, line.unit);
    let mut agree = Vec::new();
    for (at, (real, model)) in runs.iter().enumerate() {
        let (real, model) = (real.value(line), model.value(line));
        let _ = write!(body, " {} | {} |", shown(real), shown(model));
        if at != 1 {
            agree.push(agrees(real, model));
        }
    }
    let words: Vec<&str> = agree.iter().map(|agrees| if *agrees { "yes" } else { "no" }).collect();
    let _ = writeln!(body, " {} |", words.join(", "));
    agree.iter().map(|agrees| u32::from(*agrees)).sum()
}

fn agrees(real: Option<f64>, model: Option<f64>) -> bool {
    let (Some(real), Some(model)) = (real, model) else { return false };
    if real.abs() < NOTHING && model.abs() < NOTHING {
        return true;
    }
    real > 0.0 && (1.0 / FACTOR..=FACTOR).contains(&(model / real))
}

fn shown(value: Option<f64>) -> String {
    match value {
        None => "-".to_owned(),
        Some(value) if value.abs() >= 100.0 => format!("{value:.0}"),
        Some(value) if value.abs() >= 1.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.4}"),
    }
}

/// Whether limits that both cross are crossed in the same order, ties aside.
fn order(runs: &[(Run, Run); 3]) -> String {
    let mut text = "\nFirst crossings, in s after the onset (real / model):\n".to_owned();
    for ((name, _), (real, model)) in INTENSITIES.iter().zip(runs) {
        let find =
            |run: &Run, kind: &str| run.crossings.iter().find(|one| one.0 == kind).map(|one| one.1);
        let mut kinds: Vec<&str> =
            real.crossings.iter().chain(&model.crossings).map(|one| one.0).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let cell = |kind: &&str| {
            let one = |at: Option<f64>| at.map_or("-".to_owned(), |at| format!("{at:.1}"));
            format!("{kind} {} / {}", one(find(real, kind)), one(find(model, kind)))
        };
        let both: Vec<(f64, f64)> =
            kinds.iter().filter_map(|kind| find(real, kind).zip(find(model, kind))).collect();
        let cells: Vec<String> = kinds.iter().map(cell).collect();
        let _ = writeln!(text, "- {name}: {}: {}", cells.join("; "), compared(&both));
    }
    text
}

/// What the order of crossings, real and modelled, says: one alone has no order.
fn compared(both: &[(f64, f64)]) -> &'static str {
    let is_swapped = |one: &(f64, f64), other: &(f64, f64)| {
        (one.0 - other.0) * (one.1 - other.1) < 0.0
            && (one.0 - other.0).abs() > TIE_S
            && (one.1 - other.1).abs() > TIE_S
    };
    if both.len() < 2 {
        "nothing to compare"
    } else if both.iter().any(|one| both.iter().any(|other| is_swapped(one, other))) {
        "another order"
    } else {
        "same order"
    }
}

#[test]
fn an_order_needs_two_crossings_on_both_sides() {
    assert_eq!(compared(&[]), "nothing to compare");
    assert_eq!(compared(&[(1.0, 9.0)]), "nothing to compare");
    assert_eq!(compared(&[(1.0, 1.0), (9.0, 5.0)]), "same order");
    assert_eq!(compared(&[(1.0, 9.0), (9.0, 1.0)]), "another order");
}
