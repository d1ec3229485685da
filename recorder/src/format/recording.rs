//! Reading recordings: sealed files, unsealed logs and directories of segments, as one stream.
//!
//! The reader checks what every consumer relies on: the first input is a `Start` (one is made up
//! for files that hold samples only), and `seq` and `mono_ns` do not go back within a run.

use std::path::{Path, PathBuf};

use ks_engine::input::{Body, HostFacts, Input, SCHEMA_VERSION, Start};
use ks_engine::needs::is_needed;
use ks_engine::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

use super::log::LogReader;
use super::parquet_file::{ParquetFile, known_version};
use super::writer::Files;
use crate::error::Error;

/// One file of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The file to read.
    pub path: PathBuf,
    /// Whether it is sealed (Parquet) or a log.
    pub sealed: bool,
    /// A log beside its sealed file, which a crash while sealing leaves: what is in both is read
    /// once, from the sealed file.
    pub twin: bool,
}

/// The files that `paths` stand for, in the order in which they are read.
pub fn segments(paths: &[PathBuf]) -> Result<Vec<Segment>, Error> {
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = found.len();
            for file in recordings_in(path)? {
                push_file(&file, &mut found);
            }
            if found.len() == before {
                return Err(Error::NotARecording {
                    path: path.clone(),
                    problem: "the directory holds no `*.parquet` and no `*.parquet.log`".into(),
                });
            }
        } else {
            push_file(path, &mut found);
        }
    }
    Ok(found)
}

fn push_file(path: &Path, found: &mut Vec<Segment>) {
    let is_log = path.extension().is_some_and(|extension| extension == "log");
    let log = Files::of(path).log;
    let twin = path.exists();
    if twin || !log.exists() {
        found.push(Segment { path: path.to_owned(), sealed: !is_log, twin: false });
    }
    if log.exists() {
        found.push(Segment { path: log, sealed: false, twin });
    }
}

pub(super) fn recordings_in(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let failed = |error| Error::io("list", folder, error);
    let mut names = std::collections::BTreeSet::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("parquet") => {
                names.insert(path);
            }
            Some("log") if path.with_extension("").extension().is_some_and(|e| e == "parquet") => {
                names.insert(path.with_extension(""));
            }
            _ => {}
        }
    }
    Ok(names.into_iter().collect())
}

#[derive(Debug)]
enum Open {
    Parquet(Box<ParquetFile>),
    Log(Box<LogReader>),
}

impl Open {
    fn next(&mut self) -> Result<bool, Error> {
        match self {
            Self::Parquet(file) => file.next().map(|input| input.is_some()),
            Self::Log(log) => log.next().map(|input| input.is_some()),
        }
    }

    fn last(&self) -> &Input {
        match self {
            Self::Parquet(file) => file.last(),
            Self::Log(log) => log.last(),
        }
    }
}

/// Reads the inputs of one or more recordings in order.
#[derive(Debug)]
pub struct Reader {
    want: fn(&str, &str) -> bool,
    segments: std::vec::IntoIter<Segment>,
    current: Option<(Segment, Open)>,
    row: u64,
    last: Option<(u64, Timestamp)>,
    boot_id: String,
    /// The `Start` made up for a file that has none.
    made_up: Option<Input>,
    /// Whether the input after `made_up` is still to be given out.
    held: bool,
    done_bytes: u64,
    all_bytes: u64,
    torn_bytes: u64,
}

impl Reader {
    /// Opens the recordings at `paths`.
    pub fn open(paths: &[PathBuf]) -> Result<Self, Error> {
        Self::open_with(paths, |_, _| true)
    }

    /// Opens the recordings at `paths` for the engine, which reads but some of the columns.
    pub fn open_for_engine(paths: &[PathBuf]) -> Result<Self, Error> {
        Self::open_with(paths, is_needed)
    }

    fn open_with(paths: &[PathBuf], want: fn(&str, &str) -> bool) -> Result<Self, Error> {
        let segments = segments(paths)?;
        let all_bytes = segments.iter().map(size_bytes).sum();
        let mut reader = Self {
            want,
            segments: segments.into_iter(),
            current: None,
            row: 0,
            last: None,
            boot_id: String::new(),
            made_up: None,
            held: false,
            done_bytes: 0,
            all_bytes,
            torn_bytes: 0,
        };
        reader.open_next()?;
        Ok(reader)
    }

