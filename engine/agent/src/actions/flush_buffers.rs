//! `flush_buffers`: what is dirty of a filesystem is written.

use alloc::borrow::Cow;
use alloc::format;
use alloc::vec;

use ks_vocabulary::decision::{Effect, Plan};
use ks_vocabulary::lasting::Exact;

use super::Advice;
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "dirty pages wait to be written, and the disk has time",
    cannot: "a disk that is busy already; what is dirtied again at once",
};

/// More takes minutes to write (our judgement).
const DIRTY_MAX_BYTES: u64 = 2 << 30;

pub(super) fn plan(mount: &Exact, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let dirty = need(facts.host().dirty_bytes, "the dirty memory of the host")?;
    if dirty > DIRTY_MAX_BYTES {
        let why = format!("{dirty} bytes are dirty: that would keep the disk busy for minutes");
        return Err(Unfit::Unsafe(Cow::Owned(why)));
    }
    let effect = Effect::SyncFilesystem { mount: mount.clone() };
    Ok(Plan { effects: vec![effect], undo: vec![], lasts_s: None })
}
