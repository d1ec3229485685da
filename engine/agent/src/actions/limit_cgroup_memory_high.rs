//! `limit_cgroup_memory_high`: a group is held back above a size.

use alloc::borrow::Cow;
use alloc::format;

use ks_vocabulary::action::{GroupRef, MemoryHigh};
use ks_vocabulary::decision::{GroupFile, Plan};

use super::group_target::{find, limit_text, lower, second, write};
use super::{Advice, PAGE_BYTES};
use crate::facts::{Facts, GroupFacts};
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a group grows, and has page cache or swap that it can give up",
    cannot: "anonymous memory without swap stands still under it: 0 MiB in 30 s were measured, a \
             freeze and no brake",
};

/// A limit lies at four fifths of the present use at least (our judgement).
const LEAST_SHARE: f64 = 0.8;

pub(super) fn plan(group: &GroupRef, bytes: MemoryHigh, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let exact = second(&found, "memory")?;
    let used = need(found.memory_bytes, "the memory of the group")?;
    // The kernel rounds down to pages: what is read back is compared with that.
    let new = bytes.get() / PAGE_BYTES * PAGE_BYTES;
    lower(found.memory_high_bytes, new)?;
    if (new as f64) < used as f64 * LEAST_SHARE {
        let why = format!("{new} bytes is less than four fifths of the {used} it holds");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    let anon = need(found.anon_bytes, "the anonymous memory of the group")?;
    let swap_free = need(facts.host().swap_free_bytes, "the free swap of the host")?;
    if new <= anon && swap_room(&found, swap_free)? < anon.saturating_sub(new).max(PAGE_BYTES) {
        let why = "it is below its anonymous memory and no swap takes it: a standstill";
        return Err(Unfit::Unsafe(Cow::Borrowed(why)));
    }
    Ok(write(&exact, GroupFile::MemoryHigh, &limit_text(found.memory_high_bytes), &new))
}

/// Swap that the group can still use: its own limit may lie below what is free.
fn swap_room(group: &GroupFacts<'_>, free_bytes: u64) -> Result<u64, Unfit> {
    let Some(limit) = group.swap_max_bytes else { return Ok(free_bytes) };
    let used = need(group.swap_bytes, "what the group has in swap")?;
    Ok(free_bytes.min(limit.saturating_sub(used)))
}
