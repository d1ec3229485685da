//! Who is blamed on a made host: one, many, those that ended, and nobody.

mod hidden;
mod host;
mod nested;
mod shares;

use super::*;
use crate::classifiers;
use alloc::string::{String, ToString};
use host::{Made, MadeGroup, Whole, at, group, process, run, run_reversed, run_whole};
use ks_vocabulary::kind::{Group, Kind};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Sample;
use ks_vocabulary::unit::Unit;

const MIB: u64 = 1 << 20;
/// When the signal's own series changed, in seconds of the recording.
const ONSET: i64 = 300;

fn rank(
    window: &Window,
    kind: Kind,
    entity: &Entity,
    since: Option<Timestamp>,
) -> (Vec<Culprit>, Vec<Culprit>) {
    let blamed = classifiers::of(kind).blame(&Case::new(window, entity, since));
    (blamed.culprits, blamed.victims)
}

fn load(window: &Window, entity: &Entity) -> Vec<Culprit> {
    rank(window, Kind::LoadMismatch, entity, Some(at(ONSET))).0
}

fn named(culprits: &[Culprit]) -> Vec<(String, bool)> {
    culprits.iter().map(|one| (one.entity.to_string(), one.convicted)).collect()
}

/// Ticks a second from the onset on, and none before.
fn risen(rate: u64) -> impl Fn(i64) -> u64 {
    move |second| if second >= ONSET { rate } else { 0 }
}

#[track_caller]
fn assert_near(found: f64, expected: f64, off: f64) {
    assert!((found - expected).abs() <= off, "{found} is not near {expected}");
}

#[test]
fn two_fifths_and_twice_the_next_convict() {
    let first = |rates: &[u64]| {
        let newcomer = |(pid, rate): (u64, &u64)| {
            let rate = *rate;
            process(pid, &pid.to_string()).alive(ONSET..1000).burning(move |_| rate)
        };
        let made: Vec<Made> = (10..).zip(rates).map(newcomer).collect();
        let found = load(&run(&made, &[], ONSET + 15), &Entity::Host);
        found.first().map(|first| first.convicted)
    };
    assert_eq!(first(&[40, 20, 20, 20]), Some(true));
    assert_eq!(first(&[39, 19, 21, 21]), Some(false), "less than two fifths");
    assert_eq!(first(&[50, 26, 24]), Some(false), "less than twice the next");
    assert_eq!(first(&[0]), None);
}

#[test]
fn flows_are_held_against_their_own_median() {
    let made = [
        process(10, "one").burning(|second| if second >= ONSET { 90 } else { 10 }),
        process(11, "two").burning(|second| if second >= ONSET { 60 } else { 55 }),
    ];
    let found = load(&run(&made, &[], ONSET + 120), &Entity::Host);
    assert_eq!(found[0].entity.to_string(), "process:10:9000000");
    assert!(found[0].convicted);
    assert_near(found[0].share, 0.941_176, 1e-6);
}

#[test]
fn stocks_are_ranked_by_their_growth() {
    let growing = |pid: u64, rate: u64| {
        process(pid, &pid.to_string())
            .holding(move |second| (100 + rate * u64::try_from(second - 239).unwrap_or(0)) * MIB)
    };
    let window = run(&[growing(10, 12), growing(11, 3), growing(12, 1)], &[], 420);
    let (found, _) = rank(&window, Kind::MemoryPressure, &Entity::Host, Some(at(ONSET)));
    let shares: Vec<f64> = found.iter().map(|one| one.share).collect();
    for (share, expected) in shares.iter().zip([0.75, 0.1875, 0.0625]) {
        assert_near(*share, expected, 1e-6);
    }
    assert!(found[0].convicted && found[0].metric == Metric::MemoryGrowth);
    assert_near(found[0].amount, (181 * 12 * MIB) as f64, 1.0);
}

#[test]
fn a_steady_hog_is_resident_and_the_newcomer_is_convicted() {
    let made = [
        process(10, "database").burning(|_| 200),
        process(11, "job").alive(ONSET..1000).burning(|_| 50),
    ];
    let found = load(&run(&made, &[], ONSET + 10), &Entity::Host);
    let expected =
        [("process:11:10030000".to_string(), true), ("process:10:9000000".to_string(), false)];
    assert_eq!(named(&found), expected);
    assert!(!found[0].resident && found[1].resident);
    assert_near(found[1].share, 0.8, 0.05);
    let alone = load(&run(&made[..1], &[], ONSET + 10), &Entity::Host);
    assert!(alone.len() == 1 && alone[0].resident && !alone[0].convicted);
}

