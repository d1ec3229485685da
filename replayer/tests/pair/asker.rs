//! A machine that asks for an effect with each sample, and for nothing else.

use std::collections::VecDeque;

use ks_engine::analysis::Knowledge;
use ks_engine::engine::Stage;
use ks_engine::requests::Requests;
use ks_replayer::driver::Machine;
use ks_vocabulary::input::{Asks, Body, Carry, Position, RequestId};
use ks_vocabulary::output::{Defect, Output, Request, Said};
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp};

/// Time that an answer has.
pub(crate) const PATIENCE_NS: u64 = 5 * SECOND_NS;

#[derive(Debug, Default)]
pub(crate) struct Asker {
    requests: Requests,
    clock: ClockAnchor,
    outputs: VecDeque<Output>,
    /// Requests that were made, those before a restart among them.
    pub(crate) asked: u64,
    pub(crate) accepted: Vec<RequestId>,
    pub(crate) expired: Vec<RequestId>,
    pub(crate) defects: Vec<String>,
}

impl Asker {
    fn ask(&mut self, at: Position, request: Request) {
        self.asked += 1;
        self.say(at, Said::Request(request));
    }

    fn say(&mut self, at: Position, body: Said) {
        let at_ns = self.clock.at(at.mono);
        self.outputs.push_back(Output { seq: at.seq, mono_ns: at.mono, at_ns, body });
    }
}

impl Machine for Asker {
    fn handle(&mut self, at: Position, body: &Body, _: &mut dyn FnMut(Stage)) {
        if let Body::Start(start) = body {
            self.clock = start.clock;
            let carry = start.carry.clone().unwrap_or_default();
            for request in self.requests.resume(&carry, at.mono, self.clock) {
                self.ask(at, request);
            }
        } else if matches!(body, Body::Sample(_)) {
            let request = self.requests.ask(Asks::Effect, at.mono.plus_ns(PATIENCE_NS));
            self.ask(at, request);
        } else if let Body::Answer(answer) = body {
            let (request, asks) = answer.answers().unwrap();
            match self.requests.answer(request, asks) {
                Ok(()) => self.accepted.push(request),
                Err(problem) => {
                    self.defects.push(problem.clone());
                    self.say(at, Said::Defect(Defect { place: "answer", problem }));
                }
            }
        } else if *body == Body::Tick {
            while let Some((request, _)) = self.requests.expire(at.mono) {
                self.expired.push(request);
            }
        }
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        self.requests.next_deadline()
    }

    fn finish(&mut self) {}

    fn any_standing(&self) -> bool {
        false
    }

    fn knowledge(&self) -> Knowledge {
        Knowledge::empty("pair")
    }

    fn carry(&self) -> Carry {
        let mut carry = Carry::default();
        self.requests.carry(self.clock, &mut carry);
        carry
    }
}
