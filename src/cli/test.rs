//! Arguments of `ks test`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use crate::render::Format;

/// Arguments of `ks test`.
#[derive(Debug, Args)]
pub(crate) struct Test {
    /// Files of cases, scenario files, or scenarios of the library [default: the whole library]
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Narrow the expectations of the named files to what was seen
    #[arg(long, requires = "paths")]
    pub(crate) bless: bool,
    /// Let what is not met be missing or ambiguous, and what is in excess be borne with; the reason
    /// is kept in the file
    #[arg(long, value_name = "REASON", requires = "bless")]
    pub(crate) weaken: Option<String>,
    /// Only cases whose name holds this
    #[arg(long, value_name = "WORD")]
    pub(crate) filter: Option<String>,
    /// Seeds of each scenario
    #[arg(long, value_name = "N", default_value = "1",
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) seeds: u32,
    /// Run each scenario on hosts and at intensities of its grid, count what crossed a limit and
    /// what of it was found; one seed in three is drawn from KEY, such as a commit
    #[arg(long, value_name = "KEY", conflicts_with_all = ["bless", "jitter"])]
    pub(crate) grid: Option<String>,
    /// Run each case so many times more, with ticks left out at random
    #[arg(long, value_name = "N", default_value = "0")]
    pub(crate) jitter: u32,
    /// Cases that run at once [default: the number of CPUs]
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Write the results as JUnit XML to this file too
    #[arg(long, value_name = "FILE.xml")]
    pub(crate) junit: Option<PathBuf>,
    /// Switch rules of the guard off, one after the other: cases in which one decides must fail
    /// without it, as must its own on the bench of guards
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "guard:NAME", value_delimiter = ',',
        value_parser = super::rule::parse,
        conflicts_with_all = ["bless", "grid", "jitter", "report", "junit", "mutants"])]
    pub(crate) mutant: Vec<usize>,
    /// Break the engine in each way that it knows and switch each rule of the guard off, one after
    /// the other: each must make a case fail
    #[cfg(feature = "mutants")]
    #[arg(long, conflicts_with_all = ["bless", "grid", "jitter", "report", "junit"])]
    pub(crate) mutants: bool,
    /// Write what was found, missed, false and confused as Markdown to this file too
    #[arg(long, value_name = "FILE.md")]
    pub(crate) report: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}
