//! A host that is busy by design: what operators call normal is raised by harm alone.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;

use crate::lab::{Lab, Meter};
use ks_vocabulary::input::{
    Acceptance, ActionOutcome, Answer, Body, Config, Decision, OperatorDecision, Outcome, RequestId,
};
use ks_vocabulary::kind::Kind::{self, LoadMismatch, MemoryPressure, Scheduler, TcpExhaustion};
use ks_vocabulary::kind::Severity::{Critical, High, Medium};
use ks_vocabulary::model::{CpuCell, MemoryCell, NetnsCell, PressureCell, VmCell};
use ks_vocabulary::output::Change;
use ks_vocabulary::time::WallTime;

const HOST: &str = "host";

/// So many tasks want each CPU for so long.
fn load(lab: &mut Lab, (user, idle): &mut (Meter, Meter), running: u64, seconds: u64) {
    lab.run(seconds, |sample, _| {
        let row = sample.cpu.push();
        row.set(CpuCell::cpus_online, 100u64);
        row.set(CpuCell::user_ticks, user.add(700.0));
        row.set(CpuCell::idle_ticks, idle.add(300.0));
        row.set(CpuCell::procs_running, running);
        row.set(CpuCell::procs_blocked, 0u64);
    });
}

fn normal(until_s: Option<i64>) -> Acceptance {
    let until_ns = until_s.map(|second| WallTime(second * 1_000_000_000));
    Acceptance { kind: LoadMismatch, entity: String::from(HOST), until_ns }
}

fn said(acceptance: Acceptance) -> Body {
    let decision = Decision::Accept(acceptance);
    Body::Answer(Box::new(Answer::OperatorDecision(OperatorDecision { uid: Some(0), decision })))
}

#[test]
fn what_stands_ends_and_is_not_raised_again() {
    let (mut lab, mut host) = (Lab::new(), Default::default());
    load(&mut lab, &mut host, 250, 20);
    assert_eq!(lab.severity(LoadMismatch, HOST), Some(Medium));
    lab.hear(said(normal(None)));
    load(&mut lab, &mut host, 250, 1);
    assert_eq!(lab.severity(LoadMismatch, HOST), None);
    assert_eq!(lab.change(LoadMismatch, HOST), Some(Change::AcceptedAsNormal));
    load(&mut lab, &mut host, 250, 120);
    assert_eq!(lab.severity(LoadMismatch, HOST), None);
    assert_eq!(lab.engine().carry().accepted, [normal(None)], "a restart does not forget it");
}

#[test]
fn congestion_is_normal_at_critical_as_well() {
    let (mut lab, mut host) = (Lab::new(), Default::default());
    lab.hear(said(normal(None)));
    load(&mut lab, &mut host, 900, 60);
    assert_eq!(lab.severity(LoadMismatch, HOST), None);
    let (mut lab, mut host) = (Lab::new(), Default::default());
    load(&mut lab, &mut host, 900, 60);
    assert_eq!(lab.severity(LoadMismatch, HOST), Some(Critical));
    lab.hear(said(normal(None)));
    load(&mut lab, &mut host, 900, 1);
    assert_eq!(lab.change(LoadMismatch, HOST), Some(Change::AcceptedAsNormal), "as it stands");
    load(&mut lab, &mut host, 900, 120);
    assert_eq!(lab.severity(LoadMismatch, HOST), None);
}

/// A second of a host's memory, and of its accept queues.
#[derive(Clone, Copy, Default)]
struct Second {
    full: f64,
    used: f64,
    swap_used: f64,
    kills: f64,
    conntrack: u64,
    overflows: f64,
}

/// What stands after so many seconds of `second` where `kind` is called normal on `entity`.
fn accepted(kind: Kind, entity: &str, seconds: u64, second: Second) -> (Lab, Meters) {
    let (mut lab, mut meters) = (Lab::new(), Meters::default());
    let entity = String::from(entity);
    lab.hear(said(Acceptance { kind, entity, until_ns: None }));
    live(&mut lab, &mut meters, 20, Second::default());
    live(&mut lab, &mut meters, seconds, second);
    (lab, meters)
}

#[derive(Default)]
struct Meters {
    stalled_us: Meter,
    kills: Meter,
    refaults: Meter,
    overflows: Meter,
}

fn live(lab: &mut Lab, meters: &mut Meters, seconds: u64, second: Second) {
    lab.run(seconds, |sample, _| {
        let row = sample.pressure.push();
        let stalled_us = meters.stalled_us.add(second.full * 1e6);
        row.set(PressureCell::memory_some_total_us, stalled_us);
        row.set(PressureCell::memory_full_total_us, stalled_us);
        let row = sample.memory.push();
        row.set(MemoryCell::total_bytes, 1_000_000u64);
        row.set(MemoryCell::available_bytes, Meter::default().add((1.0 - second.used) * 1e6));
        row.set(MemoryCell::swap_total_bytes, 1000u64);
        let free = Meter::default().add((1.0 - second.swap_used) * 1000.0);
        row.set(MemoryCell::swap_free_bytes, free);
        let row = sample.vm.push();
        row.set(VmCell::oom_kill, meters.kills.add(second.kills));
        row.set(VmCell::refault_file, meters.refaults.add(second.full));
        let row = sample.netns.push();
        row.set(NetnsCell::netns, 7u64);
        row.set(NetnsCell::own, true);
        row.set(NetnsCell::conntrack, second.conntrack);
        row.set(NetnsCell::conntrack_max, 1000u64);
        row.set(NetnsCell::listen_overflows, meters.overflows.add(second.overflows));
    });
}

