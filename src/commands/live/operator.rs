//! What an operator asks the daemon, and what he is answered.

use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use ks_actor::approval::Token;
use ks_replayer::config_file::{ENTITY_FORMS, is_entity};
use ks_vocabulary::decision::{Decided, Upshot};
use ks_vocabulary::input::{
    Acceptance, Answer, Body, Decision, OperatorDecision, OwnAction, RequestId,
};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::time::WallTime;

use super::acting::Desk;
use super::told::Told;
use crate::control::{ActingStatus, Course, Proposed, Question, Reply};
use crate::inbox::Slot;

const OBSERVES: &str = "it observes, and does nothing: start it with --mode propose or auto";
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
            Question::Status {} => return Reply::Status(Box::new(self.told.status())),
            Question::Accept { kind, entity, until_ns } => accept(kind, entity, until_ns),
            Question::Approve { decision, token } => self.approve(decision, &token),
            Question::Deny { decision } => {
                self.waiting(decision).map(|(_, request)| Decision::Deny { request })
            }
            Question::Act { own } => return self.act(own, uid),
            Question::Undo { decision } => self.undo(decision),
        };
        let said = decided
            .and_then(|decision| say(OperatorDecision { uid: Some(uid), decision }, &self.slot));
        match said {
            Ok(()) => Reply::Done,
            Err(reason) => Reply::Refused { reason: reason.to_owned() },
        }
    }

    fn acting(&self) -> Result<ActingStatus, &'static str> {
        self.told.status().acting.ok_or(OBSERVES)
    }

    fn waiting(&self, decision: u64) -> Result<(Proposed, RequestId), &'static str> {
        let proposals = self.acting()?.proposals.into_iter();
        let waits = proposals.filter_map(|one| one.request.map(|id| (one, RequestId(id))));
        let mut waits = waits.filter(|(one, _)| one.decision == decision);
        waits.next().ok_or("no decision of this number waits: see `ks status`")
    }

    /// Does what a person asks for; the answer is what the guard says of it, which is there when it
    /// is known to be logged.
    fn act(&self, own: Box<OwnAction>, uid: u32) -> Reply {
        let refused = |reason: &str| Reply::Refused { reason: reason.to_owned() };
        let before = match self.acting() {
            Ok(acting) => acting.own.map(|own| own.decision),
            Err(why) => return refused(why),
        };
        let decision = OperatorDecision { uid: Some(uid), decision: Decision::Act(own) };
        if let Err(why) = say(decision, &self.slot) {
            return refused(why);
        }
        match self.acting().map(|acting| acting.own) {
            Ok(Some(own)) if Some(own.decision) != before => Reply::Judged(Box::new(own)),
            Ok(_) | Err(_) => refused("nothing was said of it: see `ks status`"),
        }
    }

    /// What was done in this run can be put back.
    fn undo(&self, decision: u64) -> Result<Decision, &'static str> {
        let known = self.acting()?.decisions.into_iter().find(|one| one.decision == decision);
        match known {
            None => {
                Err("it is none of the last decisions of this run: stop the daemon, and ask again")
            }
            Some(one) if is_done(&one) => Ok(Decision::Undo { of: decision }),
            Some(_) => Err("nothing of it stands that could be put back"),
        }
    }

    fn approve(&self, decision: u64, token: &Token) -> Result<Decision, &'static str> {
        let (proposed, request) = self.waiting(decision)?;
        if proposed.token.as_ref() != Some(token) {
            return Err("what was approved is not what waits: look at it again");
        }
        if let Some(desk) = &self.desk {
            desk.approved(decision, token.clone());
        }
        Ok(Decision::Approve { request })
    }
}

/// Whether something was done, and is not put back.
fn is_done(one: &Course) -> bool {
    one.outcome.map_or(one.change == Decided::Done, Upshot::stays)
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
