//! Files of rows at several cadences, and the readings that they become.

use super::*;
use crate::import::metric::{fact, instant, reading};
use crate::import::target::{cpu, vm};
use crate::import::units::Unit::Count;
use ks_vocabulary::model::{CpuCell, VmCell};

const MS: i64 = 1_000_000;

const METRICS: [Metric; 5] = [
    reading("faults", Count, vm(VmCell::pgfault)),
    reading("swapped", Count, vm(VmCell::pswpout)),
    reading("killed", Count, vm(VmCell::oom_kill)),
    instant("running", Count, cpu(CpuCell::procs_running)),
    fact("cpus", Count, cpu(CpuCell::cpus_online)),
];

/// Rows of a time in ms and the metrics seen at it.
fn plan(rows: &[(i64, &[usize])]) -> Plan {
    let row = |(ms, seen): &(i64, &[usize])| {
        let mut mask = Mask::default();
        for metric in *seen {
            mask.insert(*metric);
        }
        (ms * MS, mask)
    };
    Plan::new(&METRICS, &rows.iter().map(row).collect::<Vec<_>>())
}

/// Why each metric that is left out is.
fn left_out(plan: &Plan) -> Vec<(&'static str, &str)> {
    let told = |left: &LeftOut| METRICS[left.metric].name;
    plan.left_out.iter().map(|left| (told(left), left.why.as_str())).collect()
}

fn check_cadence(times_ms: &[i64], expected_ms: i64) {
    let times: Vec<i64> = times_ms[1..].iter().map(|ms| ms * MS).collect();
    assert_eq!(cadence(times_ms[0] * MS, times), expected_ms * MS, "{times_ms:?}");
}

#[test]
fn two_loggers_that_wake_up_together_have_one_cadence() {
    check_cadence(&[0, 1000, 2000, 3000], 1000);
    check_cadence(&[0, 1000, 2000, 3000, 4000, 6020, 6400, 7400, 8400], 1000);
    check_cadence(&[0, 61, 10_000, 10_016, 20_000, 20_044, 30_000, 30_016], 10_000);
    assert_eq!(cadence(5, Vec::new()), ONCE_NS);
    assert_eq!(cadence(5, vec![5, 5]), ONCE_NS, "equal times are one");
    check_cadence(&[0, 0, 10_000, 10_000, 10_000, 20_000, 20_000], 10_000);
}

#[test]
fn rows_of_one_cycle_are_one_sample() {
    const CYCLE: [(i64, &[usize]); 3] = [(0, &[0, 4]), (20, &[1, 4]), (45, &[2, 3, 4])];
    let cycles = (0..5).flat_map(|cycle| CYCLE.map(|(ms, seen)| (cycle * 10_000 + ms, seen)));
    let plan = plan(&cycles.collect::<Vec<_>>());
    assert_eq!(plan.sample_times_ns.len(), 5);
    assert_eq!(plan.sample_times_ns[1], 10_045 * MS);
    assert_eq!((plan.interval_ns, plan.apart_ns), (10_000 * MS, 5_000 * MS));
    assert_eq!(left_out(&plan), [("running", "counted at one instant, read every 10.0 s")]);
}

#[test]
fn a_fact_in_every_row_makes_no_sample() {
    let plan = plan(&[(0, &[4]), (500, &[0, 4]), (700, &[4]), (1500, &[0, 4]), (2500, &[0, 4])]);
    assert_eq!(plan.sample_times_ns, [500 * MS, 1500 * MS, 2500 * MS]);
    assert!(plan.taken.has(4) && !plan.leads.has(4));
}

#[test]
fn what_is_read_more_seldom_than_its_table_is_left_out_and_told() {
    let seconds = (0..=60i64).map(|second| {
        let seen: &[usize] = if second % 30 == 0 { &[0, 1, 2] } else { &[0, 1] };
        (second * 1000, seen)
    });
    let plan = plan(&seconds.collect::<Vec<_>>());
    assert_eq!(left_out(&plan), [("killed", "read every 30.0 s, its table read every 1.0 s")]);
    assert!(plan.taken.has(0) && plan.leads.has(1) && !plan.taken.has(2));
    assert_eq!(plan.interval_ns, 1000 * MS);
}

#[test]
fn what_is_read_more_often_than_its_table_is_taken_with_it() {
    let seconds = (0..=60i64).map(|second| {
        let seen: &[usize] = if second % 10 == 0 { &[0, 1, 2] } else { &[0] };
        (second * 1000, seen)
    });
    let plan = plan(&seconds.collect::<Vec<_>>());
    assert!(left_out(&plan).is_empty());
    assert!(plan.taken.has(0) && !plan.leads.has(0) && plan.leads.has(1));
    assert_eq!(plan.sample_times_ns.len(), 7);
}

#[test]
fn an_instant_is_taken_where_its_mean_has_several_readings() {
    const RUNNING: &[usize] = &[3];
    let seconds = (0..9).map(|second| (second * 1000, RUNNING));
    let plan = plan(&seconds.collect::<Vec<_>>());
    assert!(plan.taken.has(3) && left_out(&plan).is_empty());
}

#[test]
fn a_single_row_is_a_sample() {
    let plan = plan(&[(7, &[0, 1, 2])]);
    assert_eq!(plan.sample_times_ns, [7 * MS]);
    assert!(plan.interval_ns > 0 && left_out(&plan).is_empty());
    assert!(Plan::new(&METRICS, &[]).sample_times_ns.is_empty());
}

#[test]
fn the_median_of_an_even_number_lies_in_the_middle() {
    assert_eq!(median(vec![4, 1, 3]), Some(3));
    assert_eq!(median(vec![4, 1]), Some(2));
    assert_eq!(median(Vec::new()), None);
}
