//! What a recording holds, as one object: the form of `ks inspect --format json`.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

use ks_recorder::error::Error;
use ks_recorder::format::damage::Damage;
use ks_recorder::format::listing::{Segment, segments};
use ks_recorder::format::parquet_file::column_bytes;
use ks_recorder::format::recording::{Reader, Unvouched};
use ks_vocabulary::input::{Body, Input, RunId, SourceState, Start};
use ks_vocabulary::time::{ClockAnchor, Timestamp, seconds};
use serde::Serialize;

use crate::lateness::{Follower, Lateness};
use crate::report::rfc3339;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// What a recording holds.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Inspection {
    /// Number of samples.
    pub ticks: u64,
    /// Number of inputs of each kind.
    pub inputs: BTreeMap<String, u64>,
    /// Time of the first input.
    pub start: Option<String>,
    /// Time of the last input.
    pub end: Option<String>,
    /// Holes in the data.
    pub gaps: u64,
    /// Ticks that came late.
    #[serde(flatten)]
    pub lateness: Lateness,
    /// Whether every file of it is sealed: it is whole, and a checksum vouches for its content.
    pub sealed: bool,
    /// Its Parquet files that nobody vouches for.
    pub unvouched: Vec<Unvouched>,
    /// The last known state of each source, by name.
    pub sources: BTreeMap<String, Source>,
    /// Size of its files.
    pub bytes: u64,
    /// Size per sample.
    pub bytes_per_tick: Option<f64>,
    /// Size per day of recorded time, in units of 1,000,000 bytes.
    pub mb_per_day: Option<f64>,
    /// Compressed size of each column of its sealed files, largest first.
    pub columns: Vec<ColumnBytes>,
    /// Name of the host, for people.
    #[serde(skip)]
    pub host: String,
    /// Recorded time, for people: of several runs, the sum.
    #[serde(skip)]
    pub span_ns: u64,
    /// What could not be read, and was left out.
    pub damaged: Vec<Damage>,
    /// Bytes of torn frames at the end of logs, for people.
    #[serde(skip)]
    pub torn_bytes: u64,
}

/// State of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// on, absent or shed.
    pub state: &'static str,
    /// Why not, or what is limited.
    pub reason: Option<String>,
}

/// Size of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnBytes {
    /// Path of the column.
    pub name: String,
    /// Its compressed bytes in all row groups.
    pub bytes: u64,
}

