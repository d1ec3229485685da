//! Base64, in either alphabet and padded or not: one client sends a signature back in the other
//! alphabet than it came in, so that signatures are compared by their bytes.

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of some bytes, in the standard alphabet, padded.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut word = [0; 4];
        word[1..=chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes(word);
        for place in 0..4 {
            let at = (bits >> (18 - 6 * place)) & 63;
            let letter = STANDARD[at as usize];
            text.push(if place <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

/// The bytes of a text; none where it mixes the alphabets, is padded wrongly or has other letters.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let bare = text.trim_end_matches('=');
    let padding = text.len() - bare.len();
    let is_mixed = bare.contains(['+', '/']) && bare.contains(['-', '_']);
    let is_misfit =
        bare.len() % 4 == 1 || padding > 2 || (padding > 0 && !text.len().is_multiple_of(4));
    if is_mixed || is_misfit {
        return None;
    }
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in bare.bytes() {
        bits = (bits << 6) | sextet(letter)?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held).ok()?);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

fn sextet(letter: u8) -> Option<u32> {
    let letter = match letter {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    };
    let at = STANDARD.iter().position(|known| *known == letter)?;
    u32::try_from(at).ok()
}
