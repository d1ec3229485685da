//! Arguments of `ks scenario`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::agent::Agent;
use crate::render::Format;

/// Arguments of `ks scenario`.
#[derive(Debug, Args)]
pub(crate) struct Scenario {
    #[command(subcommand)]
    pub(crate) command: ScenarioCommand,
}

/// What is done with scenarios.
#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioCommand {
    /// Name the scenarios of the library
    List(List),
    /// Print the file of a scenario
    #[command(after_help = "Example:\n  ks scenario show leaking_service > mine.toml")]
    Show(Show),
    /// Write the recording of a scenario
    #[command(after_help = "Examples:\n  \
        ks scenario build leaking_service -o leak.parquet --seed 7\n  \
        ks scenario build mine.toml -o mine.parquet")]
    Build(Build),
}

/// Arguments of `ks scenario list`.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Arguments of `ks scenario show`.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Name in the library, or a file
    #[arg(value_name = "NAME|FILE.toml")]
    pub(crate) scenario: PathBuf,
}

/// Arguments of `ks scenario build`.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Name in the library, or a file
    #[arg(value_name = "NAME|FILE.toml")]
    pub(crate) scenario: PathBuf,
    /// Recording to write
    #[arg(short, long, value_name = "FILE.parquet")]
    pub(crate) output: PathBuf,
    /// Seed of the run [default: the scenario's first]
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Configuration that the run begins with
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) agent: Agent,
    /// Replace an existing recording
    #[arg(long)]
    pub(crate) force: bool,
}
