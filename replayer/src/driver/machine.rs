//! What a driver drives: the engine, or in tests a machine of another make.

use ks_agent::guard::EffectRequest;
use ks_engine::analysis::Knowledge;
use ks_engine::engine::{Engine, Stage};
use ks_vocabulary::decision::ModelRequest;
use ks_vocabulary::input::{Body, Carry, Position, RequestId};
use ks_vocabulary::output::Output;
use ks_vocabulary::time::Timestamp;

/// A machine that knows nothing but what it is fed.
pub trait Machine {
    /// Takes one input, and tells `done` when a stage of it is over.
    fn handle(&mut self, at: Position, body: &Body, done: &mut dyn FnMut(Stage));
    /// The next thing to say.
    fn poll(&mut self) -> Option<Output>;
    /// When a `Tick` is owed.
    fn next_deadline(&self) -> Option<Timestamp>;
    /// Ends the run.
    fn finish(&mut self);
    /// Whether something stands that more detail is worth while for.
    fn any_standing(&self) -> bool;
    /// What is known by now.
    fn knowledge(&self) -> Knowledge;
    /// What the next run would have to go on with.
    fn carry(&self) -> Carry;
    /// What a model is asked by a request, where this machine made one.
    fn question(&self, _request: RequestId) -> Option<&ModelRequest> {
        None
    }
    /// What is handed on of a request for an effect, where this machine made one.
    fn take_effect(&mut self, _request: RequestId) -> Option<EffectRequest> {
        None
    }
}

impl Machine for Engine {
    fn handle(&mut self, at: Position, body: &Body, done: &mut dyn FnMut(Stage)) {
        self.handle_staged(at, body, done);
    }

    fn poll(&mut self) -> Option<Output> {
        Self::poll(self)
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        Self::next_deadline(self).map(|(at, _)| at)
    }

    fn finish(&mut self) {
        Self::finish(self);
    }

    fn any_standing(&self) -> bool {
        Self::any_standing(self)
    }

    fn knowledge(&self) -> Knowledge {
        Self::knowledge(self)
    }

    fn carry(&self) -> Carry {
        Self::carry(self)
    }

    fn question(&self, request: RequestId) -> Option<&ModelRequest> {
        Self::question(self, request)
    }

    fn take_effect(&mut self, request: RequestId) -> Option<EffectRequest> {
        Self::take_effect(self, request)
    }
}