#[test]
fn of_many_small_ones_the_innermost_group_that_takes_most_is_resident() {
    let with_new = |own: u64, new: u64| {
        let small = |pid: u64| process(pid, "encoder").in_group("/batch/job").burning(|_| 4);
        let mut made: Vec<Made> = (10..58).map(small).collect();
        let late = move |second: i64| if second < ONSET { 0 } else { new };
        made.push(process(80, "late").in_group("/system").burning(late));
        made.extend(
            (60..70).map(|pid| process(pid, "api").in_group("/system").burning(move |_| own)),
        );
        let groups = [group("/batch", |_| 192 * 10_000), group("/batch/job", |_| 192 * 10_000)];
        load(&run(&made, &groups, ONSET + 60), &Entity::Host)
    };
    let found = |own: u64| with_new(own, 0);
    let most = found(19);
    assert_eq!(named(&most), [("cgroup:/batch/job".to_string(), false)]);
    assert!(most[0].resident);
    assert_near(most[0].share, 192.0 / 382.0, 0.01);
    assert_eq!(named(&found(20)), [], "less than half");
    let beside = with_new(1, 90);
    assert!(!beside.is_empty() && beside.iter().all(|who| !who.resident), "one that is new");
}

#[test]
fn what_is_held_as_ever_is_told_as_a_level() {
    let made = [
        process(10, "database").holding(|_| 4000 * MIB),
        process(11, "job").alive(ONSET..1000).holding(|_| 300 * MIB),
    ];
    let window = run(&made, &[], ONSET + 10);
    let (found, _) = rank(&window, Kind::MemoryPressure, &Entity::Host, Some(at(ONSET)));
    assert!(found[0].convicted && found[0].entity.to_string() == "process:11:10030000");
    assert!(found[1].resident && found[1].metric == Metric::Memory);
    assert_near(found[1].amount, (4000 * MIB) as f64, 1.0);
}

/// A shell whose children live for two seconds each, three a second, from the onset on.
fn bomb(shell: u64, cgroup: &'static str) -> Vec<Made> {
    let mut made = vec![process(500, "sh").in_group(cgroup)];
    for number in 0..330i64 {
        let born = ONSET + number / 3;
        let child = process(1000 + number.unsigned_abs(), "bomb").alive(born..born + 2);
        made.push(child.in_group(cgroup).child_of(shell).burning(|_| 60));
    }
    made.push(process(9000, "other").alive(ONSET..1000).in_group("/other").burning(|_| 40));
    made
}

#[test]
fn a_fork_bomb_is_its_group_its_tree_or_its_executable() {
    for (shell, cgroup, expected) in [
        (500, "/job", "cgroup:/job"),
        (500, "", "fork_tree:500:9000000"),
        (7, "", "executable:bomb"),
    ] {
        for elapsed in [8, 20, 100] {
            let window = run(&bomb(shell, cgroup), &[], ONSET + elapsed);
            let found = load(&window, &Entity::Host);
            assert_eq!(found[0].entity.to_string(), expected, "after {elapsed} s");
            assert!(found[0].convicted, "after {elapsed} s: {found:#?}");
            assert_near(found[0].share, 0.8, 0.15);
        }
    }
}

#[test]
fn what_no_reading_saw_is_known_to_its_group() {
    let made = [
        process(500, "sh").in_group("/job"),
        process(600, "other").in_group("/other").burning(risen(40)),
    ];
    let groups = [
        group("/job", |second| risen(150)(second) * 10_000),
        group("/other", |second| risen(40)(second) * 10_000),
    ];
    let found = load(&run(&made, &groups, ONSET + 20), &Entity::Host);
    assert_eq!(named(&found)[0], ("cgroup:/job".to_string(), true));
    assert_eq!(found[0].unit, Unit::Microseconds);
    assert_near(found[0].share, 150.0 / 190.0, 0.02);
}

#[test]
fn a_pool_of_workers_is_one_candidate() {
    let mut made = vec![process(600, "master").in_group("/pool")];
    for pid in 601..611 {
        let worker = process(pid, "worker").in_group("/pool").child_of(600);
        made.push(worker.burning(|second| if second >= ONSET { 30 } else { 2 }));
    }
    made.push(process(700, "other").in_group("/other").burning(risen(60)));
    let found = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    assert_eq!(named(&found)[0], ("cgroup:/pool".to_string(), true));
    assert_near(found[0].share, 280.0 / 340.0, 0.03);
    assert_eq!(named(&found)[1], ("process:700:9000000".to_string(), false));
}

