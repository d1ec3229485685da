//! Arguments of the commands about what is done to this host.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ks_vocabulary::input::Acceptance;

use super::control::{Daemon, FOLDER, condition};
use crate::acting::ActingOptions;
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

/// Arguments of `ks act`.
#[derive(Debug, Args)]
pub(crate) struct Act {
    /// The action, as `ks actions` names it
    #[arg(value_name = "ACTION")]
    pub(crate) action: String,
    /// To what, as it is printed: process:PID:START, pid:PID, cgroup:PATH, disk:sda,
    /// filesystem:/data; left out where it is done to the host
    #[arg(long, value_name = "ENTITY")]
    pub(crate) target: Option<String>,
    /// A parameter of the action, such as nice=10
    #[arg(long = "set", value_name = "K=V", value_parser = parameter)]
    pub(crate) set: Vec<(String, String)>,
    /// The condition by which it is told whether it helps, such as scheduler:host: one that stands
    #[arg(long, value_name = "KIND:ENTITY", value_parser = condition)]
    pub(crate) verify: Option<Acceptance>,
    /// Tell what would be done, what there is before, what would put it back, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Recording to write, where no daemon acts on this host
    #[arg(short, long, value_name = "FILE.parquet")]
    pub(crate) output: Option<PathBuf>,
    /// Replace an existing recording
    #[arg(long)]
    pub(crate) force: bool,
    /// Configuration, where no daemon acts on this host: what the site protects and forbids holds
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    /// Directory of the daemon that acts on this host
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    pub(crate) daemon: PathBuf,
    #[command(flatten)]
    pub(crate) acting: ActingOptions,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

fn parameter(text: &str) -> Result<(String, String), &'static str> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    let (key, value) = pair.ok_or("write a parameter as NAME=VALUE, such as nice=10")?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Arguments of `ks undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoOf {
    /// Number of the decision, as `ks status` and `ks audit show` have it
    #[arg(value_name = "ID")]
    pub(crate) decision: u64,
    #[command(flatten)]
    pub(crate) daemon: Daemon,
    #[command(flatten)]
    pub(crate) acting: ActingOptions,
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
