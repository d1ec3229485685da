//! What each error of the libraries means to who called, and what to do about it.
//!
//! A tidy test finds the error types of the libraries, and fails where one is not in [`KNOWN`].

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::path::Path;

use ks_recorder::absence::Absence;

use super::{Fault, Misused, Unmet, Unsuited};
use crate::acting::ActingError;
use crate::control::ControlError;
use crate::replaceable::Taken;

/// An error of which it is known what it means.
pub(super) trait Told {
    /// Whose fault it is.
    fn fault(&self) -> Fault;

    /// What to do.
    fn hint(&self) -> Option<&'static str> {
        None
    }
}

type Cause = dyn StdError + 'static;
type Known = fn(&Cause) -> Option<&dyn Told>;

/// Each type of error that a command can end with.
const KNOWN: &[Known] = &[
    known::<Unmet>,
    known::<Misused>,
    known::<Unsuited>,
    known::<Taken>,
    known::<ActingError>,
    known::<ks_actor::audit::AuditError>,
    known::<ControlError>,
    known::<ks_ebpf::LoadError>,
    known::<ks_engine::analysis::knowledge::KnowledgeError>,
    known::<ks_reasoner::Failure>,
    known::<ks_reasoner::cassette::CassetteError>,
    known::<ks_reasoner::settings::SettingsError>,
    known::<ks_recorder::error::Error>,
    known::<ks_replayer::capture::CaptureError>,
    known::<ks_replayer::config_file::ConfigFileError>,
    known::<ks_replayer::csv_series::CsvError>,
    known::<ks_replayer::difference::JournalError>,
    known::<ks_replayer::evaluation::EvalError>,
    known::<ks_replayer::expectations::bless::BlessError>,
    known::<ks_replayer::expectations::case::CaseError>,
    known::<ks_replayer::expectations::runner::RunError>,
    known::<ks_replayer::knowledge_file::KnowledgeFileError>,
    known::<ks_replayer::driver::DriveError>,
    known::<ks_replayer::scenario::Error>,
    known::<ks_replayer::sequence::SequenceError>,
    known::<ks_scenarios::scenario::ScenarioError>,
];

/// The cause as an error of which it is known what it means, if it is one.
pub(super) fn told(cause: &Cause) -> Option<&dyn Told> {
    KNOWN.iter().find_map(|known| known(cause))
}

fn known<T: Told + StdError + 'static>(cause: &Cause) -> Option<&dyn Told> {
    cause.downcast_ref::<T>().map(|error| error as &dyn Told)
}

/// A file that was to be read and is not there is no fault of the environment.
fn of_reading(error: &std::io::Error) -> Fault {
    if error.kind() == ErrorKind::NotFound { Fault::Unreadable } else { Fault::Environment }
}

impl Told for Unmet {
    fn fault(&self) -> Fault {
        Fault::Unmet
    }
}

impl Told for Misused {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}

impl Told for Unsuited {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}

impl Told for Taken {
    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn hint(&self) -> Option<&'static str> {
        Some("choose another name")
    }
}

impl Told for ks_reasoner::Failure {
    fn fault(&self) -> Fault {
        if matches!(self, Self::Cassette(_)) { Fault::Unmet } else { Fault::Environment }
    }
}

impl Told for ks_reasoner::settings::SettingsError {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}

impl Told for ks_reasoner::cassette::CassetteError {
    fn fault(&self) -> Fault {
        if let Self::Io { error, .. } = self { of_reading(error) } else { Fault::Unreadable }
    }
}

impl Told for ActingError {
    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn hint(&self) -> Option<&'static str> {
        if let Self::Refused { remedy, .. } = self { Some(remedy) } else { None }
    }
}

impl Told for ks_actor::audit::AuditError {
    fn fault(&self) -> Fault {
        if let Self::Io { error, .. } = self { of_reading(error) } else { Fault::Unmet }
    }

    fn hint(&self) -> Option<&'static str> {
        let is_missing = |error: &std::io::Error| error.kind() == ErrorKind::NotFound;
        matches!(self, Self::Io { error, .. } if is_missing(error))
            .then_some("name the directory of a daemon that acted, or of `ks act --daemon`")
    }
}

