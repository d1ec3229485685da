//! Texts of others, cut to what a line of the log or a message has room for.

use std::borrow::Cow;

/// A longer text ends here: a line of the log, or a message, has room for several.
const TEXT_BYTES_MAX: usize = 4096;
const ELLIPSIS: char = '\u{2026}';

/// A text for people, cut where it is very long.
pub(crate) fn short(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    let mut cut = text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned();
    cut.push(ELLIPSIS);
    Cow::Owned(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let text = "\u{e9}".repeat(TEXT_BYTES_MAX / 2);
        assert_eq!(short(&text), text);
        for text in [format!("{text}x"), format!("x{text}"), text.repeat(1000)] {
            let cut = short(&text).into_owned();
            let kept = cut.strip_suffix(ELLIPSIS).unwrap();
            assert!(text.starts_with(kept) && kept.len() + 2 > TEXT_BYTES_MAX, "{}", kept.len());
        }
    }
}
