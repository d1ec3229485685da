//! `io_congestion`: tasks stall for I/O, whatever the cause.
//!
//! # What it sees
//! Share of time stalled for I/O (PSI) of the host and of each control group. Where the kernel
//! gives none: blocked tasks beside busy disks. Tasks that sleep uninterruptibly without an end, by
//! what readings meet and by what the kernel counts as hung.
//! # Why it matters
//! A task that waits for storage does no work. Throttled I/O waits before it reaches the device,
//! and a network filesystem has none: a disk at rest does not mean that nobody waits.
//! # Evidence
//! Stall shares over 5, 10 and 30 s; the share of CPU time idle with I/O outstanding, and bytes
//! that wait to be written, as support.
//! # False positives
//! A backup makes `some` high and `full` low. Idle time with I/O outstanding is high on an idle
//! host with one reader, so it never raises. The kernel counts threads that wait in `io_uring` for
//! a packet as waiting for I/O: they are in no uninterruptible sleep, and no disk has work. One
//! stall of less than a second, as of a flush, is low at most. A single program that reads or syncs
//! waits most of its time, and where nobody else works so does all of the host or of its group: as
//! long as its requests are served in time it is low, and where no disk knows of them, as of a
//! server far away, as long as bytes flow. Threads of the kernel that sleep without an
//! end, as those of some drivers do, are low.
//! # Second source
//! Requests in flight at a disk, or tasks in uninterruptible sleep: without either it is low at
//! most, and with one of them at a time only where it waits long, or for no disk. Of tasks that are
//! stuck the load average, which counts them; it alone, where threads are not read, ends at medium.

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::culprit::{Blamed, Case, IO, victim};
use crate::window::{DiskWork, HOST, Missing, Stall, Window};
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Cpu;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::served::serves_one;
use super::sleepers::waiting;
use super::stall::{self, StallLimits};
use super::{Classifier, cover_groups, groups};

mod stuck;
mod waits;

use waits::{of_group, of_host};

/// See the module.
#[derive(Debug)]
pub(super) struct IoCongestion;

/// `some` at low and `full` at high and critical are our judgement; medium is the trigger example
/// of the kernel's PSI documentation, 50 ms in 1 s.
const STALLS: [StallLimits; 4] = [
    StallLimits {
        metric: Metric::IoSome5s,
        stall: Stall::IoSome,
        window_s: 5,
        limits: [Some(0.10), None, None, None],
    },
    StallLimits {
        metric: Metric::IoFull5s,
        stall: Stall::IoFull,
        window_s: 5,
        limits: [None, Some(0.05), None, None],
    },
    StallLimits {
        metric: Metric::IoFull10s,
        stall: Stall::IoFull,
        window_s: 10,
        limits: [None, None, Some(0.20), None],
    },
    StallLimits {
        metric: Metric::IoFull30s,
        stall: Stall::IoFull,
        window_s: 30,
        limits: [None, None, None, Some(0.50)],
    },
];
/// Without stall shares: blocked tasks for each CPU at low (any) and medium, and at least, while
/// some disk is busy for this share of the time (our judgement).
const BLOCKED_PER_CPU: f64 = 1.0;
const BLOCKED_LEAST: f64 = 2.0;
const BUSY: f64 = 0.70;
impl Classifier for IoCongestion {
    fn kind(&self) -> Kind {
        Kind::IoCongestion
    }

    fn evaluate(&self, window: &Window, board: &mut Board) {
        match judge_host(window) {
            Ok((at, mut seen)) => {
                board.judge(Kind::IoCongestion, HOST, at, &mut seen, || Entity::Host);
                if cpus(window).is_none() && wants_cpus(window) {
                    let part = "blocked and stuck tasks above low: need the number of CPUs";
                    board.cover(Kind::IoCongestion, Cover::Part(part));
                }
                if !has_stalls(window) {
                    let part = "stall shares: no pressure of I/O, severity ends at medium";
                    board.cover(Kind::IoCongestion, Cover::Part(part));
                }
            }
            Err(missing) => board.cover(Kind::IoCongestion, Cover::Missing(missing)),
        }
        judge_groups(window, board);
        cover_groups(window, board, Kind::IoCongestion);
    }

    fn blame(&self, case: &Case<'_>) -> Blamed {
        let mut victims = victim::groups(case.window, case.entity, Stall::IoSome);
        if victims.is_empty() {
            victims = victim::asleep(case.window, case.entity);
        }
        Blamed { culprits: case.by(IO), victims }
    }
}

