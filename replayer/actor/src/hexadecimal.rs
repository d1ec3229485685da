//! Bytes as text of two digits each.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// As text.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |of: u8| char::from(DIGITS[usize::from(of & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// As bytes; nothing where it is not what [`hex`] gives.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    let value = |digit: u8| {
        let at = DIGITS.iter().position(|known| *known == digit)?;
        u8::try_from(at).ok()
    };
    let pairs = text.as_bytes().chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| Some(value(pair[0])? << 4 | value(pair[1])?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(bytes(&hex(&all)), Some(all));
        assert_eq!(hex(&[0, 0x7f, 0xff]), "007fff");
        for text in ["0", "0g", "FF", " 0", "\u{e9}"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }
}
