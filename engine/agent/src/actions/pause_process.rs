//! `pause_process`: SIGSTOP for a time.

use alloc::borrow::Cow;
use alloc::vec;

use ks_vocabulary::action::{ProcessRef, StopTime};
use ks_vocabulary::decision::{Effect, Plan, Signal, UndoStep};

use super::Advice;
use super::process_target::find;
use super::watchdog;
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "time is needed: demand of the process goes to nothing for so long",
    cannot: "a unit with WatchdogSec is killed for it; calls that wait end with EINTR; others that \
             wait for the process wait on; what it holds it keeps",
};

const STOPPED: u64 = b'T' as u64;

pub(super) fn plan(
    process: &ProcessRef,
    lasts: StopTime,
    facts: &dyn Facts,
) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    if need(found.state, "the state of the process")? == STOPPED {
        return Err(Unfit::NoEffect(Cow::Borrowed("it is stopped already")));
    }
    let group = need(found.group, "the control group of the process")?;
    watchdog::survives(group, lasts.get(), facts)?;
    if need(found.listening, "whether the process listens on a socket")? > 0 {
        let why = "it listens on a socket: others would wait for it";
        return Err(Unfit::Unsafe(Cow::Borrowed(why)));
    }
    let of = |signal| Effect::Signal { process: exact.clone(), signal };
    Ok(Plan {
        effects: vec![of(Signal::Stop)],
        undo: vec![UndoStep { restore: of(Signal::Continue), written: of(Signal::Stop) }],
        lasts_s: Some(lasts.get()),
    })
}
