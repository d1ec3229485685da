//! What an operator asks the daemon, and what he is answered.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use ks_actor::approval::Token;
use ks_replayer::config_file::{ENTITY_FORMS, is_entity};
use ks_vocabulary::input::{Acceptance, Answer, Body, Decision, OperatorDecision, RequestId};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::time::WallTime;

use super::acting::Desk;
use super::told::Told;
use crate::control::{Proposed, Question, Reply};
use crate::inbox::Slot;

/// Time for an input to be logged: the loop may be reading a tick.
const PATIENCE: Duration = Duration::from_secs(8);

/// Something said, and whom to tell that it is in the log. Who is told nothing before his end of it
/// is dropped knows that it is not.
pub(super) struct Post {
    pub(super) body: Body,
    pub(super) logged: SyncSender<()>,
}

/// What an operator speaks to.
pub(super) struct Spoken {
    pub(super) told: Told,
    pub(super) slot: Slot<Post>,
    /// Where an approval goes first, so that it is there when the act is asked for.
    pub(super) desk: Option<Desk>,
}

impl Spoken {
    /// Answers a question of the user `uid`.
    pub(super) fn answer(&self, question: Question, uid: u32) -> Reply {
        let decided = match question {
            Question::Status {} => return Reply::Status(self.told.status()),
            Question::Accept { kind, entity, until_ns } => accept(kind, entity, until_ns),
            Question::Approve { decision, token } => self.approve(decision, &token),
            Question::Deny { decision } => self
                .waiting(decision)
                .map(|proposed| Decision::Deny { request: RequestId(proposed.request) }),
        };
        let said = decided
            .and_then(|decision| say(OperatorDecision { uid: Some(uid), decision }, &self.slot));
        match said {
            Ok(()) => Reply::Done,
            Err(reason) => Reply::Refused { reason: reason.to_owned() },
        }
    }

    fn waiting(&self, decision: u64) -> Result<Proposed, &'static str> {
        let proposals = self.told.status().acting.map(|acting| acting.proposals);
        let mut proposals = proposals.ok_or("nothing can be done: it observes")?.into_iter();
        proposals
            .find(|one| one.decision == decision)
            .ok_or("no decision of this number waits: see `ks status`")
    }

    fn approve(&self, decision: u64, token: &Token) -> Result<Decision, &'static str> {
        let proposed = self.waiting(decision)?;
        if proposed.token.as_ref() != Some(token) {
            return Err("what was approved is not what waits: look at it again");
        }
        if let Some(desk) = &self.desk {
            desk.approved(decision, token.clone());
        }
        Ok(Decision::Approve { request: RequestId(proposed.request) })
    }
}

fn accept(kind: Kind, entity: String, until_ns: Option<i64>) -> Result<Decision, &'static str> {
    if !is_entity(&entity) {
        return Err(ENTITY_FORMS);
    }
    let until_ns = until_ns.map(WallTime);
    Ok(Decision::Accept(Acceptance { kind, entity, until_ns }))
}

/// Says it to the run, and waits until it is in the log.
fn say(decision: OperatorDecision, slot: &Slot<Post>) -> Result<(), &'static str> {
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
