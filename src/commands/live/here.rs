//! This host as a world: segments, ticks, what comes from other threads, and what happens when the
//! disk takes no more.
//!
//! A tick that cannot be logged is not fed: the engine knows nothing that the recording does not.
//! The run goes on without eyes until the disk takes a segment again, which begins with the gap.

use std::collections::VecDeque;
use std::os::fd::AsFd;

use ks_agent::guard::EffectRequest;
use ks_recorder::clock;
use ks_recorder::error::Error;
use ks_recorder::recorder::Recorder;
use ks_replayer::driver::{Arrival, Performs, Thinks, Wants, World};
use ks_vocabulary::decision::ModelRequest;
use ks_vocabulary::input::{
    ActionOutcome, Answer, Asks, Body, Config, Gap, GapReason, Outcome, RequestId,
};
use ks_vocabulary::output::Request;
use ks_vocabulary::time::Timestamp;

use super::acting::Acting;
use super::operator::Post;
use super::reload::Reload;
use super::thinking::Thinking;
use crate::inbox::Inbox;
use crate::pace::Pace;

/// See the module.
pub(super) struct Here {
    recorder: Recorder,
    pace: Pace,
    inbox: Inbox<Post>,
    acting: Option<Acting>,
    thinking: Option<Thinking>,
    reload: Option<Reload>,
    segment_ns: u64,
    /// Number of the next segment within the run.
    number: u32,
    /// When the segment at hand is long enough; `None` where there is none.
    ends: Option<Timestamp>,
    /// Ticks that could not be recorded since the last one that was.
    lost: u64,
    /// A configuration that was read again and could not be logged.
    config: Option<Config>,
    /// Answers to what was asked here.
    answers: VecDeque<Body>,
    given: Given,
    lent: Body,
}

/// What was given last, and is not known to be logged until the next thing is asked for.
enum Given {
    Start,
    Gap,
    Answer,
    Config(Box<Config>),
    Post(Post),
    Else,
}

impl Here {
    pub(super) fn new(
        recorder: Recorder,
        pace: Pace,
        (inbox, reload): (Inbox<Post>, Option<Reload>),
        (acting, thinking): (Option<Acting>, Option<Thinking>),
        segment_ns: u64,
    ) -> Self {
        Self {
            recorder,
            pace,
            inbox,
            acting,
            thinking,
            reload,
            segment_ns,
            number: 0,
            ends: None,
            lost: 0,
            config: None,
            answers: VecDeque::new(),
            given: Given::Else,
            lent: Body::Tick,
        }
    }

    /// Whether anything was ever logged.
    pub(super) fn has_begun(&self) -> bool {
        self.number > 0
    }

    /// Ticks that could not be recorded since the last one that was.
    pub(super) fn lost(&self) -> u64 {
        self.lost
    }

    /// What was given last could not be logged: the tick at hand is lost, and the next one begins
    /// another segment.
    pub(super) fn lose(&mut self) {
        // Whatever could not be logged, the next attempt is that of the next tick.
        if self.pace.is_due(clock::now()) {
            self.pace.go_on();
        }
        if let Given::Config(config) = std::mem::replace(&mut self.given, Given::Else) {
            self.config.get_or_insert(*config);
        }
        // Who is told that it is not logged must not find it logged later.
        while self.inbox.take().is_some() {}
        self.recorder.forget();
        self.ends = None;
        self.lost += 1;
    }

    /// What was given last is logged.
    fn settle(&mut self) {
        match std::mem::replace(&mut self.given, Given::Else) {
            Given::Start => self.number += 1,
            Given::Gap => self.lost = 0,
            Given::Answer => drop(self.answers.pop_front()),
            // Who asked may have gone away.
            Given::Post(post) => drop(post.logged.try_send(())),
            Given::Config(_) | Given::Else => {}
        }
    }

