//! A run that is fed up to a moment, and looked at from there: nothing later is known to it. It
//! goes on to a later moment by what lies between, and as far as a recording has grown.

use std::io::sink;

use ks_recorder::error::Error;
use ks_vocabulary::input::{Body, Input, RunId};
use ks_vocabulary::time::{ClockAnchor, WallTime};

use crate::driver::{DriveError, Recorded, Source};
use crate::moment::Moment;
use crate::range::Range;
use crate::replay::Run;

/// See the module.
#[derive(Debug, Default)]
pub struct Vantage {
    run: Run,
    place: Option<Place>,
}

/// How far the inputs have come.
#[derive(Debug, Clone)]
struct Place {
    run: RunId,
    clock: ClockAnchor,
    /// When the first input of all was.
    begun: WallTime,
    /// `seq` and time of the last one.
    seq: u64,
    at: WallTime,
}

impl Place {
    /// The place of an input, after another.
    fn of(input: &Input, before: Option<Self>) -> Self {
        let (mut run, mut clock, begun) = match before {
            Some(before) => (before.run, before.clock, Some(before.begun)),
            None => (RunId { boot_id: String::new(), began_ns: None }, ClockAnchor::default(), None),
        };
        if let Body::Start(start) = &input.body {
            (run, clock) = (start.run(), start.clock);
        }
        let at = clock.at(input.mono);
        Self { run, clock, begun: begun.unwrap_or(at), seq: input.seq, at }
    }

    /// Whether its run can be told from others.
    fn is_known(&self) -> bool {
        self.run.began_ns.is_some()
    }
}

impl Vantage {
    /// From where `run`, which is fed nothing yet, will be looked at.
    pub fn new(run: Run) -> Self {
        Self { run, place: None }
    }

    /// The run.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The run, to be asked.
    pub fn run_mut(&mut self) -> &mut Run {
        &mut self.run
    }

    /// The time of the last input; nothing where there was none.
    pub fn seen(&self) -> Option<WallTime> {
        self.place.as_ref().map(|place| place.at)
    }

    /// Whether it knows of something that is later than a moment.
    pub fn is_beyond(&self, moment: Moment) -> bool {
        self.place.as_ref().is_some_and(|place| place.at > moment.resolve(place.begun))
    }

    /// What lies before this time need not be read again to go on.
    pub fn goes_on_from(&self) -> Option<WallTime> {
        self.place.as_ref().filter(|place| place.is_known()).map(|place| place.at)
    }

    /// Feeds what comes after the last input, up to a moment, which is in it. False where the run
    /// of the last input is not in the source, or cannot be told from others: then nothing is fed.
    pub fn feed(
        &mut self,
        source: &mut dyn Source,
        upto: Option<Moment>,
    ) -> Result<bool, DriveError> {
        if self.place.as_ref().is_some_and(|place| !place.is_known()) {
            return Ok(false);
        }
        let Self { run, place } = self;
        let mut rest = Rest::new(source, place.clone(), upto);
        let mut untold = |_: u64, _: u64| {};
        let mut world = Recorded::new(&mut rest, Range::default(), &mut untold);
        let fed = run.through(&mut world, &mut sink(), |_, input| {
            *place = Some(Place::of(input, place.take()));
        });
        fed.map(|()| rest.is_met)
    }
}

/// What a source has after a place, up to a moment.
struct Rest<'a> {
    source: &'a mut dyn Source,
    after: Option<Place>,
    upto: Option<Moment>,
    /// The place of the input at hand.
    at_hand: Option<Place>,
    /// The run of the place was met, or there is none to be met.
    is_met: bool,
    /// A run after that has begun.
    is_past: bool,
    is_over: bool,
}

impl<'a> Rest<'a> {
    fn new(source: &'a mut dyn Source, after: Option<Place>, upto: Option<Moment>) -> Self {
        let is_new = after.is_none();
        let (is_met, is_past) = (is_new, is_new);
        Self { source, after, upto, at_hand: None, is_met, is_past, is_over: false }
    }

    /// Whether the input at hand comes after the place.
    fn is_after(&mut self, hand: &Place, is_start: bool) -> bool {
        let Some(after) = &self.after else { return true };
        if is_start {
            let is_its = hand.run == after.run;
            self.is_past |= self.is_met && !is_its;
            self.is_met |= is_its;
        }
        self.is_past || self.is_met && hand.seq > after.seq
    }

    /// Whether a place is later than the moment.
    fn is_later(&self, hand: &Place) -> bool {
        let begun = self.after.as_ref().map_or(hand.begun, |after| after.begun);
        self.upto.is_some_and(|upto| hand.at > upto.resolve(begun))
    }
}

impl Source for Rest<'_> {
    fn advance(&mut self) -> Result<bool, Error> {
        while !self.is_over && self.source.advance()? {
            let Some(input) = self.source.input() else { return Ok(false) };
            let is_start = matches!(input.body, Body::Start(_));
            let hand = Place::of(input, self.at_hand.take());
            let is_after = self.is_after(&hand, is_start);
            self.is_over = is_after && self.is_later(&hand);
            self.at_hand = Some(hand);
            if is_after && !self.is_over {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn input(&self) -> Option<&Input> {
        self.source.input().filter(|_| !self.is_over)
    }

    /// What was left out to come to the place is no difference.
    fn differs(&self) -> &[String] {
        if self.after.is_some() { &[] } else { self.source.differs() }
    }

    fn progress(&self) -> (u64, u64) {
        self.source.progress()
    }
}

#[cfg(test)]
mod tests;
