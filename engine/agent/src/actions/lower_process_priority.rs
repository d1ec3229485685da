//! `lower_process_priority`: a higher nice level.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;

use ks_vocabulary::action::{Nice, ProcessRef};
use ks_vocabulary::decision::{Effect, Plan, UndoStep};

use super::process_target::{competes_inside, find};
use super::{Advice, signed};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "the victim runs in the same session or CPU control group as the process",
    cannot: "across sessions and control groups: shares stay 50 to 50 (measured on 5.10 to 6.18); \
             realtime and idle classes have no nice level; memory and I/O are not moved",
};

/// Policies that have a nice level: other and batch.
const WITH_NICE: [u64; 2] = [0, 3];

pub(super) fn plan(process: &ProcessRef, nice: Nice, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    let old = need(found.nice, "the nice level of the process")?;
    let new = signed(nice.get());
    if new <= old {
        let why = format!("nice {new} is no lower priority than {old}");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    if !WITH_NICE.contains(&need(found.policy, "the scheduling policy of the process")?) {
        let why = "its scheduling class has no nice level";
        return Err(Unfit::NoEffect(Cow::Borrowed(why)));
    }
    competes_inside(&found, facts)?;
    let of = |nice| Effect::Nice { process: exact.clone(), nice };
    let undo = vec![UndoStep { restore: of(old), written: of(new) }];
    Ok(Plan { effects: vec![of(new)], undo, lasts_s: None })
}
