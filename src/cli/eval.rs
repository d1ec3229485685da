//! Arguments of `ks eval`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::render::Format;

/// Arguments of `ks eval`.
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Who decides; a control that does nothing and one that wants everybody ended stand beside it
    #[arg(long, value_enum, value_name = "NAME", default_value = "rules")]
    pub(crate) reasoner: Examined,
    /// Scenarios of the library, separated by commas [default: the whole library]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) scenarios: Vec<String>,
    /// Scenarios that run at once [default: the number of CPUs]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Write the grades as Markdown to this file too; notes at its end stay
    #[arg(long, value_name = "FILE.md")]
    pub(crate) report: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Who can be examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Examined {
    /// The rules of the engine
    Rules,
}
