//! One stall is told from several: what a mean or a quantile over seconds cannot do.
//!
//! A quarter of a second in which everybody waits is a twentieth of five seconds, and all that was
//! asked for in it is late at once. Medium and high want that it goes on or comes back: three
//! readings of the last ten seconds tell of it (our judgement: a stall of less than a second is in
//! two at most), or all of them where there are fewer. What is critical has lasted for a good part
//! of half a minute, or has come back within it.

use crate::board::Held;
use crate::window::Told;
use ks_vocabulary::kind::Severity;
use ks_vocabulary::time::SECOND_NS;

const READINGS: usize = 3;
/// In which so many tell.
pub(super) const BACK_NS: u64 = 10 * SECOND_NS;

/// Whether there was more than one stall, or one that goes on.
pub(super) fn recurs(told: Told) -> bool {
    told.readings >= READINGS.min(told.of)
}

/// What a mean at the limit of each severity amounts to, where `told` says how many readings of
/// the last ten seconds were at it by themselves.
pub(super) fn held(limits: [Option<f64>; 4], told: impl Fn(f64) -> Told) -> [Held; 4] {
    let mut held = [Held::Met; 4];
    for severity in [Severity::Medium, Severity::High] {
        let level = severity.index();
        if limits[level].is_some_and(|limit| !recurs(told(limit))) {
            held[level] = Held::No;
        }
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_readings_tell_or_all_where_there_are_fewer() {
        let recurs = |readings, of| recurs(Told { readings, of });
        assert!(!recurs(2, 10) && recurs(3, 10));
        assert!(!recurs(1, 2) && recurs(2, 2), "a reading in five seconds, and one in sixty");
    }
}
