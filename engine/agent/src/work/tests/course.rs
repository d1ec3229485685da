//! What becomes of an action once it is done, on a host that a test moves.

use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{Decided, Effect, Mode, Plan, UndoStep};
use ks_vocabulary::kind::{Group, Kind};
use ks_vocabulary::lasting::Exact;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::SECOND_NS;

use super::super::*;
use crate::desk::{BATCH, Desk, Level};
use crate::limits::Deed;
use crate::verify::Beside;
use crate::verify::tests::decision;
use ks_vocabulary::decision::GroupFile;

const PLACE: (Kind, Entity, Metric) = (Kind::Scheduler, Entity::Host, Metric::CpuSome5s);
const OTHER: (Kind, Entity, Metric) = (Kind::MemoryPressure, Entity::Host, Metric::MemorySome5s);
const WRITTEN: u64 = 20;

/// An agent that has just done something about CPUs, on its host.
struct Bench {
    agent: Agent,
    desk: Desk,
    asked: u64,
}

fn plan(target: &Entity) -> Plan {
    let of = |text: &str| {
        let (group, file) = (Exact(target.clone()), GroupFile::CpuWeight);
        Effect::GroupFile { group, file, text: text.into() }
    };
    let written = of(&alloc::format!("{WRITTEN}"));
    let undo = alloc::vec![UndoStep { restore: of("100"), written: written.clone() }];
    Plan { effects: alloc::vec![written], undo, lasts_s: None }
}

impl Bench {
    fn new() -> Self {
        let config =
            AgentConfig { mode: Mode::Auto, reasoner: Named::Rules, ..AgentConfig::default() };
        let agent = Agent::new(&config, ClockAnchor::default(), 1).expect("someone advises it");
        let mut desk = Desk { now: Timestamp(1_000 * SECOND_NS), ..Desk::default() };
        for (place, value) in [(PLACE, 8.0), (OTHER, 1.0)] {
            let untreated = (0..39).map(|at| f64::from(at) / 39.0 - 0.5).collect();
            let past = [value; 12].to_vec();
            let (present, before) = (Some(value), Some(value));
            desk.levels.insert(place, Level { present, before, past, untreated });
        }
        let mut bench = Self { agent, desk, asked: 0 };
        bench.act();
        bench
    }

    fn act(&mut self) {
        let target = Entity::Cgroup(Group { inode: Some(7000), ..Group::at(BATCH) });
        let json = "{\"lower_cpu_weight\":{\"group\":\"cg#1\",\"weight\":20}}";
        let action: Action = serde_json::from_str(json).expect("an action");
        let (kind, entity, metric) = PLACE;
        let now = self.desk.now;
        let measured = Measured::begin(
            kind,
            entity.clone(),
            metric,
            (now, self.agent.touched),
            ks_vocabulary::decision::Windows::USUAL,
            &self.desk,
        );
        let beside = Beside {
            windows: ks_vocabulary::decision::Windows::USUAL,
            verified: (kind, &entity),
            is_settled: true,
            is_trigger: &|_| false,
            is_meant: &|_| false,
        };
        let mut decision = decision();
        decision.plan = Some(plan(&target));
        decision.action = Some(action.clone());
        decision.target = Some(target.clone());
        self.agent.limits.begin(Deed {
            decision: 1,
            incident: 1,
            at: now,
            action: action.kind(),
            target: alloc::format!("{target}"),
            upshot: None,
            undone: false,
            before_boot_ns: 0,
        });
        self.agent.stage = Stage::Verifying(Box::new(Carried {
            approved: ApprovedPlan::of(action, target.clone(), plan(&target)),
            decision,
            request: RequestId(99),
            measured,
            guards: Guards::begin(&beside, &self.desk),
            is_written: false,
            signal: 1,
            severities: BTreeMap::new(),
            done: now,
            before_undo: None,
            told_before_undo: Upshot::Inconclusive,
        }));
        self.desk.batch().cpu_weight = Some(WRITTEN);
    }

    fn set(&mut self, place: &(Kind, Entity, Metric), value: f64) {
        self.desk.levels.get_mut(place).expect("it is on the desk").present = Some(value);
    }