const NETNS: &str = "netns:7";

#[test]
fn a_stall_share_that_is_critical_is_excused() {
    let stalled = Second { full: 0.9, used: 0.5, ..Second::default() };
    let (mut lab, mut meters) = (Lab::new(), Meters::default());
    live(&mut lab, &mut meters, 60, stalled);
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(Critical), "it is raised elsewhere");
    assert_eq!(accepted(MemoryPressure, HOST, 120, stalled).0.severity(MemoryPressure, HOST), None);
}

#[test]
fn harm_that_was_counted_is_raised_and_told_to_its_end() {
    let kill = Second { kills: 1.0, ..Second::default() };
    let (mut lab, mut meters) = accepted(MemoryPressure, HOST, 1, kill);
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(Critical));
    live(&mut lab, &mut meters, 290, Second::default());
    assert!(lab.severity(MemoryPressure, HOST).is_some(), "the kill is told as on any host");
    live(&mut lab, &mut meters, 20, Second::default());
    assert_eq!(lab.change(MemoryPressure, HOST), Some(Change::Cleared));
    let refused = Second { overflows: 200.0, ..Second::default() };
    let (lab, _) = accepted(TcpExhaustion, NETNS, 60, refused);
    assert_eq!(lab.severity(TcpExhaustion, NETNS), Some(Critical), "connections were refused");
    let many = Second { overflows: 20.0, ..Second::default() };
    let (lab, _) = accepted(TcpExhaustion, NETNS, 60, many);
    assert_eq!(lab.severity(TcpExhaustion, NETNS), Some(High), "twenty a second are no few");
    let some = Second { overflows: 1.0, ..Second::default() };
    let (lab, _) = accepted(TcpExhaustion, NETNS, 60, some);
    assert_eq!(lab.severity(TcpExhaustion, NETNS), None, "a few are what was called normal");
}

#[test]
fn a_resource_that_is_used_up_is_raised() {
    let full = Second { used: 0.99, swap_used: 0.99, full: 0.9, ..Second::default() };
    let (lab, _) = accepted(MemoryPressure, HOST, 60, full);
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(Critical));
    let conntrack = |conntrack| Second { conntrack, ..Second::default() };
    let (lab, _) = accepted(TcpExhaustion, NETNS, 120, conntrack(960));
    assert_eq!(lab.severity(TcpExhaustion, NETNS), Some(Critical), "it grew to it");
    let (lab, _) = accepted(TcpExhaustion, NETNS, 120, conntrack(940));
    assert_eq!(lab.severity(TcpExhaustion, NETNS), None, "not yet");
}

#[test]
fn it_holds_where_it_was_said_and_until_it_was_said() {
    let (mut lab, mut host) = (Lab::new(), Default::default());
    let elsewhere = Acceptance { entity: String::from("disk:sda"), ..normal(None) };
    lab.hear(said(elsewhere));
    lab.hear(said(Acceptance { kind: Scheduler, ..normal(None) }));
    load(&mut lab, &mut host, 250, 20);
    assert_eq!(lab.severity(LoadMismatch, HOST), Some(Medium));
    let ends = i64::try_from(lab.second()).unwrap() + 30;
    lab.hear(said(normal(Some(ends))));
    load(&mut lab, &mut host, 250, 25);
    assert_eq!(lab.severity(LoadMismatch, HOST), None);
    load(&mut lab, &mut host, 250, 30);
    assert_eq!(lab.severity(LoadMismatch, HOST), Some(Medium), "its time is over");
}

#[test]
fn the_configuration_says_it_too_and_takes_it_back() {
    let (mut lab, mut host) = (Lab::new(), Default::default());
    let config = Config { accept: vec![normal(None)], ..Config::default() };
    lab.hear(Body::ConfigChange(Box::new(config)));
    load(&mut lab, &mut host, 250, 30);
    assert_eq!(lab.severity(LoadMismatch, HOST), None);
    lab.hear(Body::ConfigChange(Box::default()));
    load(&mut lab, &mut host, 250, 30);
    assert_eq!(lab.severity(LoadMismatch, HOST), Some(Medium));
    assert!(lab.engine().carry().is_empty(), "the next run has its own configuration");
}

#[test]
fn of_a_flood_of_words_the_last_are_remembered() {
    let mut lab = Lab::new();
    for number in 0..3000 {
        let entity = alloc::format!("disk:{number}");
        lab.hear(said(Acceptance { entity, ..normal(None) }));
    }
    let accepted = lab.engine().carry().accepted;
    assert_eq!(accepted.len(), 1000);
    assert_eq!(accepted[999].entity, "disk:2999");
}

#[test]
fn an_answer_that_nobody_asked_for_is_a_defect() {
    let mut engine = crate::engine::Engine::default();
    let outcome = ActionOutcome { request: RequestId(3), outcome: Outcome::Applied, reason: None };
    let mut stamp = ks_vocabulary::input::Stamp::default();
    engine.handle(stamp.make(ks_vocabulary::time::Timestamp(1), Body::Start(Box::default())));
    let answer = Body::Answer(Box::new(Answer::ActionOutcome(outcome)));
    engine.handle(stamp.make(ks_vocabulary::time::Timestamp(2), answer));
    let ks_vocabulary::output::Said::Defect(defect) = engine.poll().unwrap().body else { panic!() };
    assert_eq!(defect.problem, "nobody made a request 3");
}
