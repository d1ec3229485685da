//! What is checked of a Parquet file before anything in it is believed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use ks_vocabulary::input::{SCHEMA_VERSION, SchemaVersion};
use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};

use super::checked_file::{Checksum, FOOTER_CHECKSUM, FOOTER_GROUPS, read_checksum};
use super::footer_seal::{self, FOOTER_SEAL};
use super::part::{CREATED_BY, FOOTER_SCHEMA};
use crate::error::Error;

/// Who wrote a file, and what vouches for its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// This writer, with a checksum for each row group.
    Checked(Vec<Checksum>),
    /// This writer, before 1.4: the content was compared with one checksum.
    Compared,
    /// This writer, by its own words, and there is no checksum.
    Unchecked(String),
    /// Another writer: its footer may repeat a checksum of ours, which is not one of its content.
    Foreign(String),
}

pub(super) fn check_magic(file: &mut File, path: &Path) -> Result<(), Error> {
    let mut magic = Vec::new();
    let read = file.by_ref().take(4).read_to_end(&mut magic);
    read.map_err(|error| Error::io("read", path, error))?;
    let problem = match magic.as_slice() {
        b"PAR1" => return Ok(()),
        [] => "it is empty",
        _ => "it begins neither as Parquet nor as a KernelSight log",
    };
    Err(Error::NotARecording { path: path.to_owned(), problem: problem.into() })
}

pub(super) fn not_parquet(path: &Path, error: &parquet::errors::ParquetError) -> Error {
    let problem =
        format!("{error} (cut short, or still being written; `ks recover` needs the log)");
    Error::Parquet { path: path.to_owned(), problem }
}

pub(super) fn footer<'a>(metadata: &'a ParquetMetaData, key: &str) -> Option<&'a str> {
    let pairs = metadata.file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
}

pub(super) fn check_version(path: &Path, metadata: &ParquetMetaData) -> Result<(), Error> {
    let Some(json) = footer(metadata, FOOTER_SCHEMA) else { return Ok(()) };
    let version: Result<SchemaVersion, _> = serde_json::from_str(json);
    match version {
        Ok(version) => known_version(path, version),
        Err(error) => Err(Error::NotARecording {
            path: path.to_owned(),
            problem: format!("footer key `{FOOTER_SCHEMA}`: {error}"),
        }),
    }
}

/// Refuses formats of a major version that this build does not know.
pub(super) fn known_version(path: &Path, version: SchemaVersion) -> Result<(), Error> {
    if version.major > SCHEMA_VERSION.major {
        let known = SCHEMA_VERSION;
        return Err(Error::Newer { path: path.to_owned(), found: version, known });
    }
    Ok(())
}

/// Who wrote the file; of a file of ours before 1.4 the content is checked as a whole.
pub(super) fn origin(
    path: &Path,
    file: &mut File,
    metadata: &ParquetMetaData,
) -> Result<Origin, Error> {
    let writer = metadata.file_metadata().created_by().unwrap_or("an unknown writer");
    if !writer.starts_with(CREATED_BY) {
        return Ok(Origin::Foreign(writer.to_owned()));
    }
    let unreadable = |key: &str| Error::Damaged {
        path: path.to_owned(),
        offset: 0,
        problem: format!("the footer's key `{key}` cannot be read"),
    };
    if let Some(json) = footer(metadata, FOOTER_GROUPS) {
        let whole = footer_seal::is_whole(file);
        if whole.map_err(|error| Error::io("read", path, error))? != Some(true) {
            return Err(unreadable(FOOTER_SEAL));
        }
        let groups: Option<Vec<Checksum>> = serde_json::from_str(json).ok();
        let groups = groups.filter(|groups| groups.len() == metadata.num_row_groups());
        return groups.map(Origin::Checked).ok_or_else(|| unreadable(FOOTER_GROUPS));
    }
    let Some(json) = footer(metadata, FOOTER_CHECKSUM) else {
        return Ok(Origin::Unchecked(writer.to_owned()));
    };
    let expected: Option<Checksum> = serde_json::from_str(json).ok();
    let expected = expected.ok_or_else(|| unreadable(FOOTER_CHECKSUM))?;
    let found = read_checksum(file, 0, expected.bytes);
    if found.map_err(|error| Error::io("read", path, error))? == expected {
        return Ok(Origin::Compared);
    }
    let problem = format!("checksum mismatch over the first {} bytes", expected.bytes);
    Err(Error::Damaged { path: path.to_owned(), offset: 0, problem })
}

/// Whether the bytes of a row group are those that were written, where the writer vouches for them.
pub(super) fn check_group(file: &mut File, origin: &Origin, at: usize) -> std::io::Result<bool> {
    let Origin::Checked(groups) = origin else { return Ok(true) };
    let Some(expected) = groups.get(at) else { return Ok(false) };
    let from = groups[..at].iter().map(|group| group.bytes).sum();
    Ok(read_checksum(file, from, expected.bytes)? == *expected)
}

/// Compressions that are read: not all of Parquet's, since others have libraries of their own that
/// hardly anybody needs.
fn is_read(codec: Compression) -> bool {
    match codec {
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::GZIP(_)
        | Compression::LZ4
        | Compression::LZ4_RAW
        | Compression::ZSTD(_) => true,
        Compression::BROTLI(_) | Compression::LZO => false,
    }
}

/// Refuses a file whose pages cannot be unpacked, before one is tried.
pub(super) fn check_codecs(path: &Path, metadata: &ParquetMetaData) -> Result<(), Error> {
    let columns = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns);
    let unread = columns.map(ColumnChunkMetaData::compression).find(|codec| !is_read(*codec));
    unread.map_or(Ok(()), |codec| {
        let name = format!("{codec:?}").to_lowercase();
        let codec = name.split('(').next().unwrap_or_default().to_owned();
        Err(Error::Codec { path: path.to_owned(), codec })
    })
}

/// Each column chunk must lie within the file: over another footer the library panics.
pub(super) fn check_chunks(
    path: &Path,
    file: &File,
    metadata: &ParquetMetaData,
) -> Result<(), Error> {
    let length = file.metadata().map_err(|error| Error::io("read", path, error))?.len();
    let lies_within = |column: &ColumnChunkMetaData| {
        let begin = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let end = begin.checked_add(column.compressed_size());
        let end = end.and_then(|end| u64::try_from(end).ok());
        begin >= 0 && column.compressed_size() >= 0 && end.is_some_and(|end| end <= length)
    };
    let groups = metadata.row_groups();
    if groups.iter().all(|group| group.num_rows() >= 0)
        && groups.iter().flat_map(RowGroupMetaData::columns).all(lies_within)
    {
        return Ok(());
    }
    let problem = "the footer names data that is not in the file".to_owned();
    Err(Error::Damaged { path: path.to_owned(), offset: length, problem })
}
