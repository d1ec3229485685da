//! Incidents of one cause.

use ks_vocabulary::decision::{Decided, Ending, Upshot};
use ks_vocabulary::input::{Asks, Outcome, RequestId};
use ks_vocabulary::kind::Entity;
use serde_json::json;

use super::bench::{Bench, ended, hog, query, remedy};
use crate::guard::tests::bench::alone;

const BELONGS: &str =
    "it has the likeliest cause of incident 1, which is being worked on: it belongs to that one";

/// Something is being done about the first incident; two more come.
fn acting(bench: &mut Bench) {
    bench.desk.level = Some(4.0);
    let script = [
        query(),
        json!("next"),
        json!("next"),
        json!("next"),
        json!("next"),
        remedy("set_cpu_affinity", &json!({"process": "proc#1", "cpus": "0-3"})),
    ];
    bench.begin(&script);
    let steps = bench.think(0);
    assert_eq!(bench.asked.len(), 1, "{steps:#?}\n{:#?}", bench.decisions);
    bench.open(2, 2, &hog());
    bench.open(3, 3, &Entity::Process(1100, 110));
}

fn set_aside(bench: &mut Bench) {
    let ends = ended(&bench.think(1));
    assert_eq!(ends, [(2, Ending::NothingToDo, BELONGS.into())], "and not the third");
    for later_s in [1, 20, 40] {
        assert_eq!(ended(&bench.think(later_s)), [], "it is said once");
    }
}

#[test]
fn what_has_the_cause_of_an_incident_that_is_acted_on_belongs_to_it() {
    let _alone = alone();
    let mut bench = Bench::default();
    acting(&mut bench);
    assert_eq!(bench.asked, [(Asks::Effect, RequestId(1))]);
    set_aside(&mut bench);
}

#[test]
fn it_is_set_aside_while_the_outcome_is_watched_and_looked_at_for_itself_after_that() {
    let _alone = alone();
    let mut bench = Bench::default();
    acting(&mut bench);
    bench.open(4, 4, &hog());
    let desk = bench.desk.clone();
    bench.agent().done(RequestId(1), Outcome::Applied, None, &desk, &mut |_, _| RequestId(9));
    let ends = ended(&bench.said());
    let belong = [2, 4].map(|id| (id, Ending::NothingToDo, BELONGS.into()));
    assert_eq!(ends, belong, "nothing but what belongs to it is ended");
    assert_eq!(ended(&bench.think(30)), []);
    // The windows end, and nothing has changed: what was done is put back.
    assert_eq!(ended(&bench.think(60)), []);
    assert_eq!(bench.asked.len(), 2, "{:#?}", bench.decisions);
    let desk = bench.desk.clone();
    bench.agent().done(RequestId(2), Outcome::Applied, None, &desk, &mut |_, _| RequestId(9));
    bench.said();
    let last = bench.decisions.last().unwrap();
    assert_eq!((last.change, last.outcome), (Decided::Undone, Some(Upshot::RolledBack)));
    // What was put back is looked at before anything else is.
    let looked_at: Vec<u64> =
        (0..40).flat_map(|_| ended(&bench.think(1))).map(|(id, ..)| id).collect();
    assert!(looked_at.contains(&2) || looked_at.contains(&4), "{looked_at:?}");
}

#[test]
fn it_is_set_aside_while_a_proposal_waits_for_an_operator() {
    let _alone = alone();
    let mut bench = Bench::default();
    bench.config.mode = ks_vocabulary::decision::Mode::Propose;
    acting(&mut bench);
    assert_eq!(bench.asked, [(Asks::Approval, RequestId(1))]);
    let ends = ended(&bench.think(1));
    assert_eq!(ends[0], (2, Ending::NothingToDo, BELONGS.into()));
    assert!(ends[1..].iter().all(|(id, ..)| *id == 3), "another cause is worked on: {ends:?}");
}

#[test]
fn where_a_person_alone_acts_nothing_that_stands_is_taken_up() {
    let mut bench = Bench::default();
    bench.config.reasoner = ks_vocabulary::decision::Reasoner::Person;
    bench.begin(&[query(), json!("next")]);
    assert!(bench.think(0).is_empty() && bench.think(30).is_empty());
    assert!(bench.asked.is_empty() && bench.decisions.is_empty());
}
