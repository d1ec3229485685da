//! Units of other tools, as the cells of a recording.

/// The unit of a foreign value, and what it becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A number that stays as it is: counts, bytes, milliseconds, microseconds.
    Count,
    /// A limit, where -1 says that there is none.
    Limit,
    /// Kilobytes of 1,024 bytes, which become bytes.
    Kilobytes,
    /// The same, which become sectors of 512 bytes.
    SectorPairs,
    /// Bytes a second of a link, which become millions of bits a second.
    ByteRate,
    /// 0 or 1.
    Flag,
    /// A number with a fraction.
    Real,
}

/// What stands in a place for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing: it was not read at that time.
    Nothing,
    /// A word that says that there is no value.
    NoValue,
    /// The bits of a cell.
    Bits(u64),
}

/// Why a text is no value of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is no number.
    NotANumber,
    /// It has a fraction, is below zero, or too large.
    NotWhole,
}

/// What tools write where they have no value; `nan` and `inf` in any form are the same.
const NO_VALUE: [&str; 4] = ["N/A", "?", "None", "no value"];
/// What PCP makes of a limit that the kernel gives as the largest number there is.
const NO_LIMIT: &str = "-1";
/// What a driver that knows no speed (-1) looks like as an unsigned number of Mbit/s.
const UNKNOWN_SPEED: u64 = u32::MAX as u64;
const BYTES_PER_KILOBYTE: u64 = 1024;
const SECTORS_PER_KILOBYTE: u64 = 2;
const BYTE_RATE_PER_MBIT: u64 = 125_000;

impl Unit {
    /// The value of a text.
    pub(super) fn read(self, text: &str) -> Result<Found, Unfit> {
        if text.is_empty() {
            return Ok(Found::Nothing);
        }
        if self == Self::Limit && text == NO_LIMIT {
            return Ok(Found::Nothing);
        }
        if NO_VALUE.contains(&text) {
            return Ok(Found::NoValue);
        }
        match (text.parse::<u64>(), text.parse::<f64>()) {
            (_, Ok(real)) if !real.is_finite() => Ok(Found::NoValue),
            // Adding zero makes one of the two zeros.
            (_, Ok(real)) if self == Self::Real => Ok(Found::Bits((real + 0.0).to_bits())),
            (Ok(whole), _) => self.of_whole(whole),
            (Err(_), Ok(_)) => Err(Unfit::NotWhole),
            (Err(_), Err(_)) => Err(Unfit::NotANumber),
        }
    }

    fn of_whole(self, whole: u64) -> Result<Found, Unfit> {
        let bits = match self {
            Self::Count | Self::Limit | Self::Real => Some(whole),
            Self::Kilobytes => whole.checked_mul(BYTES_PER_KILOBYTE),
            Self::SectorPairs => whole.checked_mul(SECTORS_PER_KILOBYTE),
            Self::Flag => Some(u64::from(whole != 0)),
            Self::ByteRate => {
                let mbit = whole / BYTE_RATE_PER_MBIT;
                if mbit == 0 || mbit >= UNKNOWN_SPEED {
                    return Ok(Found::Nothing);
                }
                Some(mbit)
            }
        };
        bits.map(Found::Bits).ok_or(Unfit::NotWhole)
    }
}

/// Below it a float holds every whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The whole number nearest to `value`; `None` where it is no amount.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 2^53")]
pub(super) fn whole(value: f64) -> Option<u64> {
    if (0.0..EXACT).contains(&value) { Some((value + 0.5) as u64) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unit: Unit, text: &str, expected: Result<Found, Unfit>) {
        assert_eq!(unit.read(text), expected, "{unit:?} {text:?}");
    }

    #[test]
    fn values_become_the_unit_of_their_column() {
        check(Unit::Count, "12", Ok(Found::Bits(12)));
        check(Unit::Count, "18446744073709551615", Ok(Found::Bits(u64::MAX)));
        check(Unit::Kilobytes, "3", Ok(Found::Bits(3072)));
        check(Unit::SectorPairs, "3", Ok(Found::Bits(6)));
        check(Unit::Flag, "2", Ok(Found::Bits(1)));
        check(Unit::Real, "0.910", Ok(Found::Bits(0.91f64.to_bits())));
        check(Unit::Real, "-0.0", Ok(Found::Bits(0)));
        check(Unit::Real, "2", Ok(Found::Bits(2f64.to_bits())));
        check(Unit::ByteRate, "125000000", Ok(Found::Bits(1000)));
    }

    #[test]
    fn an_unknown_speed_is_absent() {
        check(Unit::ByteRate, "0", Ok(Found::Nothing));
        check(Unit::ByteRate, "536870911875000", Ok(Found::Nothing));
    }

    #[test]
    fn a_limit_of_minus_one_is_absent_and_no_other_is() {
        check(Unit::Limit, "-1", Ok(Found::Nothing));
        check(Unit::Limit, "12", Ok(Found::Bits(12)));
        check(Unit::Limit, "-2", Err(Unfit::NotWhole));
        check(Unit::Limit, "-1.0", Err(Unfit::NotWhole));
    }

    #[test]
    fn what_is_no_value_is_told_from_what_is_wrong() {
        check(Unit::Count, "", Ok(Found::Nothing));
        for word in ["N/A", "NaN", "nan", "inf", "-inf", "?", "None"] {
            check(Unit::Count, word, Ok(Found::NoValue));
            check(Unit::Real, word, Ok(Found::NoValue));
        }
        check(Unit::Count, "12.300", Err(Unfit::NotWhole));
        check(Unit::Count, "0.000", Err(Unfit::NotWhole));
        check(Unit::Count, "-5", Err(Unfit::NotWhole));
        check(Unit::Count, "18446744073709551616", Err(Unfit::NotWhole));
        check(Unit::Kilobytes, "18446744073709551615", Err(Unfit::NotWhole));
        check(Unit::Count, "12kB", Err(Unfit::NotANumber));
        check(Unit::Real, "much", Err(Unfit::NotANumber));
    }

    #[test]
    fn amounts_are_rounded_and_the_rest_is_none() {
        assert_eq!(whole(2.5), Some(3));
        assert_eq!(whole(0.0), Some(0));
        for value in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(whole(value), None, "{value}");
        }
    }
}
