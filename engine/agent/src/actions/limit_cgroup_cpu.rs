//! `limit_cgroup_cpu`: a lower CPU quota.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use ks_vocabulary::action::{GroupRef, Percent};
use ks_vocabulary::decision::{GroupFile, Plan};

use super::Advice;
use super::group_target::{controlled, find, write};
use crate::facts::{Facts, GroupFacts};
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a group uses CPUs that others outside of it want",
    cannot: "a group without the CPU controller, as services of a default Debian are; a group that \
             holds what others wait for waits longer under it, locks included",
};

/// The period that the quota is of, in microseconds.
const PERIOD_US: u64 = 100_000;
/// A group keeps at least a tenth of what it uses (our judgement): less is a standstill.
const KEPT_SHARE: f64 = 0.1;

pub(super) fn plan(group: &GroupRef, percent: Percent, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(group, facts)?;
    controlled(&found, "cpu")?;
    let (old, text) = quota(&found)?;
    let share = percent.get() as f64 / 100.0;
    if old.is_some_and(|old| share >= old) {
        let why = format!("{percent} % of a CPU is no lower quota than `{text}`");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    let used = need(found.cpus_used, "the CPU use of the group")?;
    if share >= used {
        let why = format!("it uses {used:.2} CPUs, less than {percent} %");
        return Err(Unfit::NoEffect(Cow::Owned(why)));
    }
    if share < used * KEPT_SHARE {
        let why = format!("{percent} % of a CPU is less than a tenth of the {used:.2} it uses");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    let new = format!("{} {PERIOD_US}", percent.get() * PERIOD_US / 100);
    Ok(write(&exact, GroupFile::CpuMax, &text, &new))
}

/// The quota in CPUs, if there is one, and the text of its file.
pub(super) fn quota(group: &GroupFacts<'_>) -> Result<(Option<f64>, String), Unfit> {
    let quota_us = need(group.cpu_quota_us, "`cpu.max` of the group")?;
    let period_us = need(group.cpu_period_us, "`cpu.max` of the group")?;
    let Ok(quota_us) = u64::try_from(quota_us) else {
        return Ok((None, format!("max {period_us}")));
    };
    let cpus = quota_us as f64 / period_us.max(1) as f64;
    Ok((Some(cpus), format!("{quota_us} {period_us}")))
}
