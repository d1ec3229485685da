//! What an operator asks the daemon, and what he is answered.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use ks_replayer::config_file::{ENTITY_FORMS, is_entity};
use ks_vocabulary::input::{Acceptance, Answer, Body, Decision, OperatorDecision};
use ks_vocabulary::time::WallTime;

use super::inbox::{Post, Slot};
use super::told::Told;
use crate::control::{Question, Reply};

/// Time for an input to be logged: the loop may be reading a tick.
const PATIENCE: Duration = Duration::from_secs(8);

/// Answers a question of the user `uid`.
pub(super) fn answer(question: Question, uid: u32, told: &Told, slot: &Slot) -> Reply {
    let done = match question {
        Question::Status {} => return Reply::Status(told.status()),
        Question::Accept { kind, entity, until_ns } => {
            if !is_entity(&entity) {
                return Reply::Refused { reason: ENTITY_FORMS.to_owned() };
            }
            let until_ns = until_ns.map(WallTime);
            let decision = Decision::Accept(Acceptance { kind, entity, until_ns });
            say(OperatorDecision { uid: Some(uid), decision }, slot)
        }
    };
    match done {
        Ok(()) => Reply::Done,
        Err(reason) => Reply::Refused { reason: reason.to_owned() },
    }
}

/// Says it to the run, and waits until it is in the log.
fn say(decision: OperatorDecision, slot: &Slot) -> Result<(), &'static str> {
    let (logged, is_logged) = sync_channel(1);
    let body = Body::Answer(Box::new(Answer::OperatorDecision(decision)));
    slot.send(Post { body, logged })?;
    is_logged.recv_timeout(PATIENCE).map_err(|error| match error {
        RecvTimeoutError::Disconnected => {
            "it could not be logged: see what the daemon says of its disk"
        }
        RecvTimeoutError::Timeout => "it waits to be logged: see what the daemon says of its disk",
    })
}
