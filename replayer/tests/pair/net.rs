//! A world that answers as a seed decides: at once or late, once or twice, or never.

use std::collections::BTreeMap;

use ks_recorder::error::Error;
use ks_replayer::driver::{Arrival, Wants, World};
use ks_vocabulary::input::{ActionOutcome, Answer, Body, Carry, Outcome, RequestId, Start};
use ks_vocabulary::output::Request;
use ks_vocabulary::random::Random;
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

/// What can become of answers, as shares.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fates {
    lost: f64,
    doubled: f64,
    latest_ns: u64,
}

impl Fates {
    pub(crate) fn all() -> Self {
        Self { lost: 0.15, doubled: 0.25, latest_ns: 7 * SECOND_NS }
    }

    pub(crate) fn none() -> Self {
        Self { lost: 0.0, doubled: 0.0, latest_ns: SECOND_NS / 2 }
    }
}

#[derive(Debug)]
pub(crate) struct Net {
    random: Random,
    fates: Fates,
    samples: u64,
    given: u64,
    started: bool,
    lent: Body,
    /// Answers on their way, by the time at which they come.
    on_the_way: BTreeMap<(Timestamp, u64), RequestId>,
    sent: u64,
    now: Timestamp,
    /// What was asked for, in order.
    pub(crate) asked: Vec<Request>,
    /// What the run before left.
    pub(crate) carry: Option<Carry>,
}

impl Net {
    pub(crate) fn new(seed: u64, samples: u64, fates: Fates) -> Self {
        Self {
            random: Random::stream(seed, "net"),
            fates,
            samples,
            given: 0,
            started: false,
            lent: Body::Tick,
            on_the_way: BTreeMap::new(),
            sent: 0,
            now: Timestamp(0),
            asked: Vec::new(),
            carry: None,
        }
    }

    fn send(&mut self, request: RequestId) {
        let latency_ns = self.random.next_u64() % self.fates.latest_ns;
        let at = self.now.plus_ns(latency_ns);
        self.sent += 1;
        self.on_the_way.insert((at, self.sent), request);
    }

    fn give(&mut self, at: Timestamp, body: Body) -> Arrival<'_> {
        self.now = at;
        self.lent = body;
        Arrival::Learned(at, &mut self.lent)
    }
}

impl World for Net {
    fn wait(&mut self, wants: Wants) -> Result<Arrival<'_>, Error> {
        if !std::mem::replace(&mut self.started, true) {
            let clock = ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(1_000) };
            let carry = self.carry.take();
            let start = Start { boot_id: "pair".into(), clock, carry, ..Start::default() };
            return Ok(self.give(Timestamp(0), Body::Start(Box::new(start))));
        }
        let sample = (self.given < self.samples).then(|| Timestamp((self.given + 1) * SECOND_NS));
        let answer = self.on_the_way.first_key_value().map(|((at, _), _)| *at);
        let next = sample.into_iter().chain(answer).min();
        match (wants.until, next) {
            (Some(until), next) if next.is_none_or(|next| until < next) => {
                self.now = until;
                Ok(Arrival::Due(until))
            }
            (_, Some(at)) if answer == Some(at) => {
                let (_, request) = self.on_the_way.pop_first().unwrap();
                let outcome = ActionOutcome { request, outcome: Outcome::Applied, reason: None };
                Ok(self.give(at, Body::Answer(Box::new(Answer::ActionOutcome(outcome)))))
            }
            (_, Some(at)) => {
                self.given += 1;
                Ok(self.give(at, Body::Sample(Box::default())))
            }
            (_, None) => Ok(Arrival::Over),
        }
    }

    fn ask(&mut self, request: &Request) {
        self.asked.push(*request);
        if self.random.next_f64() >= self.fates.lost {
            self.send(request.id);
        }
        if self.random.next_f64() < self.fates.doubled {
            self.send(request.id);
        }
    }
}
