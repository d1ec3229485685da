//! What was learned before a run: one versioned block, part of its `Start`, so that a replay has
//! what the live run had.
//!
//! Nothing in it comes from the future of the run: it is made from other recordings, and a run
//! never writes its own.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use ks_vocabulary::input::StoredKnowledge;
use ks_vocabulary::kind::{Kind, text};
use ks_vocabulary::lasting::{Lasting, Whose};
use ks_vocabulary::metric::Metric;

use super::Baseline;
use super::class::Class;
use super::slots::WINDOWS_NS;
use ks_vocabulary::resource::Resource;

/// Version of the block this engine writes, and the newest it reads.
pub const KNOWLEDGE_VERSION: u32 = 1;
/// Days after which a value has half its weight: 0.98 a day (`statistics.md`, section 3).
pub const HALF_LIFE_DAYS: f64 = 34.309_618_315_055_69;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    /// Version of the block.
    pub version: u32,
    /// Name of the host it was learned on.
    pub host: String,
    /// Days after which a value has half its weight.
    pub half_life_days: f64,
    /// Baselines of quantities.
    pub baselines: Vec<KnownBaseline>,
    /// Slopes of calm windows of resources.
    pub slopes: Vec<KnownSlopes>,
    /// How far off forecasts were.
    pub residuals: Vec<KnownResiduals>,
    /// How quantities went on after a signal when nothing was done.
    pub placebos: Vec<KnownPlacebos>,
}

/// The baseline of a quantity of an entity, as a kind judges it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownBaseline {
    /// The kind that judges the quantity.
    pub kind: Kind,
    /// Whose.
    pub entity: Whose,
    /// The word of the quantity, which may be one of another version.
    pub metric: String,
    /// Its baseline.
    pub baseline: Baseline,
}

/// Slopes of a resource's calm windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownSlopes {
    /// The resource.
    pub resource: Resource,
    /// Whose.
    pub entity: Whose,
    /// Index of the window length.
    pub window: u8,
    /// Used share a second.
    pub values: Vec<f64>,
}

/// ln(actual / predicted) of forecasts whose resource did end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownResiduals {
    /// Forecasts that are held against each other.
    pub class: Class,
    /// In order of arrival.
    pub values: Vec<f64>,
}

/// Differences of a quantity from before to after a signal was raised, when nothing was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownPlacebos {
    /// The kind that was raised.
    pub kind: Kind,
    /// The word of the quantity, which may be one of another version.
    pub metric: String,
    /// Mean over 60 s that begin 10 s after the raise, less the mean of the 10 s before it.
    pub values: Vec<f64>,
    /// The scenario that they are of; nothing of it holds for a real host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What the windows were divided by, where they were shortened: of others nothing is told by
    /// these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortened: Option<u64>,
}

/// What is wrong with a block of knowledge.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KnowledgeError {
    /// It was written by a newer engine.
    #[error("it is of version {0}, and this ks reads up to {KNOWLEDGE_VERSION}")]
    Newer(u32),
    /// A number is not finite, or outside of its range.
    #[error("{0} is not a number that this can be")]
    Number(&'static str),
    /// A window length that there is none of.
    #[error("{0} is no window length")]
    Window(u8),
    /// It has another form.
    #[error("{0}")]
    Form(String),
}

impl KnownSlopes {
    /// Whether they are those of a resource of an entity.
    pub fn is_of(&self, resource: Resource, entity: &Lasting) -> bool {
        self.resource == resource && self.entity.known() == Some(entity)
    }
}

impl Knowledge {
    /// A block that holds nothing.
    pub fn empty(host: &str) -> Self {
        Self {
            version: KNOWLEDGE_VERSION,
            host: host.into(),
            half_life_days: HALF_LIFE_DAYS,
            baselines: Vec::new(),
            slopes: Vec::new(),
            residuals: Vec::new(),
            placebos: Vec::new(),
        }
    }

    /// Reads a block, and checks it.
    pub fn read(stored: &StoredKnowledge) -> Result<Self, KnowledgeError> {
        let form = |error: serde_json::Error| KnowledgeError::Form(error.to_string());
        let knowledge: Self = serde_json::from_str(stored.json()).map_err(form)?;
        knowledge.check().map(|()| knowledge)
    }

    /// What cannot be used of it, if anything: what it tells of quantities that this engine has
    /// none of, and of entities that another boot had.
    pub fn left_out(&self) -> impl Iterator<Item = String> {
        let baselines = self.baselines.iter().map(|known| known.metric.as_str());
        let words = baselines.chain(self.placebos.iter().map(|known| known.metric.as_str()));
        let metrics = words.filter(|word| Metric::of_word(word).is_none());
        let baselines = self.baselines.iter().map(|known| &known.entity);
        let whose = baselines.chain(self.slopes.iter().map(|known| &known.entity));
        let entities = whose.filter_map(|whose| match whose {
            Whose::Known(_) => None,
            Whose::Stranger(written) => Some(written.as_str()),
        });
        let of_metrics = told(metrics, "which this ks has not");
        of_metrics.into_iter().chain(told(entities, "which means nothing in another boot"))
    }

    /// Share of its weight that a value keeps for each day.
    pub fn kept_a_day(&self) -> f64 {
        kept_a_day(self.half_life_days)
    }

