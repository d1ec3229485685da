//! A sealed recording, read row group by row group and batch by batch.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::Fields;
use ks_vocabulary::input::{Body, Input, Start};
use ks_vocabulary::time::{Timestamp, WallTime};
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels};
use parquet::file::metadata::{ParquetMetaDataReader, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::batch::{Batch, TypeMismatch, signed};
use super::entry;
use super::guarded::guarded;
use super::pages::Groups;
use super::parquet_checks::{
    Origin, check_chunks, check_codecs, check_group, check_magic, check_version, footer,
    not_parquet, origin,
};
use super::part::{CREATED_BY, FOOTER_START};
use super::projection::{as_views, projection, without_samples};
use crate::error::Error;

/// Ticks decoded at once: enough to spread the cost of a batch, few enough to stay in cache.
const BATCH_ROWS: usize = 128;
/// Rows of which the kind alone is decoded at once.
const KIND_ROWS: usize = 8192;

/// A row that begins a run is not read behind rows of a later time: they are of that run, whose
/// order another writer has not kept. Where files of several runs were joined, times go on.
const LATE_START: &str = "a row of kind `start` behind rows of a later time: write the rows of \
                          each run in the order of `seq`, its `start` first";

/// A row group that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupDamage {
    /// Which, from 0.
    pub row_group: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// Reads the inputs of a Parquet file.
#[derive(Debug)]
pub struct ParquetFile {
    path: PathBuf,
    file: File,
    origin: Origin,
    groups: Groups,
    views: Fields,
    wanted: FieldLevels,
    without_samples: FieldLevels,
    /// Samples of row groups that end before this are not given out.
    from: Option<WallTime>,
    /// The row group to be opened next.
    next_group: usize,
    batches: Option<ParquetRecordBatchReader>,
    skips_samples: bool,
    batch: Option<Batch>,
    next_row: usize,
    row: u64,
    /// Time of the row returned last.
    wall: Option<WallTime>,
    damage: Option<GroupDamage>,
    input: Input,
}

impl ParquetFile {
    /// Opens the file and checks its version, and before 1.4 its checksum; later each row group has
    /// its own. Every column is decoded, unless [`ParquetFile::choose`] says otherwise.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        check_magic(&mut file, path)?;
        let failed = |error| not_parquet(path, &error);
        let clone = || file.try_clone().map_err(|error| Error::io("open", path, error));
        let footer = clone()?;
        // An Arrow schema in the footer is of no use, and the library panics over a damaged one.
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let builder =
            guarded(|| ParquetRecordBatchReaderBuilder::try_new_with_options(footer, options));
        let builder = builder.map_err(|problem| panicked(path, problem))?.map_err(failed)?;
        let metadata = builder.metadata();
        check_version(path, metadata)?;
        check_codecs(path, metadata)?;
        check_chunks(path, &file, metadata)?;
        let groups = Groups::new(clone()?, Arc::clone(metadata));
        let groups = groups.map_err(|error| Error::io("read", path, error))?;
        let origin = origin(path, &mut file, metadata)?;
        if builder.schema().column_with_name("sample").is_none() {
            return Err(Error::NotARecording {
                path: path.to_owned(),
                problem: "it has no column `sample` (see `ks schema`)".into(),
            });
        }
        let schema = builder.parquet_schema();
        let views = as_views(builder.schema().fields());
        let levels =
            |mask| parquet_to_arrow_field_levels(schema, mask, Some(&views)).map_err(failed);
        Ok(Self {
            path: path.to_owned(),
            wanted: levels(projection(schema, |_, _| true))?,
            without_samples: levels(without_samples(schema))?,
            views,
            file,
            origin,
            groups,
            from: None,
            next_group: 0,
            batches: None,
            skips_samples: false,
            batch: None,
            next_row: 0,
            row: 0,
            wall: None,
            damage: None,
            input: Input::recorded(0, Timestamp::default(), Body::Tick),
        })
    }

    /// Leaves out columns: `want` tells which of which table are decoded, and the others are
    /// absent. Called before the first row is read.
    pub(super) fn choose(&mut self, want: fn(&str, &str) -> bool) -> Result<(), Error> {
        let schema = self.groups.metadata().file_metadata().schema_descr();
        let levels =
            parquet_to_arrow_field_levels(schema, projection(schema, want), Some(&self.views));
        self.wanted = levels.map_err(|error| not_parquet(&self.path, &error))?;
        Ok(())
    }

    /// Leaves out the samples of row groups that end before `from`, without decoding them.
    pub fn skip_before(&mut self, from: WallTime) {
        self.from = Some(from);
    }

    /// The next input, or `None` at the end. Where a row group before it was left out,
    /// [`ParquetFile::take_damage`] says so.
    #[expect(clippy::should_implement_trait, reason = "the input is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Result<Option<&Input>, Error> {
        loop {
            let Some(batch) = self.batch.as_ref().filter(|batch| self.next_row < batch.rows) else {
                if self.next_batch()? {
                    continue;
                }
                return Ok(None);
            };
            let (at, row) = (self.next_row, self.row);
            self.next_row += 1;
            self.row += 1;
            if self.skips_samples && batch.kind(at) == "sample" {
                continue;
            }
            let bad = |problem| Error::Row { path: self.path.clone(), row, problem };
            read_row(batch, at, row, &mut self.input).map_err(bad)?;
            let wall = wall(batch, at).unwrap_or(self.input.mono.0);
            let wall = WallTime(i64::try_from(wall).unwrap_or(i64::MAX));
            let is_late = self.wall.replace(wall).is_some_and(|before| wall < before);
            if is_late && matches!(self.input.body, Body::Start(_)) && self.is_foreign() {
                return Err(bad(LATE_START.to_owned()));
            }
            return Ok(Some(&self.input));
        }
    }

    /// The input returned last.
    pub fn last(&self) -> &Input {
        &self.input
    }

    /// The row returned last, from 0.
    pub fn last_row(&self) -> u64 {
        self.row.saturating_sub(1)
    }

    /// The time of the row returned last: what `at` says, or `mono_ns` where there is no `at`.
    pub fn last_wall(&self) -> Option<WallTime> {
        self.wall
    }

    /// Rows returned so far, and rows in all.
    pub fn progress(&self) -> (u64, u64) {
        let rows = self.groups.metadata().file_metadata().num_rows();
        (self.row, u64::try_from(rows).unwrap_or(0))
    }

    /// Who wrote the file, where it was another writer: then nobody vouches for its content.
    pub fn foreign_writer(&self) -> Option<&str> {
        match &self.origin {
            Origin::Foreign(writer) => Some(writer),
            Origin::Checked(_) | Origin::Compared | Origin::Unchecked(_) => None,
        }
    }

    /// Who wrote the file, where no checksum vouches for its content.
    pub fn unvouched_writer(&self) -> Option<&str> {
        match &self.origin {
            Origin::Foreign(writer) | Origin::Unchecked(writer) => Some(writer),
            Origin::Checked(_) | Origin::Compared => None,
        }
    }

    fn is_foreign(&self) -> bool {
        self.foreign_writer().is_some()
    }

    /// The first `Start` and its number, where the footer repeats them and is whole.
    pub fn first_start(&self) -> Option<(u64, Start)> {
        if !matches!(self.origin, Origin::Checked(_)) {
            return None;
        }
        let metadata = self.groups.metadata();
        let start = serde_json::from_str(footer(metadata, FOOTER_START)?).ok()?;
        let first = metadata.row_groups().first()?;
        let seq = first.columns().iter().find(|column| column.column_path().string() == "seq")?;
        let Some(Statistics::Int64(seq)) = seq.statistics() else { return None };
        Some((u64::try_from(*seq.min_opt()?).ok()?, start))
    }

    /// Gives the kind of every row, which is read beside the rest and not held against a checksum;
    /// `None` where kinds cannot be read.
    pub(super) fn each_kind(&self, mut take: impl FnMut(&str)) -> Option<()> {
        let schema = self.groups.metadata().file_metadata().schema_descr();
        let mask = ProjectionMask::columns(schema, ["kind"]);
        let kinds = parquet_to_arrow_field_levels(schema, mask, None).ok()?;
        for group in 0..self.groups.metadata().num_row_groups() {
            let group = self.groups.one(group);
            let open = || {
                let batches = ParquetRecordBatchReader::try_new_with_row_groups(
                    &kinds, &group, KIND_ROWS, None,
                );
                batches.ok()?.collect::<Result<Vec<_>, _>>().ok()
            };
            for batch in guarded(open).ok()?? {
                let column = batch.column_by_name("kind")?.as_string_opt::<i32>()?;
                column.iter().for_each(|kind| take(kind.unwrap_or_default()));
            }
        }
        Some(())
    }

    /// The row group that was left out since the last call.
    pub fn take_damage(&mut self) -> Option<GroupDamage> {
        self.damage.take()
    }

    /// Decodes the next rows; false at the end.
    fn next_batch(&mut self) -> Result<bool, Error> {
        loop {
            self.batch = None;
            let Some(batches) = &mut self.batches else {
                if !self.open_group()? {
                    return Ok(false);
                }
                continue;
            };
            let problem = match guarded(|| batches.next()) {
                Ok(Some(Ok(batch))) => {
                    let batch = Batch::new(&batch).map_err(|error| self.column_type(error))?;
                    self.batch = Some(batch);
                    self.next_row = 0;
                    return Ok(true);
                }
                Ok(None) => {
                    self.batches = None;
                    continue;
                }
                Ok(Some(Err(error))) => error.to_string(),
                Err(problem) => problem,
            };
            self.leave_out(self.next_group - 1, problem);
        }
    }

    /// Opens the next row group that can be read; false where there is none.
    fn open_group(&mut self) -> Result<bool, Error> {
        let at = self.next_group;
        let Some(group) = self.groups.metadata().row_groups().get(at) else { return Ok(false) };
        self.next_group += 1;
        let before = &self.groups.metadata().row_groups()[..at];
        self.row = before.iter().map(|group| u64::try_from(group.num_rows()).unwrap_or(0)).sum();
        self.skips_samples =
            self.from.is_some_and(|from| times(group).1.is_some_and(|last| last < from));
        let checked = check_group(&mut self.file, &self.origin, at);
        if !checked.map_err(|error| Error::io("read", &self.path, error))? {
            self.leave_out(at, "checksum mismatch".to_owned());
            return Ok(true);
        }
        let levels = if self.skips_samples { &self.without_samples } else { &self.wanted };
        let group = self.groups.one(at);
        let opened = guarded(|| {
            ParquetRecordBatchReader::try_new_with_row_groups(levels, &group, BATCH_ROWS, None)
        });
        match opened {
            Ok(Ok(batches)) => self.batches = Some(batches),
            Ok(Err(error)) => self.leave_out(at, error.to_string()),
            Err(problem) => self.leave_out(at, problem),
        }
        Ok(true)
    }

    fn leave_out(&mut self, row_group: usize, problem: String) {
        self.batches = None;
        self.damage.get_or_insert(GroupDamage { row_group, problem });
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

/// Times of the first and the last row of a group, by its statistics.
fn times(group: &RowGroupMetaData) -> (Option<WallTime>, Option<WallTime>) {
    let at = group.columns().iter().find(|column| column.column_path().string() == "at");
    match at.and_then(|column| column.statistics()) {
        Some(Statistics::Int64(at)) => {
            (at.min_opt().copied().map(WallTime), at.max_opt().copied().map(WallTime))
        }
        _ => (None, None),
    }
}

/// What a footer says of its file, for those who look for a moment in many.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outline {
    /// This writer wrote it.
    pub(super) is_ours: bool,
    /// Time of the first input.
    pub(super) first: Option<WallTime>,
    /// Time of the last input: no other is later.
    pub(super) last: Option<WallTime>,
    /// The first `Start`.
    pub(super) start: Option<Start>,
}

