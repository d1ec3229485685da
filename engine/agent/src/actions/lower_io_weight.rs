//! `lower_io_weight`: a smaller share of a disk among siblings.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;

use ks_vocabulary::action::{GroupRef, Weight};
use ks_vocabulary::decision::{GroupFile, Plan};

use super::Advice;
use super::group_target::{find, second, write};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "sibling groups compete for a disk with bfq",
    cannot: "none, kyber and mq-deadline heed no weight; `io.weight` counts only where io.cost is \
             on, which is not recorded: it is used under bfq alone, as `io.bfq.weight`",
};

pub(super) fn plan(
    group: &GroupRef,
    weight: Weight,
    disk: Option<&[u8]>,
    facts: &dyn Facts,
) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let exact = second(&found, "io")?;
    let disk = need(disk, "which disk is meant")?;
    let scheduler = need(facts.disk(disk).and_then(|disk| disk.scheduler), "the disk's scheduler")?;
    if scheduler != b"bfq" {
        let why = "the disk's scheduler heeds no weight";
        return Err(Unfit::NoEffect(Cow::Borrowed(why)));
    }
    // A write to the file of the other mechanism succeeds and does nothing.
    let old = need(found.io_bfq_weight, "`io.bfq.weight` of the group")?;
    if weight.get() >= old {
        let why = format!("{weight} is no lower weight than {old}");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    Ok(write(&exact, GroupFile::IoBfqWeight, &old.to_string(), &weight))
}
