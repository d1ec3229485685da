//! Arguments of `ks live`, and of whatever starts an actor.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::agent::Agent;
use super::control::FOLDER;
use super::{Source, parse_kept_bytes, parse_segment};
use crate::acting::ActingOptions;
use crate::duration::parse_duration;
use crate::render::Format;

/// Arguments of `ks live`.
#[derive(Debug, Args)]
pub(crate) struct Live {
    #[command(flatten)]
    pub(crate) agent: Agent,
    #[command(flatten)]
    pub(crate) acting: ActingOptions,
    /// Directory for segments of the recording, each with its journal
    #[arg(short, long, value_name = "DIR", default_value = FOLDER)]
    pub(crate) output: PathBuf,
    /// Stop after this time, such as 60s, 10m or 2h
    #[arg(long, value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Length of a segment
    #[arg(long, default_value = "1h", value_parser = parse_segment)]
    pub(crate) segment: Duration,
    /// Remove segments older than this, such as 7d
    #[arg(long, value_parser = parse_duration)]
    pub(crate) keep: Option<Duration>,
    /// Remove the oldest segments when all take more than this, such as 500M or 20G; the newest
    /// stays, and less than 1M is refused
    #[arg(long, value_parser = parse_kept_bytes, value_name = "SIZE")]
    pub(crate) keep_bytes: Option<u64>,
    /// Form of the verdicts on stdout
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Knowledge of `ks baseline build` to begin with
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Configuration, read again on SIGHUP
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: Source,
}
