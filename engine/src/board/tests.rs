//! Tests of what the board learns, and of what it does not.

use super::evaluation::{Quantity, Relax};
use super::*;
use crate::analysis::Knowledge;
use crate::influence::Influence;
use crate::window::HOST;
use alloc::string::ToString as _;
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

/// A board that judged a group or a disk each five seconds for an hour.
fn of_an_hour(entity: &Entity, id: EntityId) -> Board {
    let mut board = Board::default();
    for second in (0..60 * MINUTE).step_by(5) {
        judge(&mut board, entity, id, second);
    }
    board
}

fn judge(board: &mut Board, entity: &Entity, id: EntityId, second: u64) {
    let at = Timestamp(second * SECOND_NS);
    board.begin(at, SECOND_NS, ClockAnchor { mono_ns: Timestamp(0), at_ns: WallTime(0) });
    let mut seen = Evaluation::default();
    let quantity = Quantity { metric: Metric::Load1, value: 0.5, limits: [Some(1.0); 4] };
    seen.grade(quantity, Held::Met, Relax::Scaled);
    board.judge(Kind::IoCongestion, id, at, &mut seen, || entity.clone());
}

#[test]
fn what_is_not_judged_any_more_has_no_level_and_is_not_judged() {
    let mut board = of_an_hour(&Entity::Host, HOST);
    let load = (Kind::IoCongestion, Entity::Host, Metric::Load1);
    let level = |board: &Board| board.level(load.0, &load.1, load.2);
    assert_eq!((level(&board), board.judged()), (Some(0.5), alloc::vec![load.clone()]));
    for (later, is_fresh) in [(15, true), (16, false)] {
        let at = Timestamp((60 * MINUTE - 5 + later) * SECOND_NS);
        board.begin(at, SECOND_NS, ClockAnchor::default());
        assert_eq!(level(&board).is_some(), is_fresh, "{later}");
        assert_eq!(board.judged().len(), usize::from(is_fresh), "{later}");
    }
}

fn has_level(board: &Board, entity: &Entity) -> bool {
    let mut learned = board.learned().filter(|(_, of, _)| *of == entity);
    learned.any(|(_, _, learned)| learned.baseline.level().is_some())
}

#[test]
fn a_group_or_disk_that_comes_back_is_judged_by_what_was_learned_of_it() {
    let group = |inode| Entity::Cgroup(Group { inode: Some(inode), ..Group::at(b"/a.service") });
    let disk = |name: &[u8]| Entity::Disk(name.to_vec());
    for (was, comes, is_known) in [
        (group(1), group(2), true),
        (disk(b"sdb"), disk(b"sdb"), true),
        (disk(b"sdb"), disk(b"sdc"), false),
        (Entity::Netns(1), Entity::Netns(1), false),
    ] {
        let mut board = of_an_hour(&was, EntityId(1));
        assert!(has_level(&board, &was));
        board.forget(&[EntityId(1)]);
        let mut knowledge = Knowledge::empty("made");
        board.store(&mut knowledge);
        let lasts = Lasting::of(&was).is_some();
        assert_eq!(!knowledge.baselines.is_empty(), lasts, "the next run knows it too: {was}");
        judge(&mut board, &comes, EntityId(2), 70 * MINUTE);
        assert_eq!(has_level(&board, &comes), is_known, "{was} {comes}");
    }
}

#[test]
fn what_is_kept_of_those_that_are_gone_has_an_end() {
    let first = Entity::Disk(b"first".to_vec());
    let mut board = of_an_hour(&first, EntityId(1));
    board.forget(&[EntityId(1)]);
    let count = u32::try_from(left::ENTITIES).unwrap();
    for number in 0..count {
        let entity = Entity::Disk(number.to_string().into_bytes());
        judge(&mut board, &entity, EntityId(number + 2), 70 * MINUTE);
        board.forget(&[EntityId(number + 2)]);
        assert!(board.left.iter().count() <= left::ENTITIES);
    }
    judge(&mut board, &first, EntityId(count + 2), 71 * MINUTE);
    assert!(!has_level(&board, &first), "the one that went first");
    let last = Entity::Disk((count - 1).to_string().into_bytes());
    judge(&mut board, &last, EntityId(count + 3), 71 * MINUTE);
    let samples = |(_, of, learned): (Kind, &Entity, &Learned)| {
        (*of == last).then_some(learned.baseline.samples())
    };
    assert_eq!(board.learned().find_map(samples), Some(2), "with what it had before");
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
