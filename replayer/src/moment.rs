//! A moment of a recording as a person writes it: a time, or a distance from the beginning.

use std::str::FromStr;

use jiff::Timestamp as Time;
use ks_vocabulary::time::{SECOND_NS, WallTime};

/// A moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A time, written as RFC 3339.
    At(WallTime),
    /// So long after the beginning, written as `+90s`.
    After {
        /// The distance.
        ns: u64,
    },
}

/// The text is no moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a time as 2026-03-04T12:00:00Z, or the distance from the recording's start as +90s, \
     +15m or +2h"
)]
pub struct NotAMoment;

impl FromStr for Moment {
    type Err = NotAMoment;

    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        if let Some(distance) = text.strip_prefix('+') {
            return distance_ns(distance).map(|ns| Self::After { ns }).ok_or(NotAMoment);
        }
        let time: Time = text.parse().map_err(|_| NotAMoment)?;
        let ns = i64::try_from(time.as_nanosecond()).map_err(|_| NotAMoment)?;
        Ok(Self::At(WallTime(ns)))
    }
}

fn distance_ns(text: &str) -> Option<u64> {
    let digits = text.find(|symbol: char| !symbol.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit_s: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return None,
    };
    let number: u64 = number.parse().ok()?;
    number.checked_mul(unit_s)?.checked_mul(SECOND_NS)
}

impl Moment {
    /// The time that is meant in a recording that begins at `start`.
    pub fn resolve(self, start: WallTime) -> WallTime {
        match self {
            Self::At(at) => at,
            Self::After { ns } => WallTime(start.0.saturating_add_unsigned(ns)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_or_a_distance() {
        let check = |text: &str, expected: i64| {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.resolve(WallTime(5)), WallTime(expected), "{text}");
        };
        check("1970-01-01T00:00:01Z", 1_000_000_000);
        check("1970-01-01T01:00:00.000000007+01:00", 7);
        check("2026-03-04T12:00:00Z", 1_772_625_600_000_000_000);
        check("+0s", 5);
        check("+90s", 90_000_000_005);
        check("+15m", 900_000_000_005);
        check("+2h", 7_200_000_000_005);
        check("+18446744073s", i64::MAX);
    }

    #[test]
    fn anything_else_is_refused_with_examples() {
        for text in
            ["", "+", "+s", "+90", "+90x", "-90s", "90s", "+1.5h", "noon", "12:00", "+99999999999h"]
        {
            let error = text.parse::<Moment>().unwrap_err();
            assert!(error.to_string().contains("+90s"), "{text}");
        }
        assert!("2026-03-04T12:00:00".parse::<Moment>().is_err(), "of which time zone?");
    }
}
