//! What is put back: the old value, and nothing where someone else has changed it or where it is
//! gone.

use ks_scenarios::settings::{GroupSetting, Setting};
use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{Mode, Upshot};

use super::lab::{BURST, Told, agent, run};

const WEIGHT: &str = r#"{"lower_cpu_weight":{"group":"/tenants.slice/b.service","weight":1}}"#;

/// The weight of the hog's group as it is in the end.
fn weight(told: &Told) -> u64 {
    let action: Action = serde_json::from_str(WEIGHT).unwrap();
    match told.simulation.settings(&action).map(|prior| prior.before) {
        Some(Setting::Group { value: GroupSetting::Weight(weight), .. }) => weight,
        other => panic!("no weight: {other:?}"),
    }
}

#[test]
fn what_did_not_help_has_its_old_value_again() {
    let told = run(BURST, agent(Mode::Auto));
    let decision = told.decision(1);
    assert_eq!(decision.action, Some("lower_cpu_weight"));
    assert_eq!(decision.outcome, Some(Upshot::RolledBack));
    assert_eq!(told.done[0].1, "do");
    assert_eq!((told.done[1].0, told.done[1].1), (1, "undo"));
    assert_eq!(weight(&told), 100);
}

#[test]
fn a_value_that_someone_else_has_changed_since_is_left_alone() {
    let other = "[[action]]\nat = \"60s\"\n\
        do = { lower_cpu_weight = { group = \"/tenants.slice/b.service\", weight = 7 } }\n";
    let told = run(&format!("{BURST}{other}"), agent(Mode::Auto));
    let decision = told.decision(1);
    assert_eq!(decision.outcome, Some(Upshot::Superseded), "{decision:#?}");
    assert!(decision.lesson.as_ref().unwrap().contains("left alone"), "{decision:#?}");
    assert_eq!(weight(&told), 7);
    let undone = told.done.iter().filter(|(number, what, _)| (*number, *what) == (1, "undo"));
    assert_eq!(undone.count(), 1, "it is tried once");
}

#[test]
fn where_the_target_has_ended_nothing_is_put_back() {
    let ends = BURST
        .replace("/tenants.slice/b.service", "/")
        .replace("at = \"20s\"", "at = \"20s\"\nduration = \"60s\"");
    let told = run(&ends, agent(Mode::Auto));
    let decision = told.decision(1);
    assert_eq!(decision.comm.as_deref(), Some("hog"));
    assert_eq!(told.times_done(1), 1, "{decision:#?}");
    let lesson = decision.lesson.as_ref().unwrap();
    assert!(lesson.contains("is gone, and it could not be put back"), "{lesson}");
    assert_ne!(decision.outcome, Some(Upshot::RolledBack));
}
