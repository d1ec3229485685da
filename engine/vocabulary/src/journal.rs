//! The canonical trace of outputs: one JSON object a line, and the SHA-256 over all lines.
//!
//! Lines are written from typed structs, so the order of keys is fixed; `-0.0` is written as
//! `0.0`, and a number that is not finite is written as `null` by the JSON writer and asserted
//! against where evidence is made.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;
use sha2::{Digest as _, Sha256};

use crate::output::Output;

/// Turns outputs into lines and keeps the hash of all of them.
#[derive(Debug, Clone, Default)]
pub struct Journal {
    hash: Sha256,
    line: Vec<u8>,
    lines: u64,
}

impl Journal {
    /// The line of `output`, its newline included. It is part of the hash from here on.
    pub fn record(&mut self, output: &Output) -> &[u8] {
        self.line.clear();
        self.line.extend(serde_json::to_vec(output).expect("outputs are plain data"));
        self.line.push(b'\n');
        self.hash.update(&self.line);
        self.lines += 1;
        &self.line
    }

    /// Lines recorded.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The SHA-256 of all lines so far: the result of a run.
    pub fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Defect, Said};
    use crate::time::{Timestamp, WallTime};

    #[test]
    fn a_line_is_canonical_and_hashed() {
        let output = Output {
            seq: 3,
            mono_ns: Timestamp(5),
            at_ns: WallTime(-1),
            body: Said::Defect(Defect { place: "vm", problem: "went back".into() }),
        };
        let mut journal = Journal::default();
        let line = String::from_utf8(journal.record(&output).to_vec()).unwrap();
        assert_eq!(
            line,
            "{\"seq\":3,\"mono_ns\":5,\"at_ns\":-1,\"output\":\"defect\",\"place\":\"vm\",\
             \"problem\":\"went back\"}\n"
        );
        assert_eq!(journal.sha256(), hex(&Sha256::digest(line.as_bytes())));
        assert_eq!(journal.lines(), 1);
    }
}
