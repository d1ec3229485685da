//! `set_cpu_affinity`: fewer CPUs for a process.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;

use ks_vocabulary::action::{CpuSet, ProcessRef};
use ks_vocabulary::decision::{Effect, Plan, UndoStep};

use super::Advice;
use super::process_target::find;
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a process with many threads keeps others from all CPUs",
    cannot: "a process with as few threads as the set has CPUs; one whose group's cpuset is \
             changed meanwhile",
};

/// A process keeps at least a quarter of its CPUs (our judgement).
const KEPT_PART: u64 = 4;

pub(super) fn plan(process: &ProcessRef, cpus: &CpuSet, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    let online = need(facts.host().cpus, "the number of CPUs")?;
    let text = need(found.cpus_allowed, "the CPUs that the process may use")?;
    let text = core::str::from_utf8(text).unwrap_or_default().trim();
    let old: CpuSet = text.parse().map_err(|_| Unfit::NotRecorded("the CPUs of the process"))?;
    if cpus.last() >= online || !cpus.is_within(&old) || cpus.count() >= old.count().min(online) {
        let why = format!("{cpus} is no smaller part of {old} of {online} CPUs");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    if cpus.count() * KEPT_PART < old.count().min(online) {
        let why = format!("{cpus} is less than a quarter of {old}");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    // The mask as read would pin a process that had none of its own for ever.
    let all: Result<CpuSet, _> = format!("0-{}", online.saturating_sub(1)).parse();
    let had_all = all.is_ok_and(|all| all.is_within(&old));
    let of = |cpus| Effect::Affinity { process: exact.clone(), cpus };
    let restore = of(if had_all { None } else { Some(old) });
    let written = of(Some(cpus.clone()));
    Ok(Plan {
        effects: vec![written.clone()],
        undo: vec![UndoStep { restore, written }],
        lasts_s: None,
    })
}