fn has_stalls(window: &Window) -> bool {
    let track = window.pressure.track().ok().filter(|_| window.pressure.is_fresh());
    track.is_some_and(|track| track.is_given(Stall::IoSome))
}

/// Whether a limit for each CPU might be reached.
fn wants_cpus(window: &Window) -> bool {
    !has_stalls(window) || stuck::wants_cpus(window)
}

fn cpus(window: &Window) -> Option<f64> {
    Some(window.cpu.one().ok()?.cpus_online()?.max(1) as f64)
}

fn judge_host(window: &Window) -> Result<(Timestamp, Evaluation), Missing> {
    let mut seen = Evaluation::default();
    let at = if has_stalls(window) {
        let track = window.pressure.track()?;
        stall::grade(&mut seen, track, &STALLS)?;
        if seen.mask() > 0 {
            seen.second(of_host(window, track), Severity::Low);
        }
        window.pressure.at()
    } else {
        grade_blocked(&mut seen, window)?;
        window.cpu.at()
    };
    stuck::grade(&mut seen, window, cpus(window));
    note_support(&mut seen, window);
    Ok((at.unwrap_or(window.mono()), seen))
}

/// Blocked tasks beside a busy disk: all that kernels without PSI tell.
fn grade_blocked(seen: &mut Evaluation, window: &Window) -> Result<(), Missing> {
    if !window.cpu.is_fresh() || !window.disks.is_fresh() {
        return Err(Missing::Source("pressure/io"));
    }
    let row = window.cpu.one()?;
    let blocked = row.procs_blocked().ok_or(Missing::Field("procs_blocked"))? as f64;
    let busiest = match busiest(window) {
        Ok(busiest) => busiest,
        Err(Missing::NoEarlier) => {
            seen.know([true, true, false, false]);
            return Ok(());
        }
        Err(missing) => return Err(missing),
    };
    seen.note_with(Metric::DiskUtilisation5s, busiest, [Some(BUSY), Some(BUSY), None, None]);
    // Without a busy disk the wait is for something else, such as a lock of the kernel.
    let value = if busiest >= BUSY { blocked } else { 0.0 };
    let medium = cpus(window).map(|cpus| BLOCKED_LEAST.max(BLOCKED_PER_CPU * cpus));
    let quantity =
        Quantity { metric: Metric::BlockedTasks, value, limits: [Some(1.0), medium, None, None] };
    seen.grade(quantity, Held::Counts, Relax::Scaled);
    if value > 0.0 {
        seen.second(Some(!serves_one(window, waiting(window))), Severity::Low);
    }
    Ok(())
}

/// Share of time in which the busiest disk had work; 0 without a disk. The error is that none of
/// those that there are tells.
fn busiest(window: &Window) -> Result<f64, Missing> {
    let each = window
        .disks
        .entities()
        .map(|(_, _, track)| Ok(track.over(DiskWork::Busy, 5 * SECOND_NS)?.per_second() / 1000.0));
    let busier = |one: Result<f64, Missing>, other: Result<f64, Missing>| match (one, other) {
        (Ok(one), Ok(other)) => Ok(one.max(other)),
        (one, other) => one.or(other),
    };
    each.reduce(busier).unwrap_or(Ok(0.0))
}

fn note_support(seen: &mut Evaluation, window: &Window) {
    if let Ok(step) = window.cpu.step()
        && let Ok(iowait) = step.rate("iowait", Cpu::iowait_ticks)
        && let Some(cpus @ 1..) = step.after.cpus_online()
        && let hz @ 1.. = window.host().user_hz
    {
        seen.note(Metric::IowaitShare, iowait / (hz as f64 * cpus as f64));
    }
    if let Ok(memory) = window.memory.one()
        && let (Some(dirty), Some(writeback)) = (memory.dirty_bytes(), memory.writeback_bytes())
    {
        seen.note(Metric::Unwritten, dirty.saturating_add(writeback) as f64);
    }
}

fn judge_groups(window: &Window, board: &mut Board) {
    let Some(at) = window.cgroups.at().filter(|_| window.cgroups.is_fresh()) else { return };
    for (id, row, track) in groups(window) {
        let mut seen = Evaluation::default();
        if stall::grade(&mut seen, &track.pressure, &STALLS).is_ok() {
            // Most groups wait for nothing.
            if seen.mask() > 0 {
                seen.second(of_group(window, row, track), Severity::Low);
            }
            board.judge(Kind::IoCongestion, id, at, &mut seen, || cgroup_entity(row));
        }
    }
}

#[cfg(test)]
mod tests;
