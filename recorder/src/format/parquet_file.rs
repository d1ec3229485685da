//! A sealed recording, read batch by batch.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ks_engine::input::{Body, Input, SCHEMA_VERSION, SchemaVersion};
use ks_engine::model::SCHEMAS;
use ks_engine::time::Timestamp;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{ProjectionMask, parquet_to_arrow_field_levels};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::SchemaDescriptor;

use super::arrow_schema::{COMPLETE, READ_BEGIN, READ_END};
use super::batch::{Batch, TypeMismatch, signed};
use super::checked_file::{Checksum, FOOTER_CHECKSUM, read_checksum};
use super::entry;
use super::pages::Groups;
use super::part::FOOTER_SCHEMA;
use crate::error::Error;

/// Ticks decoded at once: enough to spread the cost of a batch, few enough to stay in cache.
const BATCH_ROWS: usize = 128;

/// The leaves to decode: those at the top, and of each table in `sample` those wanted. Below a
/// list, writers name the levels between as they like.
fn projection(schema: &SchemaDescriptor, want: fn(&str, &str) -> bool) -> ProjectionMask {
    let leaves = (0..schema.num_columns()).filter(|leaf| {
        let column = schema.column(*leaf);
        let parts: Vec<&str> = column.path().parts().iter().map(String::as_str).collect();
        match parts.as_slice() {
            [top] => ["seq", "at", "mono_ns", "kind", "entry"].contains(top),
            ["sample", COMPLETE] => true,
            ["sample", times] => {
                let table = [READ_BEGIN, READ_END]
                    .iter()
                    .find_map(|suffix| times.strip_suffix(suffix)?.strip_suffix('_'));
                table.is_some_and(|table| wants_table(table, want))
            }
            ["sample", table, .., column] => {
                let is_time = [READ_BEGIN, READ_END].contains(column);
                want(table, column) || is_time && wants_table(table, want)
            }
            _ => false,
        }
    });
    ProjectionMask::leaves(schema, leaves)
}

fn wants_table(table: &str, want: fn(&str, &str) -> bool) -> bool {
    let schema = SCHEMAS.iter().find(|schema| schema.table == table);
    schema.is_some_and(|schema| {
        schema.cells.iter().any(|cell| want(table, cell.name))
            || schema.names.iter().any(|name| want(table, name.name))
    })
}

/// Reads the inputs of a Parquet file.
#[derive(Debug)]
pub struct ParquetFile {
    path: PathBuf,
    batches: ParquetRecordBatchReader,
    batch: Option<Batch>,
    next_row: usize,
    row: u64,
    rows: u64,
    input: Input,
}

impl ParquetFile {
    /// Opens the file and checks its version and checksum. `want` tells which columns of which
    /// table are decoded; the others are absent.
    pub fn open(path: &Path, want: fn(&str, &str) -> bool) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        check_magic(&mut file, path)?;
        let failed = |error| not_parquet(path, &error);
        let clone = file.try_clone().map_err(|error| Error::io("open", path, error))?;
        // An Arrow schema in the footer is of no use, and the library panics over a damaged one.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(clone, options);
        let builder = builder.map_err(failed)?;
        let metadata = builder.metadata();
        check_version(path, metadata)?;
        check_content(path, &mut file, metadata)?;
        check_chunks(path, &file, metadata)?;
        let rows = u64::try_from(metadata.file_metadata().num_rows()).unwrap_or(0);
        if builder.schema().column_with_name("sample").is_none() {
            return Err(Error::NotARecording {
                path: path.to_owned(),
                problem: "it has no column `sample` (see `ks schema`)".into(),
            });
        }
        let schema = builder.parquet_schema();
        let levels = parquet_to_arrow_field_levels(schema, projection(schema, want), None);
        let levels = levels.map_err(failed)?;
        let groups = Groups::new(file, Arc::clone(metadata));
        let groups = groups.map_err(|error| Error::io("read", path, error))?;
        let batches =
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &groups, BATCH_ROWS, None);
        Ok(Self {
            path: path.to_owned(),
            batches: batches.map_err(failed)?,
            batch: None,
            next_row: 0,
            row: 0,
            rows,
            input: Input { seq: 0, mono: Timestamp::default(), body: Body::Tick },
        })
    }

    /// The next input, or `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "the input is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Result<Option<&Input>, Error> {
        while self.batch.as_ref().is_none_or(|batch| self.next_row >= batch.rows) {
            let Some(batch) = self.batches.next() else { return Ok(None) };
            let batch = batch.map_err(|error| Error::Parquet {
                path: self.path.clone(),
                problem: error.to_string(),
            })?;
            let batch = Batch::new(&batch).map_err(|error| self.column_type(error))?;
            self.batch = Some(batch);
            self.next_row = 0;
        }
        let Some(batch) = &self.batch else { return Ok(None) };
        read_row(batch, self.next_row, self.row, &mut self.input)
            .map_err(|problem| Error::Row { path: self.path.clone(), row: self.row, problem })?;
        self.next_row += 1;
        self.row += 1;
        Ok(Some(&self.input))
    }

    /// The input returned last.
    pub fn last(&self) -> &Input {
        &self.input
    }

    /// Rows returned so far, and rows in all.
    pub fn progress(&self) -> (u64, u64) {
        (self.row, self.rows)
    }

    fn column_type(&self, error: TypeMismatch) -> Error {
        Error::ColumnType {
            path: self.path.clone(),
            column: error.column,
            found: error.found,
            expected: error.expected,
        }
    }
}

