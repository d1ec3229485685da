//! The Parquet file while it grows, row group by row group.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ks_vocabulary::input::{Body, Input, SCHEMA_VERSION, SourceState, Start};
use ks_vocabulary::time::ClockAnchor;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::arrow_schema::recording;
use super::checked_file::{CheckedFile, Checksum, FOOTER_CHECKSUM, FOOTER_GROUPS};
use super::columns::Columns;
use super::entry;
use super::footer_seal::{self, FOOTER_SEAL, UNSEALED};
use crate::error::Error;

/// A row group closes at this many samples, or at [`GROUP_BYTES`] in memory: its columns and their
/// metadata cost the same however few rows it has (`docs/decisions/0003`).
const GROUP_SAMPLES: usize = 1800;
/// See [`GROUP_SAMPLES`].
const GROUP_BYTES: usize = 8 * 1024 * 1024;
/// A group that is due waits this many samples for a keyframe to begin the next one with. The
/// recorder gives one at once; others give one a minute.
const GROUP_PATIENCE: usize = 60;

/// Footer keys under which the facts of `Start` are repeated.
pub(super) const FOOTER_SCHEMA: &str = "kernelsight.schema";
/// How the name of the writer begins in the footers of this one.
pub(super) const CREATED_BY: &str = "kernelsight ";
pub(super) const FOOTER_START: &str = "kernelsight.start";
const FOOTER_SOURCES: &str = "kernelsight.sources";

/// Writes inputs as Parquet. Nothing is readable until [`PartWriter::finish`].
#[derive(Debug)]
pub(super) struct PartWriter {
    path: PathBuf,
    writer: ArrowWriter<CheckedFile>,
    columns: Columns,
    groups: Vec<Checksum>,
    clock: ClockAnchor,
    start: Option<Start>,
    sources: Vec<SourceState>,
    json: Vec<u8>,
}

impl PartWriter {
    pub(super) fn create(path: &Path) -> Result<Self, Error> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(path);
        let file = file.map_err(|error| Error::io("create", path, error))?;
        // The types of Parquet say all there is to say: Arrow's own schema beside them is as large
        // as the rest of the footer.
        let options =
            ArrowWriterOptions::new().with_properties(properties()).with_skip_arrow_metadata(true);
        let file = CheckedFile::new(file);
        let writer = ArrowWriter::try_new_with_options(file, Arc::new(recording()), options)
            .map_err(|error| Error::parquet(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            columns: Columns::default(),
            groups: Vec::new(),
            clock: ClockAnchor::default(),
            start: None,
            sources: Vec::new(),
            json: Vec::new(),
        })
    }

    /// Whether the next sample should be a keyframe, so that the row group can close before it.
    pub(super) fn group_is_full(&self) -> bool {
        self.columns.samples() >= GROUP_SAMPLES || self.columns.bytes() >= GROUP_BYTES
    }

    pub(super) fn append(&mut self, input: &Input) -> Result<(), Error> {
        if self.group_is_full() && self.may_close_before(input) {
            self.flush_group()?;
        }
        self.json.clear();
        if let Body::Start(start) = &input.body {
            self.clock = start.clock;
            if self.start.is_none() {
                self.start = Some((**start).clone());
            }
            self.sources.clone_from(&start.sources);
        } else if let Body::SourceState(state) = &input.body {
            self.note_source(state);
        }
        if !matches!(input.body, Body::Sample(_)) {
            entry::write(&input.body, &mut self.json)?;
        }
        let text = std::str::from_utf8(&self.json).expect("serde_json writes UTF-8");
        self.columns.push(input, self.clock.at(input.mono), text);
        Ok(())
    }

    fn may_close_before(&self, input: &Input) -> bool {
        let late = self.columns.samples() >= GROUP_SAMPLES + GROUP_PATIENCE
            || self.columns.bytes() >= 2 * GROUP_BYTES;
        late || matches!(&input.body, Body::Sample(sample)
            if sample.processes_complete || sample.processes.read().is_none())
    }

    fn note_source(&mut self, state: &SourceState) {
        match self.sources.iter_mut().find(|known| known.source == state.source) {
            Some(known) => known.clone_from(state),
            None => self.sources.push(state.clone()),
        }
    }

    fn flush_group(&mut self) -> Result<(), Error> {
        let failed = |error: ParquetError| Error::parquet(&self.path, error);
        let batch = self.columns.take().map_err(|error| failed(error.into()))?;
        self.writer.write(&batch).and_then(|()| self.writer.flush()).map_err(failed)?;
        // The library's own buffer is handed to the file, so that the checksum covers the group.
        self.writer.sync().map_err(|error| Error::io("write", &self.path, error))?;
        self.groups.push(self.writer.inner_mut().end_group());
        Ok(())
    }

    /// Writes what is left and the footer, and makes the file durable.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        if self.columns.len() > 0 {
            self.flush_group()?;
        }
        let json = |value: Result<String, serde_json::Error>| {
            value.map_err(|error| Error::Entry {
                kind: "footer".to_owned(),
                problem: error.to_string(),
            })
        };
        let mut pairs = vec![(FOOTER_SCHEMA, json(serde_json::to_string(&SCHEMA_VERSION))?)];
        if let Some(start) = &self.start {
            pairs.push((FOOTER_START, json(serde_json::to_string(start))?));
        }
        pairs.push((FOOTER_SOURCES, json(serde_json::to_string(&self.sources))?));
        let whole = self.writer.inner().whole();
        pairs.push((FOOTER_CHECKSUM, json(serde_json::to_string(&whole))?));
        pairs.push((FOOTER_GROUPS, json(serde_json::to_string(&self.groups))?));
        pairs.push((FOOTER_SEAL, UNSEALED.to_owned()));
        for (key, value) in pairs {
            self.writer.append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        let path = self.path;
        let file = self.writer.into_inner().map_err(|error| Error::parquet(&path, error))?;
        footer_seal::seal(file.file()).map_err(|error| Error::io("write", &path, error))?;
        file.sync().map_err(|error| Error::io("sync", &path, error))
    }
}

/// Encodings, chosen by measuring recordings of real hosts with `cargo bench --bench size`.
fn properties() -> WriterProperties {
    let level = ZstdLevel::try_new(3).expect("level 3 exists");
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_dictionary_enabled(false)
        // Statistics of every column would make the footer larger than the data.
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_max_row_group_row_count(Some(1 << 24))
        .set_created_by(format!("{CREATED_BY}{}", env!("CARGO_PKG_VERSION")));
    for path in ["seq", "at", "mono_ns"] {
        let path = ColumnPath::new(vec![path.to_owned()]);
        builder = builder.set_column_statistics_enabled(path, EnabledStatistics::Chunk);
    }
    for (path, encoding) in super::encodings::all() {
        let path = ColumnPath::new(path);
        builder = if encoding == Encoding::RLE_DICTIONARY {
            builder.set_column_dictionary_enabled(path, true)
        } else {
            builder.set_column_encoding(path, encoding)
        };
    }
    builder.build()
}