    /// Goes on for so many seconds.
    fn go(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.desk.now = self.desk.now.plus_ns(SECOND_NS);
            let asked = &mut self.asked;
            self.agent.think(&self.desk, &mut |_, _| {
                *asked += 1;
                RequestId(*asked)
            });
        }
    }

    /// Whoever performs it says that it was put back.
    fn put_back(&mut self, weight: u64) {
        assert!(matches!(self.agent.stage, Stage::Undoing(_)), "{:?}", self.agent.stage);
        self.desk.batch().cpu_weight = Some(weight);
        let request = RequestId(self.asked);
        self.agent.done(request, Outcome::Applied, None, &self.desk, &mut |_, _| RequestId(0));
    }

    /// Every decision that was said since the last time.
    fn told(&mut self) -> Vec<(Decided, Option<Upshot>, String)> {
        let all = core::iter::from_fn(|| self.agent.poll());
        let each = all.filter_map(|said| {
            let Said::Decision(one) = said else { return None };
            Some((one.change, one.outcome, one.lesson.unwrap_or_default()))
        });
        each.collect()
    }
}

#[test]
fn what_helped_is_watched_while_nothing_waits_for_it_and_told_when_it_stops() {
    let mut bench = Bench::new();
    bench.set(&PLACE, 2.0);
    bench.go(71);
    let told = bench.told();
    let (change, outcome, lesson) = told.last().expect("it is concluded");
    assert_eq!((*change, *outcome), (Decided::Verified, Some(Upshot::Resolved)));
    assert!(lesson.contains("fell by"), "{lesson}");
    assert!(matches!(bench.agent.stage, Stage::Idle), "nothing is locked");
    let until = bench.desk.now.plus_ns(1_800 * SECOND_NS);
    assert_eq!(bench.agent.deadline(), Some(until), "it is in the table of timers");
    bench.go(600);
    assert_eq!(bench.told(), []);
    bench.set(&PLACE, 8.0);
    bench.go(140);
    let told = bench.told();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].0, told[0].1), (Decided::Watched, Some(Upshot::Resolved)));
    assert!(told[0].2.starts_with(lesson.as_str()), "{told:?}");
    assert!(told[0].2.contains("stopped working within 11 minutes"), "{told:?}");
    assert_eq!((bench.agent.kept.len(), bench.agent.deadline()), (0, None));
}

#[test]
fn what_keeps_working_is_said_to_after_half_an_hour() {
    let mut bench = Bench::new();
    bench.set(&PLACE, 2.0);
    bench.go(71);
    bench.told();
    bench.go(1_799);
    assert_eq!(bench.told(), []);
    bench.go(1);
    let told = bench.told();
    assert_eq!(told[0].0, Decided::Watched);
    assert!(told[0].2.ends_with("it kept working for 30 minutes"), "{told:?}");
    assert_eq!(bench.agent.deadline(), None);
}

#[test]
fn an_incident_whose_action_stopped_working_may_be_looked_at_again() {
    let mut bench = Bench::new();
    let incident = ks_vocabulary::decision::Ending::Acted;
    let seen = case::Seen::none();
    bench.agent.handled.insert(1, Handled::new(seen, incident, bench.desk.now));
    bench.set(&PLACE, 2.0);
    bench.go(71);
    assert!(!bench.agent.handled[&1].again, "it helped");
    bench.set(&PLACE, 8.0);
    bench.go(150);
    assert!(bench.agent.handled[&1].again);
    // One that is over is not looked at, and takes no harm from being told of.
    let mut over = Bench::new();
    over.set(&PLACE, 2.0);
    over.go(71);
    over.set(&PLACE, 8.0);
    over.go(150);
    assert!(over.told().last().is_some_and(|one| one.0 == Decided::Watched));
}

#[test]
fn no_more_than_eight_are_watched_at_a_time() {
    let mut bench = Bench::new();
    bench.set(&PLACE, 2.0);
    for _ in 0..10 {
        bench.go(71);
        bench.act();
        bench.agent.touched = None;
    }
    assert_eq!(bench.agent.kept.len(), 8);
    let told = bench.told();
    let given_up = told.iter().filter(|one| one.2.contains("not watched to the end")).count();
    assert_eq!(given_up, 2);
}

