//! What can be done to a modelled host: each form of action, to each process that the scenario
//! names, to its control group, and to the host, with the values of a careful person on call.

use std::collections::BTreeMap;

use ks_vocabulary::action::{Action, Target};
use serde_json::{Value, json};

use crate::grain::whole;
use crate::scenario::Scenario;
use crate::simulation::{Simulation, Used};

/// What each target had used, by its name.
pub(super) type UsedBy = BTreeMap<String, Used>;

/// Names of the processes that a scenario speaks of.
fn names(scenario: &Scenario) -> Vec<&str> {
    let own = scenario.processes.iter().map(|process| process.name.as_str());
    let of_faults = scenario.faults.iter().filter_map(|fault| fault.target.as_deref());
    let mut names: Vec<&str> = own.chain(of_faults).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Control groups of those processes; of the root there are no limits.
fn groups(scenario: &Scenario, simulation: &Simulation) -> Vec<String> {
    let of = |name: &&str| simulation.group_of(name);
    let mut groups: Vec<String> = names(scenario).iter().filter_map(of).collect();
    groups.retain(|group| group != "/");
    groups.sort();
    groups.dedup();
    groups
}

/// What the groups of a scenario have used.
pub(super) fn used(scenario: &Scenario, simulation: &Simulation) -> UsedBy {
    let each = groups(scenario, simulation).into_iter().map(|group| {
        let used = simulation.used(&group);
        (group, used)
    });
    each.collect()
}

/// Everything that can be tried. `before` is what was used so many seconds ago.
pub(super) fn of(
    scenario: &Scenario,
    simulation: &Simulation,
    before: &UsedBy,
    over_s: f64,
) -> Vec<Action> {
    let mut all = Vec::new();
    let cpus = scenario.host.cpus;
    let disk = format!("{}:0", scenario.host.disk.major());
    for name in names(scenario) {
        all.extend(of_process(name, cpus));
    }
    for group in groups(scenario, simulation) {
        let now = simulation.used(&group);
        let was = before.get(&group).copied().unwrap_or_default();
        all.extend(of_group(&group, &disk, now, now.since(was, over_s)));
    }
    all.extend(of_host(&disk));
    all.iter().filter_map(|value| serde_json::from_value(value.clone()).ok()).collect()
}

fn of_process(name: &str, cpus: u32) -> Vec<Value> {
    let kept = (cpus / 2).max(1);
    let list = if kept == 1 { "0".to_owned() } else { format!("0-{}", kept - 1) };
    vec![
        json!({"lower_process_priority": {"process": name, "nice": 10}}),
        json!({"lower_autogroup_priority": {"process": name, "nice": 10}}),
        json!({"demote_scheduling_class": {"process": name, "class": "batch"}}),
        json!({"demote_scheduling_class": {"process": name, "class": "idle"}}),
        json!({"set_cpu_affinity": {"process": name, "cpus": list}}),
        json!({"throttle_cpu": {"process": name, "percent": 50}}),
        json!({"lower_io_priority": {"process": name, "level": "idle"}}),
        json!({"raise_oom_score": {"process": name, "adj": 500}}),
        json!({"pause_process": {"process": name, "lasts": 60}}),
        json!({"terminate_process": {"process": name}}),
    ]
}

/// `now` is what a group holds, `rate` what it uses a second.
fn of_group(group: &str, disk: &str, now: Used, rate: Used) -> Vec<Value> {
    let percent = whole(rate.cpu_s * 50.0).clamp(1, 100);
    let bytes = |value: f64| whole(value / 4096.0) * 4096;
    let io = |value: f64| whole(value / 2.0).max(65_536);
    let mut all = vec![
        json!({"lower_cpu_weight": {"group": group, "weight": 20}}),
        json!({"limit_cgroup_cpu": {"group": group, "percent": percent}}),
        json!({"limit_cgroup_pids": {"group": group, "max": whole(now.tasks).max(1)}}),
        json!({"freeze_cgroup": {"group": group, "lasts": 60}}),
        json!({"lower_io_weight": {"group": group, "weight": 20}}),
        json!({"limit_cgroup_memory_high":
            {"group": group, "bytes": bytes(now.held_bytes * 0.95)}}),
        json!({"reclaim_cgroup_memory": {"group": group, "bytes": bytes(now.held_bytes * 0.2)}}),
        json!({"limit_cgroup_swap":
            {"group": group, "bytes": bytes(now.swapped_bytes * 1.05).max(4096)}}),
    ];
    for (key, used) in [("rbps", rate.read_bytes), ("wbps", rate.write_bytes)] {
        if used > 0.0 {
            all.push(json!({"throttle_io":
                {"group": group, "disk": disk, "limit": {key: io(used)}}}));
        }
    }
    all
}

fn of_host(disk: &str) -> Vec<Value> {
    vec![
        json!({"widen_port_range": {"low": 15_000, "high": 65_535}}),
        json!({"increase_tcp_backlog": {"value": 4096}}),
        json!({"increase_somaxconn": {"value": 16_384}}),
        json!({"reduce_fin_timeout": {"seconds": 30}}),
        json!("enable_tw_reuse"),
        json!({"raise_conntrack_max": {"value": 524_288}}),
        json!({"raise_netdev_backlog": {"value": 4000}}),
        json!({"reduce_swappiness": {"value": 10}}),
        json!({"clear_page_cache": {"level": 1}}),
        json!({"lower_dirty_background": {"percent": 5}}),
        json!({"reduce_readahead": {"disk": disk, "kb": 64}}),
        json!({"flush_buffers": {"mount": "/"}}),
    ]
}

/// What an action is done to, as people name it: a process by its name, a control group by its
/// path, or else the host.
pub fn target(action: &Action) -> String {
    match action.targets().first() {
        Some(Target::Process(process)) => process.to_string(),
        Some(Target::Group(group)) => group.to_string(),
        Some(Target::Disk(_) | Target::Nic(_) | Target::Mount(_)) | None => "host".to_owned(),
    }
}
