//! What was asked for and is not answered yet. Of each request one answer is accepted, in time.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::input::{Asks, Carry, OpenChange, OpenRequest, RequestId};
use ks_vocabulary::output::Request;
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp};

/// Requests whose answer came too late, of which is known that it was not the second.
const LATE_KEPT: usize = 64;
/// Time that whoever performs an action has after a restart to say what became of it.
const AGAIN_NS: u64 = 30 * SECOND_NS;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    last: u64,
    open: BTreeMap<RequestId, Open>,
    late: VecDeque<RequestId>,
}

#[derive(Debug, Clone, Copy)]
struct Open {
    asks: Asks,
    until: Timestamp,
    change: Option<OpenChange>,
}

impl Requests {
    /// Makes a request whose answer comes too late after `until`.
    pub fn ask(&mut self, asks: Asks, until: Timestamp) -> Request {
        self.last += 1;
        let id = RequestId(self.last);
        self.open.insert(id, Open { asks, until, change: None });
        Request { id, asks, until_ns: until, again: false, change: None }
    }

    /// Notes which change of the host a request asks for.
    pub fn changes(&mut self, id: RequestId, change: OpenChange) {
        if let Some(open) = self.open.get_mut(&id) {
            open.change = Some(change);
        }
    }

    /// Takes an answer; the error is why it is not accepted.
    pub fn answer(&mut self, id: RequestId, asks: Asks) -> Result<(), String> {
        let number = id.0;
        match self.open.get(&id) {
            Some(open) if open.asks == asks => {
                self.open.remove(&id);
                Ok(())
            }
            Some(open) => {
                let (asked, came) = (open.asks.word(), asks.word());
                Err(format!("request {number} asks for an answer of kind {asked}, not {came}"))
            }
            None if number == 0 || number > self.last => {
                Err(format!("nobody made a request {number}"))
            }
            None if self.late.contains(&id) => {
                Err(format!("the answer to request {number} came too late"))
            }
            None => Err(format!("request {number} was answered before")),
        }
    }

    /// Gives up the next request whose answer has not come by `now`.
    pub fn expire(&mut self, now: Timestamp) -> Option<(RequestId, Asks)> {
        let due = self.open.iter().find(|(_, open)| open.until <= now);
        let (id, asks) = due.map(|(id, open)| (*id, open.asks))?;
        self.open.remove(&id);
        if self.late.len() == LATE_KEPT {
            self.late.pop_front();
        }
        self.late.push_back(id);
        Some((id, asks))
    }

    /// When the next answer is too late.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.open.values().map(|open| open.until).min()
    }

    /// What the next run has to know of them.
    pub fn carry(&self, clock: ClockAnchor, carry: &mut Carry) {
        carry.last_request = self.last;
        carry.open = self
            .open
            .iter()
            .map(|(id, open)| OpenRequest {
                request: *id,
                asks: open.asks,
                until_ns: clock.at(open.until),
                change: open.change,
            })
            .collect();
    }

    /// Goes on with those of the run before. The return value is what is asked again: what became
    /// of an action. A reasoner's answer is lost with the run that asked; an operator may still
    /// decide, while there is time.
    pub fn resume(&mut self, carry: &Carry, now: Timestamp, clock: ClockAnchor) -> Vec<Request> {
        self.last = carry.last_request;
        let mut again = Vec::new();
        for open in &carry.open {
            let left_ns = open.until_ns.0.saturating_sub(clock.at(now).0);
            let left_ns = u64::try_from(left_ns).unwrap_or(0);
            let until = match open.asks {
                Asks::Model => continue,
                Asks::Effect => now.plus_ns(left_ns.max(AGAIN_NS)),
                Asks::Approval => now.plus_ns(left_ns),
            };
            self.last = self.last.max(open.request.0);
            let (asks, change) = (open.asks, open.change);
            self.open.insert(open.request, Open { asks, until, change });
            if open.asks == Asks::Effect {
                let id = open.request;
                again.push(Request { id, asks, until_ns: until, again: true, change });
            }
        }
        again
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::time::WallTime;

    #[test]
    fn of_each_request_one_answer_is_accepted() {
        let mut requests = Requests::default();
        let id = requests.ask(Asks::Effect, Timestamp(9)).id;
        let refused = |requests: &mut Requests, id, asks| requests.answer(id, asks).unwrap_err();
        let other = refused(&mut requests, id, Asks::Model);
        assert_eq!(other, "request 1 asks for an answer of kind effect, not model");
        assert_eq!(requests.answer(id, Asks::Effect), Ok(()));
        assert_eq!(refused(&mut requests, id, Asks::Effect), "request 1 was answered before");
        let unknown = refused(&mut requests, RequestId(2), Asks::Effect);
        assert_eq!(unknown, "nobody made a request 2");
        assert_eq!(refused(&mut requests, RequestId(0), Asks::Effect), "nobody made a request 0");
    }

    #[test]
    fn an_answer_after_its_time_is_late() {
        let mut requests = Requests::default();
        let (first, second) =
            (requests.ask(Asks::Model, Timestamp(9)).id, requests.ask(Asks::Model, Timestamp(5)));
        assert_eq!(requests.next_deadline(), Some(Timestamp(5)));
        assert_eq!(requests.expire(Timestamp(4)), None);
        assert_eq!(requests.expire(Timestamp(5)), Some((second.id, Asks::Model)));
        assert_eq!(requests.expire(Timestamp(5)), None);
        let late = requests.answer(second.id, Asks::Model).unwrap_err();
        assert_eq!(late, "the answer to request 2 came too late");
        assert_eq!(requests.answer(first, Asks::Model), Ok(()));
    }

    #[test]
    fn after_a_restart_effects_are_asked_for_again_and_numbers_go_on() {
        let anchor = |mono, at| ClockAnchor { mono_ns: Timestamp(mono), at_ns: WallTime(at) };
        let mut before = Requests::default();
        before.ask(Asks::Model, Timestamp(900));
        let effect = before.ask(Asks::Effect, Timestamp(900)).id;
        let change = OpenChange { decision: 5, undo: true };
        before.changes(effect, change);
        let approval = before.ask(Asks::Approval, Timestamp(60 * SECOND_NS)).id;
        let mut carry = Carry::default();
        before.carry(anchor(0, 1_000), &mut carry);
        // Another boot, five seconds later.
        let clock = anchor(7, 1_000 + 5_000_000_000);
        let mut after = Requests::default();
        let again = after.resume(&carry, Timestamp(7), clock);
        assert_eq!(again.len(), 1);
        assert_eq!((again[0].id, again[0].again), (effect, true));
        assert_eq!(again[0].change, Some(change));
        assert_eq!(again[0].until_ns, Timestamp(7 + AGAIN_NS));
        assert_eq!(after.ask(Asks::Model, Timestamp(99)).id, RequestId(4));
        assert_eq!(after.answer(approval, Asks::Approval), Ok(()));
        let lost = after.answer(RequestId(1), Asks::Model);
        assert!(lost.is_err(), "the reply to a run that is over is nobody's");
    }
}
