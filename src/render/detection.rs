//! How well faults are found, as a page of Markdown.

use std::fmt::Write as _;

use ks_replayer::expectations::grid::{Detection, Found};
use ks_replayer::expectations::tally::Tally;
use ks_vocabulary::input::JUDGEMENT;

/// What the columns mean.
const WORDS: &str = "\
Expected: all that was wrong. Found: raised on the right place in time, with its peak in the stated
range. Optional missed: not found, and its case passes without it. False: incidents of medium or
above while nothing was wrong. Low: episodes below that. Excess: episodes of medium or above while
something was wrong, though raw counters crossed no limit of the kind and nothing expected it.
Culprit right: of those found whose file names one. Nobody can be named for network_degradation,
since packets are lost by interface and namespace and not by process. Escalations right: of what was
found, high and critical that were said neither before raw counters reached their limit nor, where
that was held for as long as the severity has to last, later than five seconds after it, of all that
were said or due.
";

/// The page; `command` says how it is made anew.
pub(crate) fn page(command: &str, cases: usize, tally: &Tally) -> String {
    let mut text = format!(
        "# Detection\n\nWritten by `ks {command}` over {cases} cases, with judgement \
         {JUDGEMENT}.\n\n"
    );
    text += WORDS;
    text += "\n| kind | expected | found | missed | optional missed | false | low | excess ";
    text += "| flapping | culprit right | escalations right | delay s, median | worst |\n";
    text += "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n";
    for (kind, count) in &tally.kinds {
        let seconds =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        let _ = writeln!(
            text,
            "| {kind} | {} | {} | {} | {} | {} | {} | {} | {} | {} of {} | {} of {} | {} | {} |",
            count.expected,
            count.found,
            count.missed,
            count.optional_missed,
            count.false_,
            count.false_low,
            count.excess,
            count.flapping,
            count.culprit_right,
            count.culprit_asked,
            count.escalations_right,
            count.escalations,
            seconds(count.delay_median_s),
            seconds(count.delay_worst_s),
        );
    }
    let calm = tally.calm;
    let most = calm.per_hour_at_most.map_or("-".to_owned(), |most| format!("{most:.4}"));
    let _ = writeln!(
        text,
        "\nNothing was wrong for {} h replayed, with {} false incidents. Runs of one seed on one \
         host\nshare their random background, so only {} h are independent, with {} false \
         incidents: at\nmost {most} an hour (exact upper 95 % limit).",
        calm.hours, calm.false_, calm.independent_hours, calm.independent_false
    );
    text += "\n## Confusion\n\nCases in which the kind of the row was expected, by the kinds that ";
    text += "were raised at medium\nor above while something was wrong. One fault may be right to ";
    text += "raise several.\n\n";
    confusion(&mut text, tally);
    text
}

/// Shares that were found, by kind and intensity; nothing where nothing was run over a grid.
pub(crate) fn by_intensity(detection: &Detection) -> String {
    let mut intensities: Vec<u64> =
        detection.kinds.values().flat_map(|row| row.keys().copied()).collect();
    intensities.sort_unstable();
    intensities.dedup();
    if intensities.is_empty() {
        return String::new();
    }
    let mut text =
        "\n## Over hosts and intensities\n\nOf what crossed a limit by raw counters, ".to_owned();
    text += "the share that was found, with its exact 95 %\nlimits (Clopper and Pearson) and ";
    text +=
        "the counts. On hosts of the grid what a file expects need not\ncome about, or may be so ";
    text +=
        "from the beginning, and then it does not count. What is raised more\nthan a tick before ";
    text += "the crossing counts as missed.\n\n";
    let titles: Vec<String> =
        intensities.iter().map(|one| format!("times {}", *one as f64 / 1000.0)).collect();
    let _ = writeln!(text, "| kind | {} |", titles.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(titles.len()));
    for (kind, row) in &detection.kinds {
        let cell = |intensity: &u64| {
            let found = row.get(intensity).copied().unwrap_or_default();
            found.share().map_or("-".to_owned(), |(share, low, high)| {
                let Found { crossed, found } = found;
                format!("{share:.2} ({low:.2} to {high:.2}), {found} of {crossed}")
            })
        };
        let cells: Vec<String> = intensities.iter().map(cell).collect();
        let _ = writeln!(text, "| {kind} | {} |", cells.join(" | "));
    }
    text
}

fn confusion(text: &mut String, tally: &Tally) {
    let mut columns: Vec<&str> =
        tally.confusion.values().flat_map(|row| row.keys().copied()).collect();
    columns.sort_unstable();
    columns.dedup();
    let _ = writeln!(text, "| expected | {} |", columns.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(columns.len()));
    for (kind, row) in &tally.confusion {
        let cells: Vec<String> = columns
            .iter()
            .map(|column| row.get(column).map_or("-".to_owned(), u64::to_string))
            .collect();
        let _ = writeln!(text, "| {kind} | {} |", cells.join(" | "));
    }
}
