//! Shares of culprits are parts of what the host or the group did, not of what is known of it.

use super::*;
use alloc::boxed::Box;

const GIB: u64 = 1 << 30;

fn memory(made: &[Made], used_bytes: impl Fn(i64) -> u64 + 'static) -> Vec<Culprit> {
    let whole = Whole { used_bytes: Some(Box::new(used_bytes)), ..Whole::default() };
    let window = run_whole(made, &whole, ONSET + 60);
    rank(&window, Kind::MemoryPressure, &Entity::Host, Some(at(ONSET))).0
}

/// Bytes that begin to grow with the onset.
fn grown(rate: u64) -> impl Fn(i64) -> u64 {
    move |second| rate * u64::try_from(second - ONSET).unwrap_or(0)
}

#[test]
fn growth_is_a_part_of_that_of_the_host() {
    let leak = |rate: u64| [process(10, "leak").holding(grown(rate))];
    let share = |rate: u64, all: u64| {
        let found = memory(&leak(rate), move |second| 100 * GIB + grown(all)(second));
        (found[0].share, found[0].convicted)
    };
    let (most, convicted) = share(GIB, 2 * GIB);
    assert_near(most, 0.5, 0.05);
    assert!(convicted);
    let (little, convicted) = share(GIB / 2, 2 * GIB);
    assert_near(little, 0.25, 0.03);
    assert!(!convicted, "the rest is nobody's that is known");
    let (all, _) = share(2 * GIB, GIB);
    assert_near(all, 1.0, 1e-9);
}

#[test]
fn twenty_megabytes_of_a_large_host_are_nothing() {
    let made = [
        process(10, "systemd").holding(|second| 20 * MIB + grown(MIB / 4)(second)),
        process(11, "steady").holding(|_| 20 * MIB),
    ];
    let found = memory(&made, |_| 300 * GIB);
    assert!(found.iter().all(|one| one.share < 0.01 && !one.convicted), "{found:#?}");
    assert!(found.iter().all(|one| !one.resident), "20 MB are no hog: {found:#?}");
    let without = run(&made, &[], ONSET + 60);
    let (found, _) = rank(&without, Kind::MemoryPressure, &Entity::Host, Some(at(ONSET)));
    assert!(found[0].share > 0.9, "where the host says nothing the known ones are all");
}

#[test]
fn cpu_time_is_a_part_of_what_the_host_used() {
    let made = [process(10, "job").burning(risen(60)), process(11, "steady").burning(|_| 50)];
    let found = |kernel: u64| {
        let ticks = move |second: i64| 60 + risen(60 + kernel)(second);
        let whole = Whole { ticks: Some(Box::new(ticks)), ..Whole::default() };
        load(&run_whole(&made, &whole, ONSET + 60), &Entity::Host)
    };
    assert_near(found(0)[0].share, 1.0, 0.02);
    assert_near(found(60)[0].share, 0.5, 0.02);
    assert!(found(60)[0].convicted && !found(100)[0].convicted, "less than two fifths");
    let resident = found(60).into_iter().find(|one| one.resident).unwrap();
    assert_near(resident.share, 50.0 / 120.0, 0.2);
}
