//! `terminate_process`: SIGTERM. There is no way back, and no stronger signal.

use alloc::borrow::Cow;
use alloc::vec;

use ks_vocabulary::action::ProcessRef;
use ks_vocabulary::decision::{Effect, Plan, Signal};

use super::Advice;
use super::process_target::find;
use crate::facts::Facts;
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a process holds or grows by so much memory that all others suffer, and its work can be \
            begun anew",
    cannot: "a process that ignores SIGTERM, as container inits do without a handler; a supervisor \
             starts it again, and the leak with it; one that serves others and has none is left \
             alone",
};

pub(super) fn plan(process: &ProcessRef, facts: &dyn Facts) -> Result<Plan, Unfit> {
    let (exact, found) = find(process, facts)?;
    let group = need(found.group, "the control group of the process")?;
    // What the supervisor will do has to be known: it decides what this is good for.
    // The root of all groups has no supervisor.
    let known = (group != b"/").then(|| need(facts.group(group), "the control group"));
    let unit = known.transpose()?.filter(|group| group.unit.is_some());
    let restart = unit.map(|unit| need(unit.restart, "the restart policy of the unit"));
    let is_restarted = restart.transpose()?.is_some_and(|restart| restart != b"no");
    let listening = need(found.listening, "whether the process listens on a socket")?;
    if listening > 0 && !is_restarted {
        let why = "it serves others, and nobody would start it again";
        return Err(Unfit::Unsafe(Cow::Borrowed(why)));
    }
    let effect = Effect::Signal { process: exact, signal: Signal::Terminate };
    Ok(Plan { effects: vec![effect], undo: vec![], lasts_s: None })
}
