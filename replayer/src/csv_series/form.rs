//! What a cell of a time and of a value may look like.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::Offset;
use ks_statistics::anomaly::VALUE_MAX;

use super::Reading;

/// Units of times since the epoch: from which size on, and how many make a second. 10^11 seconds
/// are the year 5138, and as many milliseconds the year 1973.
const EPOCH_UNITS: [(f64, f64); 3] = [(1e17, 1e9), (1e14, 1e6), (1e11, 1e3)];
/// Years that digits alone may begin with to be a date: as seconds they are days of 1970, and as
/// milliseconds of the 27th century.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// Seconds since the epoch.
pub(super) fn parse_time(text: &str) -> Option<f64> {
    if let Some(time) = parse_digits(text) {
        return Some(time);
    }
    if let Ok(number) = text.parse::<f64>() {
        let number = Some(number).filter(|number| number.is_finite())?;
        let unit = EPOCH_UNITS.iter().find(|(from, _)| number.abs() >= *from);
        return Some(number / unit.map_or(1.0, |(_, per_second)| *per_second));
    }
    let zoned = text.parse::<Timestamp>();
    let civil = || Offset::UTC.to_timestamp(text.parse::<DateTime>()?);
    let time = zoned.or_else(|_| civil()).ok()?;
    Some(time.as_nanosecond() as f64 / 1e9)
}

/// A date of eight digits, with hours and minutes behind it or seconds as well.
fn parse_digits(text: &str) -> Option<f64> {
    if !matches!(text.len(), 8 | 12 | 14) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
    let small = |from: usize| {
        let part = if from < text.len() { part(from, from + 2)? } else { 0 };
        i8::try_from(part).ok()
    };
    let year = part(0, 4).filter(|year| YEARS.contains(year))?;
    let date = Date::new(year, small(4)?, small(6)?).ok()?;
    let time = jiff::civil::Time::new(small(8)?, small(10)?, small(12)?, 0).ok()?;
    let time = Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?;
    Some(time.as_nanosecond() as f64 / 1e9)
}

/// What a cell of values holds; `None` where it is no number.
pub(super) fn parse_value(text: &str) -> Option<Reading> {
    if text.is_empty() {
        return Some(Reading::Absent);
    }
    let number: f64 = text.parse().ok()?;
    // A comparison with NaN is false.
    let reckoned = number.abs() <= VALUE_MAX;
    Some(if reckoned { Reading::Number(number) } else { Reading::NotFinite })
}
