//! Words on series that several commands share.

use ks_replayer::series_events::SeriesEvent;
use ks_replayer::series_gaps::{Gap, Gaps};

use crate::plain::Page;
use crate::render;

/// Gaps that people are told of.
const GAPS_TOLD: usize = 3;

/// From when to when. Times in whole seconds are told without parts of them.
pub(crate) fn when_text<T>(event: &SeriesEvent<T>) -> String {
    let whole = |time: &str| match time.strip_suffix(".000000000Z") {
        Some(seconds) => format!("{seconds}Z"),
        None => time.to_owned(),
    };
    let onset = whole(&event.onset);
    if event.open {
        return format!("since {onset}, and still at the end");
    }
    let then = if event.stays { ", then taken for normal" } else { "" };
    format!("{onset} to {}{then}", whole(&event.end))
}

/// Tells where there are no rows.
pub(crate) fn tell_gaps(gaps: &Gaps, page: &mut Page) {
    let Gaps { total, share, longest, .. } = gaps;
    if *total == 0 {
        return;
    }
    let mut sorted: Vec<&Gap> = longest.iter().collect();
    sorted.sort_by(|one, other| other.lasts_s.total_cmp(&one.lasts_s));
    let told = sorted
        .iter()
        .take(GAPS_TOLD)
        .map(|gap| format!("{} to {} ({})", gap.from, gap.to, lasts(gap.lasts_s)));
    let told = told.collect::<Vec<_>>().join(", ");
    let which = if *total > GAPS_TOLD as u64 { "the longest " } else { "" };
    page.line(format_args!("gaps:  {total}, {:.1} % of the time: {which}{told}", 100.0 * share));
}

/// A time as people say it: its two largest units.
pub(crate) fn lasts(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")];
    let whole = seconds.round();
    let Some(at) = UNITS.iter().position(|(unit, _)| whole >= *unit) else {
        return format!("{seconds:.1} s");
    };
    let (unit, name) = UNITS[at];
    let large = (whole / unit).floor();
    match UNITS.get(at + 1).map(|(next, name)| ((whole % unit / next).floor(), name)) {
        Some((small, next)) if small > 0.0 => format!("{large} {name} {small} {next}"),
        _ => format!("{large} {name}"),
    }
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

/// What is said on stderr of the rows of a file.
pub(crate) struct Notes {
    /// Cells, or rows, without a value.
    pub(crate) absent: u64,
    /// Which of both.
    pub(crate) of: &'static str,
    /// Values that are not finite.
    pub(crate) not_finite: u64,
    /// Rows whose time lies before that of an earlier row.
    pub(crate) steps_back: u64,
    /// The first such line.
    pub(crate) steps_back_line: Option<u64>,
    /// Rows that have the time of the row before them.
    pub(crate) equal_times: u64,
}

/// Says on stderr what has no score, and which times are not in order.
pub(crate) fn notes(notes: &Notes) {
    let Notes { absent, of, not_finite, steps_back, steps_back_line, equal_times } = notes;
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
    fn times_and_numbers_are_short() {
        let check = |seconds: f64, expected: &str| assert_eq!(lasts(seconds), expected);
        check(0.25, "0.2 s");
        check(59.7, "1 min");
        check(61.0, "1 min 1 s");
        check(15_120.0, "4 h 12 min");
        check(86_400.0 * 2.0 + 30.0, "2 d");
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
