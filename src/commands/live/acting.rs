//! The daemon's way to its actor: a thread asks it, so that no tick waits for an act. What became
//! of it comes back by a channel, and is an input like any other.

mod program;
mod worker;

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::time::Duration;

use ks_actor::approval::{Shown, Token};
use ks_actor::hand::{Began, Hand};
use ks_actor::message::Noted;
use ks_agent::guard::EffectRequest;
use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{Decided, DecisionSaid, Phase, Upshot};
use ks_vocabulary::input::{ActionOutcome, Answer, Body, OpenChange, Outcome, RequestId};

use super::order::{order, text};
use super::told::Told;
use crate::inbox::{Inbox, inbox};
use crate::render;
use program::Program;
use worker::{Job, Worker};

/// An actor answers within half a minute, or is killed.
const PATIENCE: Duration = Duration::from_secs(31);

/// What a daemon that can act holds of its actor.
#[derive(Debug)]
pub(crate) struct Acting {
    desk: Desk,
    came: Inbox<ActionOutcome>,
    began: Began,
}

/// By what anybody in the daemon hands something to the thread that asks the actor.
#[derive(Debug, Clone)]
pub(crate) struct Desk(Sender<Job>);

impl Acting {
    /// Begins to ask an actor that is there. What is proposed is told with its seal.
    pub(crate) fn begin(hand: Hand, began: Began, told: Told) -> anyhow::Result<Self> {
        let (jobs, taken) = channel();
        let (came, out) = inbox()?;
        let worker = Worker::new(hand, out, told);
        let thread = std::thread::Builder::new().name("ks-acting".to_owned());
        thread.spawn(move || worker.work(&taken))?;
        Ok(Self { desk: Desk(jobs), came, began })
    }

    /// Where others hand something over.
    pub(crate) fn desk(&self) -> Desk {
        self.desk.clone()
    }

    /// Tells what an earlier actor left, and what became of it.
    pub(crate) fn tell_left(&self) {
        for left in &self.began.left {
            let what = match left.request {
                Some(decision) => format!("decision {decision} (`{}`)", left.action),
                None => "what a damaged note tells of".to_owned(),
            };
            let became = match left.done.outcome {
                Outcome::Applied => "was put back",
                Outcome::Superseded => "was changed by someone else since, and is left alone",
                Outcome::NotApplied | Outcome::Indeterminate | Outcome::Withheld => {
                    "could not be put back"
                }
            };
            let why = left.done.reason.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            render::note(&format!("an earlier run left {what}, which {became}{why}"));
        }
    }

    /// The highest number that a decision on this host had.
    pub(crate) fn last(&self) -> u64 {
        self.began.last
    }

    /// Waits until everything that was handed over is done.
    pub(super) fn finish(&self) {
        let (done, is_done) = sync_channel(1);
        self.desk.hand(Job::Finish(done));
        let _ = is_done.recv_timeout(PATIENCE);
    }

    /// Asks for what was approved of to be done, or put back.
    pub(super) fn perform(&self, request: RequestId, effect: &EffectRequest) {
        let decision = effect.decision();
        self.desk.hand(match effect.to_do() {
            Some((action, effects)) => Job::Do {
                request,
                order: order(decision, action, effects, effect.lasts_s()),
                program: Program::of(effect),
            },
            None => Job::Undo { request, decision },
        });
    }

    /// The next outcome.
    pub(super) fn came(&self) -> Option<Body> {
        let outcome = self.came.take()?;
        Some(Body::Answer(Box::new(Answer::ActionOutcome(outcome))))
    }

    /// What became of a change that was asked for before a restart: whatever was not said to stay,
    /// the actor has put back by now.
    pub(super) fn became(&self, change: Option<OpenChange>) -> (Outcome, &'static str) {
        let Some(OpenChange { decision, undo }) = change else {
            return (Outcome::Indeterminate, "which change it was is not known");
        };
        let left = self.began.left.iter().find(|left| left.request == Some(decision));
        match (left.map(|left| left.done.outcome), undo) {
            (Some(Outcome::Applied), true) => (Outcome::Applied, "put back after a restart"),
            (Some(Outcome::Applied), false) => {
                (Outcome::NotApplied, "it was cut short by a restart, and was put back after it")
            }
            (Some(Outcome::Superseded), _) => {
                (Outcome::Superseded, "after a restart someone else's value was found")
            }
            (Some(Outcome::NotApplied | Outcome::Indeterminate | Outcome::Withheld), _) => {
                (Outcome::Indeterminate, "after a restart it could not be put back")
            }
            (None, true) if self.began.kept.contains(&decision) => {
                (Outcome::NotApplied, "a restart came before it was put back")
            }
            (None, false) if self.began.kept.contains(&decision) => {
                (Outcome::Applied, "it was done, and was kept before the restart")
            }
            (None, true) => (Outcome::Applied, "nothing of it stands after the restart"),
            (None, false) => (Outcome::NotApplied, "nothing of it stands after the restart"),
        }
    }
}

impl AsFd for Acting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.came.as_fd()
    }
}

impl Desk {
    /// A thread that is gone takes nothing more; whoever waits for an answer hears of it by time.
    fn hand(&self, job: Job) {
        let _ = self.0.send(job);
    }

    /// An operator approves of a proposal, as it was shown with this seal.
    pub(super) fn approved(&self, decision: u64, token: Token) {
        self.hand(Job::Approved { decision, token });
    }

    /// A decision was made, or went on: it stands in the audit log, and what is settled and was not
    /// put back stays.
    pub(super) fn decided(&self, decision: &DecisionSaid) {
        self.hand(Job::Note(Box::new(noted(decision))));
        if is_kept(decision) {
            self.hand(Job::Keep { decision: decision.id });
        }
    }

    /// A proposal is about to be shown.
    pub(super) fn seal(&self, shown: Shown) {
        self.hand(Job::Seal(Box::new(shown)));
    }
}

/// Whether a decision is settled, and what was done stays as it is. What nobody could judge stays
/// as well: the agent has looked at it to the end. What is done for a time is undone when that is
/// over, whatever was found meanwhile.
fn is_kept(decision: &DecisionSaid) -> bool {
    let is_settled = decision.phase == Phase::Reflect && decision.change != Decided::Judged;
    let stays = decision.outcome.is_some_and(Upshot::stays);
    let is_for_a_time = decision.plan.as_ref().is_some_and(|plan| plan.lasts_s.is_some());
    is_settled && stays && !is_for_a_time
}

fn noted(decision: &DecisionSaid) -> Noted {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    Noted {
        decision: decision.id,
        incident: decision.incident,
        reasoner: decision.reasoner,
        change: decision.change,
        action: or_none(decision.action.as_ref().map(text)),
        form: decision.action.as_ref().map(Action::kind),
        target: or_none(decision.target.as_ref().map(ToString::to_string)),
        verdict: decision.verdict,
        rule: decision.rule.to_owned(),
        reason: decision.reason.clone(),
        plan: decision.plan.clone(),
        outcome: decision.outcome,
        lesson: decision.lesson.clone(),
    }
}
