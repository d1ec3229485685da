//! `MemTotal` of a statistic of sar, which does not print it.
//!
//! sar gives what is used, and its share of the total in percents with two digits. What is used
//! means three things in its versions: all but what is free; later all but what is free, cache,
//! buffers and slab; since 12.7.8 all but what is available. No file names its version, so
//! the one counts whose total agrees with the share, among those that the file can be of.

use serde_json::{Map, Value as Json};

/// Numbers of the section `memory` of which only the total is made.
pub(super) const OF_TOTAL: [&str; 3] = ["memused", "memused-percent", "slab"];

/// Half of the last digit of a share, and a little for the rounding of floats.
const ROUNDING: f64 = 0.0051;
const BYTES_PER_KB: u64 = 1024;

/// `MemTotal`, where the file says enough. `names_zones` says that it is of sysstat 12.7.1 or
/// later.
pub(super) fn total_bytes(sections: &Map<String, Json>, names_zones: bool) -> Option<u64> {
    let memory = sections.get("memory")?;
    let number = |key: &str| memory.get(key).and_then(Json::as_u64);
    let used_kb = number("memused").filter(|used| *used > 0)?;
    let share = memory.get("memused-percent").and_then(Json::as_f64)?;
    let with = |rest: &[&str]| {
        rest.iter().try_fold(used_kb, |sum_kb, key| sum_kb.checked_add(number(key)?))
    };
    let but_free = with(&["memfree"]);
    let but_cache = with(&["memfree", "buffers", "cached", "slab"]);
    let but_available = with(&["avail"]);
    let agrees =
        |total_kb: &u64| (used_kb as f64 / *total_kb as f64 * 100.0 - share).abs() <= ROUNDING;
    let total_kb = if names_zones {
        let is_before_12_7_6 = has_retrans(sections);
        // Both agree only where they are hardly apart.
        let newest = but_available.filter(agrees).filter(|_| !is_before_12_7_6);
        newest.or(but_cache.filter(agrees))?
    } else {
        let mut agreeing = [but_free, but_cache].into_iter().flatten().filter(agrees);
        let total_kb = agreeing.next()?;
        if agreeing.any(|other| other != total_kb) {
            return None;
        }
        total_kb
    };
    total_kb.checked_mul(BYTES_PER_KB)
}

/// Whether segments that were sent again are called as they were until 12.7.6.
fn has_retrans(sections: &Map<String, Json>) -> bool {
    let tcp = sections.get("network").and_then(|network| network.get("net-etcp"));
    tcp.is_some_and(|tcp| tcp.get("retrans").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: &str =
        r#""memfree": 5000, "avail": 7400, "buffers": 500, "cached": 2000, "slab": 500"#;

    fn check(sections: &str, names_zones: bool, expected: Option<u64>) {
        let sections = serde_json::from_str(sections).unwrap();
        let found = total_bytes(&sections, names_zones);
        assert_eq!(found, expected.map(|kb| kb * BYTES_PER_KB), "{sections:?}");
    }

    fn memory(used: u64, percent: f64) -> String {
        format!(r#""memory": {{"memused": {used}, "memused-percent": {percent}, {REST}}}"#)
    }

    #[test]
    fn before_zones_were_named_used_is_what_agrees_with_its_share() {
        check(&format!("{{{}}}", memory(2000, 20.0)), false, Some(10_000));
        check(&format!("{{{}}}", memory(5000, 50.0)), false, Some(10_000));
        check(&format!("{{{}}}", memory(5000, 70.0)), false, None);
        check(&format!("{{{}}}", memory(2600, 26.0)), false, None);
        let few = r#"{"memory": {"memused": 5000, "memused-percent": 50.0, "memfree": 5000}}"#;
        check(few, false, Some(10_000));
        check(r#"{"memory": {"memfree": 5000}}"#, false, None);
    }

    #[test]
    fn since_zones_are_named_used_may_be_what_is_not_available() {
        check(&format!("{{{}}}", memory(2600, 26.0)), true, Some(10_000));
        check(&format!("{{{}}}", memory(2000, 20.0)), true, Some(10_000));
        check(&format!("{{{}}}", memory(5000, 50.0)), true, None);
        let with = |key: &str| {
            let tcp = format!(r#""network": {{"net-etcp": {{"{key}": 1.0}}}}"#);
            format!("{{{}, {tcp}}}", memory(2600, 26.0))
        };
        check(&with("retrseg"), true, Some(10_000));
        check(&with("retrans"), true, None);
    }
}
