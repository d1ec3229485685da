//! `freeze_cgroup`: a control group stands still for a time.

use alloc::borrow::Cow;
use alloc::vec;

use ks_vocabulary::action::{GroupRef, StopTime};
use ks_vocabulary::decision::{Effect, GroupFile, Plan, UndoStep};

use super::group_target::{find, in_part, itself};
use super::{Advice, watchdog};
use crate::facts::{Facts, GroupFacts, Those};
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "time is needed, and all of a group has to stand still for it",
    cannot: "a member that waits for a device stops only when it is done; a unit with \
             WatchdogSec is aborted; systemd does not know of it; one of version 1 that is asked \
             to end does so when it is thawed",
};

pub(super) fn plan(group: &GroupRef, lasts: StopTime, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let frozen = freezing(&found)?;
    if need(found.frozen, "`cgroup.freeze` of the group")? {
        return Err(Unfit::NoEffect(Cow::Borrowed("it is frozen already")));
    }
    watchdog::survives(found.path, lasts.get(), facts)?;
    for member in facts.processes(Those::Within(found.path)) {
        // Units below have watchdogs of their own.
        if let Some(below) = member.group.filter(|below| *below != found.path) {
            watchdog::survives(below, lasts.get(), facts)?;
        }
        if need(member.listening, "whether its processes listen on a socket")? > 0 {
            let why = "a member listens on a socket: others would wait for it";
            return Err(Unfit::Unsafe(Cow::Borrowed(why)));
        }
    }
    Ok(Plan {
        effects: vec![frozen.on.clone()],
        undo: vec![UndoStep { restore: frozen.off, written: frozen.on }],
        lasts_s: Some(lasts.get()),
    })
}

/// What freezes a group, and what thaws it.
pub(super) struct Freezing {
    pub(super) on: Effect,
    pub(super) off: Effect,
}

/// By version 2 where that can, else by its freezer of version 1.
pub(super) fn freezing(group: &GroupFacts<'_>) -> Result<Freezing, Unfit> {
    let (exact, file, [on, off]) = match group.first.freezer {
        Some(part) => (in_part(group, part)?, GroupFile::FreezerState, ["FROZEN", "THAWED"]),
        None => (itself(group)?, GroupFile::CgroupFreeze, ["1", "0"]),
    };
    let of = |text: &str| Effect::GroupFile { group: exact.clone(), file, text: text.into() };
    Ok(Freezing { on: of(on), off: of(off) })
}
