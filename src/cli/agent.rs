//! Arguments of the commands about what may be done: the catalogue of actions and the policy.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use ks_vocabulary::decision::{Mode, Reasoner};

use crate::render::Format;

/// How an agent takes part in a run.
#[derive(Debug, Clone, Args)]
pub(crate) struct Agent {
    /// How far the agent may go: a recording is left as it is, a modelled host is acted on, and so
    /// is this one by `ks live` [default: as configured, else observe]
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) mode: Option<AgentMode>,
    /// Who advises the agent [default: as configured; rules where a mode is given, else off]
    /// `gemini` and `openai` ask the model of the table [model] of the configuration;
    /// `cassette:FILE` answers from what was recorded of one
    #[arg(long, value_name = "NAME", value_parser = advisor)]
    pub(crate) reasoner: Option<Advisor>,
    /// Write what a model is asked and answers to this file, for `--reasoner cassette:FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) record_cassette: Option<PathBuf>,
    /// What the site forbids on top of the product's policy
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) policy: Option<PathBuf>,
}

/// How far the agent may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AgentMode {
    /// It explains, and proposes nothing
    Observe,
    /// It proposes; each action needs an approval
    Propose,
    /// It acts within the policy
    Auto,
}

impl From<AgentMode> for Mode {
    fn from(mode: AgentMode) -> Self {
        match mode {
            AgentMode::Observe => Self::Observe,
            AgentMode::Propose => Self::Propose,
            AgentMode::Auto => Self::Auto,
        }
    }
}

/// Who advises the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Advisor {
    /// One that is named: nobody, the rules, or a model.
    Named(Reasoner),
    /// What was recorded of a model.
    Cassette(PathBuf),
}

/// Reads who advises.
pub(super) fn advisor(text: &str) -> Result<Advisor, String> {
    if let Some(file) = text.strip_prefix("cassette:").filter(|file| !file.is_empty()) {
        return Ok(Advisor::Cassette(PathBuf::from(file)));
    }
    let names = [Reasoner::Off, Reasoner::Rules, Reasoner::Gemini, Reasoner::Openai];
    let named = names.into_iter().find(|reasoner| reasoner.word() == text);
    named
        .map(Advisor::Named)
        .ok_or_else(|| "write off, rules, gemini, openai or cassette:FILE".to_owned())
}

/// Arguments of `ks explain`.
#[derive(Debug, Args)]
pub(crate) struct Explain {
    /// Recordings, or one scenario, by its name or its `.toml` file
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Number of the incident [default: the worst]
    #[arg(long, value_name = "N")]
    pub(crate) incident: Option<u64>,
    /// Seed of a scenario [default: its first]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Configuration, in place of the recorded one
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) agent: Agent,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

impl Explain {
    /// Whether it is said how an agent takes part.
    pub(crate) fn is_asked(&self) -> bool {
        let Agent { mode, reasoner, policy, record_cassette: _ } = &self.agent;
        mode.is_some() || reasoner.is_some() || policy.is_some() || self.config.is_some()
    }

    /// One who proposes by the rules, and does nothing.
    pub(crate) fn proposing() -> Agent {
        Agent {
            mode: Some(AgentMode::Propose),
            reasoner: Some(Advisor::Named(Reasoner::Rules)),
            policy: None,
            record_cassette: None,
        }
    }
}

/// Arguments of `ks actions`.
#[derive(Debug, Args)]
pub(crate) struct Actions {
    /// Tell all of this action
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Only those that answer this condition, such as `memory_pressure`
    #[arg(long, value_name = "KIND", conflicts_with = "name")]
    pub(crate) kind: Option<String>,
    /// Tell which of them this host offers, and why not the others
    #[arg(long, conflicts_with = "name")]
    pub(crate) here: bool,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Arguments of `ks policy`.
#[derive(Debug, Args)]
pub(crate) struct Policy {
    #[command(subcommand)]
    pub(crate) command: PolicyCommand,
}

/// What to do with the policy.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Tell whether the text of an action passes, and by which rule; exit 1 where one does not
    #[command(after_help = "Examples:\n  ks policy check 'renice -n 10 -p 5678'\n  \
        ks policy check 'kill -KILL 5678'\n  \
        ks policy check '{\"lower_cpu_weight\":{\"group\":\"/batch.slice\",\"weight\":20}}'")]
    Check(PolicyCheck),
    /// Print all rules
    Show(PolicyShow),
    /// Tell which decisions another policy would have changed; exit 1 where it changes one
    #[command(after_help = "Examples:\n  ks policy diff host.parquet --policy site.toml\n  \
        ks policy diff noisy_neighbour --policy site.toml --format json")]
    Diff(PolicyDiff),
}

/// Arguments of `ks policy diff`.
#[derive(Debug, Args)]
pub(crate) struct PolicyDiff {
    /// Recordings, or one scenario, by its name or its `.toml` file
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The other policy
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) policy: PathBuf,
    /// Configuration of both runs, in place of the recorded one
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    /// How far the agent may go in both [default: as configured, else auto]
    #[arg(long, value_enum, value_name = "MODE")]
    pub(crate) mode: Option<AgentMode>,
    /// Seed of a scenario [default: its first]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

impl PolicyDiff {
    /// The options of a run, with the other policy or without.
    pub(crate) fn options(&self, policy: Option<PathBuf>) -> Agent {
        let auto = self.config.is_none().then_some(AgentMode::Auto);
        let mode = self.mode.or(auto);
        Agent { mode, reasoner: None, policy, record_cassette: None }
    }
}

/// Arguments of `ks policy check`.
#[derive(Debug, Args)]
pub(crate) struct PolicyCheck {
    /// Actions: the canonical text of each, or the object that `ks actions NAME` shows
    #[arg(required = true, value_name = "ACTION")]
    pub(crate) actions: Vec<String>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Arguments of `ks policy show`.
#[derive(Debug, Args)]
pub(crate) struct PolicyShow {
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}
