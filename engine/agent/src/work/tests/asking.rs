//! When something may be looked at more closely, and when not.

use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::Verdict;
use serde_json::{Value, json};

use super::bench::{Bench, query, remedy};
use super::looks::{busy, looked, step_of};
use crate::desk::{BATCH, group};

#[test]
fn a_handle_that_was_not_issued_or_is_of_another_sort_is_an_error() {
    for (action, field, handle) in [
        ("show_process", "process", "proc#9"),
        ("list_sockets", "process", "proc#9"),
        ("show_cgroup_usage", "group", "cg#9"),
    ] {
        let error = looked(&mut busy(), action, &json!({field: handle})).unwrap_err();
        assert!(error.contains("was not issued"), "{error}");
    }
    let error = looked(&mut busy(), "show_process", &json!({"process": "cg#1"})).unwrap_err();
    assert!(error.contains("cg#1") || error.contains("process"), "{error}");
}

/// Goes on so many phases, and looks.
fn after(phases: usize) -> Vec<Value> {
    let mut script = [query()].to_vec();
    script.extend((0..phases).map(|_| json!("next")));
    script.push(remedy("check_pressure", &json!({})));
    script
}

#[test]
fn it_may_be_asked_for_until_something_is_done_and_is_refused_then() {
    for phases in 0..4 {
        let mut bench = Bench::default();
        let step = step_of(&mut bench, &after(phases));
        assert!(step.answer.is_some(), "{phases}: {:?}", step.error);
        assert!(bench.decisions.is_empty());
    }
    let mut bench = Bench::default();
    bench.desk.level = Some(4.0);
    let step = step_of(&mut bench, &after(4));
    let refused = step.answer.unwrap_or_default() + &step.error.unwrap_or_default();
    assert!(!refused.contains("looked"), "{refused}");
    assert!(bench.decisions.iter().all(|one| one.verdict == Verdict::Denied));
}

#[test]
fn what_changes_something_is_refused_until_something_may_be_done() {
    let affinity = remedy("set_cpu_affinity", &json!({"process": "proc#1", "cpus": "0-3"}));
    let step = step_of(&mut Bench::default(), &[query(), affinity]);
    assert!(step.error.unwrap().contains("no tool of the phase observe"));
}

#[test]
fn the_site_may_forbid_a_look_and_evidence_has_to_be_issued() {
    let params = json!({});
    let mut bench = Bench::default();
    bench.config.policy.deny = [ActionKind::CheckPressure].to_vec();
    let error = looked(&mut bench, "check_pressure", &params).unwrap_err();
    assert_eq!(error, "the site forbids `check_pressure`");
    let mut bench = Bench::default();
    bench.config.policy.forbid = [String::from("info .*")].to_vec();
    assert!(looked(&mut bench, "check_pressure", &params).is_err());
    let mut bench = Bench::default();
    bench.config.policy.approve = [ActionKind::CheckPressure].to_vec();
    assert!(looked(&mut bench, "check_pressure", &params).is_err());
    let mut other = remedy("check_pressure", &params);
    other["call"]["arguments"]["evidence"] = json!([77]);
    let step = step_of(&mut Bench::default(), &[query(), other]);
    assert_eq!(step.error.as_deref(), Some("no signal 77 was issued"));
}

#[test]
fn looks_have_a_bucket_of_their_own() {
    let mut bench = Bench::default();
    bench.config.budgets.info_per_minute = 3;
    let counts = [1, 2, 4, 8].map(|count| remedy("list_top_cpu", &json!({"count": count})));
    let script = [&[query()][..], &counts].concat();
    let step = step_of(&mut bench, &script);
    let error = step.error.unwrap();
    assert_eq!(error, "3 looks were taken within the last minute");
}

#[test]
fn those_in_no_group_have_none_in_common() {
    for (path, has) in [(BATCH, true), (&b"/"[..], false)] {
        let mut bench = Bench::default();
        bench.desk.groups.insert(path.to_vec(), group(path));
        bench.desk.hog().group = Some(path);
        bench.begin(&[query()]);
        let answer = bench.think(0).into_iter().find_map(|step| step.answer).expect("an answer");
        assert_eq!(answer.contains("\"group\":\"cg#"), has, "{answer}");
    }
}
