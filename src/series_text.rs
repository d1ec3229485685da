//! Words on series that several commands share.

use ks_replayer::series_events::{Events, SeriesEvent};
use ks_replayer::series_gaps::{Gap, Gaps};
use ks_replayer::series_rows::Rows;

use crate::plain::Page;
use crate::render;
use crate::render::words::lasting;

/// Events that people are told of.
const EVENTS_TOLD: usize = 10;
/// Gaps that people are told of.
const GAPS_TOLD: usize = 3;

/// From when to when, with its times told by `time`.
pub(crate) fn when_text<T>(event: &SeriesEvent<T>, time: impl Fn(&str) -> String) -> String {
    let onset = time(&event.onset);
    if event.open {
        return format!("since {onset}, and still at the end");
    }
    let then = if event.stays { ", then taken for normal" } else { "" };
    format!("{onset} to {}{then}", time(&event.end))
}

/// Tells what was unusual, the most unusual first, each in a line; or why none can be told.
pub(crate) fn tell_events<T>(
    events: &Events<T>,
    too_little: Option<String>,
    page: &mut Page,
    line: impl Fn(&SeriesEvent<T>) -> String,
) {
    if let Some(too_little) = too_little {
        return page.line(format_args!("Too little to judge: {too_little}."));
    }
    if events.listed.is_empty() {
        return page.line("Nothing unusual.");
    }
    let mut sorted: Vec<&SeriesEvent<T>> = events.listed.iter().collect();
    sorted.sort_by(|one, other| other.score.total_cmp(&one.score));
    let told = sorted.len().min(EVENTS_TOLD);
    let which = if events.total > told as u64 {
        format!("the {told} most unusual of {} events", events.total)
    } else {
        format!("{told} {}", if told == 1 { "event" } else { "events" })
    };
    page.line(format_args!("{which} (noise makes one of 0.5 in about a thousand rows):"));
    for event in &sorted[..told] {
        page.line(format_args!("  {:.3}  {}", event.score, line(event)));
    }
}

/// Tells where there are no values, with times as `time` tells them.
pub(crate) fn tell_gaps(gaps: &Gaps, page: &mut Page, time: impl Fn(&str) -> String) {
    let Gaps { total, share, longest, .. } = gaps;
    if *total == 0 {
        return;
    }
    let mut sorted: Vec<&Gap> = longest.iter().collect();
    sorted.sort_by(|one, other| other.lasts_s.total_cmp(&one.lasts_s));
    let told = sorted
        .iter()
        .take(GAPS_TOLD)
        .map(|gap| format!("{} to {} ({})", time(&gap.from), time(&gap.to), lasting(gap.lasts_s)));
    let told = told.collect::<Vec<_>>().join(", ");
    let which = if *total > GAPS_TOLD as u64 { "the longest " } else { "" };
    page.line(format_args!("gaps:  {total}, {:.1} % of the time: {which}{told}", 100.0 * share));
}

/// A number with the four digits that count.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1e6 || (size > 0.0 && size < 1e-3) {
        return format!("{value:.3e}");
    }
    let decimals = match size {
        size if size >= 1000.0 => 0,
        size if size >= 100.0 => 1,
        size if size >= 10.0 => 2,
        size if size >= 1.0 => 3,
        size if size > 0.0 => 4,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// What was normal, behind a value.
pub(crate) fn normal(p50: Option<f64>, p95: Option<f64>) -> String {
    match (p50, p95) {
        (Some(p50), Some(p95)) => format!("normal {}, p95 {}", short(p50), short(p95)),
        _ => "no baseline yet".to_owned(),
    }
}

/// Says on stderr what has no score, and which times were not in order. What has no value are `of`.
pub(crate) fn notes(rows: &Rows, of: &str) {
    let Rows { absent, not_finite, steps_back, steps_back_line, equal_times, .. } = rows;
    if *absent > 0 {
        render::note(&format!("{absent} {of} have no value, and so no score"));
    }
    if *not_finite > 0 {
        render::note(&format!(
            "{not_finite} values are not finite, or too large: they have no score"
        ));
    }
    if let Some(line) = steps_back_line {
        render::note(&format!(
            "{steps_back} times lie before an earlier one, the first in line {line}: such rows \
             count in the order of the file"
        ));
    }
    if *equal_times > 0 {
        render::note(&format!(
            "{equal_times} rows have the time of the row before them: where a file holds several \
             hosts or series, take them apart first"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let check = |value: f64, expected: &str| assert_eq!(short(value), expected);
        check(0.0, "0");
        check(0.0123, "0.0123");
        check(5.5, "5.500");
        check(12.345_678, "12.35");
        check(-123.456, "-123.5");
        check(-1234.56, "-1235");
        check(0.000_012_34, "1.234e-5");
        check(98_765_432.0, "9.877e7");
    }
}
