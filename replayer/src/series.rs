//! One series of a run, taken while it goes on: what `ks analyze --metric` draws.

use ks_engine::engine::Engine;
use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

/// Values are taken at most once in so long.
const EVERY_NS: u64 = 5 * SECOND_NS;

/// Median and 95th percentile of a baseline, where there is one.
pub type Band = Option<(f64, f64)>;

/// One value with what was normal then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Value {
    /// When.
    pub at: Timestamp,
    /// The value.
    pub value: f64,
    /// Median and 95th percentile of its baseline.
    pub band: Band,
}

/// See the module.
#[derive(Debug, Clone)]
pub struct SeriesTaker {
    metric: Option<Metric>,
    entity: Option<String>,
    /// The entity whose series it is, once seen.
    pub found: Option<String>,
    /// Its values.
    pub values: Vec<Value>,
}

impl SeriesTaker {
    /// Takes the series of a metric, of the entity written so; without one, of the first that has
    /// it.
    pub fn new(metric: &str, entity: Option<&str>) -> Self {
        let entity = entity.map(str::to_owned);
        Self { metric: Metric::of_word(metric), entity, found: None, values: Vec::new() }
    }

    /// Looks at the engine after an input.
    pub fn look(&mut self, engine: &Engine, input: &Input) {
        let last = self.values.last().map(|value| value.at);
        let due = last.is_none_or(|last| last.0 / EVERY_NS != input.mono.0 / EVERY_NS);
        if !due || !matches!(input.body, Body::Sample(_)) {
            return;
        }
        if let Some((entity, value, band)) = self.find(engine)
            && value.is_finite()
        {
            self.found.get_or_insert(entity);
            self.values.push(Value { at: input.mono, value, band });
        }
    }

    fn find(&self, engine: &Engine) -> Option<(String, f64, Band)> {
        let wanted = self.found.as_ref().or(self.entity.as_ref());
        let is = |entity: &str| wanted.is_none_or(|wanted| wanted == entity);
        let watched =
            engine.watched().iter().filter(|one| Some(one.resource.metric()) == self.metric);
        let levels = watched.map(|one| (one.entity.to_string(), one.used, None));
        let learned = engine.learned().filter(|(.., learned)| Some(learned.metric) == self.metric);
        let learned = learned.map(|(_, entity, learned)| {
            let band = learned.baseline.level().map(|level| (level.p50, level.p95));
            (entity.to_string(), learned.value, band)
        });
        levels.chain(learned).find(|(entity, ..)| is(entity))
    }
}

/// The quantities of all series that a run has, sorted by their words.
pub fn names(engine: &Engine) -> Vec<Metric> {
    let watched = engine.watched().iter().map(|one| one.resource.metric());
    let mut names: Vec<_> = watched.chain(engine.learned().map(|(.., one)| one.metric)).collect();
    names.sort_unstable();
    names.dedup();
    names
}
