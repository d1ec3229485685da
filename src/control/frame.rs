//! One message on a socket: its length, then JSON.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// No message is larger than this.
const LARGEST_BYTES: u32 = 1 << 20;

/// Writes a message.
pub(super) fn write(out: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_vec(message)?;
    let length = u32::try_from(json.len()).ok().filter(|length| *length <= LARGEST_BYTES);
    let length = length.ok_or_else(|| io::Error::other("the message is too large"))?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&json)
}

/// Reads a message of at most `largest_bytes`.
pub(super) fn read<T: DeserializeOwned>(from: &mut impl Read, largest_bytes: u32) -> io::Result<T> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length);
    if length > largest_bytes.min(LARGEST_BYTES) {
        let problem = format!("a message of {length} bytes: {largest_bytes} are the most");
        return Err(io::Error::new(io::ErrorKind::InvalidData, problem));
    }
    // What is announced need not come: memory is taken for what does.
    let mut json = Vec::new();
    from.take(u64::from(length)).read_to_end(&mut json)?;
    if json.len() < length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    serde_json::from_slice(&json).map_err(|error| {
        io::Error::new(io::ErrorKind::InvalidData, format!("not understood: {error}"))
    })
}

/// Bytes of an answer at the most.
pub(super) const ANSWER_BYTES: u32 = LARGEST_BYTES;
/// Bytes of a question at the most.
pub(super) const QUESTION_BYTES: u32 = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{Question, Reply};

    fn refused(bytes: &[u8]) -> String {
        read::<Question>(&mut &bytes[..], QUESTION_BYTES).unwrap_err().to_string()
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        let mut bytes = Vec::new();
        let reply = Reply::Refused { reason: "no \u{1f525}".to_owned() };
        write(&mut bytes, &reply).unwrap();
        assert_eq!(read::<Reply>(&mut bytes.as_slice(), ANSWER_BYTES).unwrap(), reply);
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        assert!(refused(b"\xff\xff\xff\xff").contains("4294967295 bytes: 4096 are the most"));
        assert!(refused(b"\0\0\0\x09{\"ask\"").contains("end of file"), "it is cut");
        assert!(refused(b"").contains("fill whole buffer"));
        assert!(refused(b"\0\0\0\x02[]").contains("not understood"));
        let unknown = b"\0\0\0\x1c{\"ask\":\"status\",\"more\":true}";
        assert!(refused(unknown).contains("not understood"), "{}", refused(unknown));
        let twice = b"\0\0\0\x1f{\"ask\":\"status\",\"ask\":\"accept\"}";
        assert!(refused(twice).contains("not understood"), "{}", refused(twice));
    }
}
