//! Shares of stalled time held against limits: what the kinds that rest on PSI have in common.
//!
//! A share is compared over the persistence of its severity (`signals.md`, "PSI value"), so it is
//! a mean that needs no count on top; at medium and high it has to be more than one stall
//! (`recurring`). Which limits there are is known to each classifier.

use crate::board::{Evaluation, Quantity, Relax};
use crate::window::{Missing, PressureTrack, Stall};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::SECOND_NS;

use super::recurring;

/// A share of stalled time over one window, with the limits of that window's severities.
#[derive(Debug)]
pub(super) struct StallLimits {
    /// Name in the evidence, with the window.
    pub(super) metric: Metric,
    /// Which total.
    pub(super) stall: Stall,
    /// Length of the window, the persistence of the severities that have a limit.
    pub(super) window_s: u64,
    /// Limit of each severity.
    pub(super) limits: [Option<f64>; 4],
}

/// Grades each share. A window that has yet to fill meets nothing; a total that the kernel does
/// not give is an error.
pub(super) fn grade(
    seen: &mut Evaluation,
    track: &PressureTrack,
    all: &[StallLimits],
) -> Result<(), Missing> {
    for StallLimits { metric, stall, window_s, limits } in all {
        let value = match track.share(*stall, window_s * SECOND_NS) {
            Ok(share) => share,
            Err(Missing::NoEarlier) => {
                seen.know(limits.map(|limit| limit.is_some()));
                continue;
            }
            Err(missing) => return Err(missing),
        };
        let quantity = Quantity { metric: *metric, value, limits: *limits };
        let held = recurring::held(*limits, |limit| track.told(*stall, limit, recurring::BACK_NS));
        seen.grade_each(quantity, held, Relax::Scaled);
    }
    Ok(())
}
