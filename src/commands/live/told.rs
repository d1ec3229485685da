//! What `ks status` is told: kept up to date by the loop, read by the thread that answers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ks_actor::approval::Token;
use ks_engine::engine::Engine;
use ks_replayer::report::rfc3339;
use ks_vocabulary::decision::{DecisionSaid, Mode, Phase, Upshot, Verdict};
use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::output::{Change, Output, Said, Signal};
use ks_vocabulary::time::{ClockAnchor, WallTime};

use super::order::text;
use crate::control::{Accepted, ActingStatus, Course, Proposed, Standing, Status};

/// Decisions that are told of.
const DECISIONS: usize = 8;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    status: Arc<Mutex<Status>>,
    clock: ClockAnchor,
    /// The file that stops acting, where anything may be done.
    stop: Option<PathBuf>,
}

impl Told {
    pub(super) fn new() -> Self {
        let status = Status { pid: std::process::id(), ..Status::default() };
        Self { status: Arc::new(Mutex::new(status)), clock: ClockAnchor::default(), stop: None }
    }

    /// What there is to tell.
    pub(super) fn status(&self) -> Status {
        let mut status = self.lock().clone();
        if let (Some(acting), Some(stop)) = (&mut status.acting, &self.stop) {
            acting.stopped = stop.exists();
        }
        status
    }

    /// How times of the run are told.
    pub(super) fn clock(&self) -> ClockAnchor {
        self.clock
    }

    fn lock(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn segment(&self, segment: PathBuf) {
        self.lock().segment = Some(segment);
    }

    pub(super) fn lost(&self, ticks: u64) {
        self.lock().lost_ticks = ticks;
    }

    pub(super) fn said(&self, output: &Output) {
        if let Said::Signal(signal) = &output.body {
            self.signal(signal);
        }
        if let Said::Decision(decision) = &output.body {
            self.decision(decision, output.at_ns);
        }
    }

    /// From here on an agent may act.
    pub(super) fn may_act(&mut self, mode: Mode, stop: PathBuf) {
        self.stop = Some(stop);
        let (lost, proposals, decisions) = (None, Vec::new(), Vec::new());
        let acting = ActingStatus { mode, stopped: false, lost, proposals, decisions, own: None };
        self.lock().acting = Some(acting);
    }

    /// Something waits for a person.
    pub(super) fn proposed(&self, proposed: Proposed) {
        self.acting(|acting| acting.proposals.push(proposed));
    }

    /// A person asked for something, and it was judged.
    pub(super) fn own(&self, own: Proposed) {
        self.acting(|acting| acting.own = Some(own));
    }

    /// The seal of a proposal is there.
    pub(super) fn sealed(&self, decision: u64, token: Token) {
        self.acting(|acting| {
            let mut proposals = acting.proposals.iter_mut();
            if let Some(proposed) = proposals.find(|one| one.decision == decision) {
                proposed.token = Some(token);
            }
        });
    }

    /// The actor can be asked no more.
    pub(super) fn acting_lost(&self, why: &str) {
        self.acting(|acting| acting.lost = Some(why.to_owned()));
    }

    /// How a decision went on, if it is among the last ones.
    pub(super) fn course(&self, decision: u64) -> Option<Course> {
        let courses = self.lock().acting.as_ref()?.decisions.clone();
        courses.into_iter().find(|one| one.decision == decision)
    }

    fn acting(&self, change: impl FnOnce(&mut ActingStatus)) {
        if let Some(acting) = &mut self.lock().acting {
            change(acting);
        }
    }

    /// A decision was made, or went on: it waits for nobody until it is proposed.
    fn decision(&self, decision: &DecisionSaid, at: WallTime) {
        let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let course = Course {
            decision: decision.id,
            incident: decision.incident,
            at: rfc3339(at),
            action: or_none(decision.action.as_ref().map(text)),
            target: or_none(decision.target.as_ref().map(ToString::to_string)),
            verdict: decision.verdict,
            change: decision.change,
            is_settled: decision.phase == Phase::Reflect || decision.verdict == Verdict::Denied,
            outcome: decision.outcome,
            told: decision.lesson.clone().unwrap_or_else(|| decision.reason.clone()),
        };
        self.acting(|acting| {
            acting.proposals.retain(|one| one.decision != course.decision);
            acting.decisions.retain(|one| one.decision != course.decision);
            if acting.decisions.len() >= DECISIONS {
                // What stands can be put back, and is told of longer.
                let stands = |one: &Course| one.outcome.is_some_and(Upshot::stays);
                let first = acting.decisions.iter().position(|one| !stands(one));
                acting.decisions.remove(first.unwrap_or(0));
            }
            acting.decisions.push(course);
        });
    }

    fn signal(&self, signal: &Signal) {
        let mut status = self.lock();
        status.standing.retain(|standing| standing.id != signal.id);
        if !signal.change.is_over() {
            status.standing.push(Standing {
                id: signal.id,
                kind: signal.kind,
                entity: signal.entity.to_string(),
                severity: signal.severity,
                stale: signal.change == Change::Stale,
                onset: rfc3339(self.clock.at(signal.onset_ns)),
            });
            status.standing.sort_by_key(|standing| standing.id);
        }
    }

    pub(super) fn fed(&mut self, engine: &Engine, input: &Input) {
        if let Body::Start(start) = &input.body {
            self.clock = start.clock;
        }
        let wall = self.clock.at(input.mono);
        let at = rfc3339(wall);
        let mut status = self.lock();
        if matches!(input.body, Body::Sample(_)) {
            status.samples += 1;
            status.recorded = Some(at);
            return;
        }
        if matches!(input.body, Body::Start(_)) {
            status.began.get_or_insert(at);
        }
        status.accepted = engine
            .accepted()
            .filter(|one| one.holds(wall))
            .map(|one| Accepted {
                kind: one.kind,
                entity: one.entity.clone(),
                until: one.until_ns.map(rfc3339),
            })
            .collect();
    }
}
