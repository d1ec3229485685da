//! `lower_autogroup_priority`: a higher nice level of a whole session.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;

use ks_vocabulary::action::{Nice, ProcessRef};
use ks_vocabulary::decision::{Effect, Plan, UndoStep};

use super::process_target::{cpu_group, find};
use super::{Advice, signed};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "sessions of the root CPU group compete and autogroups are on",
    cannot: "inside a control group with the CPU controller, where sessions are nothing; with \
             `kernel.sched_autogroup_enabled` off; it reaches all of the session",
};

pub(super) fn plan(process: &ProcessRef, nice: Nice, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    if !need(facts.host().autogroup, "the switch of autogroups")? {
        return Err(Unfit::NoEffect(Cow::Borrowed("autogroups are switched off")));
    }
    let group = need(found.group, "the control group of the process")?;
    if cpu_group(group, facts)?.is_some() {
        let why = "it is in a CPU control group, where sessions are nothing";
        return Err(Unfit::NoEffect(Cow::Borrowed(why)));
    }
    need(found.session, "the session of the process")?;
    let old = need(found.autogroup_nice, "the nice level of the autogroup")?;
    let new = signed(nice.get());
    if new <= old {
        let why = format!("nice {new} is no lower priority than {old}");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    let of = |nice| Effect::Autogroup { process: exact.clone(), nice };
    let undo = vec![UndoStep { restore: of(old), written: of(new) }];
    Ok(Plan { effects: vec![of(new)], undo, lasts_s: None })
}