fn read_row(batch: &Batch, at: usize, row: u64, input: &mut Input) -> Result<(), String> {
    input.seq = batch.seq.as_ref().and_then(|cells| cells.get(at)).unwrap_or(row);
    let wall = signed(batch.at.as_ref(), at).and_then(|at| u64::try_from(at).ok());
    let mono = batch.mono.as_ref().and_then(|cells| cells.get(at)).or(wall);
    input.mono = Timestamp(mono.ok_or("neither `mono_ns` nor `at` has a value")?);
    let kind = batch.kind(at);
    if kind == "sample" {
        if !matches!(input.body, Body::Sample(_)) {
            input.body = Body::Sample(Box::default());
        }
        let Body::Sample(sample) = &mut input.body else { return Ok(()) };
        if !batch.fill(at, sample) {
            return Err("a row of kind `sample` without a sample".to_owned());
        }
        return Ok(());
    }
    input.body = entry::read(kind, batch.entry(at).as_bytes())?;
    Ok(())
}

fn check_magic(file: &mut File, path: &Path) -> Result<(), Error> {
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

fn not_parquet(path: &Path, error: &parquet::errors::ParquetError) -> Error {
    let problem =
        format!("{error} (cut short, or still being written; `ks recover` needs the log)");
    Error::Parquet { path: path.to_owned(), problem }
}

fn footer<'a>(metadata: &'a ParquetMetaData, key: &str) -> Option<&'a str> {
    let pairs = metadata.file_metadata().key_value_metadata()?;
    pairs.iter().find(|pair| pair.key == key)?.value.as_deref()
}

fn check_version(path: &Path, metadata: &ParquetMetaData) -> Result<(), Error> {
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

fn check_content(path: &Path, file: &mut File, metadata: &ParquetMetaData) -> Result<(), Error> {
    let Some(json) = footer(metadata, FOOTER_CHECKSUM) else { return Ok(()) };
    let damaged = |offset: u64, problem: &str| Error::Damaged {
        path: path.to_owned(),
        offset,
        problem: problem.to_owned(),
    };
    let Ok(expected) = serde_json::from_str::<Checksum>(json) else {
        return Err(damaged(0, "the footer's checksum cannot be read"));
    };
    let io = |error| Error::io("read", path, error);
    file.seek(SeekFrom::Start(0)).map_err(io)?;
    let found = read_checksum(file, expected.bytes).map_err(io)?;
    if found == expected {
        return Ok(());
    }
    Err(damaged(0, &format!("checksum mismatch over the first {} bytes", expected.bytes)))
}

/// Each column chunk must lie within the file: over another footer the library panics.
fn check_chunks(path: &Path, file: &File, metadata: &ParquetMetaData) -> Result<(), Error> {
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

/// Compressed bytes of each leaf column, summed over row groups, by path.
pub fn column_bytes(path: &Path) -> Result<std::collections::BTreeMap<String, u64>, Error> {
    let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file);
    let builder = builder.map_err(|error| not_parquet(path, &error))?;
    let mut columns = std::collections::BTreeMap::new();
    for column in builder.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns) {
        let name = column.column_path().string().replace(".list.element", "");
        *columns.entry(name).or_default() += u64::try_from(column.compressed_size()).unwrap_or(0);
    }
    Ok(columns)
}
