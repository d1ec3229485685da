//! Each action has its effect on the modelled host, and those that do not help do not.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::collections::BTreeMap;

use ks_scenarios::action::Refused;
use ks_scenarios::scenario::Scenario;
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::action::Action;
use ks_vocabulary::input::Body;
use ks_vocabulary::model::{
    Cgroup, Cpu, Disk, Listener, Memory, Netns, Process, Sample, SyscallTrace, Vm,
};

/// A host with two that want CPUs, one that leaks, one that reads, and one that connects.
const HOST: &str = r#"
summary = "Who can be acted on"
duration = "10m"
background = { mix = "idle" }
host = { cpus = 2, memory = "2GiB", swap = "1GiB", disk = "ssd" }
fault = [{ at = "9m", duration = "10s", disk_slower = 1.5 }]
process = [
    { name = "batch", group = "/batch.slice", threads = 4, demand = { spin = 4.0 } },
    { name = "server", group = "/server.slice", threads = 2, demand = { spin = 2.0 } },
]
"#;

fn scenario(processes: &str) -> Scenario {
    let text = HOST.replace("process = [", &format!("process = [{processes}"));
    Scenario::parse(&text, "actions.toml").unwrap()
}

/// A run that can be acted on.
struct Lab {
    simulation: Simulation,
    last: Sample,
    /// The last row of each process: those that did not change are left out of a sample.
    rows: BTreeMap<Vec<u8>, Process>,
}

impl Lab {
    fn new(processes: &str) -> Self {
        Self::of(&scenario(processes), 30)
    }

    /// A run of a scenario after so many ticks.
    fn of(scenario: &Scenario, ticks: u32) -> Self {
        let (last, rows) = (Sample::default(), BTreeMap::new());
        let mut lab = Self { simulation: scenario.simulation(7), last, rows };
        lab.run(ticks);
        lab
    }

    fn rotating(processes: &str) -> Self {
        let text = HOST
            .replace("process = [", &format!("process = [{processes}"))
            .replace("\"ssd\"", "\"rotating\"");
        let scenario = Scenario::parse(&text, "actions.toml").unwrap();
        Self::of(&scenario, 30)
    }

    fn act(&mut self, action: &str) -> Result<(), Refused> {
        #[derive(serde::Deserialize)]
        struct File {
            action: Action,
        }
        let file: File = toml::from_str(&format!("action = {action}")).unwrap();
        self.simulation.act(&file.action)
    }

    /// Runs on for so many ticks.
    fn run(&mut self, ticks: u32) {
        for _ in 0..ticks {
            if let Some((_, Body::Sample(sample))) = self.simulation.next() {
                self.last = (**sample).clone();
                for row in self.last.processes.iter() {
                    self.rows.insert(row.comm().unwrap().to_vec(), row.clone());
                }
            }
        }
    }

    /// By how much a counter grows in 20 ticks.
    fn growth(&mut self, get: impl Fn(&Sample) -> Option<u64>) -> f64 {
        let before = get(&self.last).unwrap();
        self.run(20);
        (get(&self.last).unwrap() - before) as f64
    }

    fn cpu_of(&mut self, name: &'static [u8]) -> f64 {
        let ticks = |lab: &Self| {
            let row = &lab.rows[name];
            row.utime_ticks().unwrap() + row.stime_ticks().unwrap()
        };
        let before = ticks(self);
        self.run(20);
        (ticks(self) - before) as f64 / 100.0 / 20.0
    }
}

fn group<'a>(sample: &'a Sample, path: &[u8]) -> &'a Cgroup {
    sample.cgroups.iter().find(|row| row.path() == Some(path)).unwrap()
}

/// What one who does it gets before and after an action.
fn cpus(action: &str, name: &'static [u8]) -> (f64, f64) {
    let mut lab = Lab::new("");
    let before = lab.cpu_of(name);
    lab.act(action).unwrap();
    lab.run(2);
    (before, lab.cpu_of(name))
}

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

/// Readers of a disk that cannot serve both.
const READERS: &str = r#"
{ name = "backup", group = "/backup.slice", threads = 32,
  demand = { read = { threads = 32.0, think = "0s", size = "64KiB" } } },
{ name = "database", group = "/database.slice", threads = 4,
  demand = { read = { threads = 4.0, think = "1ms", size = "8KiB" } } },
"#;

fn read_bytes(sample: &Sample, path: &[u8]) -> Option<u64> {
    group(sample, path).io_read_bytes()
}

