//! Arguments of `ks diff`.

use std::path::PathBuf;

use clap::Args;

use crate::render::Format;

/// Arguments of `ks diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The first: a journal (`.jsonl`), a recording, or a scenario
    #[arg(value_name = "A")]
    pub(crate) a: PathBuf,
    /// The second, likewise
    #[arg(value_name = "B")]
    pub(crate) b: PathBuf,
    /// Knowledge to replay the first with
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline_a: Option<PathBuf>,
    /// Knowledge to replay the second with
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline_b: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}