#[test]
fn work_that_moves_within_a_pool_is_no_change_of_it() {
    let worker = |pid, before, after| {
        let worker = process(pid, "worker").in_group("/pool").child_of(600);
        worker.burning(move |second| if second >= ONSET { after } else { before })
    };
    let job = process(700, "job").in_group("/job").burning(risen(20));
    let made = [worker(601, 80, 0), worker(602, 0, 80), job];
    let found = load(&run(&made, &[], ONSET + 60), &Entity::Host);
    assert_eq!(named(&found)[0], ("process:700:9000000".to_string(), true), "{found:#?}");
}

#[test]
fn workers_that_are_replaced_all_the_time_are_no_newcomers() {
    let mut made = vec![process(600, "master")];
    for number in 0..330i64 {
        let worker = process(1000 + number.unsigned_abs(), "worker").alive(number..number + 4);
        made.push(worker.child_of(600).burning(|_| 50));
    }
    made.push(process(9000, "job").burning(risen(100)));
    let found = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    assert_eq!(named(&found)[0], ("process:9000:9000000".to_string(), true), "{found:#?}");
    assert!(found[0].share > 0.95, "{found:#?}");
}

#[test]
fn of_nested_groups_the_smallest_with_four_fifths_is_named() {
    let found = |inner: u64, other: u64| {
        let half = inner / 2;
        let made = [
            process(10, "one").in_group("/a/b").burning(risen(half)),
            process(11, "two").in_group("/a/b").burning(risen(half)),
            process(12, "three").in_group("/a/d").burning(risen(other)),
            process(13, "four").in_group("/c").burning(risen(10)),
        ];
        let counted = |path, rate: u64| group(path, move |at| risen(rate)(at) * 10_000);
        let groups = [
            counted("/a", inner + other),
            counted("/a/b", inner),
            counted("/a/d", other),
            counted("/c", 10),
        ];
        load(&run(&made, &groups, ONSET + 20), &Entity::Host)
    };
    assert_eq!(named(&found(30, 1))[0], ("cgroup:/a/b".to_string(), true));
    assert_near(found(30, 1)[0].share, 30.0 / 41.0, 0.02);
    let even = found(20, 11);
    assert_eq!(named(&even)[0], ("cgroup:/a".to_string(), true), "{even:#?}");
}

#[test]
fn two_of_equal_weight_are_ambiguous() {
    let pool = |first: u64, cgroup: &'static str| {
        (first..first + 6).map(move |pid| {
            let one = process(pid, &pid.to_string()).alive(ONSET..1000).in_group(cgroup);
            one.burning(|_| 10)
        })
    };
    let made: Vec<Made> =
        pool(100, "/system.slice/a").chain(pool(200, "/system.slice/b")).collect();
    let found = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    let expected = ["cgroup:/system.slice/a", "cgroup:/system.slice/b"];
    let sets: Vec<(String, bool)> = expected.map(|set| (set.to_string(), false)).to_vec();
    assert_eq!(named(&found)[..2], sets);
}

#[test]
fn a_group_names_its_own_processes_only() {
    let newcomer = |pid: u64, cgroup, rate: u64| {
        let new = process(pid, &pid.to_string()).alive(ONSET..1000).in_group(cgroup);
        new.burning(move |_| rate)
    };
    let made = [newcomer(10, "/a", 10), newcomer(20, "/ab", 90), newcomer(30, "/a/b", 5)];
    let entity = Entity::Cgroup(Group::at(b"/a"));
    let found = load(&run(&made, &[], ONSET + 10), &entity);
    let expected =
        [("process:10:10030000".to_string(), true), ("process:30:10030000".to_string(), false)];
    assert_eq!(named(&found), expected);
}

#[test]
fn who_waits_is_told_apart_from_who_consumes() {
    let made = [
        process(10, "hog").alive(ONSET..1000).burning(|_| 200),
        process(11, "victim").burning(|_| 1).waiting(|_| 900),
    ];
    let window = run(&made, &[], ONSET + 10);
    let (culprits, victims) = rank(&window, Kind::Scheduler, &Entity::Host, Some(at(ONSET)));
    assert_eq!(named(&culprits)[0], ("process:10:10030000".to_string(), true));
    assert!(culprits.iter().all(|one| one.comm.as_deref() != Some("victim")));
    assert_eq!(victims[0].comm.as_deref(), Some("victim"));
}

#[test]
fn who_comes_a_minute_later_is_no_cause() {
    let early = process(10, "early").alive(ONSET..1000).burning(|_| 50);
    let late = process(11, "late").alive(ONSET + 80..1000).burning(|_| 500);
    let made = [early, late];
    let found = load(&run(&made, &[], ONSET + 110), &Entity::Host);
    assert_eq!(named(&found), [("process:10:10030000".to_string(), true)]);
    let found = load(&run(&made[1..], &[], ONSET + 110), &Entity::Host);
    assert_eq!(named(&found), [("process:11:10038000".to_string(), false)]);
}

