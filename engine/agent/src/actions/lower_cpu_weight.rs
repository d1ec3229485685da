//! `lower_cpu_weight`: a smaller share among siblings.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;

use ks_vocabulary::action::{GroupRef, Weight};
use ks_vocabulary::decision::{GroupFile, Plan};

use super::Advice;
use super::group_target::{controlled, find, write};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "sibling groups compete for the CPUs",
    cannot: "a group without the CPU controller; one whose siblings do not want the CPUs: a weight \
             takes nothing that nobody else wants",
};

pub(super) fn plan(group: &GroupRef, weight: Weight, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(group, facts)?;
    controlled(&found, "cpu")?;
    let old = need(found.cpu_weight, "`cpu.weight` of the group")?;
    if weight.get() >= old {
        let why = format!("{weight} is no lower weight than {old}");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    Ok(write(&exact, GroupFile::CpuWeight, &old.to_string(), &weight))
}
