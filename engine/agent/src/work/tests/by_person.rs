//! What a person asks for himself: judged like any other, but for what speaks for it.

use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::decision::{DecisionSaid, Effect, Mode, Verdict};
use ks_vocabulary::input::{Condition, OwnAction};
use ks_vocabulary::kind::Kind;
use ks_vocabulary::lasting::Exact;
use ks_vocabulary::time::SECOND_NS;

use super::super::*;
use crate::desk::{Desk, HOG, RECORDER};

/// An agent that does only what a person asks for, on the host for tests.
struct Bench {
    agent: Agent,
    desk: Desk,
    asked: Vec<Asks>,
}

impl Bench {
    fn new() -> Self {
        let config =
            AgentConfig { mode: Mode::Propose, reasoner: Named::Person, ..AgentConfig::default() };
        let agent = Agent::new(&config, ClockAnchor::default(), 1).expect("someone advises it");
        Self { agent, desk: Desk::default(), asked: Vec::new() }
    }

    /// Asks for something, and gives what was said of it last.
    fn act(&mut self, own: &OwnAction) -> DecisionSaid {
        let asked = &mut self.asked;
        self.agent.act(own, &self.desk, &mut |asks, _| {
            asked.push(asks);
            RequestId(asked.len() as u64)
        });
        self.said()
    }

    fn undo(&mut self, decision: u64) {
        let asked = &mut self.asked;
        self.agent.undo_on_request(decision, &self.desk, &mut |asks, _| {
            asked.push(asks);
            RequestId(asked.len() as u64)
        });
    }

    fn answer(&mut self, outcome: Outcome) -> DecisionSaid {
        let request = RequestId(self.asked.len() as u64);
        self.agent.done(request, outcome, None, &self.desk, &mut |_, _| unreachable!());
        self.said()
    }

    fn said(&mut self) -> DecisionSaid {
        let all = core::iter::from_fn(|| self.agent.poll());
        let decisions = all.filter_map(|said| {
            if let Said::Decision(decision) = said { Some(*decision) } else { None }
        });
        decisions.last().expect("it says something")
    }
}

fn nice((pid, start): (u64, u64), nice: u64) -> OwnAction {
    let target = Entity::Process(pid, start);
    let json = alloc::format!(
        "{{\"lower_process_priority\":{{\"process\":\"{target}\",\"nice\":{nice}}}}}"
    );
    let action = serde_json::from_str(&json).expect("an action");
    OwnAction { action, target: Exact(target), verify: None, rehearse: false }
}

fn told(decision: &DecisionSaid) -> (Verdict, &'static str, Option<Upshot>) {
    (decision.verdict, decision.rule, decision.outcome)
}

#[test]
fn nothing_has_to_stand_and_what_came_of_it_is_inconclusive_until_it_is_undone() {
    let mut bench = Bench::new();
    let asked = bench.act(&nice(HOG, 10));
    assert_eq!(told(&asked), (Verdict::Allowed, "person", None));
    assert_eq!(asked.reasoner, Named::Person);
    let effect = bench.agent.take_effect(RequestId(1)).expect("it is asked for");
    let (_, effects) = effect.to_do().expect("it is done");
    assert!(matches!(effects, [Effect::Nice { nice: 10, .. }]), "{effects:?}");
    let done = bench.answer(Outcome::Applied);
    assert_eq!(done.outcome, Some(Upshot::Inconclusive));
    bench.undo(done.id);
    let effect = bench.agent.take_effect(RequestId(2)).expect("it is asked for");
    assert!(effect.to_undo().is_some() && effect.decision() == done.id);
    assert_eq!(bench.answer(Outcome::Applied).outcome, Some(Upshot::RolledBack));
    bench.undo(done.id);
    assert_eq!(bench.asked.len(), 2, "it is put back once");
}

#[test]
fn what_protects_a_host_holds_for_a_person_too() {
    let mut bench = Bench::new();
    let (verdict, rule, _) = told(&bench.act(&nice(RECORDER, 10)));
    assert_eq!((verdict, rule), (Verdict::Denied, "protected"));
    bench.agent.stop(true);
    let (verdict, rule, _) = told(&bench.act(&nice(HOG, 10)));
    assert_eq!((verdict, rule), (Verdict::Denied, "stopped"));
    bench.agent.stop(false);
    bench.desk.hog().nice = Some(15);
    let (verdict, rule, _) = told(&bench.act(&nice(HOG, 10)));
    assert_eq!(verdict, Verdict::Denied, "{rule}: it would give");
    let mut other = nice(HOG, 10);
    other.target = Exact(Entity::Process(1001, 101));
    bench.desk.hog().nice = Some(0);
    bench.act(&other);
    assert_eq!(bench.asked.len(), 1, "what is named is what is meant: a handle was given for it");
    let (verdict, rule, _) = told(&bench.act(&nice(HOG, 10)));
    assert_eq!((verdict, rule), (Verdict::Denied, "in_flight"));
}

#[test]
fn what_is_only_told_is_not_asked_for() {
    let mut bench = Bench::new();
    let told_only = OwnAction { rehearse: true, ..nice(HOG, 10) };
    let said = bench.act(&told_only);
    assert_eq!(told(&said), (Verdict::Allowed, "person", Some(Upshot::DryRun)));
    assert!(said.plan.is_some() && bench.asked.is_empty());
}

#[test]
fn a_condition_that_does_not_stand_verifies_nothing() {
    let mut bench = Bench::new();
    let wanted = Condition { kind: Kind::Scheduler, entity: String::from("host") };
    let said = bench.act(&OwnAction { verify: Some(wanted), ..nice(HOG, 10) });
    assert_eq!((said.verdict, said.rule), (Verdict::Denied, "verifiable"));
    assert_eq!(said.reason, "scheduler on host does not stand");
    assert!(bench.asked.is_empty());
}

#[test]
fn an_act_that_nobody_knows_of_is_told_and_one_that_was_refused_stands_nowhere() {
    for (outcome, upshot) in [
        (Outcome::Indeterminate, Upshot::Indeterminate),
        (Outcome::NotApplied, Upshot::NotApplied),
        (Outcome::Superseded, Upshot::Superseded),
    ] {
        let mut bench = Bench::new();
        bench.act(&nice(HOG, 10));
        let done = bench.answer(outcome);
        assert_eq!(done.outcome, Some(upshot));
        bench.undo(done.id);
        assert_eq!(bench.asked.len(), 1, "{upshot}: nothing stands that could be put back");
        let after = bench.desk.now.plus_ns(20 * SECOND_NS);
        (bench.desk.now, bench.desk.sampled) = (after, Some(after));
        let again = bench.act(&nice(HOG, 12));
        assert!(again.rule != "in_flight", "{upshot}: it is over");
    }
}
