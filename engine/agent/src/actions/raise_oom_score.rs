//! `raise_oom_score`: likelier to be killed when memory runs out.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;

use ks_vocabulary::action::{OomScore, ProcessRef};
use ks_vocabulary::decision::{Effect, Plan, UndoStep};

use super::process_target::find;
use super::{Advice, signed};
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "memory will run out, and it should be this process that is killed",
    cannot: "it changes only who is killed: no memory is freed by it",
};

const NEVER_KILLED: i64 = -1000;

pub(super) fn plan(process: &ProcessRef, adj: OomScore, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    let old = need(found.oom_score_adj, "`oom_score_adj` of the process")?;
    let new = signed(adj.get());
    if old == NEVER_KILLED {
        let why = "it is marked never to be killed";
        return Err(Unfit::Unsafe(Cow::Borrowed(why)));
    }
    if new <= old {
        return Err(Unfit::Direction(Cow::Owned(format!("{new} is no higher score than {old}"))));
    }
    let of = |adj| Effect::OomScore { process: exact.clone(), adj };
    let undo = vec![UndoStep { restore: of(old), written: of(new) }];
    Ok(Plan { effects: vec![of(new)], undo, lasts_s: None })
}
