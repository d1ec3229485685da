//! `thaw_cgroup`: a control group that was frozen here goes on.

use alloc::borrow::Cow;
use alloc::vec;

use ks_vocabulary::action::GroupRef;
use ks_vocabulary::decision::Plan;

use super::Advice;
use super::freeze_cgroup::freezing;
use super::group_target::find;
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a group that was frozen is needed before its time is over",
    cannot: "a group that is frozen with its parent reads as thawed",
};

pub(super) fn plan(group: &GroupRef, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let frozen = freezing(&found)?;
    if !need(found.frozen, "`cgroup.freeze` of the group")? {
        return Err(Unfit::NoEffect(Cow::Borrowed("it is not frozen")));
    }
    Ok(Plan { effects: vec![frozen.off], undo: vec![], lasts_s: None })
}
