//! `ks undo`: puts back what was done to this host.

use std::thread::sleep;
use std::time::Duration;

use anyhow::bail;
use ks_actor::message::Ask;
use ks_vocabulary::decision::Decided;
use ks_vocabulary::input::Outcome;

use crate::acting::actor;
use crate::cli::acting::UndoOf;
use crate::control::{ControlError, Course, Question, Reply, ask};
use crate::exit::Unmet;
use crate::render;

/// Looks at what came of it, for half a minute.
const LOOKS: u32 = 150;
const LOOK: Duration = Duration::from_millis(200);

pub(crate) fn run(arguments: &UndoOf) -> anyhow::Result<()> {
    let folder = &arguments.daemon.output;
    let decision = arguments.decision;
    match ask(folder, &Question::Undo { decision }) {
        Ok(_) => {}
        Err(ControlError::Absent { .. }) => return alone(arguments),
        Err(error) => return Err(error.into()),
    }
    for _ in 0..LOOKS {
        let Reply::Status(status) = ask(folder, &Question::Status {})? else { break };
        let decisions = status.acting.map(|acting| acting.decisions).unwrap_or_default();
        let found = decisions.into_iter().find(|one| one.decision == decision);
        if let Some(Course { outcome: Some(outcome), told, is_settled: true, change, .. }) = found
            && (change == Decided::Undone || !outcome.stays())
        {
            render::note(&format!("decision {decision}: {outcome}: {told}"));
            return if outcome.stays() { Err(Unmet.into()) } else { Ok(()) };
        }
        sleep(LOOK);
    }
    bail!("decision {decision} is not put back yet: `ks status` tells what comes of it")
}

/// Where no daemon is, an actor is started for it.
fn alone(arguments: &UndoOf) -> anyhow::Result<()> {
    let (mut hand, _) = actor(&arguments.daemon.output, &arguments.acting)?;
    let done = hand.ask(&Ask::Undo { request: arguments.decision })?;
    let reason = done.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    let told = match done.outcome {
        Outcome::Applied => "is put back",
        Outcome::Superseded => "is left alone",
        Outcome::NotApplied | Outcome::Indeterminate | Outcome::Withheld => "is not put back",
    };
    render::note(&format!("decision {} {told}{reason}", arguments.decision));
    if done.outcome == Outcome::Applied { Ok(()) } else { Err(Unmet.into()) }
}
