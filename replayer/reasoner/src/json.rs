//! Reads what a server sent: of bounded size and depth, with no key said twice, and with numbers
//! that are numbers. What is kept of it is kept as it came.

use ks_vocabulary::decision::strict_within;
use serde::de::DeserializeOwned;

/// A longer body is refused (`gemini-api.md`, section 9, row 15).
pub(crate) const BODY_BYTES_MAX: usize = 8 << 20;
/// Objects and lists within each other; likewise.
const DEPTH_MAX: u8 = 64;

/// A value of a text; the error is what is wrong with it.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    strict_within(text, BODY_BYTES_MAX, DEPTH_MAX).map_err(|error| error.to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn what_two_readers_could_take_for_two_things_is_refused() {
        let deep = "[".repeat(65) + &"]".repeat(65);
        for (text, why) in [
            ("{\"a\":1,\"a\":2}", "twice"),
            ("[1e400]", "out of range"),
            (deep.as_str(), "deeply"),
            ("<html>", "expected"),
            ("", "EOF"),
        ] {
            let error = read::<Value>(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
        let long = format!("\"{}\"", "a".repeat(BODY_BYTES_MAX));
        assert!(read::<Value>(&long).unwrap_err().contains("are taken"));
        assert!(read::<Value>(&("[".repeat(64) + &"]".repeat(64))).is_ok());
    }
}
