//! Tests of what the board learns, and of what it does not.

use super::evaluation::{Quantity, Relax};
use super::*;
use crate::analysis::Knowledge;
use crate::influence::Influence;
use crate::window::HOST;
use ks_vocabulary::input::RequestId;
use ks_vocabulary::kind::Group;
use ks_vocabulary::time::{SECOND_NS, WallTime};

const MINUTE: u64 = 60;

/// A load each second for twenty minutes, far above its limit in the last ten; something is done
/// from one second to another.
fn learned(done: Option<(u64, u64)>) -> Knowledge {
    let mut board = Board::default();
    if let Some((from, until)) = done {
        let [from, until] = [from, until].map(|second| Timestamp(second * SECOND_NS));
        let target = Entity::Cgroup(Group::at(b"/a"));
        board.influences.begin(RequestId(1), Influence { target, from, until });
    }
    for second in 0..20 * MINUTE {
        let at = Timestamp(second * SECOND_NS);
        let clock = ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(0) };
        board.begin(at, SECOND_NS, clock);
        let value = if second < 10 * MINUTE { 0.1 } else { 5.0 };
        let mut seen = Evaluation::default();
        let quantity = Quantity { metric: Metric::Load1, value, limits: [Some(1.0); 4] };
        seen.grade(quantity, Held::Met, Relax::Scaled);
        board.judge(Kind::LoadMismatch, HOST, at, &mut seen, || Entity::Host);
    }
    let mut knowledge = Knowledge::empty("made");
    board.store(&mut knowledge);
    knowledge
}

fn samples(knowledge: &Knowledge) -> u64 {
    knowledge.baselines.iter().map(|known| known.baseline.samples()).sum()
}

#[test]
fn what_is_measured_after_something_was_done_is_no_baseline() {
    let all = samples(&learned(None));
    // It is felt from 100 s to 260 s, which is 33 readings of five seconds.
    assert_eq!(samples(&learned(Some((100, 200)))), all - 33);
}

#[test]
fn how_it_went_on_after_something_was_done_is_no_placebo() {
    let placebos = |done| learned(done).placebos.len();
    assert_eq!(placebos(None), 1);
    assert_eq!(placebos(Some((100, 200))), 1, "long before the raise");
    assert_eq!(placebos(Some((11 * MINUTE, 12 * MINUTE))), 0, "while it is measured");
    assert_eq!(placebos(Some((9 * MINUTE, 9 * MINUTE + 50))), 0, "what was before is not known");
}

/// A load of this value from a second on, and how the last signal on it ended: by when, in s.
fn ended(value: f64, from: u64, every: u64, known: bool) -> Option<(Transition, u64)> {
    let mut board = Board::default();
    if known {
        let of = Lasting::of(&Entity::Host).unwrap();
        board.known.insert((Kind::LoadMismatch, of), vec![(Metric::Load1, Baseline::default())]);
    }
    let mut ended = None;
    for second in (0..2 * 3_600).step_by(usize::try_from(every).unwrap()) {
        let at = Timestamp(second * SECOND_NS);
        let clock = ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(0) };
        board.begin(at, every * SECOND_NS, clock);
        let mut seen = Evaluation::default();
        let value = if second < from { 0.1 } else { value };
        let limits = [Some(1.0), Some(2.0), Some(3.0), None];
        seen.grade(Quantity { metric: Metric::Load1, value, limits }, Held::Met, Relax::Scaled);
        board.judge(Kind::LoadMismatch, HOST, at, &mut seen, || Entity::Host);
        for changed in board.take_changed() {
            ended = Some((changed.transition, second));
        }
    }
    ended
}

/// What was there as the run began, and never high, is normal within the hour; it is told once.
#[test]
fn what_a_host_is_from_the_beginning_is_normal_before_the_hour_is_over() {
    assert_eq!(ended(2.5, 0, 1, false), Some((Transition::Accepted, 3_000)));
    let at_ten_s = ended(2.5, 0, 10, false).unwrap();
    assert_eq!(at_ten_s.0, Transition::Accepted);
    assert!((3_000..3_100).contains(&at_ten_s.1), "{at_ten_s:?}");
    assert_eq!(ended(2.5, 0, 60, false).unwrap().0, Transition::Raised, "too little is known");
}

#[test]
fn what_came_later_or_is_high_or_differs_from_what_was_known_stands() {
    assert_eq!(ended(2.5, 310, 1, false), Some((Transition::Raised, 310)));
    assert_eq!(ended(3.5, 0, 1, false), Some((Transition::Raised, 0)));
    assert_eq!(ended(2.5, 0, 1, true), Some((Transition::Raised, 0)));
}