#[test]
fn less_io_of_one_is_more_of_the_other_and_limits_wait_before_issue() {
    for action in [
        r#"{ lower_io_priority = { process = "backup", level = "idle" } }"#,
        r#"{ lower_io_weight = { group = "/backup.slice", weight = 10 } }"#,
        r#"{ throttle_io = { group = "/backup.slice", disk = "sda", limit = { rbps = "1MiB" } } }"#,
        r#"{ throttle_io = { group = "/backup.slice", disk = "sda", limit = { riops = 20 } } }"#,
    ] {
        let mut lab = Lab::rotating(READERS);
        let before = lab.growth(|sample| read_bytes(sample, b"/database.slice"));
        lab.act(action).unwrap();
        lab.run(1);
        let after = lab.growth(|sample| read_bytes(sample, b"/database.slice"));
        assert!(after > 1.2 * before, "{action}: {before} to {after}");
    }
    let mut lab = Lab::rotating(READERS);
    let wait_ms = |lab: &mut Lab| {
        let disk = |get: fn(&Disk) -> Option<u64>| {
            move |sample: &Sample| sample.disks.first().and_then(get)
        };
        let (reads, spent) = (disk(Disk::reads), disk(Disk::read_ms));
        let before = (reads(&lab.last).unwrap(), spent(&lab.last).unwrap());
        lab.run(20);
        let after = (reads(&lab.last).unwrap(), spent(&lab.last).unwrap());
        (after.1 - before.1) as f64 / (after.0 - before.0) as f64
    };
    let crowded_ms = wait_ms(&mut lab);
    let limit =
        r#"{ throttle_io = { group = "/backup.slice", disk = "sda", limit = { riops = 20 } } }"#;
    lab.act(limit).unwrap();
    lab.run(1);
    let reads = lab.growth(|sample| group(sample, b"/backup.slice").io_reads()) / 20.0;
    assert!((15.0..=20.5).contains(&reads), "{reads}");
    let stalled = lab.growth(|sample| group(sample, b"/backup.slice").io_some_total_us());
    assert!(stalled / 20e6 > 0.9, "who is held back stalls: {stalled}");
    let alone_ms = wait_ms(&mut lab);
    assert!(alone_ms < 0.3 * crowded_ms, "before issue: {crowded_ms} to {alone_ms} ms");
}

#[test]
fn priorities_do_nothing_where_the_scheduler_has_none() {
    let text = HOST
        .replace("process = [", &format!("process = [{READERS}"))
        .replace("\"ssd\"", "\"nvme\"");
    let scenario = Scenario::parse(&text, "actions.toml").unwrap();
    let mut lab = Lab::of(&scenario, 30);
    let before = lab.growth(|sample| read_bytes(sample, b"/database.slice"));
    lab.act(r#"{ lower_io_priority = { process = "backup", level = "idle" } }"#).unwrap();
    let after = lab.growth(|sample| read_bytes(sample, b"/database.slice"));
    assert!((after / before - 1.0).abs() < 0.1, "{before} to {after}");
}

#[test]
fn dirty_pages_are_written_when_they_are_asked_to_be_and_earlier_by_a_lower_limit() {
    let writer = r#"{ name = "writer", group = "/writer.slice", demand = { write = 4e6 } },"#;
    let dirty = |sample: &Sample| sample.memory.first().and_then(Memory::dirty_bytes).unwrap();
    let mut lab = Lab::new(writer);
    let before = dirty(&lab.last);
    lab.act(r#"{ flush_buffers = { mount = "/" } }"#).unwrap();
    lab.run(3);
    assert!(dirty(&lab.last) < before / 2, "{before} to {}", dirty(&lab.last));
    let mut lab = Lab::new(writer);
    lab.act("{ lower_dirty_background = { percent = 1 } }").unwrap();
    lab.run(30);
    assert!(dirty(&lab.last) < before / 2, "{before} to {}", dirty(&lab.last));
}

#[test]
fn less_read_ahead_is_more_requests_for_the_same_bytes() {
    let scanner = r#"{ name = "scanner", group = "/scan.slice", demand = { scan = 20e6 } },"#;
    let size = |lab: &mut Lab| {
        let bytes = lab.growth(|sample| group(sample, b"/scan.slice").io_read_bytes());
        bytes / lab.growth(|sample| group(sample, b"/scan.slice").io_reads())
    };
    let mut lab = Lab::new(scanner);
    assert!((size(&mut lab) - 131_072.0).abs() < 10_000.0);
    lab.act(r#"{ reduce_readahead = { disk = "sda", kb = 16 } }"#).unwrap();
    lab.run(2);
    assert!((size(&mut lab) - 16_384.0).abs() < 2000.0);
}

#[test]
fn a_cache_that_is_dropped_comes_back_by_reads() {
    let user = r#"{ name = "user", group = "/user.slice", demand = { file_hot = "300MiB",
        file_touches = 2000.0 } },"#;
    let mut lab = Lab::new(user);
    let reads = |sample: &Sample| sample.disks.first().and_then(Disk::reads);
    let quiet = lab.growth(reads);
    let available = lab.last.memory.first().and_then(Memory::available_bytes).unwrap();
    lab.act("{ clear_page_cache = { level = 3 } }").unwrap();
    lab.run(1);
    let after = lab.last.memory.first().and_then(Memory::available_bytes).unwrap();
    assert!((after as f64 / available as f64 - 1.0).abs() < 0.1, "available memory counted it");
    assert!(lab.growth(reads) > quiet + 1000.0, "it makes things worse for a while");
}

/// One that leaks in a group of its own.
const LEAKER: &str = r#"{ name = "leaker", group = "/leak.slice", demand = { leak = 8e6,
    memory = "100MiB" } },"#;

