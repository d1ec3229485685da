//! Actions on processes, and on the groups that hold them.

use ks_scenarios::action::Refused;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::model::Sample;

use crate::lab::{HOST, Lab, cpus, group};

#[test]
fn less_favoured_by_weight_or_quota_the_other_gets_more() {
    let scenario = Scenario::parse(HOST, "actions.toml").unwrap();
    for action in [
        r#"{ throttle_cpu = { process = "batch", percent = 20 } }"#,
        r#"{ limit_cgroup_cpu = { group = "/batch.slice", percent = 20 } }"#,
        r#"{ lower_cpu_weight = { group = "/batch.slice", weight = 10 } }"#,
        r#"{ pause_process = { process = "batch", lasts = "60s" } }"#,
        r#"{ freeze_cgroup = { group = "/batch.slice", lasts = "60s" } }"#,
        r#"{ terminate_process = { process = "batch" } }"#,
    ] {
        let (before, after) = cpus(&scenario, action, b"server");
        assert!((0.9..1.1).contains(&before), "{action}: {before}");
        assert!(after > 1.2 * before, "{action}: {before} to {after}");
    }
}

/// What lowers the priority of `batch`, and changes how it fares against its siblings.
const PRIORITIES: [&str; 2] = [
    r#"{ lower_process_priority = { process = "batch", nice = 15 } }"#,
    r#"{ demote_scheduling_class = { process = "batch", class = "idle" } }"#,
];

/// A scenario whose processes all are in one group.
fn in_group(path: &str) -> Scenario {
    let text = HOST.replace("/batch.slice", path).replace("/server.slice", path);
    Scenario::parse(&text, "actions.toml").unwrap()
}

#[test]
fn a_lower_priority_or_fewer_cpus_help_those_of_the_same_group() {
    let pinned = r#"{ set_cpu_affinity = { process = "batch", cpus = "0" } }"#;
    for action in PRIORITIES.into_iter().chain([pinned]) {
        let (before, after) = cpus(&in_group("/work.slice"), action, b"server");
        assert!((0.5..0.9).contains(&before), "{action}: {before}");
        assert!(after > 1.2 * before, "{action}: {before} to {after}");
    }
    let batch = r#"{ demote_scheduling_class = { process = "batch", class = "batch" } }"#;
    let (before, after) = cpus(&in_group("/work.slice"), batch, b"server");
    assert!((after / before - 1.0).abs() < 0.05, "the batch class keeps its share");
}

#[test]
fn a_lower_priority_does_nothing_for_another_group_or_session() {
    let groups = Scenario::parse(HOST, "actions.toml").unwrap();
    for scenario in [groups, in_group("/")] {
        for action in PRIORITIES {
            let (before, after) = cpus(&scenario, action, b"server");
            assert!((0.9..1.1).contains(&before), "{action}: {before}");
            assert!((after / before - 1.0).abs() < 0.05, "{action}: {before} to {after}");
        }
    }
}

#[test]
fn the_nice_level_of_an_autogroup_counts_between_sessions_of_the_root_group_only() {
    let action = r#"{ lower_autogroup_priority = { process = "batch", nice = 15 } }"#;
    let (before, after) = cpus(&in_group("/"), action, b"server");
    assert!(after > 1.2 * before, "{before} to {after}");
    for path in ["/work.slice", "/work.slice/batch.service"] {
        let text = HOST.replace("/batch.slice", path).replace("/server.slice", "/work.slice");
        let scenario = Scenario::parse(&text, "actions.toml").unwrap();
        let (before, after) = cpus(&scenario, action, b"server");
        assert!((after / before - 1.0).abs() < 0.05, "{path}: {before} to {after}");
    }
}

#[test]
fn children_are_in_the_session_of_who_made_them() {
    let spawner = r#"{ name = "bomb", group = "/", demand = { spawns = 20.0, spin = 1.0 } },"#;
    let text = HOST
        .replace("process = [", &format!("process = [{spawner}"))
        .replace("/batch.slice", "/")
        .replace("/server.slice", "/");
    let mut lab = Lab::of(&Scenario::parse(&text, "actions.toml").unwrap(), 30);
    let third = 2.0 / 3.0;
    let got = lab.cpu_of(b"server");
    assert!((got - third).abs() < 0.1, "three sessions share two CPUs: {got}");
}

#[test]
fn what_is_stopped_goes_on_when_it_is_over_or_asked_to() {
    let mut lab = Lab::new("");
    lab.act(r#"{ pause_process = { process = "batch", lasts = "10s" } }"#).unwrap();
    lab.run(2);
    let state = |lab: &Lab| lab.rows[b"batch".as_slice()].state();
    assert_eq!(state(&lab), Some(u64::from(b'T')));
    lab.run(12);
    assert_ne!(state(&lab), Some(u64::from(b'T')));
    lab.act(r#"{ freeze_cgroup = { group = "/batch.slice", lasts = "60s" } }"#).unwrap();
    lab.run(2);
    assert!(lab.cpu_of(b"batch") < 0.01);
    lab.act(r#"{ thaw_cgroup = { group = "/batch.slice" } }"#).unwrap();
    assert!(lab.cpu_of(b"batch") > 0.5);
    lab.act(r#"{ pause_process = { process = "batch", lasts = "60s" } }"#).unwrap();
    lab.act(r#"{ resume_process = { process = "batch" } }"#).unwrap();
    assert!(lab.cpu_of(b"batch") > 0.5);
}

#[test]
fn a_quota_for_one_of_several_in_a_group_is_refused() {
    let other = r#"{ name = "other", group = "/batch.slice" },"#;
    let mut lab = Lab::new(other);
    let refused = lab.act(r#"{ throttle_cpu = { process = "batch", percent = 20 } }"#);
    assert!(matches!(refused, Err(Refused::Invalid { .. })), "{refused:?}");
    let refused = lab.act(r#"{ pause_process = { process = "nobody", lasts = "1s" } }"#);
    assert_eq!(refused.unwrap_err().to_string(), "there is no process `nobody`");
}

#[test]
fn a_limit_of_tasks_ends_a_fork_bomb() {
    let bomb = r#"{ name = "bomb", group = "/bomb.slice", demand = { spawns = 20.0 } },"#;
    let mut lab = Lab::new(bomb);
    let pids = |sample: &Sample| group(sample, b"/bomb.slice").pids().unwrap();
    assert!(pids(&lab.last) > 300);
    let max = pids(&lab.last);
    lab.act(&format!(r#"{{ limit_cgroup_pids = {{ group = "/bomb.slice", max = {max} }} }}"#))
        .unwrap();
    lab.run(20);
    assert!(pids(&lab.last) <= max + 1);
}
