//! How well faults are found, as a page of Markdown.

use std::fmt::Write as _;

use ks_replayer::expectations::tally::Tally;

/// The page; `command` says how it is made anew.
pub(crate) fn page(command: &str, cases: usize, tally: &Tally) -> String {
    let mut text = format!("# Detection\n\nWritten by `ks {command}` over {cases} cases.\n\n");
    text += "Found: raised on the right place in time, with its peak in the stated range. False:\n";
    text += "of medium or above while nothing was wrong.\n";
    text += "\n| kind | expected | found | false | low | flapping | culprit right ";
    text += "| delay s, median | worst |\n|---|---|---|---|---|---|---|---|---|\n";
    for (kind, count) in &tally.kinds {
        let seconds =
            |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
        let _ = writeln!(
            text,
            "| {kind} | {} | {} | {} | {} | {} | {} of {} | {} | {} |",
            count.expected,
            count.found,
            count.false_,
            count.false_low,
            count.flapping,
            count.culprit_right,
            count.culprit_asked,
            seconds(count.delay_median_s),
            seconds(count.delay_worst_s),
        );
    }
    let calm = tally.calm;
    let most = calm.per_hour_at_most.map_or("-".to_owned(), |most| format!("{most:.4}"));
    let _ = writeln!(
        text,
        "\nNothing was wrong for {} h: {} false episodes, at most {most} an hour (exact upper \
         95 % limit).",
        calm.hours, calm.false_
    );
    text += "\n## Confusion\n\nCases in which the kind of the row had to be found, by the kinds ";
    text +=
        "that were raised\nat medium or above while something was wrong. One fault may be right ";
    text += "to raise several.\n\n";
    confusion(&mut text, tally);
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
