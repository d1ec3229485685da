//! A made-up host for tests: counters are driven second by second through the whole engine, and
//! what stands is looked at.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};

use crate::engine::Engine;
use ks_vocabulary::input::{Body, Delivery, Gap, GapReason, HostFacts, SourceState, Stamp, Start};
use ks_vocabulary::input::{ENGINE_VERSION, SCHEMA_VERSION};
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::model::{ReadTimes, Sample};
use ks_vocabulary::output::{Change, CoverageState, Said, Signal};
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp};

/// See the module. Time begins at second 1,000 and goes on by one second a tick.
pub(crate) struct Lab {
    engine: Engine,
    stamp: Stamp,
    second: u64,
    /// Seconds between two samples.
    cadence: u64,
    standing: BTreeMap<(Kind, String), Signal>,
    /// What happened to each condition last.
    last: BTreeMap<(Kind, String), Change>,
    coverage: BTreeMap<Kind, String>,
    /// Second of the last raise and clear of each condition.
    changed: BTreeMap<(Kind, String, bool), u64>,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::every(1)
    }

    /// One whose samples are so many seconds apart.
    pub(crate) fn every(cadence: u64) -> Self {
        let mut lab = Self {
            engine: Engine::default(),
            stamp: Stamp::from(1),
            second: 1_000,
            cadence,
            standing: BTreeMap::new(),
            last: BTreeMap::new(),
            coverage: BTreeMap::new(),
            changed: BTreeMap::new(),
        };
        let host = HostFacts { user_hz: 100, page_bytes: 4096, ..HostFacts::default() };
        lab.handle(Body::Start(Box::new(Start {
            schema: SCHEMA_VERSION,
            engine_version: ENGINE_VERSION.into(),
            host,
            boot_id: "b".into(),
            clock: ClockAnchor::default(),
            seed: 1,
            interval_ns: cadence * SECOND_NS,
            segment: 0,
            sources: [].into(),
            ..Start::default()
        })));
        lab
    }

    /// A source says that it is absent.
    pub(crate) fn absent(&mut self, source: &str, reason: &str) {
        let (source, reason) = (source.into(), Some(reason.into()));
        self.handle(Body::SourceState(SourceState { source, state: Delivery::Absent, reason }));
    }

    /// A source delivers, within a limit.
    pub(crate) fn limited(&mut self, source: &str, limit: &str) {
        let (source, reason) = (source.into(), Some(limit.into()));
        self.handle(Body::SourceState(SourceState { source, state: Delivery::On, reason }));
    }

    /// `seconds` pass in which nothing is recorded.
    pub(crate) fn pass(&mut self, seconds: u64) {
        self.second += seconds;
    }

    /// The host sleeps for `seconds`.
    pub(crate) fn gap(&mut self, seconds: u64) {
        self.second += seconds;
        let suspended_ns = seconds * SECOND_NS;
        self.handle(Body::Gap(Gap { suspended_ns, ..Gap::in_all(GapReason::Suspend) }));
    }

    /// `seconds` pass, or as many intervals; `fill` puts rows into each sample, counting from 0. A
    /// table with rows counts as read; one without is absent.
    pub(crate) fn run(&mut self, seconds: u64, mut fill: impl FnMut(&mut Sample, u64)) {
        for second in 0..seconds {
            self.second += self.cadence;
            let mut sample = Sample::default();
            fill(&mut sample, second);
            for table in sample.tables_mut() {
                if !table.is_empty() {
                    table.set_read(ReadTimes::default());
                }
            }
            self.handle(Body::Sample(Box::new(sample)));
        }
    }

    /// Something else is learned.
    pub(crate) fn hear(&mut self, body: Body) {
        self.handle(body);
    }

    fn handle(&mut self, body: Body) {
        let mono = Timestamp(self.second * SECOND_NS);
        self.engine.handle(self.stamp.make(mono, body));
        while let Some(output) = self.engine.poll() {
            match output.body {
                Said::Signal(signal) => self.note(signal),
                Said::Coverage(coverage) => {
                    let told = match coverage.state {
                        CoverageState::Ok => "ok",
                        CoverageState::CannotTell => "cannot tell",
                        CoverageState::NotApplicable => "not applicable",
                    };
                    let reason = coverage.reason.map(|reason| format!(": {reason}"));
                    let text = format!("{told}{}", reason.unwrap_or_default());
                    self.coverage.insert(coverage.kind, text);
                }
                Said::Incident(_)
                | Said::Forecast(_)
                | Said::Request(_)
                | Said::Step(_)
                | Said::Decision(_)
                | Said::Defect(_)
                | Said::Digest(_)
                | Said::End(_) => {}
            }
        }
    }

    fn note(&mut self, signal: Signal) {
        let key = (signal.kind, signal.entity.to_string());
        self.last.insert(key.clone(), signal.change);
        if signal.change.is_over() {
            self.changed.insert((key.0, key.1.clone(), false), self.second);
            self.standing.remove(&key);
        } else {
            if signal.change == Change::Raised {
                self.changed.insert((key.0, key.1.clone(), true), self.second);
            }
            self.standing.insert(key, signal);
        }
    }

    /// The second of the lab's clock.
    pub(crate) fn second(&self) -> u64 {
        self.second
    }

    /// The signal that stands on an entity, given in its written form.
    pub(crate) fn signal(&self, kind: Kind, entity: &str) -> Option<&Signal> {
        self.standing.get(&(kind, entity.into()))
    }

    /// How bad the signal is that stands on an entity.
    pub(crate) fn severity(&self, kind: Kind, entity: &str) -> Option<Severity> {
        self.signal(kind, entity).map(|signal| signal.severity)
    }

    /// The subtype of the signal that stands on an entity.
    pub(crate) fn subtype(&self, kind: Kind, entity: &str) -> Option<Subtype> {
        self.signal(kind, entity)?.subtype
    }

    /// What happened to a signal last.
    pub(crate) fn change(&self, kind: Kind, entity: &str) -> Option<Change> {
        self.last.get(&(kind, entity.into())).copied()
    }

    /// The engine, to look into.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The second in which a signal was raised last.
    pub(crate) fn raised_at(&self, kind: Kind, entity: &str) -> Option<u64> {
        self.changed.get(&(kind, entity.into(), true)).copied()
    }

    /// The second in which a signal cleared last.
    pub(crate) fn cleared_at(&self, kind: Kind, entity: &str) -> Option<u64> {
        self.changed.get(&(kind, entity.into(), false)).copied()
    }

    /// What was last said of a kind: `ok`, `cannot tell: why` or `not applicable: why`.
    pub(crate) fn coverage(&self, kind: Kind) -> &str {
        self.coverage.get(&kind).map_or("nothing", String::as_str)
    }
}

/// A counter that goes on from where it was, whatever the rate of each second.
#[derive(Default)]
pub(crate) struct Meter(f64);

impl Meter {
    /// Adds `amount` and gives the whole units counted so far.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small positive")]
    pub(crate) fn add(&mut self, amount: f64) -> u64 {
        self.0 += amount;
        // Sums of binary fractions fall short of whole numbers by a hair.
        (self.0 + 1e-6) as u64
    }
}
