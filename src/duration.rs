//! Lengths of time as people write them.

use std::time::Duration;

pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("write a number with ms, s, m, h or d, such as 90s".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write a whole number, such as 90s".to_owned())?;
    let ms = number.checked_mul(unit_ms).ok_or("too long")?;
    Ok(Duration::from_millis(ms))
}

#[test]
fn durations_are_numbers_with_units() {
    assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
    assert_eq!(parse_duration("2h"), Ok(Duration::from_hours(2)));
    assert!(parse_duration("90").is_err() && parse_duration("s").is_err());
}
