//! What is accepted by itself: what stood a day, at critical as well where it did no harm.

use alloc::vec::Vec;

use crate::board::evaluation::{Evaluation, Held, Quantity, Relax};
use crate::board::{Board, Transition};
use crate::window::HOST;
use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

/// Readings of a day, at ten seconds each.
const DAY: u64 = 8_640;

/// A host that is judged every ten seconds.
#[derive(Default)]
struct Host {
    board: Board,
    readings: u64,
}

impl Host {
    /// Judges so many readings of a load whose limits are 1, 2, 3 and 8; the return value is what
    /// changed, as it was then.
    fn load(&mut self, readings: u64, value: f64, has_kill: bool) -> Vec<(Transition, Severity)> {
        let clock = ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(0) };
        for _ in 0..readings {
            self.readings += 1;
            let at = Timestamp(self.readings * 10 * SECOND_NS);
            self.board.begin(at, 10 * SECOND_NS, clock);
            let mut seen = Evaluation::default();
            let limits = [Some(1.0), Some(2.0), Some(3.0), Some(8.0)];
            let quantity = Quantity { metric: Metric::Load1, value, limits };
            seen.grade(quantity, Held::Met, Relax::Scaled);
            seen.event(Severity::Critical, has_kill, 120);
            self.board.judge(Kind::LoadMismatch, HOST, at, &mut seen, || Entity::Host);
        }
        let changed = self.board.take_changed();
        changed.iter().map(|one| (one.transition, one.standing.severity)).collect()
    }
}

#[test]
fn a_day_of_critical_congestion_becomes_normal_and_stays_so() {
    let mut host = Host::default();
    assert_eq!(host.load(DAY, 20.0, false), [(Transition::Raised, Severity::Critical)]);
    assert_eq!(host.load(1, 20.0, false), [(Transition::Accepted, Severity::Critical)]);
    assert_eq!(host.load(DAY, 20.0, false), [], "it is not raised anew");
    let outgrown = host.load(60, 40.0, false);
    assert_eq!(outgrown, [(Transition::Raised, Severity::Critical)], "twice as much is none");
}

#[test]
fn what_was_below_critical_for_a_day_is_excused_below_critical() {
    let mut host = Host::default();
    assert_eq!(host.load(DAY, 7.9, false), [(Transition::Raised, Severity::High)]);
    assert_eq!(host.load(1, 7.9, false), [(Transition::Accepted, Severity::High)]);
    assert_eq!(host.load(60, 7.9, false), []);
    assert_eq!(host.load(60, 8.1, false), [(Transition::Raised, Severity::Critical)]);
}

#[test]
fn a_day_in_which_harm_was_done_is_not_normal() {
    let mut host = Host::default();
    assert_eq!(host.load(DAY / 2, 20.0, false).len(), 1);
    host.load(1, 20.0, true);
    assert_eq!(host.load(DAY - 1, 20.0, false), [], "a day since the harm is not over");
    assert_eq!(host.load(1, 20.0, false), [(Transition::Accepted, Severity::Critical)]);
    assert_eq!(host.load(1, 20.0, true), [(Transition::Raised, Severity::Critical)], "harm is");
}
