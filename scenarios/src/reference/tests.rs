//! Crossings of made samples.

use super::*;
use ks_vocabulary::model::{CpuCell, NetnsCell, ReadTimes};

/// A host of two CPUs on which so many tasks want to run, second by second.
fn crossings(running: &[u64]) -> Vec<(u64, u64)> {
    let mut reference = Reference::default();
    for (second, running) in (0u64..).zip(running) {
        let mut sample = Sample::default();
        let cpu = sample.cpu.push();
        cpu.set(CpuCell::cpus_online, 2u64);
        cpu.set(CpuCell::procs_running, running + 1);
        cpu.set(CpuCell::procs_blocked, 0u64);
        sample.cpu.set_read(ReadTimes::default());
        let mono = Timestamp(second * 1_000_000_000);
        reference.input(&Input::recorded(second, mono, Body::Sample(Box::new(sample))));
    }
    let found = reference.finish();
    found
        .iter()
        .filter(|crossing| crossing.kind == Kind::LoadMismatch)
        .map(|crossing| (crossing.at.0 / 1_000_000_000, crossing.end.0 / 1_000_000_000))
        .collect()
}

#[test]
fn a_limit_that_is_held_is_crossed_at_the_end_of_its_first_interval() {
    assert_eq!(crossings(&[0, 0, 0, 2, 2, 2, 2, 2, 2, 0, 0]), [(3, 8)]);
}

#[test]
fn what_is_not_held_for_four_of_five_seconds_is_no_crossing() {
    assert_eq!(crossings(&[0, 0, 2, 2, 2, 2, 0, 0, 0]), []);
    assert_eq!(crossings(&[0, 0, 2, 2, 0, 2, 2, 2, 2, 0]), [(2, 8)]);
    assert_eq!(crossings(&[0, 0, 1, 1, 1, 1, 1, 1, 1, 1]), [], "below the limit");
}

#[test]
fn crossings_more_than_a_minute_apart_are_two() {
    let mut running = vec![0; 100];
    running[5..15].fill(4);
    running[85..95].fill(4);
    assert_eq!(crossings(&running), [(5, 14), (85, 94)]);
}

#[test]
fn an_event_crosses_at_once() {
    let mut reference = Reference::default();
    for (second, overflows) in (0u64..).zip([5u64, 5, 6, 6]) {
        let mut sample = Sample::default();
        let row = sample.netns.push();
        row.set(NetnsCell::netns, 7u64);
        row.set(NetnsCell::listen_overflows, overflows);
        sample.netns.set_read(ReadTimes::default());
        let mono = Timestamp(second * 1_000_000_000);
        reference.input(&Input::recorded(second, mono, Body::Sample(Box::new(sample))));
    }
    let found = reference.finish();
    let found: Vec<_> = found.iter().filter(|one| one.kind == Kind::TcpExhaustion).collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].at.0, &found[0].entity), (2_000_000_000, &Entity::Netns(7)));
}
