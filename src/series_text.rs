//! Words on series that several commands share.

use ks_replayer::series_events::SeriesEvent;
use ks_replayer::series_gaps::{Gap, Gaps};

use crate::plain::Page;
use crate::render;

/// From when to when. Times in whole seconds are told without parts of them.
pub(crate) fn when_text<T>(event: &SeriesEvent<T>) -> String {
    let whole = |time: &str| match time.strip_suffix(".000000000Z") {
        Some(seconds) => format!("{seconds}Z"),
        None => time.to_owned(),
    };
    let onset = whole(&event.onset);
    if event.stays {
        return format!("since {onset}");
    }
    format!("{onset} to {}", whole(&event.end))
}

/// Tells where there are no rows.
pub(crate) fn tell_gaps(gaps: &Gaps, page: &mut Page) {
    let Gaps { total, share, longest } = gaps;
    let longest = longest.iter().max_by(|one, other| one.lasts_s.total_cmp(&other.lasts_s));
    let Some(Gap { from, to, lasts_s, .. }) = longest else { return };
    let which = if *total == 1 { "from" } else { "the longest from" };
    page.line(format_args!(
        "gaps:  {total}, {:.1} % of the time; {which} {from} to {to} ({lasts_s:.0} s)",
        100.0 * share
    ));
}

/// A number with four digits that count, as far as people read.
pub(crate) fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1e6 || (size > 0.0 && size < 1e-3) {
        format!("{value:.3e}")
    } else if size >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.4}")
    }
}

/// Says on stderr what has no score, and which times were not in order.
pub(crate) fn notes(
    (absent, of): (u64, &str),
    not_finite: u64,
    (steps_back, line): (u64, Option<u64>),
) {
    if absent > 0 {
        render::note(&format!("{absent} {of} have no value, and so no score"));
    }
    if not_finite > 0 {
        render::note(&format!(
            "{not_finite} values are not finite, or too large: they have no score"
        ));
    }
    if let Some(line) = line {
        render::note(&format!(
            "{steps_back} times lie before an earlier one, the first in line {line}: such rows \
             count in the order of the file"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let check = |value: f64, expected: &str| assert_eq!(short(value), expected);
        check(0.0, "0.0000");
        check(12.345_678, "12.3457");
        check(-1234.56, "-1234.6");
        check(0.000_012_34, "1.234e-5");
        check(98_765_432.0, "9.877e7");
    }
}