impl Told for ControlError {
    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Absent { folder, .. } if folder.is_dir() => {
                Some("`ks live -o` on it goes on there; what was written so far `ks replay` reads")
            }
            Self::Absent { .. } => Some("name the directory that `ks live -o` writes"),
            Self::Closed { .. } => Some("ask as the user that runs it, or as root"),
            Self::Silent { .. } | Self::Refused { .. } => None,
        }
    }
}

impl Told for ks_ebpf::LoadError {
    fn fault(&self) -> Fault {
        Fault::Environment
    }

    fn hint(&self) -> Option<&'static str> {
        Absence::Tracer(*self).remedy()
    }
}

impl Told for ks_engine::analysis::knowledge::KnowledgeError {
    fn fault(&self) -> Fault {
        Fault::Unreadable
    }
}

impl Told for ks_replayer::knowledge_file::KnowledgeFileError {
    fn fault(&self) -> Fault {
        if let Self::Io { error, .. } = self { of_reading(error) } else { Fault::Unreadable }
    }
}

impl Told for ks_replayer::config_file::ConfigFileError {
    fn fault(&self) -> Fault {
        if let Self::Io { error, .. } = self { of_reading(error) } else { Fault::Usage }
    }
}

impl Told for ks_recorder::error::Error {
    fn fault(&self) -> Fault {
        if let Self::Io { action: "open", source, .. } = self {
            of_reading(source)
        } else if self.is_environment() {
            Fault::Environment
        } else {
            Fault::Unreadable
        }
    }

    fn hint(&self) -> Option<&'static str> {
        if self.is_disk_full() {
            return Some("free some space, then seal what was recorded with `ks recover`");
        }
        if let Self::Import { remedy, .. } = self {
            Some(remedy)
        } else if matches!(self, Self::Exists { .. }) {
            Some("choose another name, replace it with --force, or seal a log with `ks recover`")
        } else if matches!(self, Self::Twins { .. }) {
            Some("move one of the two to another name, then run `ks recover` again")
        } else if matches!(self, Self::Locked { .. }) {
            Some("stop the recorder that writes it, or choose another name")
        } else if matches!(self, Self::Damaged { path, .. } if is_log(path)) {
            Some("`ks recover` seals what stands before the damage")
        } else if matches!(self, Self::NoTimeZone { .. }) {
            Some("name it with --timezone, such as --timezone Europe/Berlin or --timezone UTC")
        } else if matches!(self, Self::NoProgram { .. }) {
            Some("install PCP (package `pcp`), or run this where it is installed")
        } else if matches!(self, Self::Codec { .. }) {
            Some("rewrite the file with zstd compression")
        } else if matches!(self, Self::Newer { .. }) {
            Some("use a newer version of ks")
        } else if matches!(self, Self::Io { action: "open", path, source }
            if path.extension().is_none() && source.kind() == ErrorKind::NotFound)
        {
            Some("`ks scenario list` has the names of scenarios")
        } else {
            None
        }
    }
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "log")
}

impl Told for ks_replayer::csv_series::CsvError {
    fn fault(&self) -> Fault {
        if self.is_environment() { Fault::Environment } else { Fault::Unreadable }
    }

    fn hint(&self) -> Option<&'static str> {
        self.remedy()
    }
}

impl Told for ks_replayer::sequence::SequenceError {
    fn fault(&self) -> Fault {
        Fault::Usage
    }

    fn hint(&self) -> Option<&'static str> {
        Some(self.remedy())
    }
}

impl Told for ks_replayer::driver::DriveError {
    fn fault(&self) -> Fault {
        if let Self::Recording(error) = self { error.fault() } else { Fault::Environment }
    }

    fn hint(&self) -> Option<&'static str> {
        if let Self::Recording(error) = self { error.hint() } else { None }
    }
}

