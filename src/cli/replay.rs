//! Arguments of `ks replay`.

use std::path::PathBuf;

use clap::Args;
use ks_replayer::moment::Moment;
use ks_vocabulary::input::Acceptance;

use super::{agent, control};
use crate::render::Format;

/// Arguments of `ks replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Recordings, unsealed recordings, or directories of segments, in order; or one scenario, by
    /// its name or its `.toml` file
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Seed of a scenario [default: its first]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Begin at this time, such as 2026-03-04T12:00:00Z, or +90s after the recording's start
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Moment>,
    /// End before this time, written likewise
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<Moment>,
    /// Write the journal, one JSON object a line, to this file
    #[arg(long, value_name = "OUT.jsonl")]
    pub(crate) journal: Option<PathBuf>,
    /// Knowledge of `ks baseline build` to begin with
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Configuration to replay with, in place of the recorded one
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) agent: agent::Agent,
    /// Replay as if an operator had called this condition normal from the start, such as
    /// load_mismatch:host or io_congestion:disk:sda; may be given several times
    #[arg(long, value_name = "KIND:ENTITY", value_parser = control::condition)]
    pub(crate) accept: Vec<Acceptance>,
    /// Print every incident and verdict with all evidence, and when each kind was judged, also
    /// where that does not fit a screen
    #[arg(short, long)]
    pub(crate) verbose: bool,
    /// Print what a model would be sent along the way that the rules go, and ask none: each request
    /// with its bytes and, roughly, its tokens
    #[arg(long, conflicts_with_all = ["record_cassette", "format"])]
    pub(crate) show_prompts: bool,
    /// Print to stderr what each stage cost
    #[arg(long)]
    pub(crate) timings: bool,
}
