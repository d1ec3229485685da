//! Checksums over what a Parquet file holds before its footer, one for each row group.
//!
//! Parquet's own page checksums are written by few libraries, ours not among them, and a flipped
//! bit in a page can decode to other numbers without an error. So the footer carries the CRC-32 of
//! each row group's bytes, and the reader compares it before it believes a value of the group.
//! Format 1.3 had one over all of them, which is still written for its readers.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};

/// Footer key of the checksum over everything before the footer.
pub(super) const FOOTER_CHECKSUM: &str = "kernelsight.checksum";
/// Footer key of the checksums of the row groups, in their order. The first begins with the file.
pub(super) const FOOTER_GROUPS: &str = "kernelsight.groups";

/// How much is read at once to be hashed: few calls, and no larger than a cache.
const READ_BYTES: usize = 1 << 16;

/// CRC-32 of a part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checksum {
    /// How many bytes it covers.
    pub(super) bytes: u64,
    /// The CRC-32.
    pub(super) crc32: u32,
}

/// The hash of bytes as they are written.
#[derive(Debug, Default)]
struct Running {
    crc: crc32fast::Hasher,
    bytes: u64,
}

impl Running {
    fn checksum(&self) -> Checksum {
        Checksum { bytes: self.bytes, crc32: self.crc.clone().finalize() }
    }
}

/// A file that keeps the checksums of what was written to it.
#[derive(Debug)]
pub(super) struct CheckedFile {
    file: File,
    whole: Running,
    group: Running,
}

impl CheckedFile {
    pub(super) fn new(file: File) -> Self {
        Self { file, whole: Running::default(), group: Running::default() }
    }

    /// Ends a row group: its checksum.
    pub(super) fn end_group(&mut self) -> Checksum {
        let group = std::mem::take(&mut self.group);
        self.whole.crc.combine(&group.crc);
        self.whole.bytes += group.bytes;
        group.checksum()
    }

    /// The checksum of all row groups that have ended.
    pub(super) fn whole(&self) -> Checksum {
        self.whole.checksum()
    }

    /// The file itself, for what the checksums do not cover.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Write for CheckedFile {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.file.write(buffer)?;
        self.group.crc.update(&buffer[..written]);
        self.group.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The checksum of the `bytes` of `file` that begin at `from`.
pub(super) fn read_checksum(file: &mut File, from: u64, bytes: u64) -> io::Result<Checksum> {
    file.seek(SeekFrom::Start(from))?;
    let mut crc = crc32fast::Hasher::new();
    let mut buffer = vec![0; READ_BYTES];
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
