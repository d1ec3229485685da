//! Two machines in virtual time: one that asks all the time, and a world that answers late, twice,
//! in another order, or never. Time jumps from one wake-up to the next, and every run is bounded.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod asker;
mod net;
mod paper;

use std::collections::{BTreeMap, BTreeSet};

use ks_recorder::error::Error;
use ks_replayer::driver::{Arrival, Driver, Keeper as _, Machine as _, Wants, World};
use ks_vocabulary::input::{Answer, Body, Carry, Outcome, RequestId, Start};
use ks_vocabulary::time::Timestamp;

use asker::Asker;
use net::{Fates, Net};
use paper::Paper;

/// Steps that no run of these needs.
const BOUND: usize = 5_000;

/// Drives until the world is over.
fn run(net: &mut Net, paper: &mut Paper) -> Driver<Asker> {
    let mut driver = Driver::<Asker>::default();
    let mut steps = 0;
    while driver.turn(net, paper).unwrap() {
        steps += 1;
        assert!(steps < BOUND, "it does not end");
    }
    driver.finish(paper).unwrap();
    driver
}

/// How each request of a run ended, by the answers in its log.
fn answers(paper: &Paper) -> BTreeMap<RequestId, usize> {
    let mut answers = BTreeMap::new();
    for input in &paper.log {
        if let Body::Answer(answer) = &input.body {
            let (request, _) = answer.answers().unwrap();
            *answers.entry(request).or_default() += 1;
        }
    }
    answers
}

#[test]
fn each_request_has_one_end_whatever_becomes_of_its_answers() {
    let (mut late, mut twice, mut lost) = (0, 0, 0);
    for seed in 0..200 {
        let (mut net, mut paper) = (Net::new(seed, 60, Fates::all()), Paper::default());
        let driver = run(&mut net, &mut paper);
        let asker = driver.machine();
        let (accepted, expired) = (&asker.accepted, &asker.expired);
        let ends: BTreeSet<RequestId> = accepted.iter().chain(expired).copied().collect();
        assert_eq!(
            ends.len(),
            accepted.len() + expired.len(),
            "seed {seed}: no request ends twice"
        );
        assert_eq!(ends.len() as u64, asker.asked, "seed {seed}: and none is left open");
        let came: usize = answers(&paper).values().sum();
        assert_eq!(came - accepted.len(), asker.defects.len(), "seed {seed}: the rest is told");
        let told = |what: &str| asker.defects.iter().filter(|text| text.contains(what)).count();
        late += told("came too late");
        twice += told("answered before");
        lost += expired.len();
        assert_eq!(net.asked.len() as u64, asker.asked, "seed {seed}: each is asked for once");
    }
    assert!(late > 50 && twice > 50 && lost > 50, "{late} late, {twice} twice, {lost} lost");
}

#[test]
fn inputs_are_numbered_without_a_hole_and_time_never_goes_back() {
    for seed in 0..50 {
        let mut paper = Paper::default();
        run(&mut Net::new(seed, 60, Fates::all()), &mut paper);
        for (at, pair) in (1..).zip(paper.log.windows(2)) {
            assert_eq!((pair[0].seq, pair[1].seq), (at - 1, at), "seed {seed}");
            assert!(pair[0].mono <= pair[1].mono, "seed {seed}: {pair:?}");
        }
    }
}

#[test]
fn the_log_fed_again_gives_the_same_journal() {
    for seed in 0..50 {
        let mut paper = Paper::default();
        run(&mut Net::new(seed, 60, Fates::all()), &mut paper);
        let mut again = Paper::default();
        let mut machine = Asker::default();
        let mut journal = ks_vocabulary::journal::Journal::default();
        let mut say = |machine: &mut Asker, paper: &mut Paper| {
            while let Some(output) = machine.poll() {
                paper.said(&output, journal.record(&output)).unwrap();
            }
        };
        for input in &paper.log {
            machine.handle(input.position(), &input.body, &mut |_| {});
            say(&mut machine, &mut again);
        }
        machine.finish();
        say(&mut machine, &mut again);
        assert_eq!(again.journal, paper.journal, "seed {seed}");
    }
}

