//! Recordings of this very host in which something happened, and what tests ask of them.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::Timestamp;

use crate::{KS, Own};

/// What a recording holds.
pub(crate) struct Recorded {
    inputs: Vec<Input>,
}

impl Recorded {
    /// Records for `seconds`, and does `work` after the second sample.
    pub(crate) fn while_working(seconds: u64, work: impl FnOnce()) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let mut command = Command::new(KS);
        command.args(["record", "--processes", "none", "--duration", &format!("{seconds}s"), "-o"]);
        let mut child = Own(command.arg(&path).stderr(Stdio::null()).spawn().unwrap());
        std::thread::sleep(Duration::from_millis(1500));
        work();
        assert!(child.0.wait().unwrap().success());
        Self::read(&path)
    }

    /// Reads a recording.
    pub(crate) fn read(path: &Path) -> Self {
        let mut reader = Reader::open(&[path.to_owned()]).unwrap();
        Self { inputs: std::iter::from_fn(|| reader.next().unwrap().cloned()).collect() }
    }

    /// All samples.
    pub(crate) fn samples(&self) -> Vec<&Sample> {
        self.ticks().into_iter().map(|(_, sample)| sample).collect()
    }

    /// The samples, each with its time.
    pub(crate) fn ticks(&self) -> Vec<(Timestamp, &Sample)> {
        let tick = |input| match input {
            &Input { mono, body: Body::Sample(ref sample), .. } => Some((mono, sample.as_ref())),
            _ => None,
        };
        self.inputs.iter().filter_map(tick).collect()
    }

    /// How far a number went between the first and the last sample that has it.
    pub(crate) fn grown(&self, get: impl Fn(&Sample) -> Option<u64>) -> u64 {
        let values: Vec<u64> = self.samples().into_iter().filter_map(get).collect();
        values.last().unwrap() - values.first().unwrap()
    }

    /// How much of a source the recording says was lost.
    pub(crate) fn lost(&self, source: &str) -> u64 {
        let lost = |input: &Input| match &input.body {
            Body::Gap(gap) if gap.source == source => gap.count,
            Body::Gap(_)
            | Body::Start(_)
            | Body::SourceState(_)
            | Body::Sample(_)
            | Body::ClockStep(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => None,
        };
        self.inputs.iter().filter_map(lost).sum()
    }

    /// What was said last of a source.
    pub(crate) fn state(&self, source: &str) -> (String, String) {
        let mut states = self.inputs.iter().filter_map(|input| match &input.body {
            Body::SourceState(state) if state.source == source => Some(state),
            Body::Start(start) => start.sources.iter().find(|state| state.source == source),
            Body::SourceState(_)
            | Body::Sample(_)
            | Body::ClockStep(_)
            | Body::Gap(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => None,
        });
        let last = states.next_back().expect("the recording speaks of the source");
        (last.state.word().to_owned(), last.reason.clone().unwrap_or_default())
    }

    /// Whether a tracer is on; if not, says so.
    pub(crate) fn has(&self, source: &str) -> bool {
        let (state, reason) = self.state(source);
        if state != "on" {
            eprintln!("skipped: {source} is {state}: {reason}");
        }
        state == "on"
    }
}

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Fails where `found` is further off than a share of what was expected, and `more`.
pub(crate) fn close(found: u64, expected: u64, share: f64, more: u64) {
    let off = found.abs_diff(expected);
    let most = expected as f64 * share + more as f64;
    assert!(off as f64 <= most, "{found} is {off} off {expected}, more than {most}");
}