    /// The next input, or `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "the input is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Result<Option<&Input>, Error> {
        if !std::mem::take(&mut self.held) && !self.advance()? {
            return Ok(None);
        }
        let first = self.last.is_none();
        if first && self.made_up.is_none() {
            let (segment, open) = self.current.as_ref().expect("an input was read");
            if !matches!(open.last().body, Body::Start(_)) {
                self.made_up = Some(foreign_start(&segment.path, open.last()));
                self.held = true;
                return Ok(self.made_up.as_ref());
            }
        }
        let (segment, open) = self.current.as_ref().expect("an input was read");
        let input = open.last();
        if let Body::Start(start) = &input.body {
            known_version(&segment.path, start.schema)?;
            if start.segment == 0 || start.boot_id != self.boot_id {
                self.last = None;
                self.boot_id.clone_from(&start.boot_id);
            }
        }
        check_order(self.last, input).map_err(|problem| Error::Row {
            path: segment.path.clone(),
            row: self.row - 1,
            problem,
        })?;
        self.last = Some((input.seq, input.mono));
        Ok(Some(input))
    }

    /// Whether the first input was not in the file but made up for it.
    pub fn is_foreign(&self) -> bool {
        self.made_up.is_some()
    }

    /// Bytes read and bytes in all, about.
    pub fn progress(&self) -> (u64, u64) {
        let current = match &self.current {
            Some((segment, Open::Parquet(file))) => {
                let (rows, all) = file.progress();
                size_bytes(segment) / all.max(1) * rows
            }
            Some((_, Open::Log(log))) => log.offset(),
            None => 0,
        };
        (self.done_bytes + current, self.all_bytes)
    }

    /// Bytes of torn frames at the end of logs, which a kill leaves.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// Moves to the next input that was not read already from a sealed file.
    fn advance(&mut self) -> Result<bool, Error> {
        loop {
            let Some((segment, open)) = &mut self.current else { return Ok(false) };
            if !open.next()? {
                self.close_current();
                self.open_next()?;
                continue;
            }
            self.row += 1;
            let read_before = self.last.is_some_and(|(seq, _)| open.last().seq <= seq);
            if !(segment.twin && read_before) {
                return Ok(true);
            }
        }
    }

    fn close_current(&mut self) {
        if let Some((segment, open)) = self.current.take() {
            self.done_bytes += size_bytes(&segment);
            if let Open::Log(log) = open {
                self.torn_bytes += log.torn_bytes();
            }
        }
    }

    fn open_next(&mut self) -> Result<(), Error> {
        self.row = 0;
        if let Some(segment) = self.segments.next() {
            let open = if segment.sealed {
                Open::Parquet(Box::new(ParquetFile::open(&segment.path, self.want)?))
            } else {
                Open::Log(Box::new(LogReader::open(&segment.path)?))
            };
            self.current = Some((segment, open));
        }
        Ok(())
    }
}

fn size_bytes(segment: &Segment) -> u64 {
    std::fs::metadata(&segment.path).map_or(0, |meta| meta.len())
}

fn check_order(last: Option<(u64, Timestamp)>, input: &Input) -> Result<(), String> {
    let Some((seq, mono)) = last else { return Ok(()) };
    if input.seq <= seq {
        return Err(format!("`seq` goes back from {seq} to {}", input.seq));
    }
    if input.mono < mono {
        return Err(format!("`mono_ns` goes back from {} to {}", mono.0, input.mono.0));
    }
    Ok(())
}

/// A `Start` for a file that a foreign writer made: nothing is known but the name and the time.
fn foreign_start(path: &Path, first: &Input) -> Input {
    let start = Start {
        schema: SCHEMA_VERSION,
        engine_version: String::new(),
        host: HostFacts {
            hostname: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            ..HostFacts::default()
        },
        boot_id: String::new(),
        clock: ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(0) },
        seed: 0,
        interval_ns: SECOND_NS,
        segment: 0,
        sources: Vec::new(),
        knowledge: None,
    };
    Input { seq: first.seq, mono: first.mono, body: Body::Start(Box::new(start)) }
}
