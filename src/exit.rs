//! Exit codes, in one place: 0 fine, 1 an expectation not met, 2 wrong use, 3 the environment lacks
//! something, 4 unreadable input. Wrong use is clap's, or that of a scenario that makes no sense.

mod told;

use std::process::ExitCode;

use crate::render;
use told::{Told, told};

/// Whose fault it is, by its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Unmet = 1,
    Usage = 2,
    Environment = 3,
    Unreadable = 4,
}

/// The exit code of what the environment lacks something for.
pub(crate) const ENVIRONMENT: u8 = Fault::Environment as u8;

impl From<Fault> for ExitCode {
    fn from(fault: Fault) -> Self {
        Self::from(fault as u8)
    }
}

/// Expectations are not met. What is wrong has been printed.
#[derive(Debug, thiserror::Error)]
#[error("an expectation is not met")]
pub(crate) struct Unmet;

/// Arguments that ask for nothing that can be done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misused(pub(crate) &'static str);

/// The same, where what is wrong depends on what was said.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unsuited(pub(crate) String);

/// The exit code of arguments that ask for help, or that cannot be understood.
pub(crate) fn of_arguments(error: &clap::Error) -> ExitCode {
    if error.use_stderr() { Fault::Usage.into() } else { ExitCode::SUCCESS }
}

/// The exit code of an outcome; an error is printed with its remedy. What nobody knows the meaning
/// of is the system's.
pub(crate) fn code(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let told = error.chain().find_map(told);
    if !error.is::<Unmet>() {
        render::error(&error, told.and_then(Told::hint));
    }
    told.map_or(Fault::Environment, Told::fault).into()
}