impl Told for ks_replayer::capture::CaptureError {
    fn fault(&self) -> Fault {
        match self {
            Self::Replay(error) => error.fault(),
            Self::Recording(error) => error.fault(),
            Self::Outside { .. } => Fault::Usage,
            Self::Differs(_) => Fault::Unmet,
            _ => Fault::Environment,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Replay(error) => error.hint(),
            Self::Recording(error) => error.hint(),
            Self::Differs(_) => {
                Some("cut more before it (--before), or take it as it is (--force): it says so")
            }
            Self::Outside { .. } | _ => None,
        }
    }
}

impl Told for ks_replayer::expectations::runner::RunError {
    fn fault(&self) -> Fault {
        match self {
            Self::Replay(error) => error.fault(),
            Self::Scenario(error) => error.fault(),
            Self::Io(_) | _ => Fault::Environment,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        if let Self::Replay(error) = self { error.hint() } else { None }
    }
}

impl Told for ks_replayer::expectations::case::CaseError {
    fn fault(&self) -> Fault {
        if let Self::Scenario(error) = self { error.fault() } else { Fault::Usage }
    }
}

impl Told for ks_replayer::expectations::bless::BlessError {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}

impl Told for ks_replayer::difference::JournalError {
    fn fault(&self) -> Fault {
        Fault::Unreadable
    }
}

/// A scenario whose file cannot be read, where what it says would be wrong use.
impl Told for ks_replayer::evaluation::EvalError {
    fn fault(&self) -> Fault {
        if let Self::Replay(error) = self {
            error.fault()
        } else if let Self::Scenario(error) = self {
            error.fault()
        } else {
            Fault::Usage
        }
    }
}

impl Told for ks_replayer::scenario::Error {
    fn fault(&self) -> Fault {
        if matches!(self, Self::Read { .. }) { Fault::Unreadable } else { Fault::Usage }
    }
}

impl Told for ks_scenarios::scenario::ScenarioError {
    fn fault(&self) -> Fault {
        Fault::Usage
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_recorder::error::Error;
    use ks_replayer::capture::CaptureError;
    use ks_replayer::driver::DriveError;
    use ks_replayer::expectations::runner::RunError;
    use ks_replayer::scenario;

    #[test]
    fn an_error_means_the_same_whatever_was_done_with_it() {
        let missing =
            || Error::Io { action: "open", path: "a".into(), source: ErrorKind::NotFound.into() };
        let fault = |error: anyhow::Error| error.chain().find_map(told).map(Told::fault);
        assert_eq!(fault(missing().into()), Some(Fault::Unreadable));
        assert_eq!(fault(DriveError::from(missing()).into()), Some(Fault::Unreadable));
        assert_eq!(fault(CaptureError::from(missing()).into()), Some(Fault::Unreadable));
        let run = RunError::from(DriveError::from(missing()));
        assert_eq!(fault(anyhow::Error::from(run).context("a case")), Some(Fault::Unreadable));
        let there = Error::Exists { path: "a".into() };
        assert_eq!(fault(DriveError::from(there).into()), Some(Fault::Environment));
        let unknown = || scenario::Error::Unknown("a".into());
        assert_eq!(fault(unknown().into()), Some(Fault::Usage));
        assert_eq!(fault(RunError::from(unknown()).into()), Some(Fault::Usage));
        assert_eq!(fault(anyhow::anyhow!("of no type")), None);
    }
    #[test]
    fn what_cannot_be_read_here_is_told_with_a_way_out() {
        let check = |error: &Error, fault: Fault, words: &str| {
            assert_eq!(error.fault(), fault, "{error}");
            assert!(error.hint().is_some_and(|hint| hint.contains(words)), "{:?}", error.hint());
        };
        let codec = Error::Codec { path: "a".into(), codec: "brotli".to_owned() };
        check(&codec, Fault::Unreadable, "rewrite the file with zstd");
        let source = ErrorKind::NotFound.into();
        let program = Error::NoProgram { program: "pminfo", path: "a".into(), source };
        check(&program, Fault::Environment, "install PCP");
        let zone = Error::NoTimeZone { path: "a".into(), named: Some("CST".to_owned()) };
        check(&zone, Fault::Unreadable, "--timezone");
    }
}
