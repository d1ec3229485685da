//! Arguments of the commands about what is done to this host.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::control::Daemon;
use crate::render::Format;

/// Arguments of `ks approve` and `ks deny`.
#[derive(Debug, Args)]
pub(crate) struct Word {
    /// Number of the decision, as `ks status` has it
    #[arg(value_name = "ID")]
    pub(crate) decision: u64,
    #[command(flatten)]
    pub(crate) daemon: Daemon,
}

/// Arguments of `ks approve`.
#[derive(Debug, Args)]
pub(crate) struct Approve {
    #[command(flatten)]
    pub(crate) word: Word,
    /// Do not ask: what is printed is approved
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Arguments of `ks stop-acting` and `ks resume-acting`.
#[derive(Debug, Args)]
pub(crate) struct Switch {
    #[command(flatten)]
    pub(crate) daemon: Daemon,
}

/// Arguments of `ks audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    pub(crate) command: AuditCommand,
}

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Print what was decided, done and undone, as far as it is as it was written
    Show(AuditShow),
    /// Tell whether a line was changed, taken out, put in or moved, or the end cut off; exit 1
    /// where one was, with its place
    Verify(AuditVerify),
}

/// Arguments of `ks audit show`.
#[derive(Debug, Args)]
pub(crate) struct AuditShow {
    #[command(flatten)]
    pub(crate) daemon: Daemon,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Arguments of `ks audit verify`.
#[derive(Debug, Args)]
pub(crate) struct AuditVerify {
    #[command(flatten)]
    pub(crate) daemon: Daemon,
    /// A copy of the anchor that was kept elsewhere: a log that was cut together with its own
    /// anchor is told by it
    #[arg(long, value_name = "FILE")]
    pub(crate) anchor: Option<PathBuf>,
}
