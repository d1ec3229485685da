//! Time zones, and written times as instants.

use std::str::FromStr;

use jiff::Timestamp as Time;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};

/// The time zone of times that do not state theirs.
#[derive(Debug, Clone)]
pub struct Zone(TimeZone);

/// The text is no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a name such as Europe/Berlin, an offset such as +02:00, UTC, or a rule such as \
     EST5EDT,M3.2.0,M11.1.0"
)]
pub struct NotAZone;

impl FromStr for Zone {
    type Err = NotAZone;

    fn from_str(text: &str) -> Result<Self, NotAZone> {
        if let Some(seconds) = offset_seconds(text) {
            return Self::fixed(seconds).ok_or(NotAZone);
        }
        // As a rule of POSIX, UTC+2 lies west of Greenwich, and hardly anybody means that.
        let misread = |prefix: &&str| {
            text.strip_prefix(*prefix).is_some_and(|rest| rest.starts_with(['+', '-']))
        };
        if ["UTC", "GMT"].iter().any(misread) {
            return Err(NotAZone);
        }
        let named = TimeZoneDatabase::bundled().get(text.trim_start_matches(':'));
        named.or_else(|_| TimeZone::posix(text)).map(Self).map_err(|_| NotAZone)
    }
}

impl Zone {
    fn fixed(seconds: i32) -> Option<Self> {
        Offset::from_seconds(seconds).ok().map(|offset| Self(TimeZone::fixed(offset)))
    }

    /// The instant of a local time, in ns since 1970. Where it comes twice, as summer time ends, it
    /// is the first, unless that lies before `last_ns`: times go on.
    fn instant_ns(&self, local: DateTime, last_ns: Option<i64>) -> Option<i64> {
        let at_ns = ns(self.0.to_ambiguous_timestamp(local).compatible().ok()?)?;
        if last_ns.is_none_or(|last_ns| at_ns >= last_ns) {
            return Some(at_ns);
        }
        let later_ns = self.0.to_ambiguous_timestamp(local).later().ok().and_then(ns);
        later_ns.filter(|later_ns| Some(*later_ns) >= last_ns).or(Some(at_ns))
    }
}

/// Seconds east of UTC in `+02:00`, `-0330` or `+5`.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let number = |part: &str, most: i32| {
        let digits = part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i32>().ok().filter(|number| digits && *number <= most)
    };
    Some(sign * (number(hours, 23)? * 3600 + number(minutes, 59)? * 60))
}

/// Nanoseconds since 1970; `None` before, when nothing was recorded.
fn ns(time: Time) -> Option<i64> {
    i64::try_from(time.as_nanosecond()).ok().filter(|ns| *ns >= 0)
}

/// Why a text gives no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclear {
    /// It is no time.
    NotATime,
    /// It is a local time, and nobody says where.
    NoZone,
}

/// Reads written times in the order in which they stand.
#[derive(Debug)]
pub(super) struct Clock {
    zone: Option<Zone>,
    last_ns: Option<i64>,
}

impl Clock {
    pub(super) fn new(zone: Option<&Zone>) -> Self {
        Self { zone: zone.cloned(), last_ns: None }
    }

    /// The instant of a text, in ns since 1970. A time with an offset of its own needs no zone; the
    /// ` UTC+1` that `pmrep -k` appends is believed where no zone was given, since it says UTC+0
    /// for every zone that it knows by name.
    pub(super) fn read(&mut self, text: &str) -> Result<i64, Unclear> {
        let at_ns = match text.parse::<Time>() {
            Ok(time) => ns(time).ok_or(Unclear::NotATime)?,
            Err(_) => self.read_local(text)?,
        };
        self.last_ns = self.last_ns.max(Some(at_ns));
        Ok(at_ns)
    }