/// Reads the recording at `path` to its end; `progress` is told bytes read and bytes in all.
pub fn inspect(path: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Inspection, Error> {
    let paths = [path.to_owned()];
    let files = segments(&paths)?;
    let mut reader = Reader::open(&paths)?;
    let mut tally = Tally::default();
    let mut inputs = 0u64;
    while let Some(input) = reader.next()? {
        tally.input(input);
        inputs += 1;
        if inputs.is_multiple_of(1024) {
            let (done, all) = reader.progress();
            progress(done, all);
        }
    }
    if reader.is_foreign() {
        tally.take_back_start();
    }
    tally.inspection.unvouched = reader.unvouched().to_vec();
    tally.inspection.damaged = reader.damages().to_vec();
    tally.finish(&files, reader.torn_bytes())
}

/// Counts inputs.
#[derive(Debug, Default)]
struct Tally {
    inspection: Inspection,
    clock: ClockAnchor,
    run: Option<RunId>,
    lateness: Follower,
    /// Time of the last input of the run.
    last: Option<Timestamp>,
}

impl Tally {
    fn input(&mut self, input: &Input) {
        match &input.body {
            Body::Start(start) => self.begin(start),
            Body::Sample(_) => self.inspection.ticks += 1,
            Body::SourceState(state) => self.note(state),
            Body::Gap(_) => self.inspection.gaps += 1,
            Body::ClockStep(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => {}
        }
        self.lateness.input(input);
        let inspection = &mut self.inspection;
        inspection.lateness = self.lateness.found();
        *inspection.inputs.entry(input.body.kind().to_owned()).or_default() += 1;
        inspection.span_ns += self.last.map_or(0, |last| input.mono.since_ns(last));
        self.last = Some(input.mono);
        let at = rfc3339(self.clock.at(input.mono));
        inspection.start.get_or_insert_with(|| at.clone());
        inspection.end = Some(at);
    }

    fn begin(&mut self, start: &Start) {
        if !self.run.as_ref().is_some_and(|run| start.goes_on_with(run)) {
            self.last = None;
        }
        self.clock = start.clock;
        self.run = Some(start.run());
        self.inspection.host.clone_from(&start.host.hostname);
        for state in &start.sources {
            self.note(state);
        }
    }

    fn note(&mut self, state: &SourceState) {
        let source = Source { state: state.state.word(), reason: state.reason.clone() };
        self.inspection.sources.insert(state.source.clone(), source);
    }

    /// Takes back the `Start` that the reader made up: it is not in the file.
    fn take_back_start(&mut self) {
        let inputs = &mut self.inspection.inputs;
        if let Some(starts) = inputs.get_mut("start") {
            *starts -= 1;
        }
        inputs.retain(|_, count| *count > 0);
    }

    fn finish(self, files: &[Segment], torn_bytes: u64) -> Result<Inspection, Error> {
        // What a log repeats of its sealed file counts once.
        let files: Vec<&Segment> = files.iter().filter(|file| !file.twin).collect();
        let mut inspection = self.inspection;
        inspection.sealed = inspection.unvouched.is_empty() && files.iter().all(|file| file.sealed);
        inspection.torn_bytes = torn_bytes;
        inspection.bytes = files.iter().map(|file| size_bytes(&file.path)).sum();
        let bytes = inspection.bytes as f64;
        let per = |amount: f64| (amount > 0.0).then(|| bytes / amount);
        inspection.bytes_per_tick = per(inspection.ticks as f64);
        let days = seconds(inspection.span_ns) / SECONDS_PER_DAY;
        inspection.mb_per_day = per(days).map(|bytes_per_day| bytes_per_day / 1e6);
        inspection.columns = columns(&files)?;
        Ok(inspection)
    }
}

fn size_bytes(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |meta| meta.len())
}

fn columns(files: &[&Segment]) -> Result<Vec<ColumnBytes>, Error> {
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    for file in files.iter().filter(|file| file.sealed) {
        // A file that cannot be read at all is among what is damaged.
        let found = match column_bytes(&file.path) {
            Err(error) if !error.is_environment() => continue,
            found => found?,
        };
        for (name, bytes) in found {
            *sizes.entry(name).or_default() += bytes;
        }
    }
    let columns = sizes.into_iter().map(|(name, bytes)| ColumnBytes { name, bytes });
    let mut columns: Vec<ColumnBytes> = columns.collect();
    columns.sort_by_key(|column| Reverse(column.bytes));
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_recorder::format::writer::Writer;
    use ks_vocabulary::input::{Delivery, Gap, GapReason, HostFacts, SCHEMA_VERSION};
    use ks_vocabulary::model::{CpuCell, ReadTimes, Sample};
    use ks_vocabulary::time::{SECOND_NS, WallTime};

    fn start(boot_id: &str, segment: u32) -> Body {
        let absent = SourceState {
            source: "swaps".to_owned(),
            state: Delivery::Absent,
            reason: Some("no such file".to_owned()),
        };
        Body::Start(Box::new(Start {
            schema: SCHEMA_VERSION,
            engine_version: String::new(),
            host: HostFacts { hostname: "h".to_owned(), ..HostFacts::default() },
            boot_id: boot_id.to_owned(),
            clock: ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(0) },
            seed: 0,
            interval_ns: SECOND_NS,
            segment,
            sources: vec![absent],
            ..Start::default()
        }))
    }

    fn sample(second: u64) -> Body {
        let mut sample = Sample::default();
        sample.cpu.push().set(CpuCell::user_ticks, second);
        sample.cpu.set_read(ReadTimes::default());
        Body::Sample(Box::new(sample))
    }

    /// Writes a recording of these inputs, one a second from `second` on.
    fn write(path: &Path, seal: bool, second: u64, bodies: Vec<Body>) {
        let mut writer = Writer::create(path, false).unwrap();
        for (seq, body) in (second..).zip(bodies) {
            writer.append(&Input::recorded(seq, Timestamp(seq * SECOND_NS), body)).unwrap();
        }
        if seal {
            writer.seal().unwrap();
        }
    }

    #[test]
    fn a_sealed_recording_is_counted_and_its_columns_are_weighed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let on = SourceState { source: "swaps".to_owned(), state: Delivery::On, reason: None };
        let gap = Gap::in_all(GapReason::Lost);
        let bodies =
            vec![start("b", 0), Body::SourceState(on), sample(2), Body::Gap(gap), sample(4)];
        write(&path, true, 0, bodies);
        let found = inspect(&path, |_, _| {}).unwrap();
        assert_eq!((found.ticks, found.gaps, found.sealed), (2, 1, true));
        let inputs: Vec<_> = found.inputs.into_iter().collect();
        let expected = [("gap", 1), ("sample", 2), ("source_state", 1), ("start", 1)];
        assert_eq!(inputs, expected.map(|(kind, count)| (kind.to_owned(), count)));
        assert_eq!(found.start.as_deref(), Some("1970-01-01T00:00:00.000000000Z"));
        assert_eq!(found.end.as_deref(), Some("1970-01-01T00:00:04.000000000Z"));
        assert_eq!(found.sources["swaps"], Source { state: "on", reason: None });
        assert_eq!(found.bytes, std::fs::metadata(&path).unwrap().len());
        assert_eq!(found.bytes_per_tick, Some(found.bytes as f64 / 2.0));
        let mb_per_day = found.mb_per_day.unwrap();
        assert!((mb_per_day - found.bytes as f64 / 4.0 * 86_400.0 / 1e6).abs() < 1e-9);
        assert!(found.columns.iter().any(|column| column.name == "sample.cpu.user_ticks"));
        assert!(found.columns.is_sorted_by(|one, other| one.bytes >= other.bytes));
    }

    #[test]
    fn a_log_has_no_columns_and_a_directory_is_the_sum_of_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        write(&path("0.parquet"), true, 10, vec![start("b", 0), sample(11)]);
        write(&path("1.parquet"), true, 12, vec![start("b", 1), sample(13)]);
        // Another boot: the hour between the two is not recorded time.
        write(&path("2.parquet"), false, 3600, vec![start("c", 0), sample(3601)]);
        let found = inspect(folder.path(), |_, _| {}).unwrap();
        assert_eq!((found.ticks, found.sealed), (3, false));
        assert_eq!(found.span_ns, 4 * SECOND_NS);
        let files = ["0.parquet", "1.parquet", "2.parquet.log"];
        let sizes = files.map(|name| std::fs::metadata(path(name)).unwrap().len());
        assert_eq!(found.bytes, sizes.iter().sum::<u64>());
        assert_eq!(found.sources["swaps"].reason.as_deref(), Some("no such file"));
        let log = inspect(&path("2.parquet"), |_, _| {}).unwrap();
        assert_eq!((log.ticks, log.sealed, log.columns.len()), (1, false, 0));
    }

    #[test]
    fn what_cannot_be_divided_is_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, true, 0, vec![start("b", 0)]);
        let found = inspect(&path, |_, _| {}).unwrap();
        assert_eq!((found.bytes_per_tick, found.mb_per_day), (None, None));
    }
}
