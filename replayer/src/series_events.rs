//! The events of a series, with the times of their rows.

use ks_statistics::anomaly::{Event, Reason, score_of};
use serde::Serialize;

/// Events that are listed: those that were rarest.
const LISTED: usize = 1000;

/// Something unusual. `T` tells what its rows were like.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeriesEvent<T> {
    /// Its number, from 1.
    pub id: u64,
    /// Time of the row that it began with, as it is written.
    pub onset: String,
    /// Time of its rarest row.
    pub peak: String,
    /// Time of its last unusual row.
    pub end: String,
    /// Why, in words.
    pub reason: &'static str,
    /// The highest score.
    pub score: f64,
    /// It lasted until it was the new normal.
    pub stays: bool,
    /// It stands at the last row.
    pub open: bool,
    /// What its rows were like.
    #[serde(flatten)]
    pub more: T,
}

/// All events of a series.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Events<T> {
    /// How many there were.
    #[serde(rename = "events_total")]
    pub total: u64,
    /// What was unusual, in the order of onsets; of very many those with the highest scores.
    #[serde(rename = "events")]
    pub listed: Vec<SeriesEvent<T>>,
}

impl<T> Default for Events<T> {
    fn default() -> Self {
        Self { total: 0, listed: Vec::new() }
    }
}

/// Follows the events of a scorer.
#[derive(Debug)]
pub(crate) struct Gatherer<T> {
    /// The event at hand: it may go on.
    open: Option<SeriesEvent<T>>,
    events: Events<T>,
}

impl<T> Default for Gatherer<T> {
    fn default() -> Self {
        Self { open: None, events: Events::default() }
    }
}

impl<T: Default> Gatherer<T> {
    /// Follows the event that stands at row `number`, or else the last one that is over. `tell`
    /// adds what a row of it says, given whether it is the rarest so far.
    pub(crate) fn follow(
        &mut self,
        (standing, last): (Option<&Event>, Option<&Event>),
        (number, time): (u64, &str),
        tell: impl Fn(&mut T, bool),
    ) {
        let Some(event) = standing.or(last) else { return };
        if self.open.as_ref().is_none_or(|open| open.id != event.id) {
            if standing.is_none() {
                return;
            }
            self.close();
            // An event goes on under its number after one that is over.
            self.open = Some(self.taken_back(event.id).unwrap_or_else(|| begun(time, event)));
        }
        let Some(open) = &mut self.open else { return };
        let is_peak = event.peak == number;
        if is_peak {
            time.clone_into(&mut open.peak);
            open.score = score_of(event.decades);
        }
        if event.end == number {
            time.clone_into(&mut open.end);
            tell(&mut open.more, is_peak);
        }
        open.stays = event.stays;
    }

    /// All of them, given the one that stands at the last row.
    pub(crate) fn finish(mut self, standing: Option<&Event>) -> Events<T> {
        if let (Some(open), Some(standing)) = (&mut self.open, standing) {
            open.open = open.id == standing.id;
        }
        self.close();
        self.events.listed.sort_by_key(|event| event.id);
        self.events
    }

    fn taken_back(&mut self, id: u64) -> Option<SeriesEvent<T>> {
        let at = self.events.listed.iter().position(|event| event.id == id)?;
        Some(self.events.listed.swap_remove(at))
    }

    fn close(&mut self) {
        let Some(event) = self.open.take() else { return };
        let Events { total, listed } = &mut self.events;
        *total = event.id.max(*total);
        listed.push(event);
        if listed.len() > LISTED {
            let least = listed.iter().enumerate().min_by(|a, b| a.1.score.total_cmp(&b.1.score));
            if let Some(at) = least.map(|(at, _)| at) {
                listed.swap_remove(at);
            }
        }
    }
}

fn begun<T: Default>(time: &str, event: &Event) -> SeriesEvent<T> {
    SeriesEvent {
        id: event.id,
        onset: time.to_owned(),
        peak: time.to_owned(),
        end: time.to_owned(),
        reason: words(event.reason),
        score: 0.0,
        stays: false,
        open: false,
        more: T::default(),
    }
}

fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::Level => "far from its level, or from the rows before",
        Reason::Season => "far from what is usual at this hour",
        Reason::Unrest => "more or less restless than usual",
        Reason::Stillness => "unchanged for longer than usual",
        Reason::Columns => "columns unlike their own past",
    }
}
