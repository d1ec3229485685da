//! What is measured to be right of a few scenarios.

use super::*;
use crate::library;

fn load(name: &str) -> Scenario {
    Scenario::parse(library::find(name).unwrap(), name).unwrap()
}

fn measured(name: &str) -> Remedies {
    let scenario = load(name);
    Remedies::measure(&scenario, scenario.seeds.first)
}

fn right(moment: &Moment) -> Vec<(&'static str, String)> {
    moment.right().map(|action| (action.name(), target(action))).collect()
}

#[test]
fn what_helps_and_harms_nobody_is_right() {
    let found = measured("renice_one_session");
    let [moment] = &found.moments[..] else { panic!("{found:?}") };
    assert!((300.0..320.0).contains(&moment.at_s), "after the limit was held: {}", moment.at_s);
    let right = right(moment);
    assert!(right.contains(&("lower_process_priority", "report".to_owned())), "{right:?}");
    assert!(right.iter().all(|(_, target)| target == "report"), "{right:?}");
    assert!(right.iter().all(|(name, _)| *name != "terminate_process"), "milder ones do");
    let of_api = moment
        .tried
        .iter()
        .filter(|trial| trial.action.as_ref().is_some_and(|action| target(action) == "api"));
    assert!(of_api.clone().count() > 2 && of_api.clone().all(|trial| !trial.harm.is_empty()));
}

#[test]
fn it_is_right_to_leave_alone_what_ends_by_itself_is_needed_or_is_not_wrong() {
    let ending = measured("fault_ends_by_itself");
    assert!(ending.moments.iter().all(Moment::ends_by_itself) && !ending.moments.is_empty());
    assert!(ending.moments.iter().all(|moment| moment.right().next().is_none()));
    let needed = measured("hog_everybody_needs");
    assert!(!needed.moments.is_empty() && !needed.moments[0].ends_by_itself());
    assert!(needed.moments.iter().all(|moment| moment.right().next().is_none()), "{needed:?}");
    assert!(measured("quiet").moments.is_empty());
}

#[test]
fn what_was_measured_of_another_world_is_stale() {
    let scenario = load("fault_ends_by_itself");
    let mut found = Remedies::measure(&scenario, scenario.seeds.first);
    assert!(found.is_of(&scenario));
    let mut other = scenario.clone();
    other.host.cpus += 1;
    assert!(!found.is_of(&other));
    found.world.push('0');
    assert!(!found.is_of(&scenario));
}

#[test]
fn the_moment_of_a_time_is_the_last_before_it() {
    let moment = |at_s| Moment {
        at_s,
        standing: Vec::new(),
        foretold: false,
        until_s: at_s,
        tried: Vec::new(),
        without_effect: 0,
    };
    let all = Remedies {
        scenario: String::new(),
        seed: 1,
        world: String::new(),
        moments: vec![moment(300.0), moment(900.0)],
    };
    let first = Some(&all.moments[0]);
    assert_eq!(all.at(10.0), first);
    assert_eq!(all.at(700.0), first);
    assert_eq!(all.at(880.0), Some(&all.moments[1]), "a decision may come a little before it");
}