#[test]
fn what_is_above_the_high_limit_of_a_group_is_held_back_and_not_killed() {
    let mut lab = Lab::new(LEAKER);
    let held = |sample: &Sample| group(sample, b"/leak.slice").memory_bytes().unwrap();
    lab.act(r#"{ limit_cgroup_swap = { group = "/leak.slice", bytes = "1MiB" } }"#).unwrap();
    lab.act(r#"{ limit_cgroup_memory_high = { group = "/leak.slice", bytes = "400MiB" } }"#)
        .unwrap();
    lab.run(1);
    let before = held(&lab.last);
    lab.run(60);
    assert!(held(&lab.last) < before + (10 << 20), "{before} to {}", held(&lab.last));
    let row = group(&lab.last, b"/leak.slice");
    assert_eq!(row.oom_kill(), Some(0));
    assert!(row.swap_bytes().unwrap() <= 2 << 20);
    let stalled = lab.growth(|sample| group(sample, b"/leak.slice").memory_some_total_us());
    assert!(stalled / 20e6 > 0.2, "its own pressure rises: {stalled}");
}

#[test]
fn memory_of_a_group_is_reclaimed_to_swap_unless_swappiness_or_a_limit_says_no() {
    let mut lab = Lab::new(LEAKER);
    let swapped = |sample: &Sample| group(sample, b"/leak.slice").swap_bytes().unwrap();
    lab.act(r#"{ reclaim_cgroup_memory = { group = "/leak.slice", bytes = "20MiB" } }"#).unwrap();
    lab.run(1);
    assert!((10 << 20..=21 << 20).contains(&swapped(&lab.last)), "{}", swapped(&lab.last));
    let mut limited = Lab::new(LEAKER);
    limited.act(r#"{ limit_cgroup_swap = { group = "/leak.slice", bytes = "4MiB" } }"#).unwrap();
    limited
        .act(r#"{ reclaim_cgroup_memory = { group = "/leak.slice", bytes = "20MiB" } }"#)
        .unwrap();
    limited.run(1);
    assert!(swapped(&limited.last) <= 4 << 20);
}

#[test]
fn less_swappiness_swaps_less() {
    let squeeze = r#"{ name = "squeeze", group = "/squeeze.slice", demand = { leak = 18e6,
        hot = 0.9 } },"#;
    let out = |action: Option<&str>| {
        let mut lab = Lab::new(squeeze);
        if let Some(action) = action {
            lab.act(action).unwrap();
        }
        lab.run(10);
        lab.growth(|sample| sample.vm.first().and_then(Vm::pswpout))
    };
    let usual = out(None);
    let less = out(Some("{ reduce_swappiness = { value = 1 } }"));
    assert!(usual > 0.0 && less <= usual, "{usual} to {less}");
}

#[test]
fn the_score_decides_who_is_killed() {
    let two = r#"
        { name = "big", group = "/a.slice", demand = { memory = "600MiB" } },
        { name = "leaker", group = "/b.slice", demand = { memory = "100MiB", leak = 8e6 } },"#;
    let text = HOST.replace("process = [", &format!("process = [{two}")).replace("1GiB", "0B");
    let scenario = Scenario::parse(&text, "actions.toml").unwrap();
    let killed = |adj: Option<i64>| {
        let mut lab = Lab::of(&scenario, 10);
        if let Some(adj) = adj {
            let action =
                format!(r#"{{ raise_oom_score = {{ process = "leaker", adj = {adj} }} }}"#);
            lab.act(&action).unwrap();
        }
        for _ in 0..200 {
            lab.run(1);
            let mut events = lab.last.bpf_events.iter();
            if let Some(event) = events.find(|event| event.kind() == Some(b"oom_kill")) {
                return event.comm().map(<[u8]>::to_vec);
            }
        }
        None
    };
    assert_eq!(killed(Some(900)), Some(b"leaker".to_vec()));
    assert!(killed(None).is_some());
}

/// One that opens connections faster than their ports come back.
const CLIENT: &str = r#"{ name = "client", demand = { connects = 2000.0 } },"#;

/// Connects without a port in five ticks.
fn refused_connects(lab: &mut Lab) -> u64 {
    let refused = |lab: &Lab| {
        lab.last.bpf_syscall.first().and_then(SyscallTrace::connect_eaddrnotavail).unwrap()
    };
    let before = refused(lab);
    lab.run(5);
    refused(lab) - before
}

#[test]
fn more_ports_or_their_reuse_let_connections_through() {
    let mut lab = Lab::new(CLIENT);
    assert!(refused_connects(&mut lab) > 100);
    lab.act("{ widen_port_range = { low = 1024, high = 65000 } }").unwrap();
    lab.run(1);
    assert_eq!(refused_connects(&mut lab), 0);
    let range = lab.last.limits.first();
    assert!(range.is_none_or(|row| row.local_port_first() == Some(1024)));
    let mut lab = Lab::new(CLIENT);
    assert!(refused_connects(&mut lab) > 100);
    lab.act(r#""enable_tw_reuse""#).unwrap();
    lab.run(1);
    assert_eq!(refused_connects(&mut lab), 0);
}

#[test]
fn a_longer_queue_is_for_those_that_listen_afterwards() {
    let listener = r#"{ name = "listener", threads = 2, port = 80, backlog = 9000.0, demand = {
        arrivals = 500.0, accepts = 100.0 } },"#;
    let mut lab = Lab::new(listener);
    let overflows = |sample: &Sample| sample.netns.first().and_then(Netns::listen_overflows);
    assert!(lab.growth(overflows) > 1000.0);
    lab.act("{ increase_somaxconn = { value = 65535 } }").unwrap();
    assert!(lab.growth(overflows) > 1000.0, "it listens already");
    let queues: Vec<_> = lab.last.listeners.iter().filter_map(Listener::backlog).collect();
    assert!(queues.contains(&4096), "{queues:?}");
}

#[test]
fn a_longer_queue_of_requests_sends_fewer_cookies() {
    let text = HOST.replace("disk_slower = 1.5", "syn_flood = 100.0").replace("9m", "1s");
    let text = text.replace("10s", "9m");
    let scenario = Scenario::parse(&text, "actions.toml").unwrap();
    let mut lab = Lab::of(&scenario, 60);
    let cookies = |sample: &Sample| sample.netns.first().and_then(Netns::req_q_full_do_cookies);
    assert!(lab.growth(cookies) > 100.0);
    lab.act("{ increase_tcp_backlog = { value = 4096 } }").unwrap();
    lab.run(1);
    assert!(lab.growth(cookies) < 1.0);
}

#[test]
fn a_forced_speed_takes_the_link_down_for_a_while() {
    let mut lab = Lab::new("");
    lab.act(r#"{ force_network_speed = { nic = "eth0", mbit = 10000 } }"#).unwrap();
    lab.run(1);
    let nic = |lab: &Lab| {
        let nic = lab.last.nics.first().unwrap().clone();
        (nic.carrier(), nic.speed_mbit())
    };
    assert_eq!(nic(&lab).0, Some(false));
    lab.run(3);
    assert_eq!(nic(&lab), (Some(true), Some(10_000)));
}

#[test]
fn what_is_not_modelled_is_refused_and_never_done() {
    let mut lab = Lab::new("");
    for (name, fields) in [
        ("lower_autogroup_priority", r#"process = "batch", nice = 5"#),
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
