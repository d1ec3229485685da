//! When something was seen, as sadf writes it: a date, a time, and where that is.
//!
//! Until sysstat 12.7.1 `utc` says whether a time is UTC, since then `tz` names its zone. A name
//! other than UTC, such as CST or IST, is that of several zones, and none is guessed from it.

use serde_json::Value;

use super::zone::{Clock, Unclear};

const UTC: &str = "UTC";

/// Why a stamp gives no instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoInstant {
    /// This is no time.
    NotATime(String),
    /// It is a local time, of a zone that is called so if it is called anything.
    NoZone(Option<String>),
}

/// The instant of a stamp, in ns since 1970.
pub(super) fn read(clock: &mut Clock, stamp: &Value) -> Result<i64, NoInstant> {
    let part = |key: &str| stamp.get(key).and_then(Value::as_str).unwrap_or_default();
    let tz = stamp.get("tz").and_then(Value::as_str);
    let says_utc = |utc: &Value| utc.as_u64() == Some(1) || utc.as_bool() == Some(true);
    let is_utc = tz == Some(UTC) || stamp.get("utc").is_some_and(says_utc);
    let text = format!("{}T{}{}", part("date"), part("time"), if is_utc { "Z" } else { "" });
    clock.read(&text).map_err(|unclear| match unclear {
        Unclear::NoZone => NoInstant::NoZone(tz.map(str::to_owned)),
        Unclear::NotATime => NoInstant::NotATime(text),
    })
}

/// Whether a stamp is of sysstat 12.7.1 or later.
pub(super) fn names_its_zone(stamp: &Value) -> bool {
    stamp.get("tz").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NINE_NS: i64 = 1_767_344_400_000_000_000;
    const HOUR_NS: i64 = 3_600_000_000_000;

    fn check(zone: Option<&str>, rest: &str, expected: &Result<i64, NoInstant>) {
        let zone = zone.map(|zone| zone.parse().unwrap());
        let json = format!(r#"{{"date": "2026-01-02", "time": "09:00:00"{rest}}}"#);
        let stamp = serde_json::from_str(&json).unwrap();
        assert_eq!(read(&mut Clock::new(zone.as_ref()), &stamp), *expected, "{rest}");
    }

    #[test]
    fn utc_is_believed_and_goes_before_the_option() {
        for rest in [r#", "utc": 1"#, r#", "utc": true"#, r#", "tz": "UTC""#] {
            check(None, rest, &Ok(NINE_NS));
            check(Some("Asia/Tokyo"), rest, &Ok(NINE_NS));
        }
    }

    #[test]
    fn another_name_of_a_zone_is_not_believed_and_the_option_is() {
        check(Some("Europe/Berlin"), r#", "tz": "IST""#, &Ok(NINE_NS - HOUR_NS));
        check(Some("Europe/Berlin"), r#", "utc": 0"#, &Ok(NINE_NS - HOUR_NS));
        check(None, r#", "tz": "IST""#, &Err(NoInstant::NoZone(Some("IST".to_owned()))));
        check(None, r#", "utc": 0"#, &Err(NoInstant::NoZone(None)));
    }

    #[test]
    fn what_is_no_time_is_told() {
        let stamp = serde_json::from_str(r#"{"date": "2026-01-02", "tz": "UTC"}"#).unwrap();
        let expected = Err(NoInstant::NotATime("2026-01-02TZ".to_owned()));
        assert_eq!(read(&mut Clock::new(None), &stamp), expected);
    }
}
