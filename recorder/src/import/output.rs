//! The recording that an import becomes: all of it, or nothing.
//!
//! It is written beside its place, as `X.parquet.import`, and takes its name when it is whole. An
//! import that fails or is killed leaves nothing that could be taken for a recording.

use std::fs::File;
use std::path::{Path, PathBuf};

use ks_vocabulary::input::{
    Body, Gap, GapReason, HostFacts, SCHEMA_VERSION, SourceState, Stamp, Start,
};
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::{ClockAnchor, Timestamp, WallTime};

use crate::error::Error;
use crate::format::files::Files;
use crate::format::log;
use crate::format::writer::Writer;

/// Ticks of imported CPU times in a second, so that milliseconds are ticks.
pub(super) const USER_HZ: u64 = 1000;
/// What the writer adds to the name of a recording.
const SUFFIXES: [&str; 4] = ["", ".log", ".part", ".reserve"];

/// What is known of the recording before its first sample.
#[derive(Debug)]
pub(super) struct Header {
    /// Where it comes from.
    pub(super) host: HostFacts,
    /// Its first instant, in ns since 1970.
    pub(super) begin_ns: i64,
    /// Nominal time between samples.
    pub(super) interval_ns: i64,
    /// What its sources give.
    pub(super) sources: Vec<SourceState>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Output {
    place: Place,
    force: bool,
    writer: Option<Writer>,
    begin_ns: i64,
    stamp: Stamp,
}

impl Output {
    /// Begins the recording that will stand at `path`.
    pub(super) fn create(path: &Path, force: bool, header: Header) -> Result<Self, Error> {
        refuse_existing(path, force)?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".import");
        let temporary = PathBuf::from(temporary);
        let writer = Writer::create(&temporary, true)?;
        let place = Place { path: path.to_owned(), temporary };
        let begin_ns = header.begin_ns;
        let mut output =
            Self { place, force, writer: Some(writer), begin_ns, stamp: Stamp::default() };
        output.write(begin_ns, Body::Start(Box::new(start(header))))?;
        Ok(output)
    }

    /// Adds a sample of the time `at_ns`.
    pub(super) fn sample(&mut self, at_ns: i64, sample: Sample) -> Result<(), Error> {
        self.write(at_ns, Body::Sample(Box::new(sample)))
    }

    /// Says that no rate of `source` may be taken across `at_ns`.
    pub(super) fn gap(&mut self, at_ns: i64, source: &str) -> Result<(), Error> {
        let source = source.to_owned();
        self.write(at_ns, Body::Gap(Gap { source, ..Gap::in_all(GapReason::Lost) }))
    }

    /// How long after the beginning `at_ns` is.
    fn write(&mut self, at_ns: i64, body: Body) -> Result<(), Error> {
        let mono = u64::try_from(at_ns.saturating_sub(self.begin_ns)).unwrap_or(0);
        let input = self.stamp.make(Timestamp(mono), body);
        match &mut self.writer {
            Some(writer) => writer.append(input),
            None => Ok(()),
        }
    }

    /// Seals the recording and gives it its name.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        if let Some(writer) = self.writer.take() {
            writer.seal()?;
        }
        refuse_existing(&self.place.path, self.force)?;
        // Beside a sealed recording a log of that name would be read as its end.
        let log = Files::of(&self.place.path).log;
        if log.exists() {
            std::fs::remove_file(&log).map_err(|error| Error::io("remove", &log, error))?;
        }
        let renamed = std::fs::rename(&self.place.temporary, &self.place.path);
        renamed.map_err(|error| Error::io("rename", &self.place.temporary, error))?;
        let folder = self.place.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let synced = File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(|error| Error::io("sync", folder, error))
    }
}

/// Where the recording will stand, and where it is written. What is left there goes with it.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    temporary: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        for suffix in SUFFIXES {
            let mut name = self.temporary.as_os_str().to_owned();
            name.push(suffix);
            // After a success nothing of it is there.
            let _ = std::fs::remove_file(PathBuf::from(name));
        }
    }
}

/// Refuses what stands at `path`, unless `force` says that it is to be replaced; a log that a
/// recorder writes is refused always.
pub(super) fn refuse_existing(path: &Path, force: bool) -> Result<(), Error> {
    let log = Files::of(path).log;
    if log::is_being_written(&log) {
        return Err(Error::Locked { path: log });
    }
    let found = [path, log.as_path()].into_iter().find(|file| !force && file.exists());
    found.map_or(Ok(()), |file| Err(Error::Exists { path: file.to_owned() }))
}

fn start(header: Header) -> Start {
    Start {
        schema: SCHEMA_VERSION,
        engine_version: String::new(),
        host: header.host,
        boot_id: String::new(),
        clock: ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(header.begin_ns) },
        seed: 0,
        interval_ns: u64::try_from(header.interval_ns).unwrap_or(0),
        segment: 0,
        sources: header.sources,
        ..Start::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::recording::Reader;

    fn header() -> Header {
        let host = HostFacts { hostname: "example".to_owned(), ..HostFacts::default() };
        Header { host, begin_ns: 1_000_000_000, interval_ns: 500_000_000, sources: Vec::new() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let name = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| name(entry.unwrap())).collect()
    }

    #[test]
    fn what_is_finished_is_a_recording_and_nothing_is_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let mut output = Output::create(&path, false, header()).unwrap();
        output.sample(1_250_000_000, Sample::default()).unwrap();
        output.gap(1_250_000_000, "all").unwrap();
        assert!(!path.exists(), "not before it is whole");
        output.finish().unwrap();
        assert_eq!(names(folder.path()), ["x.parquet"]);
        let mut reader = Reader::open(&[path]).unwrap();
        let Body::Start(start) = reader.next().unwrap().unwrap().body.clone() else { panic!() };
        assert_eq!((start.host.hostname.as_str(), start.interval_ns), ("example", 500_000_000));
        assert_eq!(start.clock.at_ns, WallTime(1_000_000_000));
        assert_eq!(reader.next().unwrap().unwrap().mono, Timestamp(250_000_000));
        assert_eq!(reader.next().unwrap().unwrap().body.kind(), "gap");
        assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn what_is_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, "precious").unwrap();
        drop(Output::create(&path, true, header()).unwrap());
        assert_eq!(names(folder.path()), ["x.parquet"]);
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    }

    #[test]
    fn what_stands_there_is_replaced_only_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let log = folder.path().join("x.parquet.log");
        std::fs::write(&log, "left").unwrap();
        let refused = Output::create(&path, false, header()).unwrap_err();
        assert!(matches!(refused, Error::Exists { path } if path == log));
        Output::create(&path, true, header()).unwrap().finish().unwrap();
        assert_eq!(names(folder.path()), ["x.parquet"]);
    }
}
