//! Actions on processes, and on the groups that hold them.

use ks_scenarios::action::Refused;
use ks_vocabulary::model::Sample;

use crate::lab::{Lab, cpus, group};

#[test]
fn less_favoured_by_priority_class_weight_quota_or_affinity_the_other_gets_more() {
    for action in [
        r#"{ lower_process_priority = { process = "batch", nice = 15 } }"#,
        r#"{ demote_scheduling_class = { process = "batch", class = "idle" } }"#,
        r#"{ set_cpu_affinity = { process = "batch", cpus = "0" } }"#,
        r#"{ throttle_cpu = { process = "batch", percent = 20 } }"#,
        r#"{ limit_cgroup_cpu = { group = "/batch.slice", percent = 20 } }"#,
        r#"{ lower_cpu_weight = { group = "/batch.slice", weight = 10 } }"#,
        r#"{ pause_process = { process = "batch", lasts = "60s" } }"#,
        r#"{ freeze_cgroup = { group = "/batch.slice", lasts = "60s" } }"#,
        r#"{ terminate_process = { process = "batch" } }"#,
    ] {
        let (before, after) = cpus(action, b"server");
        assert!((0.5..0.9).contains(&before), "{action}: {before}");
        assert!(after > 1.2 * before, "{action}: {before} to {after}");
    }
    let (before, after) =
        cpus(r#"{ demote_scheduling_class = { process = "batch", class = "batch" } }"#, b"server");
    assert!((after / before - 1.0).abs() < 0.05, "the batch class keeps its share");
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
