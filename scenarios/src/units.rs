//! Spans of time and numbers of bytes as people write them: `90s`, `1h30m`, `8GiB`.

use core::fmt;
use core::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A span of time. Written as numbers with `ns`, `us`, `ms`, `s`, `m`, `h` or `d`, the longest
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Duration {
    /// Nanoseconds.
    pub ns: u64,
}

/// A number of bytes. Written as a number with `B`, `KiB`, `MiB`, `GiB` or `TiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Bytes {
    /// Bytes.
    pub bytes: u64,
}

/// What is wrong with a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no {what}: {remedy}")]
pub struct BadQuantity {
    text: String,
    what: &'static str,
    remedy: &'static str,
}

const TIMES: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

const SIZES: [(&str, u64); 5] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40)];

impl Duration {
    /// Seconds.
    pub fn seconds(self) -> f64 {
        self.ns as f64 / 1e9
    }
}

impl FromStr for Duration {
    type Err = BadQuantity;

    fn from_str(text: &str) -> Result<Self, BadQuantity> {
        let remedy = "write it as 500ms, 90s, 5m or 1h30m";
        let bad = || BadQuantity { text: text.to_owned(), what: "span of time", remedy };
        let ns = sum(text, &TIMES).ok_or_else(bad)?;
        Ok(Self { ns })
    }
}

impl FromStr for Bytes {
    type Err = BadQuantity;

    fn from_str(text: &str) -> Result<Self, BadQuantity> {
        let remedy = "write it as 512MiB or 8GiB";
        let bad = || BadQuantity { text: text.to_owned(), what: "number of bytes", remedy };
        let bytes = sum(text, &SIZES).ok_or_else(bad)?;
        Ok(Self { bytes })
    }
}

/// The sum of the parts of `text`, each a number with one of the units.
fn sum(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let mut rest = text.trim();
    let mut sum = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
        let (number, tail) = rest.split_at(end);
        let end = tail.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(part(number, *size)?)?;
        rest = tail;
    }
    Some(sum)
}

fn part(number: &str, size: u64) -> Option<u64> {
    if let Ok(number) = number.parse::<u64>() {
        return number.checked_mul(size);
    }
    let number: f64 = number.parse().ok()?;
    let value = number * size as f64;
    (value < u64::MAX as f64).then(|| crate::grain::whole(value))
}

/// The largest unit that leaves no rest, else several from the largest down.
fn written(mut value: u64, units: &[(&str, u64)], smallest: &str) -> String {
    if value == 0 {
        return format!("0{smallest}");
    }
    let mut text = String::new();
    for (name, size) in units.iter().rev() {
        if value >= *size {
            text += &format!("{}{name}", value / size);
            value %= size;
        }
    }
    text
}

impl fmt::Display for Duration {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&written(self.ns, &TIMES, "s"))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&written(self.bytes, &SIZES, "B"))
    }
}

macro_rules! as_text {
    ($ty:ident) => {
        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(Duration);
as_text!(Bytes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_sizes_are_read_and_written_alike() {
        for text in ["500ms", "1m30s", "5m", "1h30m", "12h", "2d", "0s"] {
            assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
        }
        for text in ["8GiB", "512MiB", "1GiB512MiB", "17B"] {
            assert_eq!(text.parse::<Bytes>().unwrap().to_string(), text);
        }
        assert_eq!("1.5s".parse::<Duration>().unwrap().ns, 1_500_000_000);
    }

    #[test]
    fn what_is_no_quantity_says_how_to_write_one() {
        for text in ["", "5", "-5s", "5 minutes", "s", "99999999999999d", "1..5s", "5GB"] {
            let error = text.parse::<Duration>().unwrap_err().to_string();
            assert!(error.contains("500ms"), "{error}");
        }
        assert!("5m".parse::<Bytes>().unwrap_err().to_string().contains("8GiB"));
    }
}
