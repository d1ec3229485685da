//! Grades of who decides, as text and as Markdown.

use std::fmt::Write as _;

use ks_replayer::evaluation::{DIAGNOSES_MIN, GOOD_MIN, Row, Summary};

use crate::plain::Page;

/// What the columns mean.
const WORDS: &str = "\
Each scenario runs with an agent that may act and an operator who approves of what it proposes.
Diagnosis: someone who is at fault was found, on signals that had been raised, and nobody where
nobody is; exact: all of them and nobody else. Action: the first that was not denied is among those
that were measured to be right, or none was taken where leaving the host alone is. Resolved or left
alone: raw counters say that a limit was below in time and stayed, or nothing was done where nothing
should be. Harm: a limit was crossed, something needed was stopped or slowed, or connections were
lost, which was not so without the action. What is right was measured by applying every action, and
waiting, to copies of the same host at the time of the decision; the engine had no part in it.
";

/// The rows of the one who is examined, with sums of all.
pub(crate) fn text(rows: &[Row], summaries: &[Summary]) -> Page {
    let mut page = Page::default();
    page.line(format_args!(
        "{:26} {:9} {:6} {:12} {:>5}  {}",
        "scenario", "diagnosis", "action", "ended", "steps", "decided"
    ));
    for row in own(rows, summaries) {
        let decided = done(row);
        page.line(format_args!(
            "{:26} {:9} {:6} {:12} {:>5}  {decided}",
            row.scenario,
            word(row.diagnosis_right),
            word(row.action_right),
            row.ended.word(),
            row.steps,
        ));
        for harm in &row.harm {
            page.line(format_args!("  harm: {harm}"));
        }
    }
    page.gap();
    page.line(format_args!(
        "{:20} {:>9} {:>9} {:>6} {:>6} {:>22} {:>6} {:>6}",
        "who decides",
        "scenarios",
        "diagnosis",
        "exact",
        "action",
        "resolved or left alone",
        "harm",
        "med. steps"
    ));
    for one in summaries {
        page.line(format_args!(
            "{:20} {:>9} {:>9} {:>6} {:>6} {:>22} {:>6} {:>6}",
            one.player.name(),
            one.scenarios,
            one.diagnosis_right,
            one.causes_exact,
            one.action_right,
            one.good,
            one.harmed,
            one.steps_median,
        ));
    }
    page
}

fn own<'a>(rows: &'a [Row], summaries: &[Summary]) -> impl Iterator<Item = &'a Row> {
    let player = summaries.first().map(|one| one.player);
    rows.iter().filter(move |row| Some(row.player) == player)
}

fn word(right: bool) -> &'static str {
    if right { "right" } else { "wrong" }
}

/// The same as a page; `command` says how it is made anew.
pub(crate) fn markdown(command: &str, rows: &[Row], summaries: &[Summary]) -> String {
    let scenarios = summaries.first().map_or(0, |one| one.scenarios);
    let mut text =
        format!("# Decisions\n\nWritten by `ks {command}` over {scenarios} scenarios.\n\n{WORDS}");
    let least = [DIAGNOSES_MIN, GOOD_MIN].map(|share| share * 100.0);
    let _ = writeln!(
        text,
        "\nOf the first line {:.0} % of the diagnoses have to be right and {:.0} % of the \
         scenarios resolved or\nrightly left alone, with no harm.\n",
        least[0], least[1]
    );
    text +=
        "| who decides | diagnosis | exact | action | resolved or left alone | harm | steps |\n";
    text += "|---|---|---|---|---|---|---|\n";
    for one in summaries {
        let share = |count: usize| format!("{count} of {}", one.scenarios);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} |",
            one.player.name(),
            share(one.diagnosis_right),
            share(one.causes_exact),
            share(one.action_right),
            share(one.good),
            share(one.harmed),
            one.steps_median,
        );
    }
    text += "\n## Scenarios\n\n| scenario | at fault | found | action | ended | decided |\n";
    text += "|---|---|---|---|---|---|\n";
    for row in own(rows, summaries) {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            row.scenario,
            or(&row.causes, "nobody"),
            or(&row.diagnosed, "nobody"),
            word(row.action_right),
            row.ended.word(),
            done(row),
        );
    }
    losses(&mut text, rows, summaries);
    text
}

/// How what people write about the grades begins: it stays when they are made anew.
const NOTES: &str = "\n## Notes\n";

/// The notes of a page that is made anew.
pub(crate) fn notes(known: &str) -> String {
    let written = known.split_once(NOTES).map_or("\n", |(_, written)| written);
    format!("{NOTES}{written}")
}

/// What was not right, what would have been, and what was said of it.
fn losses(text: &mut String, rows: &[Row], summaries: &[Summary]) {
    *text += "\n## Losses\n";
    let losses = text.len();
    let is_loss = |row: &&Row| !row.diagnosis_right || !row.action_right || !row.ended.is_good();
    for row in own(rows, summaries).filter(is_loss) {
        let _ = writeln!(
            text,
            "\n**{}**: at fault {}, found {}; right {}; decided {}; {}.",
            row.scenario,
            or(&row.causes, "nobody"),
            or(&row.diagnosed, "nobody"),
            or(&row.right, "to leave it alone"),
            done(row),
            row.ended.word(),
        );
        for why in &row.why {
            let _ = writeln!(text, "Said: {why}.");
        }
    }
    if text.len() == losses {
        *text += "\nNone.\n";
    }
}

fn done(row: &Row) -> String {
    if row.decided.is_empty() { "nothing".to_owned() } else { row.decided.join("; ") }
}

fn or(all: &[String], none: &str) -> String {
    if all.is_empty() { none.to_owned() } else { all.join(", ") }
}
