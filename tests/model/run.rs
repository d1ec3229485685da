//! Numbers of one run, real or modelled: its rates while the fault lasts, and when limits were
//! crossed.

use std::path::{Path, PathBuf};

use ks_recorder::format::recording::Reader;
use ks_replayer::scenario;
use ks_scenarios::reference::Reference;
use ks_vocabulary::input::{Body, Input, Stamp};
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::Timestamp;

use crate::counters::{How, Line};

/// Time after the beginning of a fault in which it comes up, and before its end, in s.
const EDGES_S: (f64, f64) = (5.0, 1.0);

/// Strengths with the ends of the names of their files.
pub(crate) const INTENSITIES: [(&str, f64); 3] = [("half", 0.5), ("one", 1.0), ("double", 2.0)];

/// A run.
pub(crate) struct Run {
    samples: Vec<(f64, Sample)>,
    /// First crossing of each kind on any entity, in s after the onset.
    pub(crate) crossings: Vec<(&'static str, f64)>,
    span_s: (f64, f64),
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// When what was done to a recording began and ended, by the file beside it.
fn span_of(recording: &Path) -> (f64, f64) {
    let text = std::fs::read_to_string(recording.with_extension("toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let expect = &table["case"][0]["expect"][0];
    let seconds = |name: &str| {
        let text = expect[name].as_str().unwrap();
        text.parse::<ks_scenarios::units::Duration>().unwrap().seconds()
    };
    (seconds("onset"), seconds("end"))
}

impl Run {
    /// The recording of a fault at a strength.
    pub(crate) fn real(fault: &str, name: &str) -> Self {
        let path = root().join(format!("fixtures/recordings/{fault}_{name}.parquet"));
        let mut reader = Reader::open(std::slice::from_ref(&path)).unwrap();
        let inputs = std::iter::from_fn(|| reader.next().unwrap().cloned());
        Self::of(inputs, span_of(&path))
    }

    /// The model's run of the same.
    pub(crate) fn modelled(fault: &str, intensity: f64) -> Self {
        let path = root().join(format!("scenarios/provoked/{fault}.toml"));
        let mut scenario = scenario::load(&path).unwrap();
        for one in &mut scenario.faults {
            one.intensity *= intensity;
        }
        let fault = &scenario.faults[0];
        let begin_s = fault.at.seconds();
        let span_s = (begin_s, begin_s + fault.duration.unwrap().seconds());
        let mut simulation = scenario.simulation(1);
        let mut stamp = Stamp::default();
        let mut next = || simulation.next().map(|(at, body)| stamp.put(at, body).clone());
        Self::of(std::iter::from_fn(&mut next), span_s)
    }

    fn of(inputs: impl Iterator<Item = Input>, span_s: (f64, f64)) -> Self {
        let mut reference = Reference::default();
        let mut begin = None;
        let mut samples = Vec::new();
        for input in inputs {
            let begin = *begin.get_or_insert(input.mono);
            reference.input(&input);
            if let Body::Sample(sample) = input.body {
                samples.push((seconds(begin, input.mono), *sample));
            }
        }
        let begin = begin.unwrap();
        let mut crossings: Vec<(&'static str, f64)> = Vec::new();
        for crossing in reference.finish() {
            let after_s = seconds(begin, crossing.at) - span_s.0;
            let kind = crossing.kind.word();
            if after_s < 0.0 {
                continue;
            }
            match crossings.iter_mut().find(|one| one.0 == kind) {
                Some(known) => known.1 = known.1.min(after_s),
                None => crossings.push((kind, after_s)),
            }
        }
        Self { samples, crossings, span_s }
    }

    /// A quantity while the fault lasts.
    pub(crate) fn value(&self, line: &Line) -> Option<f64> {
        let (from, to) = (self.span_s.0 + EDGES_S.0, self.span_s.1 - EDGES_S.1);
        let within = self.samples.iter().filter(|(at_s, _)| (from..=to).contains(at_s));
        let values: Vec<(f64, f64)> = within
            .clone()
            .filter_map(|(at_s, sample)| Some((*at_s, (line.get)(sample)?)))
            .collect();
        let (first, last) = (values.first()?, values.last()?);
        let grown = last.1 - first.1;
        match line.how {
            How::Rate => (last.0 > first.0).then(|| grown / (last.0 - first.0)),
            How::Mean => {
                let count = values.iter().map(|_| 1.0).sum::<f64>();
                Some(values.iter().map(|(_, value)| value).sum::<f64>() / count)
            }
            How::Ratio(by) => {
                let others: Vec<f64> = within.filter_map(|(_, sample)| by(sample)).collect();
                let other = others.last()? - others.first()?;
                (other > 0.0).then(|| grown / other)
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "spans of minutes")]
fn seconds(begin: Timestamp, at: Timestamp) -> f64 {
    at.since_ns(begin) as f64 / 1e9
}
