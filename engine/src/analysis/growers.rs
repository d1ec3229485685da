//! Where the memory of the processes that grow most is heading.
//!
//! A process has no past windows to be compared with, so no direction is claimed for it: the robust
//! slope with its bounds over the last windows of its ring is what can be said. Nothing here is
//! kept or done while a run goes on.

use alloc::vec::Vec;

use crate::window::{Account, BUCKET_NS, Known, ProcessTable, Ring};
use ks_statistics::theil_sen::{self, Fit, POINTS_MAX};

/// Processes told of.
pub const GROWERS: usize = 16;

/// Windows looked at: ten minutes and an hour of buckets of ten seconds.
const WINDOWS: [u64; 2] = [60, 360];

/// Fewer points bound no slope.
const ENOUGH_POINTS: usize = 8;

/// One process over one window.
#[derive(Debug, Clone, Copy)]
pub struct Grower<'a> {
    /// The process.
    pub process: &'a Known,
    /// Time between the first and the last point, in ns.
    pub window_ns: u64,
    /// Resident and swapped bytes a second.
    pub fit: Fit,
}

/// The processes whose resident and swapped memory grew most over their last window, steepest
/// first, each over every window that its past fills.
pub fn growers(table: &ProcessTable) -> Vec<Grower<'_>> {
    let mut scratch = Vec::new();
    let mut found: Vec<Vec<Grower<'_>>> = Vec::new();
    for process in table.iter() {
        let Some(ring) = table.leaders.ring(Account::Memory, process.id) else { continue };
        let fits = WINDOWS.into_iter().filter_map(|buckets| fit(ring, buckets, &mut scratch));
        let fits: Vec<_> = fits
            .map(|(window_ns, fit)| Grower { process, window_ns, fit })
            .filter(|grower| grower.fit.line.slope > 0.0)
            .collect();
        if !fits.is_empty() {
            found.push(fits);
        }
    }
    found.sort_by(|one, other| steepest(other).total_cmp(&steepest(one)));
    found.truncate(GROWERS);
    found.into_iter().flatten().collect()
}

fn steepest(fits: &[Grower<'_>]) -> f64 {
    fits.iter().map(|grower| grower.fit.line.slope).fold(0.0, f64::max)
}

/// The line through the last `buckets` of a ring, at most 64 points; times are seconds before its
/// end.
fn fit(ring: &Ring, buckets: u64, scratch: &mut Vec<f64>) -> Option<(u64, Fit)> {
    let first = ring.end().saturating_sub(buckets).max(ring.first());
    let stride = buckets.div_ceil(POINTS_MAX as u64);
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut end = first;
    while end < ring.end() {
        let next = (end + stride).min(ring.end());
        if let Some(level) = ring.values(end, next).last() {
            let buckets_ago = ring.end() - next;
            points.push((-((buckets_ago * BUCKET_NS) as f64 / 1e9), level));
        }
        end = next;
    }
    let known = ring.end().saturating_sub(first);
    if points.len() < ENOUGH_POINTS || 2 * known < buckets {
        return None;
    }
    let fit = theil_sen::fit(&points, scratch)?;
    Some((known.saturating_sub(1) * BUCKET_NS, fit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_that_grows_by_a_megabyte_in_ten_seconds_has_that_slope() {
        let values: Vec<f32> = (0..360).map(|at| 1e6 * (at as f32)).collect();
        let ring = Ring::of(100, &values);
        for buckets in WINDOWS {
            let (window_ns, fit) = fit(&ring, buckets, &mut Vec::new()).unwrap();
            assert!((fit.line.slope - 1e5).abs() < 1.0, "{fit:?}");
            assert_eq!(window_ns, (buckets - 1) * BUCKET_NS);
        }
    }

    #[test]
    fn a_past_shorter_than_half_of_a_window_says_nothing_of_it() {
        let ring = Ring::of(0, &[1.0; 100]);
        assert!(fit(&ring, 60, &mut Vec::new()).is_some());
        assert!(fit(&ring, 360, &mut Vec::new()).is_none());
        assert!(fit(&Ring::of(0, &[1.0; 29]), 60, &mut Vec::new()).is_none());
        assert!(fit(&Ring::default(), 60, &mut Vec::new()).is_none());
    }
}
