//! The trends of one quantity, over each window length.

use crate::influence::LastFelt;
use ks_vocabulary::time::Timestamp;

use super::slots::{Filling, Point, SLOTS, WINDOWS_NS};
use super::trend::{Scratch, Trend};

/// See the module.
#[derive(Debug, Default)]
pub struct Trends {
    filling: [Filling; WINDOWS_NS.len()],
    /// By window length.
    pub windows: [Trend; WINDOWS_NS.len()],
    /// The shortest length that is followed.
    first: usize,
    felt: LastFelt,
}

impl Trends {
    /// Those of the `count` longest windows alone.
    pub(crate) fn of_longest(count: usize) -> Self {
        Self { first: WINDOWS_NS.len().saturating_sub(count), ..Self::default() }
    }

    /// Takes a reading, and feeds each length with the medians of the one before it. `stands` says
    /// whether a signal stands on the quantity, `is_influenced` whether the reading may be due to
    /// something that was done: neither tells of a calm past. True where a window was looked at.
    pub(crate) fn push(
        &mut self,
        (at, value): (Timestamp, f64),
        is_influenced: bool,
        stands: impl Fn() -> bool,
        scratch: &mut Scratch,
    ) -> bool {
        if is_influenced {
            self.felt.feel(at);
        }
        let mut point = Point { at, value };
        let mut looked = false;
        let lengths = self.filling.iter_mut().zip(&mut self.windows).zip(WINDOWS_NS);
        for ((filling, trend), window_ns) in lengths.skip(self.first) {
            let slot_ns = window_ns / SLOTS as u64;
            let Some(done) = filling.push(slot_ns, point.at, point.value) else { break };
            let spoilt = stands() || self.felt.spoils(at, window_ns);
            looked |= trend.push(done, window_ns, spoilt, scratch);
            point = done;
        }
        looked
    }

    /// Whether a forecast by a window that ended at `at` may rest on something that was done.
    pub(crate) fn may_rest_on_what_was_done(&self, at: Timestamp) -> bool {
        self.felt.spoils(at, WINDOWS_NS[WINDOWS_NS.len() - 1])
    }

    /// Forgets readings, as after a gap; what was learned stays.
    pub(crate) fn restart(&mut self) {
        self.filling.iter_mut().for_each(Filling::clear);
        self.windows.iter_mut().for_each(Trend::restart);
    }
}
