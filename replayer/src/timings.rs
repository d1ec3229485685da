//! What each stage of the engine costs, in CPU time of this process.

use std::collections::BTreeMap;

use ks_engine::engine::Stage;
use ks_recorder::clock;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Timings {
    last_ns: u64,
    spent_ns: BTreeMap<Stage, u64>,
}

impl Timings {
    /// An input is about to be handled.
    pub(crate) fn begin(&mut self) {
        self.last_ns = clock::process_cpu_ns();
    }

    /// A stage is over.
    pub(crate) fn done(&mut self, stage: Stage) {
        let now_ns = clock::process_cpu_ns();
        *self.spent_ns.entry(stage).or_default() += now_ns.saturating_sub(self.last_ns);
        self.last_ns = now_ns;
    }

    /// Each stage with what it cost, in the order in which they run.
    pub fn stages(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.spent_ns.iter().map(|(stage, ns)| (word(*stage), *ns))
    }
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Window => "window",
        Stage::Resources => "resources",
        Stage::Classifiers => "classifiers and baselines",
        Stage::Words => "signals and incidents",
    }
}