#[test]
fn an_order_is_told_only_where_it_is_sure() {
    let began = |start: i64| {
        let made = [process(10, "job").alive(start..1000).burning(|_| 50)];
        let found = load(&run(&made, &[], ONSET + 10), &Entity::Host);
        (found[0].began_ns, found[0].began_before)
    };
    assert_eq!(began(ONSET - 5), (Some(at(ONSET - 5)), true));
    assert_eq!(began(ONSET), (Some(at(ONSET)), false));
    let made = [process(10, "job").burning(risen(90))];
    for elapsed in [5, 40, 400] {
        let found = load(&run(&made, &[], ONSET + elapsed), &Entity::Host);
        let began = found[0].began_ns.unwrap();
        assert!(found[0].convicted && !found[0].began_before, "{found:#?}");
        assert!(began >= at(ONSET - 20) && began <= at(ONSET + 10), "after {elapsed} s: {began:?}");
    }
}

#[test]
fn one_that_ended_is_still_the_cause() {
    let made = [
        process(10, "hog").alive(250..ONSET + 12).burning(|_| 200),
        process(11, "other").burning(risen(10)),
    ];
    let found = load(&run(&made, &[], ONSET + 20), &Entity::Host);
    assert_eq!(named(&found)[0], ("process:10:10025000".to_string(), true), "{found:#?}");
    assert_eq!(found[0].comm.as_deref(), Some("hog"));
    assert_near(found[0].amount, 200.0 * 62.0, 1.0);
}

/// A pool whose workers are replaced, each as large as the last, beside one that leaks.
#[test]
fn a_worker_that_takes_the_place_of_another_grew_by_what_it_holds_beyond_that_one() {
    let leaks = |second: i64| if second >= ONSET { 200 << 20 } else { 1 << 20 };
    for (new_mib, expected) in [(500u64, "process:20:9000000"), (900, "process:12:10030200")] {
        let worker = |pid| process(pid, "worker").child_of(5).burning(|_| 1);
        let made = [
            process(5, "pool"),
            worker(11).alive(0..ONSET + 1).holding(|_| 500 << 20),
            worker(12).alive(ONSET + 2..1000).holding(move |_| new_mib << 20),
            process(20, "leak").holding(leaks),
        ];
        let window = run(&made, &[], ONSET + 20);
        let (found, _) = rank(&window, Kind::MemoryPressure, &Entity::Host, Some(at(ONSET)));
        assert_eq!(named(&found)[0], (expected.to_string(), true), "{new_mib} {found:#?}");
    }
}

#[test]
fn files_that_are_first_read_with_the_signal_count_as_growth() {
    let made = [
        process(10, "leak").opening(|second| (second >= ONSET).then_some(900)),
        process(11, "other").opening(|second| (second >= ONSET).then_some(100)),
    ];
    for elapsed in [5, 50] {
        let window = run(&made, &[], ONSET + elapsed);
        let (found, _) = rank(&window, Kind::TcpExhaustion, &Entity::Host, Some(at(ONSET)));
        assert_eq!(named(&found)[0], ("process:10:9000000".to_string(), true));
        assert_near(found[0].share, 0.9, 1e-9);
    }
}

#[test]
fn the_recorder_is_never_named() {
    let made = [process(10, "ks").alive(ONSET..1000).burning(|_| 500)];
    let mut window = run(&made, &[], ONSET + 10);
    window.set_host(ks_vocabulary::input::HostFacts { recorder_pid: 10, ..host::facts() });
    assert!(load(&window, &Entity::Host).is_empty());
}

#[test]
fn the_order_of_rows_changes_nothing() {
    let mut made = bomb(500, "/job");
    made.push(process(9001, "steady").burning(|_| 300));
    made.push(process(9002, "grown").burning(|second| if second >= ONSET { 33 } else { 11 }));
    let groups = [group("/job", |second| risen(360)(second) * 10_000)];
    let one = load(&run(&made, &groups, ONSET + 47), &Entity::Host);
    let other = load(&run_reversed(&made, &groups, ONSET + 47), &Entity::Host);
    assert_eq!(one, other);
}

#[test]
fn nobody_is_blamed_for_nothing() {
    assert!(load(&Window::default(), &Entity::Host).is_empty());
    let mut window = Window::default();
    window.update(&Sample::default(), at(1));
    for kind in Kind::ALL {
        let (culprits, victims) = rank(&window, kind, &Entity::Host, None);
        assert!(culprits.is_empty() && victims.is_empty());
    }
}
