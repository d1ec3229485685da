//! Tests of incidents: what belongs together, in what order it came, and what was likely first.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};

mod one_condition;

use super::around::Around;
use super::*;
use ks_vocabulary::kind::Kind::{
    self, BlockDeviceSaturation, IoCongestion, LoadMismatch, MemoryPressure, NetworkDegradation,
    PageFault, Scheduler, SwapThrashing, Syscall, TcpExhaustion,
};
use ks_vocabulary::kind::{Entity, Group, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::output::{Cause, Culprit, Ground};
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;
use ks_vocabulary::unit::Unit;

/// The process that leaks, one that others' doing makes wait, and two that work hard.
const LEAK: u64 = 7;
const VICTIM: u64 = 8;
const WRITER: u64 = 9;
const WORKER: u64 = 10;
/// A child of the process that leaks.
const CHILD: u64 = 11;

fn process(pid: u64) -> Entity {
    Entity::Process(pid, 1)
}

fn group(path: &str) -> Entity {
    Entity::Cgroup(Group::at(path.as_bytes()))
}

fn disk() -> Entity {
    Entity::Disk(b"sda".to_vec())
}

fn nic() -> Entity {
    Entity::Nic(b"eth0".to_vec())
}

fn named(entity: Entity, metric: Metric, convicted: bool) -> Culprit {
    Culprit {
        entity,
        comm: None,
        metric,
        amount: 1.0,
        unit: Unit::One,
        share: 0.9,
        convicted,
        resident: false,
        began_ns: None,
        began_before: false,
    }
}

fn signal(id: u64, kind: Kind, entity: Entity, onset_s: u64) -> Signal {
    let onset_ns = Timestamp(onset_s * SECOND_NS);
    Signal {
        id,
        change: Change::Raised,
        kind,
        subtype: None,
        entity,
        severity: Severity::High,
        flapping: false,
        onset_ns,
        start_ns: onset_ns.plus_ns(5 * SECOND_NS),
        evidence: Vec::new(),
        culprits: Vec::new(),
        victims: Vec::new(),
    }
}

fn host(id: u64, kind: Kind, onset_s: u64) -> Signal {
    signal(id, kind, Entity::Host, onset_s)
}

fn by(mut signal: Signal, pid: u64, metric: Metric) -> Signal {
    signal.culprits.push(named(process(pid), metric, true));
    signal
}

fn in_form(mut signal: Signal, subtype: Subtype) -> Signal {
    signal.subtype = Some(subtype);
    signal
}

fn hurting(mut signal: Signal, entity: Entity) -> Signal {
    signal.victims.push(named(entity, Metric::StalledShare5s, false));
    signal
}

/// What speaks for a cause, one line for each ground.
fn told(cause: &Cause) -> String {
    let lines: Vec<String> = cause.evidence.iter().map(Ground::to_string).collect();
    lines.join("\n")
}

#[derive(Default)]
struct Lab {
    incidents: Incidents,
    groups: BTreeMap<u64, &'static str>,
    /// Disks that a disk lies on.
    disks: BTreeMap<&'static str, &'static str>,
    standing: BTreeMap<u64, Signal>,
    said: Vec<Said>,
}

impl Lab {
    fn take(&mut self, signal: Signal, second: u64) {
        let (groups, disks) = (&self.groups, &self.disks);
        let around_of = |entity: &Entity| {
            if let Entity::Process(pid, _) = entity {
                let group = groups.get(pid).map(|path| path.as_bytes().to_vec());
                let line = if *pid == CHILD { vec![(CHILD, 1), (LEAK, 1)] } else { Vec::new() };
                return Around { group, line, ..Around::default() };
            }
            let is = |(above, _): &(&&str, _)| *entity == Entity::Disk(above.as_bytes().to_vec());
            let below = disks.iter().find(is).map(|(_, below)| below.as_bytes().to_vec());
            Around { disks: below.into_iter().collect(), ..Around::default() }
        };
        self.incidents.take(&signal, Timestamp(second * SECOND_NS), &around_of);
        self.standing.insert(signal.id, signal);
    }

    fn settle(&mut self, second: u64) {
        self.incidents.settle(Timestamp(second * SECOND_NS));
        self.said.extend(self.incidents.take_said());
    }

    /// Raises each five seconds after its onset, each with an input of its own.
    fn raise(&mut self, signals: impl IntoIterator<Item = Signal>) {
        for signal in signals {
            let second = signal.onset_ns.0 / SECOND_NS + 5;
            self.take(signal, second);
            self.settle(second);
        }
    }

    fn clear(&mut self, ids: &[u64], second: u64) {
        for id in ids {
            let mut signal = self.standing.get(id).expect("it was raised").clone();
            signal.change = Change::Cleared;
            self.take(signal, second);
        }
        self.settle(second);
    }

    fn incidents(&self) -> Vec<&Incident> {
        let told = self.said.iter().filter_map(|said| {
            let Said::Incident(incident) = said else { return None };
            Some(incident)
        });
        told.collect()
    }

    /// What was said last of an incident.
    fn last(&self, id: u64) -> &Incident {
        self.incidents().into_iter().rfind(|incident| incident.id == id).expect("it was opened")
    }

    /// The episodes of each incident that was not merged, as said last.
    fn episodes(&self) -> Vec<Vec<u64>> {
        let count = self.incidents().iter().map(|incident| incident.id).max().unwrap_or(0);
        let last = (1..=count).map(|id| self.last(id));
        last.filter(|one| one.merged_into.is_none()).map(|one| one.episodes.clone()).collect()
    }

    fn first_cause(&self, id: u64) -> &Entity {
        &self.last(id).causes[0].entity
    }
}

/// A leak that makes a database, in a group of its own, read its pages back.
fn leak() -> Vec<Signal> {
    vec![
        hurting(by(host(1, MemoryPressure, 100), LEAK, Metric::MemoryGrowth), group("/db")),
        by(host(2, SwapThrashing, 130), VICTIM, Metric::SwapGrowth),
        by(host(3, PageFault, 140), VICTIM, Metric::Majflt),
        by(host(4, IoCongestion, 150), VICTIM, Metric::IoBytes),
        by(signal(5, BlockDeviceSaturation, disk(), 152), VICTIM, Metric::IoBytes),
        in_form(by(host(6, LoadMismatch, 160), WORKER, Metric::CpuTime), Subtype::Blocked),
        in_form(host(7, Syscall, 170), Subtype::Slow),
        by(signal(8, MemoryPressure, group("/db"), 180), VICTIM, Metric::Majflt),
    ]
}

fn with_database() -> Lab {
    Lab { groups: BTreeMap::from([(VICTIM, "/db")]), ..Lab::default() }
}

#[test]
fn a_leak_that_pages_eight_times_is_one_incident_with_the_leaker_as_its_first_cause() {
    let mut lab = with_database();
    lab.raise(leak());
    assert_eq!(lab.episodes(), [[1, 2, 3, 4, 5, 6, 7, 8]]);
    let said = lab.last(1);
    assert_eq!(said.start_ns, Timestamp(100 * SECOND_NS));
    let first = &said.causes[0];
    assert_eq!((&first.entity, first.kind), (&process(LEAK), MemoryPressure));
    assert!(first.score > 0.7, "{:?}", said.causes);
    assert!(said.causes.iter().map(|cause| cause.score).sum::<f64>() <= 1.0);
    let text = told(first);
    assert!(text.contains("90 % of memory_growth in memory_pressure on host"), "{text}");
    assert!(text.contains("explains 8 of 8 episodes"), "{text}");
    assert!(!text.contains("began before"), "nothing tells when it began: {text}");
}

#[test]
fn a_victim_of_the_leak_is_not_its_cause_whatever_it_is_convicted_of() {
    let mut lab = with_database();
    lab.raise(leak());
    let said = lab.last(1);
    let victim = said.causes.iter().find(|cause| cause.entity == process(VICTIM));
    assert!(victim.is_none_or(|victim| victim.score < 0.1), "{:?}", said.causes);
    assert!(said.causes.iter().all(|cause| cause.entity != process(WORKER)), "CPU blocks nobody");
}

#[test]
fn the_order_in_which_verdicts_come_does_not_matter_where_they_begin_together() {
    let signals = leak();
    for turn in 0..signals.len() {
        let mut lab = with_database();
        let mut turned = signals.clone();
        turned.rotate_left(turn);
        turned.swap(1, 5);
        for mut signal in turned {
            signal.onset_ns = Timestamp((100 + signal.id) * SECOND_NS);
            lab.take(signal, 120);
        }
        lab.settle(120);
        assert_eq!(lab.said.len(), 1, "one line for what one input tells");
        assert_eq!(lab.episodes(), [[1, 2, 3, 4, 5, 6, 7, 8]]);
        assert_eq!(lab.first_cause(1), &process(LEAK));
    }
}

#[test]
fn causes_at_once_stay_incidents_of_their_own() {
    let mut lab = Lab::default();
    lab.raise([
        by(host(1, MemoryPressure, 100), LEAK, Metric::MemoryGrowth),
        by(signal(2, BlockDeviceSaturation, disk(), 110), WRITER, Metric::IoBytes),
        by(host(3, IoCongestion, 111), WRITER, Metric::IoBytes),
        by(host(4, SwapThrashing, 120), LEAK, Metric::SwapGrowth),
        in_form(signal(5, NetworkDegradation, nic(), 121), Subtype::Errors),
        in_form(by(host(6, LoadMismatch, 125), WORKER, Metric::CpuTime), Subtype::CpuBound),
        by(host(7, Scheduler, 126), WORKER, Metric::CpuTime),
        in_form(signal(8, NetworkDegradation, Entity::Netns(3), 140), Subtype::Retransmits),
    ]);
    assert_eq!(lab.episodes(), [vec![1, 4], vec![2, 3], vec![5, 8], vec![6, 7]]);
    let first: Vec<&Entity> = (1..=4).map(|id| lab.first_cause(id)).collect();
    assert_eq!(first, [&process(LEAK), &process(WRITER), &nic(), &process(WORKER)]);
}

#[test]
fn an_effect_of_two_causes_joins_the_nearest_and_binds_them_not() {
    let mut lab = Lab::default();
    lab.raise([
        in_form(by(host(1, LoadMismatch, 100), WORKER, Metric::CpuTime), Subtype::CpuBound),
        by(host(2, Scheduler, 101), WORKER, Metric::CpuTime),
        by(host(3, IoCongestion, 140), WRITER, Metric::IoBytes),
        in_form(host(4, Syscall, 150), Subtype::Slow),
    ]);
    assert_eq!(lab.episodes(), [vec![1, 2], vec![3, 4]]);
}

#[test]
fn a_cause_told_late_joins_what_nothing_explained_and_the_younger_incident_goes() {
    let mut lab = Lab::default();
    lab.raise([
        signal(1, PageFault, group("/a"), 100),
        signal(2, IoCongestion, group("/b"), 101),
        by(host(3, MemoryPressure, 104), LEAK, Metric::MemoryGrowth),
    ]);
    let said: Vec<_> = lab.incidents().into_iter().map(|one| (one.id, one.change)).collect();
    let (opened, updated) = (IncidentChange::Opened, IncidentChange::Updated);
    assert_eq!(said, [(1, opened), (2, opened), (1, updated), (2, IncidentChange::Closed)]);
    assert_eq!((lab.last(2).merged_into, lab.last(2).end_ns), (Some(1), None));
    assert_eq!(lab.episodes(), [[1, 2, 3]]);
    assert_eq!(lab.first_cause(1), &process(LEAK));
}

#[test]
fn a_cause_may_be_seen_a_minute_late_and_an_order_is_claimed_only_where_it_is_certain() {
    let check = |cause_s: u64, effect_s: u64, expected: Option<&str>| {
        let mut lab = Lab::default();
        lab.raise([
            by(host(1, MemoryPressure, cause_s), LEAK, Metric::MemoryGrowth),
            host(2, SwapThrashing, effect_s),
        ]);
        let told = told(&lab.last(1).causes[0]);
        let Some(order) = expected else {
            return assert_eq!(lab.episodes(), [[1], [2]], "{cause_s} {effect_s}");
        };
        let line = format!("memory_pressure on host {order} swap_thrashing on host: pages go");
        assert!(told.contains(&line), "{cause_s} {effect_s}: {told}");
    };
    check(100, 130, Some("before"));
    check(100, 111, Some("before"));
    check(100, 110, Some("beside"));
    check(130, 100, Some("beside"));
    check(160, 100, Some("beside"));
    check(161, 100, None);
}

#[test]
fn a_group_of_which_the_path_alone_is_known_is_no_second_cause() {
    let convicting = |id: u64, kind: Kind, inode: Option<u64>| {
        let mut signal = host(id, kind, 100 + id);
        let entity = Entity::Cgroup(Group { inode, ..Group::at(b"/a") });
        signal.culprits.push(named(entity, Metric::CpuTime, true));
        signal
    };
    let mut lab = Lab::default();
    lab.raise([
        convicting(1, LoadMismatch, Some(5)),
        convicting(2, Scheduler, None),
        convicting(3, TcpExhaustion, Some(6)),
    ]);
    assert_eq!(lab.episodes(), [[1, 2, 3]]);
    let causes = &lab.last(1).causes;
    let text: Vec<_> = causes.iter().map(|cause| cause.entity.to_string()).collect();
    assert_eq!(text, ["cgroup:/a"]);
}

#[test]
fn nearness_in_time_alone_binds_nothing() {
    let check = |one: Signal, other: Signal, together: bool| {
        let (kinds, mut lab) = ((one.kind, other.kind), Lab::default());
        lab.groups = BTreeMap::from([(LEAK, "/job"), (VICTIM, "/job/part")]);
        lab.raise([one, other]);
        let expected = if together { vec![vec![1, 2]] } else { vec![vec![1], vec![2]] };
        assert_eq!(lab.episodes(), expected, "{kinds:?}");
    };
    let on = |id: u64, kind: Kind, path: &str| signal(id, kind, group(path), 100 + id);
    check(host(1, TcpExhaustion, 100), host(2, MemoryPressure, 101), false);
    check(host(1, IoCongestion, 100), host(2, Scheduler, 101), false);
    check(on(1, MemoryPressure, "/a"), on(2, MemoryPressure, "/b"), false);
    check(on(1, MemoryPressure, "/a"), on(2, MemoryPressure, "/a/b"), true);
    check(on(1, MemoryPressure, "/a"), on(2, MemoryPressure, "/ab"), false);
    check(on(1, MemoryPressure, "/a"), on(2, Scheduler, "/a"), true);
    check(on(1, MemoryPressure, "/user.slice"), on(2, Scheduler, "/user.slice"), false);
    check(on(1, IoCongestion, "/a"), host(2, IoCongestion, 102), true);
    check(in_form(on(1, Scheduler, "/a"), Subtype::Throttled), host(2, Scheduler, 102), false);
    check(signal(1, NetworkDegradation, nic(), 101), signal(2, Syscall, disk(), 102), false);
    // Somebody is convicted of the one and is where the other is.
    let works = || by(host(1, LoadMismatch, 100), LEAK, Metric::CpuTime);
    check(works(), in_form(on(2, Scheduler, "/job"), Subtype::Throttled), true);
    check(works(), in_form(on(2, Scheduler, "/job/part"), Subtype::Throttled), false);
    check(works(), by(host(2, TcpExhaustion, 101), LEAK, Metric::OpenFiles), true);
    check(works(), by(host(2, TcpExhaustion, 101), VICTIM, Metric::OpenFiles), false);
    // A set of processes holds each of them.
    let set = |entity: Entity| {
        let mut signal = host(2, TcpExhaustion, 101);
        signal.culprits.push(named(entity, Metric::OpenFiles, true));
        signal
    };
    check(works(), set(group("/job")), true);
    check(works(), set(group("/")), false);
    check(works(), set(Entity::ForkTree(LEAK, 1)), true);
    check(works(), set(Entity::ForkTree(VICTIM, 1)), false);
    let child = || by(host(1, LoadMismatch, 100), CHILD, Metric::CpuTime);
    check(child(), set(Entity::ForkTree(LEAK, 1)), true);
    check(child(), set(Entity::ForkTree(VICTIM, 1)), false);
    let named_leaky = || {
        let mut signal = works();
        signal.culprits[0].comm = Some("leaky".into());
        signal
    };
    check(named_leaky(), set(Entity::Executable(b"leaky".to_vec())), true);
    check(named_leaky(), set(Entity::Executable(b"leak".to_vec())), false);
    // A group that meets its own limit has a leak of its own.
    let own = |pid: u64| by(on(2, MemoryPressure, "/job"), pid, Metric::MemoryGrowth);
    check(by(host(1, MemoryPressure, 100), WRITER, Metric::MemoryGrowth), own(LEAK), false);
    check(by(host(1, MemoryPressure, 100), LEAK, Metric::MemoryGrowth), own(LEAK), true);
}

#[test]
fn where_nobody_is_convicted_the_first_place_is_named_and_a_steady_hog_never() {
    let mut lab = Lab::default();
    let mut scheduler = host(1, Scheduler, 100);
    scheduler.culprits.push(named(process(WORKER), Metric::CpuTime, false));
    let steady = Culprit { resident: true, ..named(process(WRITER), Metric::CpuTime, true) };
    scheduler.culprits.push(steady);
    lab.raise([scheduler, in_form(signal(2, NetworkDegradation, nic(), 101), Subtype::Errors)]);
    for (id, place) in [(1, Entity::Host), (2, nic())] {
        let causes = &lab.last(id).causes;
        assert_eq!((causes.len(), &causes[0].entity), (1, &place));
        assert!((causes[0].score - 0.5).abs() < 1e-9);
        assert!(matches!(causes[0].evidence[0], Ground::Unconvicted(_)));
    }
}

#[test]
fn when_a_culprit_began_speaks_for_it_where_that_is_certain() {
    let mut lab = Lab::default();
    let mut signal = by(host(1, MemoryPressure, 100), LEAK, Metric::MemoryGrowth);
    signal.culprits[0].began_before = true;
    lab.raise([signal]);
    let expected = "90 % of memory_growth in memory_pressure on host, and began before it";
    assert_eq!(lab.last(1).causes[0].evidence[0].to_string(), expected);
}

#[test]
fn a_forecast_opens_an_incident_too() {
    let mut lab = Lab::default();
    let mut near =
        in_form(signal(1, Syscall, Entity::Filesystem(b"/".to_vec()), 100), Subtype::Predicted);
    near.severity = Severity::Medium;
    lab.raise([near]);
    assert_eq!(
        (lab.last(1).change, lab.last(1).severity),
        (IncidentChange::Opened, Some(Severity::Medium))
    );
}

#[test]
fn a_quiet_minute_closes_and_numbers_are_not_used_again() {
    let mut lab = Lab::default();
    lab.raise([
        by(host(1, MemoryPressure, 100), LEAK, Metric::MemoryGrowth),
        host(2, SwapThrashing, 101),
    ]);
    lab.clear(&[1], 200);
    lab.clear(&[2], 210);
    // It comes back within the minute.
    lab.raise([host(3, SwapThrashing, 240)]);
    assert_eq!(lab.episodes(), [[1, 2, 3]]);
    lab.clear(&[3], 300);
    lab.settle(359);
    assert_eq!(lab.last(1).change, IncidentChange::Updated);
    lab.settle(360);
    let closed = lab.last(1);
    assert_eq!(
        (closed.change, closed.end_ns),
        (IncidentChange::Closed, Some(Timestamp(300 * SECOND_NS)))
    );
    let count = lab.said.len();
    lab.settle(361);
    assert_eq!(lab.said.len(), count, "what is closed is not kept");
    lab.raise([host(4, SwapThrashing, 400)]);
    assert_eq!(lab.last(2).episodes, [4]);
    lab.incidents.end_all(Timestamp(410 * SECOND_NS));
    let said = lab.incidents.take_said();
    let [Said::Incident(ended)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(
        (ended.id, ended.change, ended.end_ns),
        (2, IncidentChange::Ended, Some(Timestamp(410 * SECOND_NS)))
    );
}

#[test]
fn what_changes_nothing_for_people_is_not_said_again() {
    let mut lab = Lab::default();
    lab.raise([by(host(1, MemoryPressure, 100), LEAK, Metric::MemoryGrowth)]);
    let mut again = lab.standing[&1].clone();
    again.change = Change::Updated;
    lab.raise([again.clone()]);
    assert_eq!(lab.said.len(), 1);
    again.severity = Severity::Critical;
    lab.raise([again]);
    assert_eq!(lab.last(1).severity, Some(Severity::Critical));
    assert_eq!(lab.said.len(), 2);
}

#[test]
fn episodes_beyond_the_cap_are_left_out_with_a_defect() {
    let mut lab = Lab::default();
    let cap = MEMBERS as u64;
    let one = |id: u64| signal(id, MemoryPressure, group(&std::format!("/{id}")), 100);
    for id in 1..=cap + 2 {
        lab.take(one(id), 105);
    }
    lab.settle(105);
    let told = lab.said.iter().filter_map(|said| {
        let Said::Defect(defect) = said else { return None };
        Some(defect.problem.clone())
    });
    let defects: Vec<String> = told.collect();
    assert_eq!(defects, ["2 episodes more than are kept"]);
    assert_eq!(lab.incidents().len(), MEMBERS);
}
