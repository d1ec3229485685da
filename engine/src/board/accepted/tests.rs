//! A host that is busy by design: what operators call normal is not raised below critical.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;

use crate::lab::{Lab, Meter};
use ks_vocabulary::input::{
    Acceptance, ActionOutcome, Answer, Body, Config, Decision, OperatorDecision, Outcome, RequestId,
};
use ks_vocabulary::kind::Kind::{LoadMismatch, Scheduler};
use ks_vocabulary::kind::Severity::{Critical, Medium};
use ks_vocabulary::model::CpuCell;
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
fn harm_is_raised_all_the_same() {
    let (mut lab, mut host) = (Lab::new(), Default::default());
    lab.hear(said(normal(None)));
    load(&mut lab, &mut host, 250, 60);
    assert_eq!(lab.severity(LoadMismatch, HOST), None);
    load(&mut lab, &mut host, 900, 60);
    assert_eq!(lab.severity(LoadMismatch, HOST), Some(Critical));
    load(&mut lab, &mut host, 250, 120);
    assert_eq!(lab.severity(LoadMismatch, HOST), None, "and ends with the harm");
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
    let config = Config { accept: vec![normal(None)] };
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
