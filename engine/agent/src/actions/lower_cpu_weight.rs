//! `lower_cpu_weight`: a smaller share among siblings.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;

use ks_vocabulary::action::{GroupRef, Weight};
use ks_vocabulary::decision::{GroupFile, Plan};

use super::Advice;
use super::group_target::{At, by, find, write};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "sibling groups compete for the CPUs",
    cannot: "a group without the CPU controller; one whose siblings do not want the CPUs: a weight \
             takes nothing that nobody else wants",
};

pub(super) fn plan(group: &GroupRef, weight: Weight, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let (exact, file, old, new) = match by(&found, "cpu", found.first.cpu)? {
        At::Second(exact) => {
            let old = need(found.cpu_weight, "`cpu.weight` of the group")?;
            (exact, GroupFile::CpuWeight, old, weight.get())
        }
        At::First(exact) => {
            let old = need(found.cpu_shares, "`cpu.shares` of the group")?;
            (exact, GroupFile::CpuShares, old, shares(weight))
        }
    };
    if new >= old {
        let why = format!("{new} is no lower weight than {old}");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    Ok(write(&exact, file, &old.to_string(), &new))
}

/// A weight as version 1 has it: 1024 shares are what a group has that nobody gave any, as a
/// weight of 100 is.
fn shares(weight: Weight) -> u64 {
    (weight.get() * 1024 + 50) / 100
}
