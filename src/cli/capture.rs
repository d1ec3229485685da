//! Arguments of `ks capture`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ks_replayer::moment::Moment;

use crate::duration::parse_duration;

/// Arguments of `ks capture`.
#[derive(Debug, Args)]
pub(crate) struct Capture {
    /// Recording, unsealed recording, or directory of segments
    #[arg(long, value_name = "PATH", required = true)]
    pub(crate) from: Vec<PathBuf>,
    /// The moment: a time such as 2026-03-04T02:13:00Z, or +15m after the recording's start
    #[arg(long, value_name = "TIME")]
    pub(crate) around: Moment,
    /// Time before it
    #[arg(long, value_parser = parse_duration, default_value = "5m")]
    pub(crate) before: Duration,
    /// Time after it
    #[arg(long, value_parser = parse_duration, default_value = "5m")]
    pub(crate) after: Duration,
    /// Recording to write
    #[arg(short, long, value_name = "FILE.parquet")]
    pub(crate) output: PathBuf,
    /// Replace names of processes, groups, mounts, addresses and the host by tokens
    #[arg(long)]
    pub(crate) redact: bool,
    /// Names of processes and groups that stay nevertheless; `*` at the end stands for anything
    #[arg(long, value_name = "NAME", value_delimiter = ',', requires = "redact")]
    pub(crate) keep: Vec<String>,
    /// Replace an existing recording, and keep a cut that gives other verdicts
    #[arg(long)]
    pub(crate) force: bool,
}
