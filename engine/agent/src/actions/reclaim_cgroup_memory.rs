//! `reclaim_cgroup_memory`: pages are taken from a group once.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;
use alloc::vec;

use ks_vocabulary::action::{GroupRef, Reclaim};
use ks_vocabulary::decision::{Effect, GroupFile, Plan};

use super::Advice;
use super::group_target::{find, second};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a group holds pages that nobody uses",
    cannot: "a kernel before 5.19 has no such file; what is used faults back; cache of files \
             counts as available already",
};

/// At most a fifth of what a group holds is taken at once (our judgement).
const MOST_PART: u64 = 5;

pub(super) fn plan(group: &GroupRef, bytes: Reclaim, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let exact = second(&found, "memory")?;
    let used = need(found.memory_bytes, "the memory of the group")?;
    if bytes.get() > used / MOST_PART {
        let why = format!("{bytes} bytes is more than a fifth of the {used} it holds");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    let file = GroupFile::MemoryReclaim;
    let effect = Effect::GroupFile { group: exact, file, text: bytes.to_string() };
    Ok(Plan { effects: vec![effect], undo: vec![], lasts_s: None })
}
