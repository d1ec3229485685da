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