    fn give(&mut self, given: Given, at: Timestamp, body: Body) -> Arrival<'_> {
        self.given = given;
        self.lent = body;
        Arrival::Learned(at, &mut self.lent)
    }

    /// What others said, while there is a segment that can hold it.
    fn said(&mut self) -> Option<(Given, Body)> {
        self.ends?;
        if self.lost > 0 {
            let gap = Gap { count: Some(self.lost), ..Gap::in_all(GapReason::WriteFailed) };
            return Some((Given::Gap, Body::Gap(gap)));
        }
        self.answers.extend(self.acting.as_ref().and_then(Acting::came));
        self.answers.extend(self.thinking.as_ref().and_then(Thinking::came));
        if let Some(answer) = self.answers.front() {
            return Some((Given::Answer, answer.clone()));
        }
        let newest = self.reload.as_ref().and_then(Reload::take);
        if let Some(config) = newest.or_else(|| self.config.take()) {
            let body = Body::ConfigChange(Box::new(config.clone()));
            self.config = None;
            return Some((Given::Config(Box::new(config)), body));
        }
        let mut post = self.inbox.take()?;
        let body = std::mem::replace(&mut post.body, Body::Tick);
        Some((Given::Post(post), body))
    }

    /// Waits for the next tick or `until`; false when it is time to stop.
    fn sleep(&self, until: Option<Timestamp>) -> bool {
        let until = until.unwrap_or(Timestamp(u64::MAX));
        // Without a segment nothing that is said can be logged.
        if self.ends.is_none() {
            return self.pace.wait_until(until, &[]);
        }
        let mut wakes = vec![self.inbox.as_fd()];
        wakes.extend(self.reload.as_ref().map(AsFd::as_fd));
        wakes.extend(self.acting.as_ref().map(AsFd::as_fd));
        wakes.extend(self.thinking.as_ref().map(AsFd::as_fd));
        self.pace.wait_until(until, &wakes)
    }

    /// Waits until the actor has done everything that it was asked for. A model is not waited for.
    pub(super) fn finish(&self) {
        if let Some(acting) = &self.acting {
            acting.finish();
        }
        if let Some(thinking) = &self.thinking {
            thinking.finish();
        }
    }
}

impl World for Here {
    fn wait(&mut self, wants: Wants) -> Result<Arrival<'_>, Error> {
        self.settle();
        loop {
            if self.recorder.has_more() {
                let learned = self.recorder.next();
                return Ok(learned.map_or(Arrival::Over, |(at, body)| Arrival::Learned(at, body)));
            }
            let now = clock::now();
            let is_due = self.pace.is_due(now);
            // A host on which a tick takes longer than an interval never comes to sleep.
            if is_due && self.pace.is_over(now) {
                return Ok(Arrival::Over);
            }
            if is_due && self.ends.is_none_or(|ends| now >= ends) {
                let (at, start) = self.recorder.start(self.number);
                self.ends = Some(at.plus_ns(self.segment_ns));
                return Ok(self.give(Given::Start, at, start));
            }
            if let Some((given, body)) = self.said() {
                return Ok(self.give(given, now, body));
            }
            // Without a segment nothing can be logged, a tick that the engine is owed neither.
            let until = wants.until.filter(|_| self.ends.is_some());
            if until.is_some_and(|until| until <= now) {
                return Ok(Arrival::Due(now));
            }
            if is_due {
                self.pace.go_on();
                self.recorder.tick(wants.keyframe, wants.detail);
            } else if !self.sleep(until) {
                return Ok(Arrival::Over);
            }
        }
    }

    fn performer(&mut self) -> Option<&mut dyn Performs> {
        self.acting.is_some().then_some(self)
    }

    fn thinker(&mut self) -> Option<&mut dyn Thinks> {
        self.thinking.is_some().then_some(self)
    }

    /// Without an actor nothing is performed, and what became of actions before a restart nobody
    /// knows.
    fn ask(&mut self, request: &Request) {
        if request.asks != Asks::Effect {
            return;
        }
        let (outcome, reason) = match &self.acting {
            Some(acting) if request.again => acting.became(request.change),
            None if request.again => {
                (Outcome::Indeterminate, "nobody knows what became of it before the restart")
            }
            Some(_) | None => (Outcome::NotApplied, "nothing here performs actions"),
        };
        let reason = Some(reason.to_owned());
        let outcome = ActionOutcome { request: request.id, outcome, reason };
        self.answers.push_back(Body::Answer(Box::new(Answer::ActionOutcome(outcome))));
    }
}

impl Thinks for Here {
    fn think(&mut self, _: Timestamp, request: RequestId, question: &ModelRequest) {
        if let Some(thinking) = &self.thinking {
            thinking.ask(request, question);
        }
    }
}

impl Performs for Here {
    fn perform(&mut self, request: RequestId, effect: &EffectRequest) {
        if let Some(acting) = &self.acting {
            acting.perform(request, effect);
        }
    }
}
