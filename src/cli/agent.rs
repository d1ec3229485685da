//! Arguments of the commands about what may be done: the catalogue of actions and the policy.

use clap::{Args, Subcommand};

use crate::render::Format;

/// Arguments of `ks actions`.
#[derive(Debug, Args)]
pub(crate) struct Actions {
    /// Tell all of this action
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Only those that answer this condition, such as `memory_pressure`
    #[arg(long, value_name = "KIND", conflicts_with = "name")]
    pub(crate) kind: Option<String>,
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
