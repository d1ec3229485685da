//! The thread that asks the actor: one thing after the other, each answered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

use ks_actor::approval::{Shown, Token};
use ks_actor::hand::{Hand, HandError};
use ks_actor::message::{Ask, Noted, Origin};
use ks_actor::perform::{Done, Order};
use ks_vocabulary::decision::Reasoner;
use ks_vocabulary::input::{ActionOutcome, Outcome, RequestId};

use super::program::Program;
use crate::commands::live::told::Told;
use crate::inbox::Slot;
use crate::render;

/// How often it is looked whether something was undone by time.
const LOOK: Duration = Duration::from_secs(1);

/// Something for the actor.
#[derive(Debug)]
pub(super) enum Job {
    /// To do something.
    Do {
        /// The request that is answered.
        request: RequestId,
        /// What.
        order: Order,
        /// What the target has to run.
        program: Option<Program>,
    },
    /// To put something back.
    Undo {
        /// The request that is answered.
        request: RequestId,
        /// What it is part of.
        decision: u64,
    },
    /// To leave something as it is.
    Keep {
        /// What it is part of.
        decision: u64,
    },
    /// To note what was decided.
    Note(Box<Noted>),
    /// To seal what a person is about to be shown.
    Seal(Box<Shown>),
    /// An operator approved of a proposal.
    Approved {
        /// Which.
        decision: u64,
        /// The seal that came with it.
        token: Token,
    },
    /// To say that everything before it is done.
    Finish(SyncSender<()>),
}

/// See the module.
pub(super) struct Worker {
    hand: Hand,
    out: Slot<ActionOutcome>,
    told: Told,
    /// Proposals as they were shown, with what came back of each.
    shown: BTreeMap<u64, (Shown, Option<Token>)>,
    /// Decisions that a person asked for.
    by_person: BTreeSet<u64>,
    /// Why the actor can be asked no more.
    lost: Option<String>,
}

impl Worker {
    pub(super) fn new(hand: Hand, out: Slot<ActionOutcome>, told: Told) -> Self {
        Self { hand, out, told, shown: BTreeMap::new(), by_person: BTreeSet::new(), lost: None }
    }

    /// Works until nobody hands it anything more.
    pub(super) fn work(mut self, jobs: &Receiver<Job>) {
        loop {
            match jobs.recv_timeout(LOOK) {
                Ok(job) => self.take(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.tell_over();
        }
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Do { request, order, program } => {
                let done = self.perform_on(program, order);
                self.answer(request, done);
            }
            Job::Undo { request, decision } => {
                let done = self.ask(&Ask::Undo { request: decision });
                self.answer(request, done);
            }
            Job::Keep { decision } => {
                self.shown.remove(&decision);
                self.ask(&Ask::Keep { request: decision });
            }
            Job::Note(noted) => {
                if noted.reasoner == Reasoner::Person {
                    self.by_person.insert(noted.decision);
                }
                self.ask(&Ask::Note { noted });
            }
            Job::Seal(shown) => self.seal(*shown),
            Job::Finish(done) => drop(done.send(())),
            Job::Approved { decision, token } => {
                if let Some((_, approved)) = self.shown.get_mut(&decision) {
                    *approved = Some(token);
                }
            }
        }
    }

    /// Nothing is done to another program than that of the decision, and what came upon one that
    /// began meanwhile is put back.
    fn perform_on(&mut self, program: Option<Program>, order: Order) -> Done {
        let is_another = || program.is_some_and(Program::is_another);
        let not_done =
            |why: &str| Done { outcome: Outcome::NotApplied, reason: Some(why.to_owned()) };
        let decision = order.request;
        if is_another() {
            self.shown.remove(&decision);
            self.by_person.remove(&decision);
            return not_done("it runs another program than when it was decided");
        }
        let done = self.perform(order);
        // Who is told to end may become another program by that.
        let may_undo = program.is_some_and(|program| program.can_undo);
        if done.outcome != Outcome::Applied || !may_undo || !is_another() {
            return done;
        }
        let undone = self.ask(&Ask::Undo { request: decision });
        if undone.outcome == Outcome::Applied {
            return not_done("it began another program meanwhile: it was put back");
        }
        Done { outcome: Outcome::Indeterminate, ..undone }
    }

    /// What was shown to a person is done by his approval, and by nothing else.
    fn perform(&mut self, order: Order) -> Done {
        match self.shown.remove(&order.request) {
            None => {
                let is_own = self.by_person.remove(&order.request);
                let origin = if is_own { Origin::Person } else { Origin::Agent };
                self.ask(&Ask::Perform { order, origin })
            }
            Some((shown, Some(token))) => {
                self.ask(&Ask::Approved { shown: Shown { order, ..shown }, token })
            }
            Some((_, None)) => {
                let reason = Some("nobody approved of what was shown".to_owned());
                Done { outcome: Outcome::NotApplied, reason }
            }
        }
    }

    fn seal(&mut self, shown: Shown) {
        if self.lost.is_some() {
            return;
        }
        match self.hand.seal(shown.clone()) {
            Ok(token) => {
                let decision = shown.order.request;
                self.shown.insert(decision, (shown, None));
                self.told.sealed(decision, token);
            }
            Err(error) => self.lose(&error),
        }
    }

    fn ask(&mut self, ask: &Ask) -> Done {
        if let Some(why) = &self.lost {
            return Done { outcome: Outcome::NotApplied, reason: Some(why.clone()) };
        }
        match self.hand.ask(ask) {
            Ok(done) => done,
            Err(error) => {
                self.lose(&error);
                Done { outcome: Outcome::Indeterminate, reason: Some(error.to_string()) }
            }
        }
    }

    /// What it had done is put back by the next one. A daemon cannot start one: it has given up
    /// what an actor needs.
    fn lose(&mut self, error: &HandError) {
        let why = format!("{error}; nothing is done until `ks live` is started again");
        render::note(&why);
        self.told.acting_lost(&why);
        self.lost = Some(why);
    }

    fn answer(&self, request: RequestId, done: Done) {
        let Done { outcome, reason } = done;
        // There is one at a time, so that there is room; a loop that is over needs none.
        let _ = self.out.send(ActionOutcome { request, outcome, reason });
    }

    fn tell_over(&mut self) {
        if self.lost.is_some() {
            return;
        }
        match self.hand.over() {
            Ok(None) => {}
            Ok(Some((decision, done))) => {
                let how = done.reason.map_or_else(String::new, |reason| format!(": {reason}"));
                let outcome = format!("{:?}", done.outcome).to_lowercase();
                render::note(&format!("the time of decision {decision} is over{how} ({outcome})"));
            }
            Err(error) => self.lose(&error),
        }
    }
}
