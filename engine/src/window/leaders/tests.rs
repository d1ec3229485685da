//! Who gets a ring, how long it is kept, and what is in it.

use super::*;
use alloc::vec;

/// An entity that consumed so much CPU time.
fn entry(id: u32, spent: u64) -> Entry {
    Entry::new(EntityId(id), [spent, 0, 0, 0], [0; 3], [0; 3], &Marks::default())
}

fn ids(leaders: &Leaders) -> Vec<u32> {
    leaders.lists[0].iter().map(|leader| leader.id.0).collect()
}

fn values(leaders: &Leaders, id: u32) -> Option<Vec<f64>> {
    let ring = leaders.ring(Account::CpuTime, EntityId(id))?;
    Some(ring.values(0, u64::MAX).collect())
}

#[test]
fn the_top_are_those_that_sorting_finds() {
    let mut state = 1u64;
    for count in [0u32, 1, 15, 16, 17, 200] {
        let entries: Vec<Entry> = (0..count)
            .map(|id| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                entry(id, (state >> 33) % 50)
            })
            .collect();
        let mut sorted: Vec<usize> = (0..entries.len()).collect();
        sorted.sort_by(|one, other| entries[*other].scores[0].total_cmp(&entries[*one].scores[0]));
        sorted.retain(|at| entries[*at].scores[0] > 0.0);
        sorted.truncate(TOP);
        assert_eq!(Top::of(&entries, Account::CpuTime).places(), sorted);
    }
}

#[test]
fn who_falls_behind_keeps_its_ring_for_five_minutes() {
    let mut leaders = Leaders::default();
    let crowd = |own: u64| -> Vec<Entry> {
        core::iter::once(entry(99, own)).chain((0..16).map(|id| entry(id, 10))).collect()
    };
    leaders.close(100, &crowd(20));
    assert!(ids(&leaders).contains(&99));
    for bucket in 101..130 {
        leaders.close(bucket, &crowd(1));
    }
    assert_eq!(values(&leaders, 99).map(|kept| kept.len()), Some(30), "29 buckets outside");
    leaders.close(130, &crowd(1));
    assert_eq!(values(&leaders, 99), None);
    assert_eq!(ids(&leaders).len(), 16);
}

#[test]
fn newcomers_in_number_push_out_who_led_longest_ago() {
    let mut leaders = Leaders::default();
    for bucket in 0..4u32 {
        let all = (0..64).map(|id| entry(id, u64::from(id / 16 == bucket)));
        leaders.close(u64::from(bucket), &all.collect::<Vec<_>>());
    }
    assert_eq!(ids(&leaders), (16..64).collect::<Vec<u32>>());
}

#[test]
fn a_ring_holds_two_hours() {
    let mut leaders = Leaders::default();
    for bucket in 0..1000u64 {
        leaders.close(bucket, &[entry(1, bucket + 1)]);
    }
    let ring = leaders.ring(Account::CpuTime, EntityId(1)).unwrap();
    assert_eq!((ring.first(), ring.end()), (280, 1000));
    assert_eq!(ring.values(0, 282).collect::<Vec<_>>(), [281.0, 282.0]);
    assert_eq!(ring.values(998, u64::MAX).collect::<Vec<_>>(), [999.0, 1000.0]);
    assert_eq!(ring.values(500, 400).count(), 0);
}

#[test]
fn what_a_late_tick_brings_is_spread_over_its_time() {
    let mut leaders = Leaders::default();
    leaders.close(10, &[entry(1, 8)]);
    leaders.close(14, &[entry(1, 40)]);
    assert_eq!(values(&leaders, 1), Some(vec![8.0, 10.0, 10.0, 10.0, 10.0]));
    leaders.close(14, &[entry(1, 7)]);
    leaders.close(5000, &[entry(1, 4986)]);
    let ring = leaders.ring(Account::CpuTime, EntityId(1)).unwrap();
    assert_eq!((ring.first(), ring.end()), (4281, 5001));
}

#[test]
fn a_stock_is_ranked_by_its_growth_and_begins_with_its_level_before() {
    let mut leaders = Leaders::default();
    let held = |id: u32, before: u64, level: u64| {
        let marks = Marks::new([before, 0, 0]);
        Entry::new(EntityId(id), [0; 4], [before, 0, 0], [level, 0, 0], &marks)
    };
    leaders.close(7, &[held(1, 900, 900), held(2, 10, 600)]);
    assert!(leaders.ring(Account::Memory, EntityId(1)).is_none());
    let ring = leaders.ring(Account::Memory, EntityId(2)).unwrap();
    assert_eq!(ring.first(), 6);
    assert_eq!(ring.values(0, u64::MAX).collect::<Vec<_>>(), [10.0, 600.0]);
}

#[test]
fn growth_is_ranked_over_half_an_hour_to_an_hour() {
    let mut marks = Marks::new([0; 3]);
    for bucket in 0..=400 {
        marks.roll(bucket, [bucket; 3]);
    }
    assert_eq!((marks.before[0], marks.last[0]), (180, 360));
}

#[test]
fn the_state_of_an_entity_goes_with_it_and_moves_with_its_row() {
    let mut leaders = Leaders::default();
    leaders.close(1, &[entry(5, 1), entry(6, 2), entry(7, 3)]);
    leaders.close(2, &[entry(9, 1), entry(8, 1), entry(7, 4)]);
    assert_eq!(values(&leaders, 7), Some(vec![3.0, 4.0]));
    assert_eq!(values(&leaders, 5), None);
    assert!(leaders.take(Account::CpuTime, EntityId(7)).is_some());
    assert_eq!(values(&leaders, 7), None);
}
