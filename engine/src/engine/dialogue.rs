//! What the engine asked for, and what others said to it.

use alloc::format;

use super::Engine;
use ks_vocabulary::input::{Answer, Asks, Carry, Decision, OperatorDecision, Position, RequestId};
use ks_vocabulary::output::{Defect, Said};
use ks_vocabulary::timer::Timer;

impl Engine {
    /// Takes what others said. Of each request one answer is accepted.
    pub(super) fn answer(&mut self, at: Position, answer: &Answer) {
        if let Some((request, asks)) = answer.answers() {
            match self.requests.answer(request, asks) {
                Ok(()) => self.heed(at, answer),
                Err(problem) => self.say(at, Said::Defect(Defect { place: "answer", problem })),
            }
            self.await_answers();
        }
        if let Answer::OperatorDecision(OperatorDecision { decision, .. }) = answer {
            if let Decision::Accept(acceptance) = decision {
                self.board.accept(acceptance.clone());
            }
            self.tell_own(at, decision);
        }
    }

    fn heed(&mut self, at: Position, answer: &Answer) {
        if let Answer::ActionOutcome(outcome) = answer {
            self.board.influences.end(outcome.request, outcome.outcome, at.mono);
        }
        self.tell_agent(at, answer);
    }

    pub(super) fn expire(&mut self, at: Position) {
        while let Some((RequestId(number), asks)) = self.requests.expire(at.mono) {
            // An operator need not answer.
            if asks != Asks::Approval {
                let problem =
                    format!("request {number} ({}) was not answered in time", asks.word());
                self.say(at, Said::Defect(Defect { place: "request", problem }));
            }
            self.tell_expired(at, RequestId(number));
        }
        self.await_answers();
    }

    pub(super) fn await_answers(&mut self) {
        self.timers.set(Timer::AnswerLate, self.requests.next_deadline());
    }

    /// Goes on with what the run before left to do.
    pub(super) fn resume(&mut self, carry: &Carry, at: Position) {
        for request in self.requests.resume(carry, at.mono, self.clock) {
            self.say(at, Said::Request(request));
        }
        self.await_answers();
        self.board.influences.resume(carry, at.mono, self.clock);
        if let Some(agent) = &mut self.agent {
            agent.resume(carry, at.mono);
        }
        for acceptance in &carry.accepted {
            self.board.accept(acceptance.clone());
        }
    }
}
