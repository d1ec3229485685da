//! Spans of time as systemd writes them: numbers with units, of which a plain number is seconds.

const SECOND_US: u64 = 1_000_000;

/// The units of `systemd.time(7)`, in us.
const UNITS: [(u64, &[&str]); 9] = [
    (1, &["us", "usec", "\u{b5}s", "\u{3bc}s"]),
    (1000, &["ms", "msec"]),
    (SECOND_US, &["s", "sec", "second", "seconds"]),
    (60 * SECOND_US, &["m", "min", "minute", "minutes"]),
    (3600 * SECOND_US, &["h", "hr", "hour", "hours"]),
    (86_400 * SECOND_US, &["d", "day", "days"]),
    (7 * 86_400 * SECOND_US, &["w", "week", "weeks"]),
    (2_629_800 * SECOND_US, &["M", "month", "months"]),
    (31_557_600 * SECOND_US, &["y", "year", "years"]),
];

/// A span in us, such as `30s`, `5min`, `1min 30s` or `1.5`; `u64::MAX` where it has no end.
/// `None` says that it is none, or longer than 64 bits hold.
pub(super) fn parse_time_span(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if text == "infinity" {
        return Some(u64::MAX);
    }
    let (mut rest, mut sum_us) = (text, None);
    while !rest.is_empty() {
        let (part_us, after) = parse_part(rest)?;
        sum_us = Some(sum_us.unwrap_or(0_u64).checked_add(part_us)?);
        rest = after.trim_start();
    }
    sum_us
}

/// A number with its unit, and what follows.
fn parse_part(text: &str) -> Option<(u64, &str)> {
    let (whole, after) = digits(text);
    let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let after = after.trim_start();
    let end = after.find(|letter: char| !letter.is_alphabetic()).unwrap_or(after.len());
    let (unit, after) = after.split_at(end);
    let mut step_us = of_unit(unit)?;
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut sum_us = whole.checked_mul(step_us)?;
    for digit in fraction.bytes() {
        step_us /= 10;
        sum_us = sum_us.checked_add(u64::from(digit - b'0') * step_us)?;
    }
    Some((sum_us, after))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn of_unit(unit: &str) -> Option<u64> {
    if unit.is_empty() {
        return Some(SECOND_US);
    }
    UNITS.iter().find(|(_, words)| words.contains(&unit)).map(|(us, _)| *us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spans_are_read_as_systemd_reads_them() {
        for (text, us) in [
            ("30s", 30_000_000),
            ("5min", 300_000_000),
            ("1min 30s", 90_000_000),
            ("1min30s", 90_000_000),
            (" 90 ", 90_000_000),
            ("2 h", 7_200_000_000),
            ("1.5", 1_500_000),
            (".5s", 500_000),
            ("250ms", 250_000),
            ("7us", 7),
            ("7\u{3bc}s", 7),
            ("1d 2hr", 93_600_000_000),
            ("1M", 2_629_800_000_000),
            ("0", 0),
            ("infinity", u64::MAX),
        ] {
            assert_eq!(parse_time_span(text.as_bytes()), Some(us), "{text}");
        }
    }

    #[test]
    fn what_is_none_or_too_long_is_not_read() {
        let none = ["", " ", "s", "-1", "1parsec", "1 fortnight", ".", "10,5"];
        for text in none.into_iter().chain(["99999999999999999999", "9999999999y"]) {
            assert_eq!(parse_time_span(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse_time_span(b"\xff"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_time_span(&bytes);
        }
    }
}
