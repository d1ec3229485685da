//! `freeze_cgroup`: a control group stands still for a time.

use alloc::borrow::Cow;
use alloc::vec;

use ks_vocabulary::action::{GroupRef, StopTime};
use ks_vocabulary::decision::{Effect, GroupFile, Plan, UndoStep};

use super::group_target::find;
use super::{Advice, watchdog};
use crate::facts::{Facts, Those};
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "time is needed, and all of a group has to stand still for it",
    cannot: "a member that waits for a device stops only when it is done; a unit with \
             WatchdogSec is aborted; systemd does not know of it",
};

pub(super) fn plan(group: &GroupRef, lasts: StopTime, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(group, facts)?;
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
    let of = |text: &str| Effect::GroupFile {
        group: exact.clone(),
        file: GroupFile::CgroupFreeze,
        text: text.into(),
    };
    Ok(Plan {
        effects: vec![of("1")],
        undo: vec![UndoStep { restore: of("0"), written: of("1") }],
        lasts_s: Some(lasts.get()),
    })
}
