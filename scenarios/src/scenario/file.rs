//! The fields of a scenario file.

use ks_vocabulary::action::Action;
use ks_vocabulary::kind::{Kind, Severity};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::background::Mix;
use crate::demand::Demand;
use crate::expectation::{Expect, Forbid};
use crate::grid::Grid;
use crate::shape::Shape;
use crate::units::{Bytes, Duration};

use super::fault::Fault;
use super::operator::Operator;

/// See the module.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The file's name without its ending.
    #[serde(skip)]
    pub name: String,
    /// Files, or scenarios of the library, whose content stands before that of this one.
    #[serde(default)]
    pub include: Vec<String>,
    /// What happens, in one sentence.
    #[serde(default)]
    pub summary: String,
    /// Length of the run.
    #[serde(default)]
    pub duration: Duration,
    /// Nominal time between samples.
    #[serde(default = "second")]
    pub interval: Duration,
    /// Time since boot when the run begins.
    #[serde(default = "up")]
    pub uptime: Duration,
    /// Seeds of the runs.
    #[serde(default)]
    pub seeds: Seeds,
    /// The host.
    #[serde(default)]
    pub host: Shape,
    /// Other hosts and strengths over which detection is measured.
    #[serde(default)]
    pub grid: Grid,
    /// What runs all the time.
    #[serde(default)]
    pub background: Background,
    /// What was learned before.
    #[serde(default)]
    pub knowledge: Option<Knowledge>,
    /// Processes of this scenario.
    #[serde(default, rename = "process")]
    pub processes: Vec<Extra>,
    /// Control groups with limits.
    #[serde(default, rename = "group")]
    pub groups: Vec<Limits>,
    /// What goes wrong.
    #[serde(default, rename = "fault")]
    pub faults: Vec<Fault>,
    /// Processes by name, and control groups by path, that must go on: who stops one does harm.
    #[serde(default)]
    pub needed: Vec<String>,
    /// What is done about it.
    #[serde(default, rename = "action")]
    pub actions: Vec<Planned>,
    /// What operators say to what an agent proposes.
    #[serde(default, rename = "operator")]
    pub operators: Vec<Operator>,
    /// What must be found.
    #[serde(default)]
    pub expect: Vec<Expect>,
    /// What must not be said.
    #[serde(default)]
    pub forbid: Vec<Forbid>,
    /// What was weakened, and why.
    #[serde(default)]
    pub weakened: Vec<Weakened>,
}

/// An expectation that was weakened, kept for people; or, with a kind, one that is raised though
/// nothing crosses a limit of it, and is borne with; or, with a severity too, a rise to that which
/// does not come when raw counters say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Weakened {
    /// Why.
    pub reason: String,
    /// What was changed.
    pub what: String,
    /// Which condition is borne with.
    #[serde(default)]
    #[schemars(schema_with = "crate::schema::kind")]
    pub kind: Option<Kind>,
    /// Where; `*` at the end stands for anything.
    #[serde(default = "anywhere")]
    pub entity: String,
    /// Which severity past medium comes at another time than it must, or not at all.
    #[serde(default)]
    #[schemars(schema_with = "crate::schema::severity")]
    pub severity: Option<Severity>,
}

fn anywhere() -> String {
    "*".to_owned()
}

/// Seeds of a scenario's runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// How many, one after the other.
    pub count: u32,
}

impl Default for Seeds {
    fn default() -> Self {
        Self { first: 1, count: 20 }
    }
}

/// What runs all the time.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Background {
    /// Which processes.
    pub mix: Mix,
    /// How much they do: 1 is a host that is used to about a third.
    pub intensity: f64,
}

impl Default for Background {
    fn default() -> Self {
        Self { mix: Mix::Web, intensity: 1.0 }
    }
}

/// Knowledge that the run begins with, learned from another scenario.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Knowledge {
    /// Name of a scenario of the library.
    pub from: String,
    /// Hours of it.
    pub hours: u32,
    /// Its seed.
    pub seed: u64,
}

/// A process of this scenario.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extra {
    /// Its name, at most 15 bytes.
    pub name: String,
    /// Path of its control group; `{}` in it stands for the number of each of several, from 0.
    #[serde(default = "own_group")]
    pub group: String,
    /// Threads.
    #[serde(default = "one")]
    pub threads: f64,
    /// Nice level, -20 to 19.
    #[serde(default)]
    pub nice: i64,
    /// `oom_score_adj`.
    #[serde(default)]
    pub oom_score_adj: i64,
    /// Port that it listens on; 0 for none.
    #[serde(default)]
    pub port: u64,
    /// Length of its accept queue.
    #[serde(default = "backlog")]
    pub backlog: f64,
    /// It runs only while this fault lasts.
    #[serde(default)]
    pub during: Option<String>,
    /// Name of the session that it is in, with others that name the same; its own where none is
    /// named.
    #[serde(default)]
    pub session: Option<String>,
    /// Name of the process that answers its requests: where that does not, it waits.
    #[serde(default)]
    pub waits_for: Option<String>,
    /// Where it has ended, killed or asked to, it is started again so much later.
    #[serde(default)]
    pub restarts: Option<Duration>,
    /// How long each lives until another takes its place.
    #[serde(default)]
    pub lives: Option<Duration>,
    /// What each has in swap as the run begins, beside its memory: no more than is free there.
    #[serde(default)]
    pub swapped: Bytes,
    /// Descriptors that it may have.
    #[serde(default = "descriptors")]
    pub descriptors: u64,
    /// How many of it there are.
    #[serde(default = "once")]
    pub count: u32,
    /// What it asks for.
    #[serde(default)]
    pub demand: Demand,
}

/// Something that is done at a time of the run.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// When, from the beginning of the run.
    pub at: Duration,
    /// Time until it is done again.
    #[serde(default)]
    pub every: Option<Duration>,
    /// How often it is done.
    #[serde(default = "once")]
    pub times: u32,
    /// What.
    #[serde(rename = "do")]
    #[schemars(schema_with = "crate::schema::action")]
    pub action: Action,
}

/// Limits of a control group.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Its path.
    pub path: String,
    /// CPUs that it may use: the quota over its period.
    #[serde(default)]
    pub cpus: Option<f64>,
    /// `memory.max`.
    #[serde(default)]
    pub memory: Option<Bytes>,
    /// `pids.max`.
    #[serde(default)]
    pub pids: Option<u64>,
    /// `cpu.weight`.
    #[serde(default)]
    pub weight: Option<u64>,
}

fn second() -> Duration {
    Duration { ns: 1_000_000_000 }
}

fn up() -> Duration {
    Duration { ns: 36_000_000_000_000 }
}

fn own_group() -> String {
    "/user.slice".to_owned()
}

fn one() -> f64 {
    1.0
}

fn once() -> u32 {
    1
}

fn descriptors() -> u64 {
    65_536
}

fn backlog() -> f64 {
    128.0
}

impl Planned {
    /// Each time that it is done, in order.
    pub(crate) fn each(&self) -> impl Iterator<Item = Self> {
        let every_ns = self.every.map_or(0, |every| every.ns);
        (0..u64::from(self.times)).map(move |turn| Self {
            at: Duration { ns: self.at.ns.saturating_add(every_ns.saturating_mul(turn)) },
            every: None,
            times: 1,
            action: self.action.clone(),
        })
    }
}
