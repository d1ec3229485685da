//! `lower_io_priority`: a lower class or level, where the disk's scheduler heeds it.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;

use ks_vocabulary::action::{IoLevel, ProcessRef};
use ks_vocabulary::decision::{Effect, Plan, UndoStep};

use super::Advice;
use super::process_target::find;
use crate::facts::{Facts, ProcessFacts};
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "the disk has bfq, or mq-deadline and the idle class",
    cannot: "none and kyber heed no priority; mq-deadline heeds the idle class alone, and on 5.10 \
             nothing; a device that takes every request has no queue to sort",
};

const CLASS_SHIFT: u64 = 13;
const BEST_EFFORT: u64 = 2;
const IDLE: u64 = 3;
/// How far behind others idle stands.
const LAST: u64 = 16;
/// Scheduling policies whose I/O has a class of its own while none is set: FIFO and RR are
/// realtime, idle is idle.
const REALTIME_POLICIES: [u64; 2] = [1, 2];
const IDLE_POLICY: u64 = 5;

pub(super) fn plan(
    process: &ProcessRef,
    level: IoLevel,
    disk: Option<&[u8]>,
    facts: &dyn Facts,
) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    heeds(level, disk, facts)?;
    let old = need(found.io_priority, "the I/O priority of the process")?;
    let new = level.level().map_or(IDLE << CLASS_SHIFT, |level| BEST_EFFORT << CLASS_SHIFT | level);
    if rank(new) <= present(old, &found)? {
        let why = "it is no lower I/O priority than the one it has";
        return Err(Unfit::Direction(Cow::Borrowed(why)));
    }
    // Class none is undone by 0: with a level the call refuses it (5.10).
    let old = if old >> CLASS_SHIFT == 0 { 0 } else { old };
    let of = |value| Effect::IoPriority { process: exact.clone(), value };
    let undo = vec![UndoStep { restore: of(old), written: of(new) }];
    Ok(Plan { effects: vec![of(new)], undo, lasts_s: None })
}

/// How far behind others a process stands. One of class none stands where its policy and its nice
/// level put it (`ioprio_set(2)`).
fn present(value: u64, process: &ProcessFacts<'_>) -> Result<u64, Unfit> {
    if value >> CLASS_SHIFT != 0 {
        return Ok(rank(value));
    }
    let nice = need(process.nice, "the nice level of the process")?;
    let level = nice.saturating_add(20).clamp(0, 39).unsigned_abs() / 5;
    let policy = need(process.policy, "the scheduling policy of the process")?;
    Ok(match policy {
        IDLE_POLICY => LAST,
        realtime if REALTIME_POLICIES.contains(&realtime) => level,
        _ => 8 + level,
    })
}

/// How far behind others a priority of a class stands.
fn rank(value: u64) -> u64 {
    let level = value & 7;
    match value >> CLASS_SHIFT {
        1 => level,
        BEST_EFFORT => 8 + level,
        _ => LAST,
    }
}

/// Whether the scheduler of the disk heeds it (`kernel.md`, section 11).
fn heeds(level: IoLevel, disk: Option<&[u8]>, facts: &dyn Facts) -> Result<(), Unfit> {
    let disk = need(disk, "which disk is meant")?;
    let scheduler = need(facts.disk(disk).and_then(|disk| disk.scheduler), "the disk's scheduler")?;
    match scheduler {
        b"bfq" => Ok(()),
        b"mq-deadline" if level == IoLevel::IDLE => Ok(()),
        other => {
            let name = String::from_utf8_lossy(other).into_owned();
            let why = format!("the scheduler `{name}` of the disk does not heed it");
            Err(Unfit::NoEffect(Cow::Owned(why)))
        }
    }
}
