//! `limit_cgroup_cpu`: a lower CPU quota.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};

use ks_vocabulary::action::{GroupRef, Percent};
use ks_vocabulary::decision::{GroupFile, Plan};
use ks_vocabulary::lasting::Exact;

use super::Advice;
use super::group_target::{At, by, find, write};
use crate::facts::{Facts, GroupFacts};
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a group uses CPUs that others outside of it want",
    cannot: "a group without the CPU controller, as services of a default Debian are; a group that \
             holds what others wait for waits longer under it, locks included",
};

/// The period that the quota is of, in microseconds.
const PERIOD_US: u64 = 100_000;
/// The kernel takes no smaller quota, in microseconds.
const LEAST_US: u64 = 1_000;
/// A group keeps at least a tenth of what it uses (our judgement): less is a standstill.
const KEPT_SHARE: f64 = 0.1;

pub(super) fn plan(group: &GroupRef, percent: Percent, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let at = by(&found, "cpu", found.first.cpu)?;
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
    match at {
        At::Second(exact) => {
            let new = format!("{} {PERIOD_US}", percent.get() * PERIOD_US / 100);
            Ok(write(&exact, GroupFile::CpuMax, &text, &new))
        }
        At::First(exact) => {
            fits_above(found.path, share, facts)?;
            write_first(&exact, &found, percent)
        }
    }
}

/// Version 1 takes no quota that is larger than one of a group above.
fn fits_above(path: &[u8], share: f64, facts: &dyn Facts) -> Result<(), Unfit> {
    let mut path = path;
    while let Some(at) = path.iter().rposition(|byte| *byte == b'/').filter(|at| *at > 0) {
        path = &path[..at];
        let Some(above) = facts.group(path) else { continue };
        let quota = above.cpu_quota_us.filter(|quota| *quota >= 0).zip(above.cpu_period_us);
        let quota = quota.map(|(quota, period)| quota as f64 / period.max(1) as f64);
        if quota.is_some_and(|quota| quota < share) {
            let why = "a group above it is held at less already";
            return Err(Unfit::NoEffect(Cow::Borrowed(why)));
        }
    }
    Ok(())
}

/// Version 1 has the period in a file of its own, which stays as it is, and -1 for no quota.
fn write_first(exact: &Exact, group: &GroupFacts<'_>, percent: Percent) -> Result<Plan, Unfit> {
    let old = need(group.cpu_quota_us, "`cpu.cfs_quota_us` of the group")?;
    let period_us = need(group.cpu_period_us, "`cpu.cfs_period_us` of the group")?;
    let new = percent.get().saturating_mul(period_us) / 100;
    if new < LEAST_US {
        let why =
            format!("{percent} % of its period of {period_us} us is less than a quota can be");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    Ok(write(exact, GroupFile::CpuCfsQuota, &old.max(-1).to_string(), &new))
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