#[test]
fn nothing_is_handed_out_before_it_is_durable() {
    let (mut net, mut paper) = (Net::new(1, 30, Fates::none()), Paper::default());
    run(&mut net, &mut paper);
    assert!(net.asked.len() >= 30);
    let durable = paper.durable.as_slice();
    assert_eq!(net.asked.len(), durable.len(), "each time all of the journal was made durable");
    for (request, durable) in net.asked.iter().zip(durable) {
        let line = format!("\"output\":\"request\",\"id\":{},", request.id.0);
        assert!(durable.contains(&line), "{line} is not in {durable}");
    }
}

#[test]
fn what_cannot_be_made_durable_is_withheld_and_said_to_be() {
    let mut net = Net::new(1, 30, Fates::none());
    let mut paper = Paper::default();
    paper.fails_to_sync = true;
    let driver = run(&mut net, &mut paper);
    assert!(net.asked.is_empty(), "nobody is asked for what a crash would forget");
    let withheld = paper.log.iter().filter(|input| {
        let Body::Answer(answer) = &input.body else { return false };
        let Answer::ActionOutcome(outcome) = answer.as_ref() else { return false };
        outcome.outcome == Outcome::Withheld
    });
    assert_eq!(withheld.count() as u64, driver.machine().asked);
    assert_eq!(driver.machine().accepted.len() as u64, driver.machine().asked);
}

/// Killed at every step of a run: the next one asks for what had no answer, by its number, and no
/// number comes twice.
#[test]
fn a_run_that_was_killed_leaves_no_effect_unasked_for() {
    let mut resumed = 0;
    for killed_at in 1..150 {
        let (mut net, mut paper) = (Net::new(7, 60, Fates::all()), Paper::default());
        let mut driver = Driver::<Asker>::default();
        for _ in 0..killed_at {
            driver.turn(&mut net, &mut paper).unwrap();
        }
        // What the next run knows it has from the log alone.
        let mut machine = Asker::default();
        for input in &paper.log {
            machine.handle(input.position(), &input.body, &mut |_| {});
        }
        let carry: Carry = machine.carry();
        let open: BTreeSet<RequestId> = carry.open.iter().map(|open| open.request).collect();
        let handed_out: BTreeSet<RequestId> = net.asked.iter().map(|request| request.id).collect();
        let accepted: BTreeSet<RequestId> = machine.accepted.iter().copied().collect();
        let expired: BTreeSet<RequestId> = machine.expired.iter().copied().collect();
        for id in &handed_out {
            let known = [&open, &accepted, &expired].into_iter().any(|set| set.contains(id));
            assert!(known, "killed at {killed_at}: {id:?} was handed out and is forgotten");
        }
        let mut next = Net::new(8, 5, Fates::none());
        next.carry = Some(carry.clone());
        let mut paper = Paper::default();
        let after = run(&mut next, &mut paper);
        let again: BTreeSet<RequestId> =
            next.asked.iter().filter(|request| request.again).map(|request| request.id).collect();
        assert_eq!(again, open, "killed at {killed_at}");
        resumed += again.len();
        let fresh = next.asked.iter().filter(|request| !request.again);
        assert!(fresh.clone().all(|request| request.id.0 > carry.last_request));
        let ends = after.machine().accepted.len() + after.machine().expired.len();
        assert_eq!(ends, next.asked.len(), "killed at {killed_at}");
    }
    assert!(resumed > 100, "{resumed}");
}

/// A world in which one thing is learned.
struct Once(Body);

impl World for Once {
    fn wait(&mut self, _: Wants) -> Result<Arrival<'_>, Error> {
        Ok(Arrival::Learned(Timestamp(0), &mut self.0))
    }
}

/// Where the segments before it are removed, a later one is all that a restart has.
#[test]
fn a_later_segment_begins_with_what_the_run_would_leave_by_then() {
    let (mut net, mut paper) = (Net::new(1, 60, Fates::none()), Paper::default());
    let mut driver = Driver::<Asker>::default();
    for _ in 0..20 {
        assert!(driver.turn(&mut net, &mut paper).unwrap());
    }
    let carry = driver.machine().carry();
    assert!(carry.last_request > 0);
    let start = Start { boot_id: "pair".into(), segment: 1, ..Start::default() };
    driver.turn(&mut Once(Body::Start(Box::new(start))), &mut paper).unwrap();
    let begun =
        paper.log.iter().rev().find_map(|input| {
            if let Body::Start(start) = &input.body { Some(start) } else { None }
        });
    assert_eq!(begun.unwrap().carry.as_ref(), Some(&carry));
}
