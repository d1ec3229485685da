//! A checksum over a Parquet file's footer, which says where everything else lies.
//!
//! The footer holds, as one of its own keys, the CRC-32 in hexadecimal of all bytes from its
//! beginning to the end of the file, taken while the digits were zeros. It is written over them
//! once the library has finished the file. Another writer that copies our keys writes another
//! footer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Footer key of the checksum.
pub(super) const FOOTER_SEAL: &str = "kernelsight.footer";
/// Its value until it is known.
pub(super) const UNSEALED: &str = "00000000";

/// The length of the footer and the magic that end every Parquet file.
const TAIL_BYTES: u64 = 8;
/// A larger footer is none of ours.
const LARGEST_FOOTER: u64 = 64 << 20;
/// Between a key and its value the footer has a field and a length.
const BETWEEN: usize = 4;

/// A footer with its tail, and where in it the digits stand.
struct Footer {
    begin: u64,
    bytes: Vec<u8>,
    digits: usize,
}

/// Writes the checksum into a finished file.
pub(super) fn seal(file: &File) -> io::Result<()> {
    let missing = || io::Error::new(io::ErrorKind::InvalidData, "the footer has no place for it");
    let footer = read(file)?.ok_or_else(missing)?;
    let digits = format!("{:08x}", crc32fast::hash(&footer.bytes));
    file.write_all_at(digits.as_bytes(), footer.begin + footer.digits as u64)
}

/// Whether the footer is the one that was written; `None` where it has no checksum.
pub(super) fn is_whole(file: &File) -> io::Result<Option<bool>> {
    let Some(mut footer) = read(file)? else { return Ok(None) };
    let place = footer.digits..footer.digits + UNSEALED.len();
    let found = footer.bytes[place.clone()].to_vec();
    footer.bytes[place].copy_from_slice(UNSEALED.as_bytes());
    let expected = format!("{:08x}", crc32fast::hash(&footer.bytes));
    Ok(Some(found == expected.as_bytes()))
}

fn read(file: &File) -> io::Result<Option<Footer>> {
    let size = file.metadata()?.len();
    let Some(tail_at) = size.checked_sub(TAIL_BYTES) else { return Ok(None) };
    let mut length = [0; 4];
    file.read_exact_at(&mut length, tail_at)?;
    let length = u64::from(u32::from_le_bytes(length));
    let begin = tail_at.checked_sub(length).filter(|_| length <= LARGEST_FOOTER);
    let Some(begin) = begin else { return Ok(None) };
    let mut bytes = vec![0; usize::try_from(size - begin).unwrap_or(0)];
    file.read_exact_at(&mut bytes, begin)?;
    let key = FOOTER_SEAL.as_bytes();
    // It is the last of our keys: what stands before it may be a host that is called like it.
    let found = bytes.windows(key.len()).rposition(|part| part == key);
    // The length of the value stands right before it.
    let digits = found.and_then(|at| {
        let after = bytes.get(at + key.len()..at + key.len() + BETWEEN)?;
        let before = after.iter().position(|byte| usize::from(*byte) == UNSEALED.len())?;
        Some(at + key.len() + before + 1)
    });
    let fits = |at: &usize| *at + UNSEALED.len() <= bytes.len();
    Ok(digits.filter(fits).map(|digits| Footer { begin, bytes, digits }))
}
