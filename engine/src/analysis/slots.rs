//! Medians of equal slots of time: what trends are taken over.
//!
//! A window of any length is sixteen slots. Slots lie at fixed multiples of their length, so how
//! the inputs are chunked cannot change them, and each longer kind is fed with the medians of the
//! one before it.

use alloc::vec::Vec;

use ks_statistics::order::median;
use ks_statistics::own_history::HOLE_PARTS;
use ks_vocabulary::time::{SECOND_NS, Timestamp, seconds};

/// Slots of a window.
pub const SLOTS: usize = 16;
/// Lengths of the windows: 1, 3, 9 and 27 minutes. Two windows that share nothing have to agree
/// before a forecast, so leaks of minutes need the short ones, and slow ones the long.
pub const WINDOWS_NS: [u64; 4] =
    [60 * SECOND_NS, 180 * SECOND_NS, 540 * SECOND_NS, 1_620 * SECOND_NS];

/// One slot: when its values were read, in the mean, and their median.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Mean time of its readings.
    pub at: Timestamp,
    /// Their median.
    pub value: f64,
}

/// The slot that is filling.
#[derive(Debug, Clone, Default)]
pub struct Filling {
    index: u64,
    values: Vec<f64>,
    sum_ns: u128,
}

impl Filling {
    /// Takes a value; gives the slot before it once that is over.
    pub fn push(&mut self, slot_ns: u64, at: Timestamp, value: f64) -> Option<Point> {
        let index = at.0 / slot_ns;
        let done = if index == self.index { None } else { self.close() };
        self.index = index;
        self.values.push(value);
        self.sum_ns += u128::from(at.0);
        done
    }

    fn close(&mut self) -> Option<Point> {
        let count = self.values.len() as u128;
        let at = self.sum_ns.checked_div(count).and_then(|mean| u64::try_from(mean).ok())?;
        let value = median(&mut self.values)?;
        self.clear();
        Some(Point { at: Timestamp(at), value })
    }

    /// Forgets what was filled in.
    pub fn clear(&mut self) {
        self.values.clear();
        self.sum_ns = 0;
    }
}

/// The last slots of one window length.
#[derive(Debug, Clone, Default)]
pub struct Ring {
    points: [Option<Point>; SLOTS],
    next: usize,
}

impl Ring {
    /// Adds the youngest slot.
    pub fn push(&mut self, point: Point) {
        self.points[self.next] = Some(point);
        self.next = (self.next + 1) % SLOTS;
    }

    /// Writes the points of the window of `window_ns` that ends with the youngest into `out`, as
    /// seconds before the youngest and value. Where a hole is longer than a quarter of the window
    /// only what is after it counts.
    pub fn window(&self, window_ns: u64, out: &mut Vec<(f64, f64)>) -> Option<Timestamp> {
        out.clear();
        let last = self.points[(self.next + SLOTS - 1) % SLOTS]?;
        let mut before = last;
        for back in 1..=SLOTS {
            let Some(point) = self.points[(self.next + SLOTS - back) % SLOTS] else { break };
            let hole = before.at.since_ns(point.at) > window_ns / u64::from(HOLE_PARTS);
            if hole || last.at.since_ns(point.at) >= window_ns {
                break;
            }
            out.push((-seconds(last.at.since_ns(point.at)), point.value));
            before = point;
        }
        out.reverse();
        Some(last.at)
    }

    /// Forgets all slots.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}
