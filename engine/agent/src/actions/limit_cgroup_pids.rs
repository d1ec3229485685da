//! `limit_cgroup_pids`: no more tasks than so many.

use alloc::borrow::Cow;
use alloc::format;

use ks_vocabulary::action::{GroupRef, Pids};
use ks_vocabulary::decision::{GroupFile, Plan};

use super::Advice;
use super::group_target::{At, by, find, limit_text, lower, write};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a group starts tasks without end",
    cannot: "what runs already goes on; moving tasks in is not limited; a service that must fork \
             fails",
};

pub(super) fn plan(group: &GroupRef, max: Pids, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    // Both versions have one file, and the same texts in it.
    let (At::First(exact) | At::Second(exact)) = by(&found, "pids", found.first.pids)?;
    let present = need(found.pids, "the tasks of the group")?;
    lower(found.pids_max, max.get())?;
    if max.get() < present {
        let why = format!("it has {present} tasks already: every fork of it would fail");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    Ok(write(&exact, GroupFile::PidsMax, &limit_text(found.pids_max), &max))
}
