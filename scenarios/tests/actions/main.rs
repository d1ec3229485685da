//! Each action has its effect on the modelled host, and those that do not help do not.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod disks;
mod facts;
mod lab;
mod laws;
mod memory;
mod network;
mod processes;
mod undo;

use ks_scenarios::action::Refused;
use ks_scenarios::scenario::Scenario;
use ks_vocabulary::model::Cpu;

use crate::lab::{HOST, Lab};

#[test]
fn what_is_not_modelled_is_refused_and_never_done() {
    let mut lab = Lab::new("");
    for (name, fields) in [
        ("reduce_fin_timeout", "seconds = 15"),
        ("raise_conntrack_max", "value = 500000"),
        ("raise_netdev_backlog", "value = 4000"),
        ("list_top_memory", "count = 5"),
        ("list_top_cpu", "count = 5"),
        ("check_io_activity", "count = 5"),
        ("monitor_swap", "lasts = 5"),
        ("list_blocked_tasks", "count = 5"),
        ("show_cgroup_usage", r#"group = "/batch.slice""#),
        ("show_process", r#"process = "batch""#),
        ("list_sockets", r#"process = "batch""#),
    ] {
        let refused = lab.act(&format!("{{ {name} = {{ {fields} }} }}")).unwrap_err();
        assert_eq!(refused, Refused::NotModelled { action: name });
        assert_eq!(refused.to_string(), format!("`{name}` is not modelled"));
    }
    for name in ["check_network_stats", "check_tcp_stats", "check_disk_space", "check_pressure"] {
        let refused = lab.act(&format!("\"{name}\"")).unwrap_err();
        assert_eq!(refused, Refused::NotModelled { action: name });
    }
}

#[test]
fn what_the_host_does_not_have_is_missing() {
    let mut lab = Lab::new("");
    for (action, missing) in [
        (r#"{ reduce_readahead = { disk = "nvme0n1", kb = 16 } }"#, "disk `disk:nvme0n1`"),
        (r#"{ flush_buffers = { mount = "/var" } }"#, "mounted filesystem `/var`"),
        (r#"{ force_network_speed = { nic = "eth9", mbit = 100 } }"#, "interface `nic:eth9`"),
        (r#"{ resume_process = { process = "proc#7" } }"#, "process `proc#7`"),
        (r#"{ thaw_cgroup = { group = "cg#7" } }"#, "control group `cg#7`"),
        (r#"{ thaw_cgroup = { group = "/no.slice" } }"#, "control group `/no.slice`"),
    ] {
        let refused = lab.act(action).unwrap_err();
        assert_eq!(refused.to_string(), format!("there is no {missing}"));
    }
    let pinned = r#"{ set_cpu_affinity = { process = "batch", cpus = "1-2" } }"#;
    assert_eq!(lab.act(pinned).unwrap_err().to_string(), "cpus: 1-2: the host has 2");
}

#[test]
fn actions_of_a_scenario_are_done_in_time() {
    let action = "\n[[action]]\nat = \"40s\"\ndo = { pause_process = { process = \"batch\", \
                  lasts = \"60s\" } }\n";
    let scenario = Scenario::parse(&format!("{HOST}{action}"), "actions.toml").unwrap();
    let mut lab = Lab::of(&scenario, 15);
    assert!(lab.cpu_of(b"batch") > 0.5);
    lab.run(10);
    assert!(lab.cpu_of(b"batch") < 0.01);
    let ticks = lab.last.cpu.first().and_then(Cpu::user_ticks);
    assert!(ticks.is_some() && lab.simulation.refused().is_empty());
    let bad = action.replace("batch", "nobody");
    let error = Scenario::parse(&format!("{HOST}{bad}"), "actions.toml").unwrap_err().to_string();
    assert!(error.contains("there is no process `nobody`"), "{error}");
    let handle = action.replace("batch", "proc#7");
    let error =
        Scenario::parse(&format!("{HOST}{handle}"), "actions.toml").unwrap_err().to_string();
    assert!(error.contains("there is no process `proc#7`"), "{error}");
    let long = action.replace("60s", "61s");
    let error = Scenario::parse(&format!("{HOST}{long}"), "actions.toml").unwrap_err().to_string();
    assert!(error.starts_with("actions.toml:14:"), "{error}");
    assert!(error.contains("`61s` is no time to stop something for: 1 to 60"), "{error}");
}