    /// Whether everything in it can be used.
    pub fn check(&self) -> Result<(), KnowledgeError> {
        if self.version > KNOWLEDGE_VERSION {
            return Err(KnowledgeError::Newer(self.version));
        }
        if !self.half_life_days.is_finite() || self.half_life_days <= 0.0 {
            return Err(KnowledgeError::Number("half_life_days"));
        }
        let finite = |values: &[f64]| values.iter().all(|value| value.is_finite());
        let mut windows = self.slopes.iter().map(|known| known.window);
        if let Some(window) = windows.find(|at| usize::from(*at) >= WINDOWS_NS.len()) {
            return Err(KnowledgeError::Window(window));
        }
        if !self.baselines.iter().all(|known| known.baseline.is_sound()) {
            return Err(KnowledgeError::Number("a baseline"));
        }
        if !self.slopes.iter().all(|known| finite(&known.values)) {
            return Err(KnowledgeError::Number("a slope"));
        }
        if !self.residuals.iter().all(|known| finite(&known.values)) {
            return Err(KnowledgeError::Number("a residual"));
        }
        if !self.placebos.iter().all(|known| finite(&known.values)) {
            return Err(KnowledgeError::Number("a placebo difference"));
        }
        Ok(())
    }
}

fn told<'a>(mut strangers: impl Iterator<Item = &'a str>, why: &str) -> Option<String> {
    let first = text(strangers.next()?.as_bytes());
    let more = strangers.count();
    Some(format!("left out: what it tells of `{first}`, {why}, and {more} more"))
}

impl From<Knowledge> for StoredKnowledge {
    fn from(knowledge: Knowledge) -> Self {
        Self::of(&knowledge)
    }
}

/// Share of its weight that a value keeps for each day, by its half-life.
pub fn kept_a_day(half_life_days: f64) -> f64 {
    libm::exp2(-1.0 / half_life_days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use alloc::boxed::Box;
    use alloc::vec;
    use ks_vocabulary::input::{Body, Stamp, Start};
    use ks_vocabulary::output::Said;
    use ks_vocabulary::time::Timestamp;

    #[test]
    fn knowledge_of_a_newer_version_leaves_its_start_readable_and_unchanged() {
        let start = Start { knowledge: Some(Knowledge::empty("h").into()), ..Start::default() };
        let json = serde_json::to_string(&start).unwrap();
        let read = |json: &str| {
            let start: Start = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&start).unwrap(), json, "it is kept as it is");
            Knowledge::read(&start.knowledge.unwrap())
        };
        assert_eq!(read(&json), Ok(Knowledge::empty("h")));
        let newer = json.replace("\"placebos\":[]", "\"placebos\":[],\"dreams\":[1.5]");
        let why = read(&newer).unwrap_err().to_string();
        assert!(why.contains("dreams"), "{why}");
        let version = json.replace("\"version\":1", "\"version\":2");
        assert_eq!(read(&version), Err(KnowledgeError::Newer(2)));
    }

    #[test]
    fn what_is_known_of_quantities_of_another_version_is_left_out_and_told_of() {
        let of = |metric: &str| KnownPlacebos {
            kind: Kind::Scheduler,
            metric: metric.into(),
            values: vec![1.0],
            scenario: None,
            shortened: None,
        };
        let placebos = vec![of("cpu_some_5s"), of("dreams_5s")];
        let knowledge = Knowledge { placebos, ..Knowledge::empty("h") };
        let mut engine = Engine::default();
        let start = Start { knowledge: Some(knowledge.into()), ..Start::default() };
        engine.handle(Stamp::default().make(Timestamp(1), Body::Start(Box::new(start))));
        let Said::Defect(defect) = engine.poll().unwrap().body else { panic!() };
        let expected = "left out: what it tells of `dreams_5s`, which this ks has not, and 0 more";
        assert_eq!(defect.problem, expected);
        assert_eq!(engine.knowledge().placebos, [of("cpu_some_5s")]);
    }

    #[test]
    fn what_is_known_of_pids_and_namespaces_is_left_out_and_told_of() {
        let of = |entity: &str| KnownSlopes {
            resource: Resource::Memory,
            entity: String::from(entity).into(),
            window: 0,
            values: vec![1.0],
        };
        let slopes = ["process:7:99", "cgroup:/a", "netns:4"].map(of).to_vec();
        let knowledge = Knowledge { slopes, ..Knowledge::empty("h") };
        let told: Vec<_> = knowledge.left_out().collect();
        let expected = "left out: what it tells of `process:7:99`, which means nothing in another \
                        boot, and 1 more";
        assert_eq!(told, [expected]);
        let mut engine = Engine::default();
        let start = Start { knowledge: Some(knowledge.into()), ..Start::default() };
        engine.handle(Stamp::default().make(Timestamp(1), Body::Start(Box::new(start))));
        assert_eq!(engine.knowledge().slopes, [of("cgroup:/a")]);
    }

    #[test]
    fn knowledge_that_is_not_sound_is_told_of_and_not_used() {
        let unsound = Knowledge { half_life_days: -1.0, ..Knowledge::empty("h") };
        let why = Knowledge::read(&unsound.into());
        assert_eq!(why, Err(KnowledgeError::Number("half_life_days")));
    }
}
