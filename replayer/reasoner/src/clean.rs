//! What a model is told of an answer: texts lose what steers a reader instead of telling it
//! something, and none is long. Names of the host are no part of them: they are handles.

use serde_json::Value;

/// Characters of one text.
const TEXT_CHARS_MAX: usize = 400;

/// An answer as it is sent.
pub(crate) fn clean(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text_of(&text)),
        Value::Array(all) => Value::Array(all.into_iter().map(clean).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, clean(value))).collect())
        }
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => other,
    }
}

/// A text as it is sent.
pub(crate) fn text_of(text: &str) -> String {
    let shown = text.chars().filter(|letter| !letter.is_control() && !is_unseen(*letter));
    shown.take(TEXT_CHARS_MAX).collect()
}

/// Marks of direction, letters without width, and others that are not seen.
fn is_unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_not_seen_goes_and_what_is_long_is_cut() {
        let hidden = "a\u{202e}b\u{200b}c\u{e0041}d\n\u{1b}[31me";
        assert_eq!(text_of(hidden), "abcd[31me");
        assert_eq!(text_of(&"é".repeat(900)).chars().count(), TEXT_CHARS_MAX);
        let told = clean(json!({"reason": "x\u{0}y", "n": 1.5, "list": ["\u{feff}z"]}));
        assert_eq!(told, json!({"reason": "xy", "n": 1.5, "list": ["z"]}));
    }
}
