//! `demote_scheduling_class`: other to batch or idle, batch to idle.

use alloc::borrow::Cow;
use alloc::vec;

use ks_vocabulary::action::{Class, ProcessRef};
use ks_vocabulary::decision::{Effect, Plan, UndoStep};

use super::Advice;
use super::process_target::{competes_inside, find};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "idle: the victim runs in the same session or CPU control group; batch: it is woken \
            late by a process that preempts",
    cannot: "batch changes no share; across sessions and control groups nothing changes",
};

const OTHER: u64 = 0;
const BATCH: u64 = 3;
const IDLE: u64 = 5;

pub(super) fn plan(process: &ProcessRef, class: Class, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    let old = need(found.policy, "the scheduling policy of the process")?;
    let new = match class {
        Class::Batch => BATCH,
        Class::Idle => IDLE,
    };
    if !(old == OTHER || old == BATCH && new == IDLE) {
        let why = "only other goes to batch or idle, and batch to idle";
        return Err(Unfit::Direction(Cow::Borrowed(why)));
    }
    competes_inside(&found, facts)?;
    // The flag is part of the policy, and lost unless it is passed again.
    let reset_on_fork = need(found.reset_on_fork, "whether children inherit the policy")?;
    let of = |policy| Effect::Policy { process: exact.clone(), policy, reset_on_fork };
    let undo = vec![UndoStep { restore: of(old), written: of(new) }];
    Ok(Plan { effects: vec![of(new)], undo, lasts_s: None })
}
