//! Arguments of `ks eval`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::agent::{Advisor, Agent, advisor};
use crate::render::Format;

/// Arguments of `ks eval`.
#[derive(Debug, Args)]
pub(crate) struct Eval {
    /// Who decides; a control that does nothing and one that wants everybody ended stand beside it
    /// `gemini` and `openai` ask the model of the table [model] of the configuration;
    /// `cassette:FILE` answers from what was recorded of one
    #[arg(long, value_name = "NAME", default_value = "rules", value_parser = advisor)]
    pub(crate) reasoner: Advisor,
    /// Where the model is
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    /// Write what the model is asked and answers to this file, for `--reasoner cassette:FILE`
    #[arg(long, value_name = "FILE")]
    pub(crate) record_cassette: Option<PathBuf>,
    /// Dollars that all scenarios may cost together
    #[arg(long, value_name = "USD")]
    pub(crate) max_usd: Option<f64>,
    /// Keep the grades of scenarios that are done in this file, and take those that are there
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) progress: Option<PathBuf>,
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

impl Eval {
    /// The options of a run.
    pub(crate) fn agent(&self) -> Agent {
        Agent {
            mode: None,
            reasoner: Some(self.reasoner.clone()),
            policy: None,
            record_cassette: self.record_cassette.clone(),
        }
    }
}