#[test]
fn a_gap_or_another_value_in_the_window_leaves_it_inconclusive() {
    let mut bench = Bench::new();
    bench.set(&PLACE, 2.0);
    bench.go(40);
    bench.agent.gap();
    bench.go(31);
    let told = bench.told();
    assert_eq!(told.last().unwrap().1, Some(Upshot::Inconclusive));
    assert!(told.last().unwrap().2.contains("gap"), "{told:?}");
    let mut bench = Bench::new();
    bench.set(&PLACE, 2.0);
    bench.go(40);
    bench.desk.batch().cpu_weight = Some(55);
    bench.go(31);
    let told = bench.told();
    assert_eq!(told.last().unwrap().1, Some(Upshot::Inconclusive));
    assert!(told.last().unwrap().2.contains("someone else changed"), "{told:?}");
    let mut unread = Bench::new();
    unread.desk.batch().cpu_weight = Some(100);
    unread.set(&PLACE, 2.0);
    unread.go(71);
    assert_eq!(unread.told().last().unwrap().1, Some(Upshot::Resolved), "it was never read");
}

#[test]
fn a_quantity_that_got_worse_beside_it_rolls_it_back_with_its_name_and_p() {
    let mut bench = Bench::new();
    bench.set(&PLACE, 2.0);
    bench.set(&OTHER, 5.0);
    bench.go(71);
    let told = bench.told();
    assert_eq!(told.last().unwrap().1, Some(Upshot::Worse));
    let Stage::Undoing(carried) = &bench.agent.stage else { panic!("it is put back") };
    let actual = carried.decision.actual.as_ref().unwrap();
    let beside = actual.beside.as_ref().unwrap();
    assert_eq!((beside.tested, beside.not_testable), (1, 0));
    assert!((beside.worst.as_ref().unwrap().p - 1.0 / 40.0).abs() < 1e-12);
    bench.put_back(100);
    let told = bench.told();
    let lesson = &told.last().unwrap().2;
    assert!(lesson.contains("memory_some_5s of memory_pressure on host went from"), "{lesson}");
    assert!(lesson.contains("p 0.025, adjusted for 1 tests"), "{lesson}");
    assert!(bench.agent.kept.is_empty(), "what is put back is not watched");
}

/// An action that made things worse and was put back; the weight is read as `weight` then, and the
/// quantity as `level`.
fn rolled_back(weight: u64, level: f64) -> (Bench, Vec<(Decided, Option<Upshot>, String)>) {
    let mut bench = Bench::new();
    bench.set(&PLACE, 12.0);
    bench.go(71);
    bench.put_back(weight);
    let told = bench.told();
    let undone = told.last().unwrap();
    assert_eq!((undone.0, undone.1), (Decided::Undone, Some(Upshot::RolledBack)));
    bench.set(&PLACE, level);
    assert!(bench.agent.deadline().is_some(), "the look is in the table of timers");
    assert!(bench.agent.limits.in_flight(bench.desk.now).is_err(), "nothing is done until then");
    bench.go(26);
    let told = bench.told();
    assert!(matches!(bench.agent.stage, Stage::Idle));
    (bench, told)
}

#[test]
fn a_rollback_is_looked_at_once_more() {
    let undone = |bench: &Bench| bench.agent.limits.deeds().all(|deed| deed.undone);
    let (bench, told) = rolled_back(100, 8.0);
    assert_eq!((told[0].0, told[0].1), (Decided::Verified, Some(Upshot::RolledBack)));
    assert!(told[0].2.contains("is read as it was before"), "{told:?}");
    assert!(told[0].2.contains("no worse than before it was done"), "{told:?}");
    assert!(undone(&bench));
    let (_, told) = rolled_back(100, 12.0);
    assert_eq!(told[0].1, Some(Upshot::RolledBack));
    assert!(told[0].2.contains(", worse than before it was done"), "{told:?}");
    let (bench, told) = rolled_back(WRITTEN, 8.0);
    assert_eq!(told[0].1, Some(Upshot::Worse), "what came of it is what was measured");
    assert!(told[0].2.contains("was not undone"), "{told:?}");
    assert!(!undone(&bench));
}

#[test]
fn after_a_gap_nobody_says_how_a_quantity_went_on_when_it_was_put_back() {
    let mut bench = Bench::new();
    bench.set(&PLACE, 12.0);
    bench.go(71);
    bench.put_back(100);
    bench.agent.gap();
    bench.go(26);
    let told = bench.told();
    assert!(told.last().unwrap().2.contains("is not known"), "{told:?}");
}
