//! What goes wrong: a change of a process, of the disk or of the network, for a time.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::demand::Demand;
use crate::units::Duration;

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What expectations call it.
    #[serde(default = "fault")]
    pub name: String,
    /// When it begins, from the beginning of the run.
    pub at: Duration,
    /// Time until it is whole.
    #[serde(default)]
    pub ramp: Duration,
    /// How long it lasts; to the end where nothing is said.
    #[serde(default)]
    pub duration: Option<Duration>,
    /// How long its effects last after its end.
    #[serde(default)]
    pub aftermath: Duration,
    /// How strong it is; a run over a grid multiplies it.
    #[serde(default = "one")]
    pub intensity: f64,
    /// Name of the process that does more.
    #[serde(default)]
    pub target: Option<String>,
    /// What that asks for beyond what it does anyway.
    #[serde(default)]
    pub demand: Option<Demand>,
    /// The disk takes this many times longer.
    #[serde(default)]
    pub disk_slower: Option<f64>,
    /// Share of segments that are lost.
    #[serde(default)]
    pub loss: Option<f64>,
    /// Damaged frames a second.
    #[serde(default)]
    pub nic_errors: Option<f64>,
    /// Share of received frames that are dropped.
    #[serde(default)]
    pub nic_drops: Option<f64>,
    /// Connection requests a second that are never completed.
    #[serde(default)]
    pub syn_flood: Option<f64>,
    /// The interface has no carrier.
    #[serde(default)]
    pub link_down: bool,
    /// Ticks come as late as this, and up to twice as late.
    #[serde(default)]
    pub late_ticks: Option<Duration>,
}

fn fault() -> String {
    "fault".to_owned()
}

fn one() -> f64 {
    1.0
}

impl Fault {
    /// Whether it changes anything but the process that runs while it lasts.
    pub(super) fn changes_something(&self) -> bool {
        let numbers =
            [self.disk_slower, self.loss, self.nic_errors, self.nic_drops, self.syn_flood];
        self.demand.is_some()
            || self.link_down
            || self.late_ticks.is_some()
            || numbers.iter().any(Option::is_some)
    }

    /// How strong it is at a time of the run, in s: 0 before and after, growing while it ramps.
    pub fn strength(&self, at_s: f64) -> f64 {
        let since = at_s - self.at.seconds();
        let is_over = self.duration.is_some_and(|duration| since >= duration.seconds());
        if since < 0.0 || is_over {
            return 0.0;
        }
        let ramp = self.ramp.seconds();
        let grown = if ramp > 0.0 { (since / ramp).min(1.0) } else { 1.0 };
        grown * self.intensity
    }
}
