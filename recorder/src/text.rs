//! Reading the plain text of `/proc` and `/sys`: lines, fields, numbers. Bytes in, values out.
//!
//! Nothing here fails: a number that is not one, or does not fit 64 bits, is `None`, and the cell
//! stays absent.

/// The lines of `text`, without their ends; the last may lack its newline.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n')
}

/// The fields of `line`, separated by any number of blanks.
pub fn fields(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|byte| matches!(byte, b' ' | b'\t' | b'\n')).filter(|field| !field.is_empty())
}

/// A decimal number that fills the whole field.
pub fn parse_u64(field: &[u8]) -> Option<u64> {
    if field.is_empty() || field.len() > 20 {
        return None;
    }
    field.iter().try_fold(0u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A decimal number with an optional minus sign.
pub fn parse_i64(field: &[u8]) -> Option<i64> {
    match field.strip_prefix(b"-") {
        Some(digits) => 0i64.checked_sub_unsigned(parse_u64(digits)?),
        None => i64::try_from(parse_u64(field)?).ok(),
    }
}

/// A hexadecimal number without prefix.
pub fn parse_hex(field: &[u8]) -> Option<u64> {
    u64::from_str_radix(core::str::from_utf8(field).ok()?, 16).ok()
}

/// A finite decimal fraction.
pub fn parse_f64(field: &[u8]) -> Option<f64> {
    let value: f64 = core::str::from_utf8(field).ok()?.parse().ok()?;
    value.is_finite().then_some(value)
}

/// The whole text as one number, the form of most files under `/sys`.
pub fn parse_only_u64(text: &[u8]) -> Option<u64> {
    parse_u64(text.trim_ascii())
}

/// Resolves the octal escapes, `\040` for a blank, in names that the kernel gives.
pub fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((first, after)) = rest.split_first() {
        if let (b'\\', Some((digits, after))) = (*first, after.split_at_checked(3))
            && let Some(byte) = parse_octal(digits)
        {
            bytes.push(byte);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

fn parse_octal(digits: &[u8]) -> Option<u8> {
    let value = digits.iter().try_fold(0u16, |value, digit| {
        matches!(digit, b'0'..=b'7').then(|| value * 8 + u16::from(digit - b'0'))
    });
    u8::try_from(value?).ok()
}

/// The inode in the text of a link such as `socket:[INODE]`; `kind` stands before the colon.
pub fn parse_inode(link: &[u8], kind: &[u8]) -> Option<u64> {
    parse_u64(link.strip_prefix(kind)?.strip_prefix(b":[")?.strip_suffix(b"]")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_inode_is_in_the_text_of_the_link() {
        assert_eq!(parse_inode(b"net:[4026531840]", b"net"), Some(4_026_531_840));
        assert_eq!(parse_inode(b"socket:[4711]", b"socket"), Some(4711));
        let wrong = [&b""[..], b"net:[]", b"net:[1", b"uts:[1]", b"net:[-1]", b"net:[1]x", b"net"];
        for wrong in wrong {
            assert_eq!(parse_inode(wrong, b"net"), None);
        }
    }

    #[test]
    fn numbers_beyond_64_bits_are_absent() {
        assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_u64(b"18446744073709551616"), None);
        assert_eq!(parse_u64(b"99999999999999999999999"), None);
        assert_eq!(parse_u64(b""), None);
        assert_eq!(parse_u64(b"12a"), None);
        assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
        assert_eq!(parse_i64(b"9223372036854775808"), None);
        assert_eq!(parse_f64(b"nan"), None);
        assert_eq!(parse_hex(b"ff"), Some(255));
    }

    #[test]
    fn octal_escapes_are_resolved_and_other_backslashes_stay() {
        assert_eq!(unescape(b"a\\040b\\011c\\134"), b"a b\tc\\");
        assert_eq!(unescape(b"\\0\\999\\777\\"), b"\\0\\999\\777\\");
        assert_eq!(unescape(b"\\04"), b"\\04");
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_written(value: u64, signed: i64) {
            prop_assert_eq!(parse_u64(value.to_string().as_bytes()), Some(value));
            prop_assert_eq!(parse_i64(signed.to_string().as_bytes()), Some(signed));
        }

        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            for line in lines(&bytes) {
                for field in fields(line) {
                    let _ = (parse_u64(field), parse_i64(field));
                    let _ = (parse_hex(field), parse_f64(field), unescape(field));
                }
            }
        }

        #[test]
        fn an_escaped_name_is_resolved_to_itself(name: Vec<u8>) {
            let escaped = name.iter().map(|byte| format!("\\{byte:03o}")).collect::<Vec<_>>();
            prop_assert_eq!(unescape(escaped.concat().as_bytes()), name);
        }
    }
}
