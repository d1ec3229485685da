//! Hosts that are busy by design, as their telemetry shows them.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeSet;

use ks_scenarios::library;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::held;
use ks_vocabulary::input::Body;
use ks_vocabulary::model::{Process, ProcessGone, Sample};

/// A host that is too wide for the library.
const CONTAINERS: &str = include_str!("../long/busy_containers_2h.toml");

/// The first samples of a scenario.
fn samples(name: &str, count: usize) -> Vec<Sample> {
    let scenario = Scenario::parse(library::find(name).unwrap_or(CONTAINERS), name).unwrap();
    let mut simulation = scenario.simulation(1);
    let mut all = Vec::new();
    while let Some((_, body)) = simulation.next()
        && all.len() < count
    {
        if let Body::Sample(sample) = body {
            all.push((**sample).clone());
        }
    }
    all
}

fn called<'a>(sample: &'a Sample, comm: &'a str) -> impl Iterator<Item = &'a Process> {
    sample.processes.iter().filter(move |row| row.comm() == Some(comm.as_bytes()))
}

#[test]
fn short_lived_processes_take_each_others_place() {
    let samples = samples("busy_build_farm", 62);
    let pids = |at: usize| -> BTreeSet<u64> {
        called(&samples[at], "cc1plus").filter_map(Process::pid).collect()
    };
    let (first, last) = (pids(0), pids(60));
    assert_eq!((first.len(), last.len()), (32, 32));
    assert!(first.is_disjoint(&last), "each lives for twenty seconds");
    let gone: BTreeSet<u64> = samples
        .iter()
        .flat_map(|sample| sample.processes_gone.iter().filter_map(ProcessGone::pid))
        .collect();
    assert!(first.is_subset(&gone), "{gone:?}");
}

#[test]
fn huge_pages_in_use_are_a_part_of_memory_that_nobody_else_has() {
    for sample in samples("busy_huge_pages", 20) {
        let row = sample.memory.first().unwrap();
        let huge = row.hugetlb_bytes().unwrap();
        assert_eq!(huge, row.huge_pages().unwrap() * row.huge_page_bytes().unwrap());
        assert_eq!(huge, 243 << 30);
        assert!(row.free_bytes().unwrap() + huge < row.total_bytes().unwrap());
        let used = held::used_share(row).unwrap();
        assert!((0.2..0.8).contains(&used), "{used}");
    }
}

#[test]
fn swap_that_was_filled_long_ago_is_full_and_still() {
    let samples = samples("busy_full_swap", 60);
    let swapped = |sample: &Sample| {
        let vm = sample.vm.first().unwrap();
        vm.pswpin().unwrap() + vm.pswpout().unwrap()
    };
    for sample in &samples {
        let row = sample.memory.first().unwrap();
        assert_eq!(row.swap_free_bytes(), Some(0));
        let used = held::used_share(row).unwrap();
        assert!((0.90..0.93).contains(&used), "{used}");
        assert_eq!(swapped(sample), 0);
    }
}

#[test]
fn each_of_many_containers_has_a_group_of_its_own_and_interfaces_lie_beside_the_device() {
    let samples = samples("busy_containers_2h", 2);
    let groups: BTreeSet<_> =
        called(&samples[0], "app").map(|row| row.cgroup().unwrap().to_vec()).collect();
    assert_eq!(groups.len(), 300);
    let nics = &samples[1].nics;
    assert_eq!(nics.iter().count(), 3001);
    assert_eq!(nics.iter().filter(|row| row.has_device() == Some(true)).count(), 1);
}

/// A file that is larger than memory is read a page at a time, and hardly anybody waits.
#[test]
fn a_mapped_database_faults_all_the_time_and_stalls_little() {
    let samples = samples("busy_mapped_database", 61);
    let (first, last) = (&samples[0], &samples[60]);
    let grown = |get: fn(&Sample) -> u64| (get(last) - get(first)) as f64 / 60.0;
    let faults = grown(|sample| sample.vm.first().unwrap().pgmajfault().unwrap());
    assert!((700.0..900.0).contains(&faults), "{faults}");
    let stalled = grown(|sample| sample.pressure.first().unwrap().memory_some_total_us().unwrap());
    assert!(stalled / 1e6 < 0.01, "{stalled} us a second");
}
