//! `resume_process`: SIGCONT to a process that was paused here.

use alloc::borrow::Cow;
use alloc::vec;

use ks_vocabulary::action::ProcessRef;
use ks_vocabulary::decision::{Effect, Plan, Signal};

use super::Advice;
use super::process_target::find;
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a process that was paused is needed before its time is over",
    cannot: "one that somebody else stopped: it is left alone",
};

const STOPPED: u64 = b'T' as u64;

pub(super) fn plan(process: &ProcessRef, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    if need(found.state, "the state of the process")? != STOPPED {
        return Err(Unfit::NoEffect(Cow::Borrowed("it is not stopped")));
    }
    let effect = Effect::Signal { process: exact, signal: Signal::Continue };
    Ok(Plan { effects: vec![effect], undo: vec![], lasts_s: None })
}
