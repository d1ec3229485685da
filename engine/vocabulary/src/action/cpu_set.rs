//! A set of CPUs, as a list such as `0-3,6`: ascending, without overlaps, and never a mask.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use super::bad_value::BadValue;
use super::parameter::{Accepts, Parameter};
use super::risk::Risk;
use super::spec::Spec;
use super::text::as_text;

/// The last CPU that a kernel can have (`NR_CPUS` of x86_64).
const CPU: Spec = Spec::plain("CPU", 0, 8191);
/// Ranges that one list may have.
const RANGES_MAX: usize = 16;
const WHAT: &str = "list of CPUs";

/// CPUs that a process may use; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CpuSet {
    ranges: Vec<(u64, u64)>,
}

impl CpuSet {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.ranges.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether each of them is in another set.
    pub fn is_within(&self, other: &Self) -> bool {
        let inside = |low: u64, high: u64| {
            // Ranges that touch are one.
            let mut next = low;
            for (first, last) in &other.ranges {
                if *first <= next && next <= *last {
                    next = last + 1;
                }
            }
            next > high
        };
        self.ranges.iter().all(|(low, high)| inside(*low, *high))
    }

    /// The last of them.
    pub fn last(&self) -> u64 {
        self.ranges.last().map_or(0, |(_, last)| *last)
    }
}

impl FromStr for CpuSet {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let bad = || BadValue::new(text, WHAT, "ascending ranges as in `0-3,6`");
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let first = CPU.parse(first).map_err(|_| bad())?;
            let last = CPU.parse(last).map_err(|_| bad())?;
            let follows = ranges.last().is_none_or(|(_, before)| *before < first);
            let is_written_shortest = first < last || !part.contains('-');
            if !follows || first > last || !is_written_shortest || ranges.len() == RANGES_MAX {
                return Err(bad());
            }
            ranges.push((first, last));
        }
        Ok(Self { ranges })
    }
}

impl fmt::Display for CpuSet {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.ranges.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(out, "{comma}{first}")?;
            if first < last {
                write!(out, "-{last}")?;
            }
        }
        Ok(())
    }
}

as_text!(CpuSet, "list of CPUs");

impl Parameter for CpuSet {
    const ACCEPTS: &'static [Accepts] = &[Accepts::Text {
        pattern: "^(0|[1-9][0-9]{0,3})(-[1-9][0-9]{0,3})?(,[1-9][0-9]{0,3}(-[1-9][0-9]{0,3})?)*$",
        example: "0-3,6",
    }];

    fn canonical(&self, _: Risk) -> Option<String> {
        Some(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_masks_are_not() {
        for text in ["0", "0-3", "0-3,6", "1,3,5-8191"] {
            assert_eq!(text.parse::<CpuSet>().unwrap().to_string(), text);
        }
        let set: CpuSet = "0-3,6".parse().unwrap();
        assert_eq!((set.count(), set.last()), (5, 6));
        for text in
            ["", "ff", "0x3", "3-1", "2-2", "0,0", "3,1", "0-3,3", "0-", "-1", "01", "8192", "0, 1"]
        {
            let error = text.parse::<CpuSet>().unwrap_err().to_string();
            assert!(
                error.ends_with("is no list of CPUs: ascending ranges as in `0-3,6`"),
                "{error}"
            );
        }
    }
}
