//! A checksum over what a Parquet file holds before its footer.
//!
//! Parquet's own page checksums are written by few libraries, ours not among them, and a flipped
//! bit in a page can decode to other numbers without an error. So the footer carries the CRC-32 of
//! the first `bytes` of the file, and the reader compares it before it believes a value.

use std::fs::File;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// Footer key of the checksum.
pub(super) const FOOTER_CHECKSUM: &str = "kernelsight.checksum";

/// CRC-32 of the beginning of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksum {
    /// How many bytes it covers.
    pub(super) bytes: u64,
    /// The CRC-32.
    pub(super) crc32: u32,
}

/// A file that keeps the checksum of what was written to it.
#[derive(Debug)]
pub(super) struct CheckedFile {
    file: File,
    crc: crc32fast::Hasher,
    bytes: u64,
}

impl CheckedFile {
    pub(super) fn new(file: File) -> Self {
        Self { file, crc: crc32fast::Hasher::new(), bytes: 0 }
    }

    pub(super) fn checksum(&self) -> Checksum {
        Checksum { bytes: self.bytes, crc32: self.crc.clone().finalize() }
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Write for CheckedFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.crc.update(&buffer[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The checksum of the first `bytes` of `file`, read from where it stands.
pub(super) fn read_checksum(file: &mut File, bytes: u64) -> io::Result<Checksum> {
    let mut crc = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut limited = file.take(bytes);
    let mut read = 0;
    loop {
        match limited.read(&mut buffer) {
            Ok(0) => return Ok(Checksum { bytes: read, crc32: crc.finalize() }),
            Ok(count) => {
                crc.update(&buffer[..count]);
                read += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
