//! The language of allowed forms: plain text with holes, each of a closed sort.
//!
//! `<1-19>` is a number in these bounds without leading zero, `<a|b>` one of these words, and
//! `<pid>`, `<group>`, `<disk>`, `<interface>`, `<mount>`, `<cpus>`, `<process#>` and `<group#>`
//! are targets as the catalogue writes them. There is no hole for anything else, so that no pattern
//! can be open. What comes of a template is anchored at both ends.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A segment of the path of a control group: it begins with no dash and no dot, and no two dots
/// follow each other.
const SEGMENT: &str = "[A-Za-z0-9_@:](?:[.]?[A-Za-z0-9_@:-])*[.]?";
/// Numbers that handles have.
const HANDLE: (u64, u64) = (1, 999_999_999);
/// Process ids: init and the thread of threads are none.
const PID: (u64, u64) = (3, 4_194_304);
const MAJOR: (u64, u64) = (1, 4095);
const MINOR: (u64, u64) = (0, 1_048_575);
/// CPUs that a list may name.
const CPU: (u64, u64) = (0, 8191);

/// The pattern of a template.
pub(super) fn pattern(template: &str) -> String {
    let mut out = String::from(r"\A(?-u:");
    let mut rest = template;
    while let Some((plain, hole)) = rest.split_once('<') {
        out += &regex::escape(plain);
        let (hole, after) = hole.split_once('>').expect("a hole is closed");
        out += &of_hole(hole);
        rest = after;
    }
    out += &regex::escape(rest);
    out + r")\z"
}

fn of_hole(hole: &str) -> String {
    match hole {
        "pid" => between(PID),
        "group" => format!("{SEGMENT}(?:/{SEGMENT})*"),
        "disk" => format!("{}:{}", between(MAJOR), between(MINOR)),
        "interface" => format!("if#{}", between(HANDLE)),
        "mount" => format!("mnt#{}", between(HANDLE)),
        "process#" => format!("proc#{}", between(HANDLE)),
        "group#" => format!("cg#{}", between(HANDLE)),
        "cpus" => {
            let cpu = between(CPU);
            let span = format!("{cpu}(?:-{cpu})?");
            format!("{span}(?:,{span})*")
        }
        _ => match bounds(hole) {
            Some(bounds) => between(bounds),
            None => of_words(hole),
        },
    }
}

fn of_words(hole: &str) -> String {
    let words: Vec<String> = hole.split('|').map(regex::escape).collect();
    assert!(words.iter().all(|word| !word.is_empty()), "`{hole}` is no sort of hole");
    format!("(?:{})", words.join("|"))
}

fn bounds(hole: &str) -> Option<(u64, u64)> {
    let (low, high) = hole.split_once('-')?;
    Some((low.parse().ok()?, high.parse().ok()?))
}

/// The numbers from `low` to `high`, without leading zeros: for each length of digits the numbers
/// of that length.
fn between((low, high): (u64, u64)) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut from = low;
    while from <= high {
        let digits = from.to_string().len();
        let last = 10u64.checked_pow(u32::try_from(digits).unwrap_or(u32::MAX));
        let to = last.map_or(high, |last| high.min(last - 1));
        of_equal_length(&from.to_string(), &to.to_string(), "", &mut parts);
        let Some(next) = to.checked_add(1) else { break };
        from = next;
    }
    format!("(?:{})", parts.join("|"))
}

/// The numbers between two of as many digits, behind a common beginning.
fn of_equal_length(low: &str, high: &str, begin: &str, parts: &mut Vec<String>) {
    let (Some(first), Some(last)) = (low.chars().next(), high.chars().next()) else {
        parts.push(begin.to_string());
        return;
    };
    let (low, high) = (&low[1..], &high[1..]);
    let any = |count: usize| match count {
        0 => String::new(),
        1 => "[0-9]".to_string(),
        more => format!("[0-9]{{{more}}}"),
    };
    if first == last {
        return of_equal_length(low, high, &format!("{begin}{first}"), parts);
    }
    let (all_low, all_high) = (low.chars().all(|it| it == '0'), high.chars().all(|it| it == '9'));
    let (mut from, mut to) = (first, last);
    if !all_low {
        of_equal_length(low, &"9".repeat(low.len()), &format!("{begin}{first}"), parts);
        from = next(first);
    }
    if !all_high {
        to = before(last);
    }
    if from <= to {
        let digit = if from == to { from.to_string() } else { format!("[{from}-{to}]") };
        parts.push(format!("{begin}{digit}{}", any(low.len())));
    }
    if !all_high {
        of_equal_length(&"0".repeat(high.len()), high, &format!("{begin}{last}"), parts);
    }
}

fn next(digit: char) -> char {
    char::from_u32(u32::from(digit) + 1).unwrap_or('9')
}

fn before(digit: char) -> char {
    char::from_u32(u32::from(digit) - 1).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    fn is_match(template: &str, text: &str) -> bool {
        Regex::new(&pattern(template)).unwrap().is_match(text)
    }

    #[test]
    fn numbers_are_those_in_bounds_and_have_no_leading_zero() {
        for (low, high) in [(1u64, 19u64), (0, 7), (16, 4096), (15, 60), (128, 65_536), (3, 3)] {
            let template = format!("<{low}-{high}>");
            let pattern = Regex::new(&pattern(&template)).unwrap();
            for number in 0..70_000u64 {
                let is_in = (low..=high).contains(&number);
                assert_eq!(pattern.is_match(&number.to_string()), is_in, "{template} {number}");
            }
            for text in ["", "-1", "+1", "01", "007", "1e1", "0x10", " 1", "1 ", "1\n", "٥", "1.0"]
            {
                assert!(!pattern.is_match(text), "{template} {text:?}");
            }
        }
    }

    #[test]
    fn a_pattern_takes_all_of_a_text_or_nothing() {
        assert!(is_match("kill -TERM <pid>", "kill -TERM 5678"));
        for text in ["kill -TERM 2", "kill -TERM 4194305", "kill -TERM 5678 1", "xkill -TERM 5678"]
        {
            assert!(!is_match("kill -TERM <pid>", text), "{text}");
        }
        assert!(is_match("a.b <x|y>", "a.b y") && !is_match("a.b <x|y>", "aXb y"));
        assert!(
            is_match("<cpus>", "0-3,6") && !is_match("<cpus>", "0-3,") && !is_match("<cpus>", "ff")
        );
        assert!(is_match("<group>", "a.slice/b@1.service"));
        for text in ["/", "", "..", "a/../b", "/a", "-a", ".a", "a//b", "a b", "a\n", "a..b", "a/"]
        {
            assert!(!is_match("<group>", text), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn bounds_of_any_size_hold(one: u64, other: u64, number: u64, near in 0u64..3) {
            let (low, high) = (one.min(other), one.max(other));
            let pattern = Regex::new(&pattern(&format!("<{low}-{high}>"))).unwrap();
            for number in [number, low, high, low.wrapping_sub(near), high.wrapping_add(near)] {
                let is_in = (low..=high).contains(&number);
                prop_assert_eq!(pattern.is_match(&number.to_string()), is_in, "{}", number);
            }
        }
    }
}
