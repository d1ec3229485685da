//! `reduce_readahead`: a disk reads less ahead.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;

use ks_vocabulary::action::ReadAhead;
use ks_vocabulary::decision::{Effect, Plan, UndoStep};
use ks_vocabulary::lasting::Exact;

use super::Advice;
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "reads at random bring pages that nobody asked for",
    cannot: "reads in order, which become slower; the kernel rounds down to 4 kB",
};

const STEP_KB: u64 = 4;

pub(super) fn plan(
    disk: &Exact,
    name: &[u8],
    kb: ReadAhead,
    facts: &dyn Facts,
) -> Result<Plan, Unfit> {
    let found = need(facts.disk(name), "the disk")?;
    let old = need(found.read_ahead_kb, "the read-ahead of the disk")?;
    let new = kb.get() / STEP_KB * STEP_KB;
    if new >= old {
        let why = format!("it reads {old} kB ahead: {new} is not below it");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    let of = |kb| Effect::ReadAhead { disk: disk.clone(), kb };
    let undo = vec![UndoStep { restore: of(old), written: of(new) }];
    Ok(Plan { effects: vec![of(new)], undo, lasts_s: None })
}