    fn read_local(&self, text: &str) -> Result<i64, Unclear> {
        let (local, stated) = match text.split_once(" UTC") {
            Some((local, "")) => (local, Zone::fixed(0)),
            Some((local, offset)) => (local, offset_seconds(offset).and_then(Zone::fixed)),
            None => (text, None),
        };
        let local: DateTime = local.parse().map_err(|_| Unclear::NotATime)?;
        let zone = self.zone.as_ref().or(stated.as_ref()).ok_or(Unclear::NoZone)?;
        zone.instant_ns(local, self.last_ns).ok_or(Unclear::NotATime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(zone: Option<&str>, texts: &[&str]) -> Vec<Result<String, Unclear>> {
        let zone: Option<Zone> = zone.map(|zone| zone.parse().unwrap());
        let mut clock = Clock::new(zone.as_ref());
        let written = |ns: i64| Time::from_nanosecond(i128::from(ns)).unwrap().to_string();
        texts.iter().map(|text| clock.read(text).map(written)).collect()
    }

    fn check(zone: Option<&str>, text: &str, expected: &str) {
        assert_eq!(read(zone, &[text]), [Ok(expected.to_owned())], "{zone:?} {text}");
    }

    #[test]
    fn local_times_are_those_of_the_zone() {
        let text = "2018-01-02T00:10:11.565965";
        check(Some("UTC"), text, "2018-01-02T00:10:11.565965Z");
        check(Some("+02:00"), text, "2018-01-01T22:10:11.565965Z");
        check(Some("-0330"), "2018-01-02 00:10:11", "2018-01-02T03:40:11Z");
        check(Some("Australia/Melbourne"), text, "2018-01-01T13:10:11.565965Z");
        check(Some("AEST-10"), text, "2018-01-01T14:10:11.565965Z");
        check(Some("EST5EDT,M3.2.0,M11.1.0"), "2018-07-01 12:00:00", "2018-07-01T16:00:00Z");
    }

    #[test]
    fn a_zone_that_is_stated_needs_no_option() {
        check(None, "2018-01-02T00:10:11Z", "2018-01-02T00:10:11Z");
        check(None, "2018-01-02 00:10:11+02:00", "2018-01-01T22:10:11Z");
        check(None, "2018-01-02 00:10:11 UTC+5", "2018-01-01T19:10:11Z");
        check(None, "2018-01-02 00:10:11 UTC", "2018-01-02T00:10:11Z");
        check(Some("Europe/Berlin"), "2018-01-02 00:10:11 UTC+0", "2018-01-01T23:10:11Z");
        check(Some("Europe/Berlin"), "2018-01-02T00:10:11Z", "2018-01-02T00:10:11Z");
    }

    #[test]
    fn what_is_no_time_and_what_has_no_zone_are_told_apart() {
        assert_eq!(read(None, &["2018-01-02T00:10:11"]), [Err(Unclear::NoZone)]);
        assert_eq!(read(None, &["00:10:11"]), [Err(Unclear::NotATime)]);
        assert_eq!(read(Some("UTC"), &["noon"]), [Err(Unclear::NotATime)]);
        assert_eq!(read(None, &["1066-10-14T09:00:00Z"]), [Err(Unclear::NotATime)]);
        assert_eq!(read(Some("UTC"), &[""]), [Err(Unclear::NotATime)]);
        assert_eq!(read(None, &["2018-01-02 00:10:11 UTC+10AEDT"]), [Err(Unclear::NoZone)]);
    }

    #[test]
    fn times_go_on_as_summer_time_ends() {
        let texts = ["2018-10-28 02:59:30", "2018-10-28 02:00:30", "2018-10-28 03:00:30"];
        let expected = ["2018-10-28T00:59:30Z", "2018-10-28T01:00:30Z", "2018-10-28T02:00:30Z"];
        assert_eq!(read(Some("Europe/Berlin"), &texts), expected.map(|text| Ok(text.to_owned())));
        let back = ["2018-11-28 02:59:30", "2018-11-28 02:00:30"];
        let expected = ["2018-11-28T01:59:30Z", "2018-11-28T01:00:30Z"];
        assert_eq!(read(Some("Europe/Berlin"), &back), expected.map(|text| Ok(text.to_owned())));
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["", "Berlin", "CEST", "UTC+2", "GMT-1", "+25:00", "+2:99", "++1", "+é0"] {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
        for text in ["UTC", "Etc/GMT+5", "Europe/Berlin", "+2", "-11:30", ":Asia/Tokyo"] {
            assert!(text.parse::<Zone>().is_ok(), "{text}");
        }
    }
}
