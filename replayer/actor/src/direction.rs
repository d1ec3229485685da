//! Actions go one way: they take from who takes too much, and give nobody more than he had. What is
//! there is looked at when it is done, so a value that changed since it was decided does not turn
//! an action round.

use ks_vocabulary::decision::{GroupFile, Sysctl};

use crate::deed::Deed;
use crate::failure::Failure;
use crate::meaning::{Form, is_of_a_device};
use crate::process_value;
use crate::setting::{self, Setting};
use crate::unit_file;
use crate::written;

/// Class of I/O priority: none, realtime, best effort, idle.
const CLASS_SHIFT: u32 = 13;
/// A thread without a class has the level of its nice level: that of 0 (`ioprio_set(2)`).
const LEVEL_OF_NONE: u64 = 4;
/// What is below the class, and what of it is a level.
const LEVEL_AND_HINTS: u64 = 0x1fff;
const LEVEL_MAX: u64 = 7;
/// Idle is behind every level of best effort.
const LEVEL_OF_IDLE: u64 = 8;
const RESET_ON_FORK: u64 = 0x4000_0000;

/// Whether a deed takes, and does not give.
pub fn check(deed: &Deed) -> Result<(), Failure> {
    let against = match deed {
        Deed::Threads { prior, .. } => of_threads(prior),
        Deed::ProcessFile { prior, .. } => of_process_file(prior),
        Deed::File { prior, .. } => of_file(prior),
        Deed::Unit { prior } => of_file(&prior.file).or_else(|| of_unit(prior)),
        Deed::Signal { .. } | Deed::Sync { .. } => None,
    };
    match against {
        None => Ok(()),
        Some((before, written)) => Err(Failure::Direction { before, written }),
    }
}

fn of_threads(prior: &setting::Prior) -> Option<(String, String)> {
    let mut all = prior.threads.iter().map(|(_, before)| before);
    let against = all.find(|before| !takes(before, &prior.written))?;
    Some((against.to_string(), prior.written.to_string()))
}

/// Whether a thread has less with what is written than with what it has.
fn takes(before: &Setting, written: &Setting) -> bool {
    match (before, written) {
        (Setting::Nice(before), Setting::Nice(written)) => written >= before,
        (Setting::Policy(before), Setting::Policy(written)) => {
            let (old, new) = (rank(before & !RESET_ON_FORK), rank(written & !RESET_ON_FORK));
            old.zip(new).is_some_and(|(old, new)| new >= old)
        }
        (Setting::Cpus(before), Setting::Cpus(written)) => written.is_within(before),
        (Setting::IoPriority(before), Setting::IoPriority(written)) => {
            let (old, new) = (level(*before), level(*written));
            old.zip(new).is_some_and(|(old, new)| new >= old)
        }
        // One setting is never held against another.
        (Setting::Nice(_) | Setting::Policy(_) | Setting::Cpus(_) | Setting::IoPriority(_), _) => {
            false
        }
    }
}

/// Other, batch and idle, as they give way. Realtime is somebody's intent, and is not touched.
fn rank(policy: u64) -> Option<u64> {
    [0, 3, 5].iter().position(|known| *known == policy).and_then(|at| u64::try_from(at).ok())
}

fn level(priority: u64) -> Option<u64> {
    match priority >> CLASS_SHIFT {
        0 => Some(LEVEL_OF_NONE),
        // Hints beside the level could not be put back in a sandbox.
        2 | 3 if priority & LEVEL_AND_HINTS > LEVEL_MAX => None,
        2 => Some(priority & LEVEL_AND_HINTS),
        3 => Some(LEVEL_OF_IDLE),
        _ => None,
    }
}

fn of_process_file(prior: &process_value::Prior) -> Option<(String, String)> {
    let takes = prior.written >= prior.before;
    (!takes).then(|| (prior.before.to_string(), prior.written.to_string()))
}

/// A unit may be held at less than its file says, where somebody wrote to that.
fn of_unit(prior: &unit_file::Prior) -> Option<(String, String)> {
    let is_more = prior.set.most() > prior.before.most();
    is_more.then(|| (prior.before.to_string(), prior.set.to_string()))
}

fn of_file(prior: &written::Prior) -> Option<(String, String)> {
    let before = prior.before.as_ref()?.text.as_str();
    let form = prior.place.form();
    let takes = match way_of(form) {
        Way::Any => true,
        Way::Down => amount(form, &prior.written)? <= amount(form, before)?,
        Way::Up => amount(form, &prior.written)? >= amount(form, before)?,
        Way::Wider => {
            let ((low, high), (old_low, old_high)) = (pair(&prior.written)?, pair(before)?);
            low <= old_low && high >= old_high
        }
    };
    (!takes).then(|| (before.to_owned(), prior.written.clone()))
}

/// The way in which a number may go.
enum Way {
    Any,
    Down,
    Up,
    Wider,
}

fn way_of(form: Form) -> Way {
    match form {
        Form::Group(
            GroupFile::CpuMax
            | GroupFile::CpuWeight
            | GroupFile::CpuCfsQuota
            | GroupFile::CpuShares
            | GroupFile::BlkioReadBps
            | GroupFile::BlkioReadIops
            | GroupFile::BlkioWriteBps
            | GroupFile::BlkioWriteIops
            | GroupFile::IoBfqWeight
            | GroupFile::IoMax
            | GroupFile::IoWeight
            | GroupFile::MemoryHigh
            | GroupFile::MemorySwapMax
            | GroupFile::PidsMax,
        )
        | Form::ReadAhead
        | Form::Sysctl(Sysctl::TcpFinTimeout | Sysctl::Swappiness) => Way::Down,
        Form::Sysctl(
            Sysctl::NetdevMaxBacklog
            | Sysctl::Somaxconn
            | Sysctl::TcpMaxSynBacklog
            | Sysctl::NfConntrackMax,
        ) => Way::Up,
        Form::Sysctl(Sysctl::IpLocalPortRange) => Way::Wider,
        // Frozen and not, what is reclaimed, the one value that is aimed at, and one of a pair:
        // which way these go, their bounds say.
        Form::Group(
            GroupFile::CgroupFreeze | GroupFile::FreezerState | GroupFile::MemoryReclaim,
        )
        | Form::Sysctl(
            Sysctl::TcpTwReuse
            | Sysctl::DirtyBackgroundBytes
            | Sysctl::DirtyBackgroundRatio
            | Sysctl::DropCaches,
        ) => Way::Any,
    }
}

/// How much a text is: a quota by its period, the limit of a line, `max` for no end. Version 1 has
/// a number for that.
fn amount(form: Form, text: &str) -> Option<f64> {
    let first = match form {
        Form::Group(GroupFile::CpuCfsQuota) => Some((text, -1.0)),
        Form::Group(file) if is_of_a_device(file) => Some((text.rsplit_once(' ')?.1, 0.0)),
        Form::Group(_) | Form::Sysctl(_) | Form::ReadAhead => None,
    };
    if let Some((text, endless)) = first {
        let number = text.parse::<f64>().ok()?;
        return Some(if number <= endless { f64::INFINITY } else { number });
    }
    let text = text.rsplit_once('=').map_or(text, |(_, limit)| limit);
    let number = |part: &str| if part == "max" { Some(f64::INFINITY) } else { part.parse().ok() };
    match text.split_once(' ') {
        Some((quota, period)) => Some(number(quota)? / number(period)?),
        None => number(text),
    }
}

fn pair(text: &str) -> Option<(u64, u64)> {
    let (low, high) = text.split_once(' ')?;
    Some((low.parse().ok()?, high.parse().ok()?))
}

#[cfg(test)]
mod tests;
