//! What is asked about: a recording, a directory of segments, or a scenario, and how a run of it
//! begins and goes on.

use std::path::{Path, PathBuf};
use std::slice;

use ks_recorder::format::recording::Reader;
use ks_replayer::driver::Stamped;
use ks_replayer::moment::Moment;
use ks_replayer::replay::Run;
use ks_replayer::scenario;
use ks_replayer::vantage::Vantage;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::decision::Reasoner;
use ks_vocabulary::input::{Body, Config, Input};

use crate::agent_options;
use crate::render;

/// The configuration of an agent that proposes, and does nothing.
#[derive(Debug, Clone)]
pub(super) struct Proposing {
    pub(super) config: Config,
    /// What the configuration is called.
    pub(super) name: String,
    /// It holds in place of what was recorded.
    pub(super) is_asked: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Subject {
    name: String,
    origin: Origin,
    proposing: Proposing,
    /// The agent of the recording is gone through again, as it was.
    is_as_recorded: bool,
}

#[derive(Debug)]
enum Origin {
    Recording { path: PathBuf, is_live: bool },
    Scenario { path: PathBuf, scenario: Box<Scenario>, seed: u64 },
}

impl Subject {
    /// What a path names. It is read as far as is needed to know that it can be.
    pub(super) fn open(
        path: &Path,
        seed: Option<u64>,
        proposing: Proposing,
    ) -> anyhow::Result<Self> {
        if !scenario::is_scenario(path) {
            return Self::recorded(path, proposing, false);
        }
        let scenario = Box::new(scenario::load(path)?);
        let seed = seed.unwrap_or(scenario.seeds.first);
        let origin = Origin::Scenario { path: path.to_owned(), scenario, seed };
        let name = path.display().to_string();
        Ok(Self { name, origin, proposing, is_as_recorded: false })
    }

    /// The directory of a daemon, which grows.
    pub(super) fn open_live(folder: &Path, proposing: Proposing) -> anyhow::Result<Self> {
        Self::recorded(folder, proposing, true)
    }

    fn recorded(path: &Path, proposing: Proposing, is_live: bool) -> anyhow::Result<Self> {
        let mut reader = Reader::open_for_agent(slice::from_ref(&path.to_owned()))?;
        let is_advised = reader.next()?.is_some_and(is_advised);
        let origin = Origin::Recording { path: path.to_owned(), is_live };
        let is_as_recorded = is_advised && !proposing.is_asked;
        Ok(Self { name: path.display().to_string(), origin, proposing, is_as_recorded })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether there may be more of it at each time.
    pub(super) fn grows(&self) -> bool {
        matches!(self.origin, Origin::Recording { is_live: true, .. })
    }

    /// A run that is fed nothing yet. A scenario has its configuration in its first input.
    pub(super) fn begin(&self) -> Vantage {
        let mut run = Run::default();
        if matches!(self.origin, Origin::Recording { .. }) && !self.is_as_recorded {
            let Proposing { config, name, .. } = &self.proposing;
            run.rehearse();
            run.configure(config.clone(), name);
        }
        Vantage::new(run)
    }

    /// Feeds a run up to a moment, or to the end. False where it has to begin anew. Both worlds are
    /// recordings to it: nothing can be done to either.
    pub(super) fn feed(&self, vantage: &mut Vantage, at: Option<Moment>) -> anyhow::Result<bool> {
        match &self.origin {
            Origin::Recording { path, is_live } => {
                let mut reader = Reader::open_for_agent(slice::from_ref(path))?;
                if let Some(from) = vantage.goes_on_from() {
                    reader.skip_before(from);
                }
                let is_fed = vantage.feed(&mut reader, at)?;
                if at.is_none() && !is_live {
                    render::left_out(reader.torn_bytes(), reader.damages());
                }
                Ok(is_fed)
            }
            Origin::Scenario { path, scenario, seed } => {
                let config = Some(self.proposing.config.clone());
                let mut simulation = agent_options::modelled(path, scenario, *seed, config)?;
                Ok(vantage.feed(&mut Stamped::new(&mut simulation), at)?)
            }
        }
    }

    /// Lets an agent propose where none takes part; false where one does already.
    pub(super) fn propose(&mut self) -> bool {
        std::mem::take(&mut self.is_as_recorded)
    }
}

/// Whether the rules advise an agent from the first input on.
fn is_advised(first: &Input) -> bool {
    let Body::Start(start) = &first.body else { return false };
    start.config.as_ref().is_some_and(|config| config.agent.reasoner == Reasoner::Rules)
}
