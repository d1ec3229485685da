//! Events of a detector, and what of them is right.

use std::ops::Range;

/// Rows at or above the threshold that are so near to each other are one event.
const NEAR_ROWS: usize = 64;
/// An event that begins so many rows early is not of the fault.
const EARLY_ROWS: usize = 20;

/// Events by the first and the last row.
pub(crate) type Events = Vec<(usize, usize)>;

/// The events of a detector that scores rows.
pub(crate) fn of_scores(scores: &[f64], threshold: f64) -> Events {
    let mut events: Events = Vec::new();
    for (row, _) in scores.iter().enumerate().filter(|(_, score)| **score >= threshold) {
        match events.last_mut().filter(|(_, last)| row - *last <= NEAR_ROWS) {
            Some((_, last)) => *last = row,
            None => events.push((row, row)),
        }
    }
    events
}

/// Faults, those found, and events of no fault.
#[derive(Clone, Copy, Default)]
pub(crate) struct Count {
    pub(crate) faults: usize,
    pub(crate) found: usize,
    pub(crate) false_events: usize,
}

impl Count {
    /// Whether each fault was found.
    pub(crate) fn is_all(&self) -> bool {
        self.found == self.faults
    }

    /// Adds one series.
    pub(crate) fn add(&mut self, events: &Events, faults: &[Range<usize>]) {
        let overlaps = |(first, last): &(usize, usize), fault: &Range<usize>| {
            *first < fault.end && *last >= fault.start
        };
        let finds = |event: &(usize, usize), fault: &Range<usize>| {
            overlaps(event, fault) && event.0 + EARLY_ROWS >= fault.start
        };
        self.faults += faults.len();
        self.found +=
            faults.iter().filter(|fault| events.iter().any(|event| finds(event, fault))).count();
        let is_false = |event: &&(usize, usize)| !faults.iter().any(|fault| overlaps(event, fault));
        self.false_events += events.iter().filter(is_false).count();
    }
}