/// Reads the footer alone; nothing that it says is checked but by those who read the file.
pub(super) fn outline(path: &Path) -> Option<Outline> {
    let file = File::open(path).ok()?;
    let metadata = guarded(|| ParquetMetaDataReader::new().parse_and_finish(&file)).ok()?.ok()?;
    let start = footer(&metadata, FOOTER_START);
    let writer = metadata.file_metadata().created_by();
    Some(Outline {
        is_ours: writer.is_some_and(|writer| writer.starts_with(CREATED_BY)),
        first: metadata.row_groups().first().and_then(|group| times(group).0),
        last: metadata.row_groups().iter().map(|group| times(group).1).max().flatten(),
        start: start.and_then(|json| serde_json::from_str(json).ok()),
    })
}

/// The library gave up on its own invariants: over a file that is not as it should be.
fn panicked(path: &Path, problem: String) -> Error {
    Error::Parquet { path: path.to_owned(), problem }
}

/// The wall time of a row, in ns since 1970.
fn wall(batch: &Batch, at: usize) -> Option<u64> {
    signed(batch.at.as_ref(), at).and_then(|at| u64::try_from(at).ok())
}

fn read_row(batch: &Batch, at: usize, row: u64, input: &mut Input) -> Result<(), String> {
    input.seq = batch.seq.as_ref().and_then(|cells| cells.get(at)).unwrap_or(row);
    let mono = batch.mono.as_ref().and_then(|cells| cells.get(at)).or_else(|| wall(batch, at));
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
