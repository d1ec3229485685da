//! What `ks status` is told: kept up to date by the loop, read by the thread that answers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ks_engine::engine::Engine;
use ks_replayer::report::rfc3339;
use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::output::{Change, Output, Said, Signal};
use ks_vocabulary::time::ClockAnchor;

use crate::control::{Accepted, Standing, Status};

/// See the module.
#[derive(Clone)]
pub(super) struct Told {
    status: Arc<Mutex<Status>>,
    clock: ClockAnchor,
}

impl Told {
    pub(super) fn new() -> Self {
        let status = Status { pid: std::process::id(), ..Status::default() };
        Self { status: Arc::new(Mutex::new(status)), clock: ClockAnchor::default() }
    }

    /// What there is to tell.
    pub(super) fn status(&self) -> Status {
        self.lock().clone()
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
