//! Exit codes, in one place: 0 fine, 1 an expectation not met, 2 wrong use, 3 the environment lacks
//! something, 4 unreadable input. Wrong use is clap's, or that of a scenario that makes no sense.

use std::path::Path;
use std::process::ExitCode;

use ks_ebpf::LoadError;
use ks_recorder::absence::Absence;
use ks_recorder::error::Error;
use ks_replayer::capture::CaptureError;
use ks_replayer::csv_series::CsvError;
use ks_replayer::difference::JournalError;
use ks_replayer::driver::DriveError;
use ks_replayer::expectations::case::CaseError;
use ks_replayer::expectations::runner::RunError;
use ks_replayer::knowledge_file::KnowledgeFileError;
use ks_replayer::scenario;
use ks_replayer::sequence::SequenceError;

use crate::render;

const UNMET: u8 = 1;
const USAGE: u8 = 2;
const ENVIRONMENT: u8 = 3;
const UNREADABLE: u8 = 4;

/// Expectations are not met. What is wrong has been printed.
#[derive(Debug, thiserror::Error)]
#[error("an expectation is not met")]
pub(crate) struct Unmet;

/// Arguments that ask for nothing that can be done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misused(pub(crate) &'static str);

/// The exit code of arguments that ask for help, or that cannot be understood.
pub(crate) fn of_arguments(error: &clap::Error) -> ExitCode {
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// The exit code of an outcome; an error is printed with its remedy.
pub(crate) fn code(outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    if error.is::<Unmet>() {
        return ExitCode::from(UNMET);
    }
    let recording = error.chain().find_map(of_recording);
    let tracer = error.chain().find_map(|cause| cause.downcast_ref::<LoadError>());
    let series = error.chain().find_map(|cause| cause.downcast_ref::<CsvError>());
    let hint = recording.and_then(hint).or_else(|| Absence::Tracer(*tracer?).remedy());
    let sequence = error.downcast_ref::<SequenceError>();
    let hint = hint.or_else(|| series?.remedy());
    render::error(&error, hint.or_else(|| Some(sequence?.remedy())));
    if error.chain().any(|cause| cause.downcast_ref::<KnowledgeFileError>().is_some_and(is_bad)) {
        return ExitCode::from(UNREADABLE);
    }
    if error.is::<Misused>() || sequence.is_some() {
        return ExitCode::from(USAGE);
    }
    if let Some(capture) = error.chain().find_map(|cause| cause.downcast_ref::<CaptureError>()) {
        if matches!(capture, CaptureError::Outside { .. }) {
            return ExitCode::from(USAGE);
        }
        if matches!(capture, CaptureError::Differs(_)) {
            return ExitCode::from(UNMET);
        }
    }
    if error.chain().any(|cause| cause.downcast_ref::<JournalError>().is_some()) {
        return ExitCode::from(UNREADABLE);
    }
    if let Some(case) = error.chain().find_map(|cause| cause.downcast_ref::<CaseError>()) {
        let unreadable = matches!(case, CaseError::Scenario(scenario) if is_unreadable(scenario));
        return ExitCode::from(if unreadable { UNREADABLE } else { USAGE });
    }
    if let Some(scenario) = error.chain().find_map(|cause| cause.downcast_ref::<scenario::Error>())
    {
        return ExitCode::from(if is_unreadable(scenario) { UNREADABLE } else { USAGE });
    }
    match recording {
        _ if series.is_some_and(|series| !series.is_environment()) => ExitCode::from(UNREADABLE),
        Some(recording) if is_missing_input(recording) || !recording.is_environment() => {
            ExitCode::from(UNREADABLE)
        }
        _ => ExitCode::from(ENVIRONMENT),
    }
}

/// A scenario's file that cannot be read, where what it says would be wrong use.
fn is_unreadable(error: &scenario::Error) -> bool {
    matches!(error, scenario::Error::Read { .. })
}

/// What is wrong with a recording, whatever was done with it.
fn of_recording<'a>(cause: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let of_replay = |error: &'a DriveError| {
        if let DriveError::Recording(recording) = error { Some(recording) } else { None }
    };
    if let Some(CaptureError::Recording(recording)) = cause.downcast_ref() {
        return Some(recording);
    }
    let replay = match (cause.downcast_ref::<CaptureError>(), cause.downcast_ref::<RunError>()) {
        (Some(CaptureError::Replay(replay)), _) | (_, Some(RunError::Replay(replay))) => {
            Some(replay)
        }
        _ => cause.downcast_ref::<DriveError>(),
    };
    replay.and_then(of_replay).or_else(|| cause.downcast_ref::<Error>())
}

/// A file of knowledge that is not there, or cannot be understood.
fn is_bad(error: &KnowledgeFileError) -> bool {
    let KnowledgeFileError::Io { error, .. } = error else { return true };
    error.kind() == std::io::ErrorKind::NotFound
}

fn is_missing_input(error: &Error) -> bool {
    matches!(error, Error::Io { action: "open", source, .. }
        if source.kind() == std::io::ErrorKind::NotFound)
}

fn hint(error: &Error) -> Option<&'static str> {
    if error.is_disk_full() {
        return Some("free some space, then seal what was recorded with `ks recover`");
    }
    if matches!(error, Error::Exists { .. }) {
        Some("choose another name, replace it with --force, or seal a log with `ks recover`")
    } else if matches!(error, Error::Twins { .. }) {
        Some("move one of the two to another name, then run `ks recover` again")
    } else if matches!(error, Error::Locked { .. }) {
        Some("stop the recorder that writes it, or choose another name")
    } else if matches!(error, Error::Damaged { path, .. } if is_log(path)) {
        Some("`ks recover` seals what stands before the damage")
    } else if let Error::Import { remedy, .. } = error {
        Some(remedy)
    } else if matches!(error, Error::NoTimeZone { .. }) {
        Some("name it with --timezone, such as --timezone Europe/Berlin or --timezone UTC")
    } else if matches!(error, Error::Newer { .. }) {
        Some("use a newer version of ks")
    } else {
        None
    }
}

fn is_log(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "log")
}
