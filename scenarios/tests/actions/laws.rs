//! The model gives what was measured of kernels: each test is a table of `kernel.md`, or a row.

use ks_scenarios::scenario::Scenario;
use ks_vocabulary::model::{Netns, Sample};

use crate::lab::{HOST, Lab, group};

/// Two loops on one CPU, where they are and what is done to `other`: the share of `one` in percent.
fn share(hosts: &str, one: &str, other: &str, action: Option<&str>) -> f64 {
    let text = format!(
        "summary = \"s\"\nduration = \"10m\"\nbackground = {{ mix = \"idle\" }}\n\
         host = {{ cpus = 1{hosts} }}\nprocess = [\n\
         {{ name = \"one\", {one}, demand = {{ spin = 1.0 }} }},\n\
         {{ name = \"other\", {other}, demand = {{ spin = 1.0 }} }},\n]\n"
    );
    let mut lab = Lab::of(&Scenario::parse(&text, "laws.toml").unwrap(), 30);
    if let Some(action) = action {
        lab.act(action).unwrap();
        lab.run(2);
    }
    let ticks = |lab: &Lab, name: &[u8]| {
        let row = &lab.rows[name];
        (row.utime_ticks().unwrap() + row.stime_ticks().unwrap()) as f64
    };
    let before = (ticks(&lab, b"one"), ticks(&lab, b"other"));
    lab.run(200);
    let (got, other) = (ticks(&lab, b"one") - before.0, ticks(&lab, b"other") - before.1);
    100.0 * got / (got + other)
}

const NICE_19: &str = r#"{ lower_process_priority = { process = "other", nice = 19 } }"#;
const NICE_10: &str = r#"{ lower_process_priority = { process = "other", nice = 10 } }"#;
const IDLE: &str = r#"{ demote_scheduling_class = { process = "other", class = "idle" } }"#;
const BATCH: &str = r#"{ demote_scheduling_class = { process = "other", class = "batch" } }"#;
const AUTOGROUP: &str = r#"{ lower_autogroup_priority = { process = "other", nice = 19 } }"#;

fn check_shares(hosts: &str, (one, other): (&str, &str), rows: &[(Option<&str>, f64)]) {
    for (action, measured) in rows {
        let got = share(hosts, one, other, *action);
        let place = format!("{one} and {other}, {action:?}");
        assert!((got - measured).abs() < 1.0, "{place}: {got:.1} of 100, measured {measured}");
    }
}

const BY_PRIORITY: [(Option<&str>, f64); 5] = [
    (None, 50.0),
    (Some(NICE_19), 98.5),
    (Some(NICE_10), 90.0),
    (Some(IDLE), 99.8),
    (Some(BATCH), 50.0),
];
const ALL_ALIKE: [(Option<&str>, f64); 5] = [
    (None, 50.0),
    (Some(NICE_19), 50.0),
    (Some(NICE_10), 50.0),
    (Some(IDLE), 50.0),
    (Some(BATCH), 50.0),
];

#[test]
fn shares_of_two_cpu_bound_loops_on_one_cpu_same_session_or_same_cgroup() {
    let session = r#"group = "/", session = "shell""#;
    check_shares("", (session, session), &BY_PRIORITY);
    let group = r#"group = "/work.slice""#;
    check_shares("", (group, group), &BY_PRIORITY);
    // Their sessions are nothing in a control group.
    let sessions = (r#"group = "/w", session = "a""#, r#"group = "/w", session = "b""#);
    check_shares("", sessions, &BY_PRIORITY);
}

#[test]
fn shares_of_two_cpu_bound_loops_on_one_cpu_two_sessions_autogroup_on() {
    let sessions = (r#"group = "/", session = "a""#, r#"group = "/", session = "b""#);
    check_shares("", sessions, &ALL_ALIKE);
    check_shares("", (r#"group = "/""#, r#"group = "/""#), &ALL_ALIKE);
    // Debian's 5.10 and 6.1 have it off.
    check_shares(", autogroup = false", sessions, &BY_PRIORITY);
}

#[test]
fn shares_of_two_cpu_bound_loops_on_one_cpu_two_cgroups() {
    let groups = (r#"group = "/a.slice""#, r#"group = "/b.slice""#);
    check_shares("", groups, &ALL_ALIKE);
    check_shares(", autogroup = false", groups, &ALL_ALIKE);
}

#[test]
fn shares_of_two_cpu_bound_loops_on_one_cpu_19_written_to_autogroup() {
    let sessions = (r#"group = "/", session = "a""#, r#"group = "/", session = "b""#);
    check_shares("", sessions, &[(Some(AUTOGROUP), 98.5)]);
    check_shares(", autogroup = false", sessions, &[(Some(AUTOGROUP), 50.0)]);
    let session = r#"group = "/", session = "shell""#;
    check_shares("", (session, session), &[(Some(AUTOGROUP), 50.0)]);
}

/// Two readers with sixteen threads each on a saturated disk: the share of the one of the usual
/// priority and weight, in percent.
fn reads(hosts: &str, action: &str) -> f64 {
    let reader = "threads = 16, demand = { read = { threads = 16.0, think = \"0s\", size = \
                  \"4KiB\" } }";
    let text = format!(
        "summary = \"s\"\nduration = \"10m\"\nbackground = {{ mix = \"idle\" }}\n\
         host = {{ disk = \"ssd\"{hosts} }}\nprocess = [\n\
         {{ name = \"one\", group = \"/one.slice\", {reader} }},\n\
         {{ name = \"other\", group = \"/other.slice\", {reader} }},\n]\n"
    );
    let mut lab = Lab::of(&Scenario::parse(&text, "laws.toml").unwrap(), 10);
    lab.act(action).unwrap();
    lab.run(1);
    let count = |path: &'static [u8]| move |sample: &Sample| group(sample, path).io_reads();
    let before = count(b"/other.slice")(&lab.last).unwrap();
    let got = lab.growth(count(b"/one.slice"));
    let other = (count(b"/other.slice")(&lab.last).unwrap() - before) as f64;
    100.0 * got / (got + other)
}

#[test]
fn disk_priority_and_weight() {
    let idle = r#"{ lower_io_priority = { process = "other", level = "idle" } }"#;
    let be7 = r#"{ lower_io_priority = { process = "other", level = 7 } }"#;
    let weight = r#"{ lower_io_weight = { group = "/other.slice", weight = 10 } }"#;
    for (hosts, [by_idle, by_level, by_weight]) in [
        ("", [50.0, 50.0, 50.0]),
        (", disk_scheduler = \"none\"", [50.0, 50.0, 50.0]),
        (", disk_scheduler = \"kyber\"", [50.0, 50.0, 50.0]),
        (", disk_scheduler = \"mq-deadline\"", [80.0, 50.0, 50.0]),
        // Against be4, which has half of the weight of be0, be7 has 20 : 80.
        (", disk_scheduler = \"bfq\"", [98.0, 80.0, 90.0]),
        (", disk_scheduler = \"none\", io_cost = true", [50.0, 50.0, 84.0]),
    ] {
        for (action, measured) in [(idle, by_idle), (be7, by_level), (weight, by_weight)] {
            let got = reads(hosts, action);
            assert!((got - measured).abs() < 1.5, "{hosts}, {action}: {got:.1}, not {measured}");
        }
    }
}

#[test]
fn disk_priority_and_weight_do_nothing_where_nothing_queues() {
    let reader = r#"{ name = "calm", group = "/calm.slice", demand = { read = { threads = 1.0,
        think = "100ms", size = "4KiB" } } },"#;
    let mut lab = Lab::rotating(reader);
    let reads = |sample: &Sample| group(sample, b"/calm.slice").io_reads();
    let before = lab.growth(reads);
    lab.act(r#"{ lower_io_priority = { process = "calm", level = "idle" } }"#).unwrap();
    let after = lab.growth(reads);
    assert!((after / before - 1.0).abs() < 0.05, "{before} to {after}");
}

#[test]
fn control_group_files_memory_high_on_anonymous_memory_without_swap_is_a_standstill() {
    let leaker = r#"{ name = "leaker", group = "/leak.slice", threads = 4, demand = { leak = 8e6,
        cpu = 0.5, memory = "100MiB" } },"#;
    let high = r#"{ limit_cgroup_memory_high = { group = "/leak.slice", bytes = "32MiB" } }"#;
    let held = |lab: &Lab| group(&lab.last, b"/leak.slice").memory_bytes().unwrap();
    let text = HOST.replace("process = [", &format!("process = [{leaker}"));
    for (text, stands) in [(text.replace("1GiB", "0B"), true), (text, false)] {
        let mut lab = Lab::of(&Scenario::parse(&text, "laws.toml").unwrap(), 30);
        lab.act(high).unwrap();
        lab.run(1);
        let before = held(&lab);
        let got = lab.cpu_of(b"leaker");
        lab.run(10);
        assert_eq!(got < 0.01, stands, "a freeze without swap, and none with it: {got}");
        assert!(held(&lab) < before + (1 << 20), "{before} to {}", held(&lab));
        assert_eq!(group(&lab.last, b"/leak.slice").oom_kill(), Some(0));
        // What needs no more memory goes on.
        assert!(lab.cpu_of(b"server") > 0.5);
    }
}

/// A flood of connection requests beside a server of real ones: requests a second that got a
/// cookie, and those that were dropped.
fn flooded(hosts: &str, backlog: Option<u64>) -> (f64, f64) {
    let server = r#"{ name = "web", port = 80, demand = { arrivals = 50.0, accepts = 500.0 } },"#;
    let text = HOST.replace("process = [", &format!("process = [{server}"));
    let text = text.replace("disk_slower = 1.5", "syn_flood = 100.0").replace("9m", "1s");
    let text = text.replace("10s", "9m").replace("cpus = 2", &format!("cpus = 2{hosts}"));
    let mut lab = Lab::of(&Scenario::parse(&text, "laws.toml").unwrap(), 60);
    if let Some(value) = backlog {
        lab.act(&format!("{{ increase_tcp_backlog = {{ value = {value} }} }}")).unwrap();
        lab.run(1);
    }
    let netns =
        |get: fn(&Netns) -> Option<u64>| move |sample: &Sample| sample.netns.first().and_then(get);
    let before = netns(Netns::listen_drops)(&lab.last).unwrap();
    let cookies = lab.growth(netns(Netns::req_q_full_do_cookies));
    (cookies / 20.0, (netns(Netns::listen_drops)(&lab.last).unwrap() - before) as f64 / 20.0)
}

#[test]
fn sysctls_tcp_max_syn_backlog_has_no_effect_with_cookies() {
    let usual = flooded("", None);
    assert!(usual.0 > 10.0 && usual.1 < 0.1, "{usual:?}");
    let longer = flooded("", Some(8192));
    assert!((longer.0 - usual.0).abs() < 0.01 * usual.0 && longer.1 < 0.1, "{longer:?}");
    // Without cookies requests are refused from three quarters of it, and counted as drops only.
    let off = ", tcp_syncookies = false";
    let (cookies, drops) = flooded(off, None);
    assert!(cookies < 0.1 && drops > 50.0, "{drops}");
    let (cookies, drops) = flooded(off, Some(8192));
    assert!(cookies < 0.1 && drops < 0.1, "{drops}");
}

#[test]
fn process_actions_sigterm_to_a_stopped_process_waits_for_cont() {
    for stop in [
        r#"{ pause_process = { process = "batch", lasts = "10s" } }"#,
        r#"{ freeze_cgroup = { group = "/batch.slice", lasts = "10s" } }"#,
    ] {
        let mut lab = Lab::new("");
        lab.act(stop).unwrap();
        lab.act(r#"{ terminate_process = { process = "batch" } }"#).unwrap();
        lab.run(5);
        let there = r#"{ raise_oom_score = { process = "batch", adj = 1 } }"#;
        lab.act(there).unwrap();
        lab.run(10);
        let gone = lab.act(there).unwrap_err().to_string();
        assert_eq!(gone, "there is no process `batch`");
    }
}

#[test]
fn who_has_a_supervisor_is_started_again_when_it_has_ended_and_not_when_it_was_held_back() {
    let name = r#"{ name = "batch", group = "/batch.slice", restarts = "5s","#;
    let text = HOST.replace(r#"{ name = "batch", group = "/batch.slice","#, name);
    let scenario = Scenario::parse(&text, "laws.toml").unwrap();
    let pid = |lab: &Lab| lab.rows[b"batch".as_slice()].pid().unwrap();
    for (action, ends) in [
        (r#"{ terminate_process = { process = "batch" } }"#, true),
        (r#"{ pause_process = { process = "batch", lasts = "20s" } }"#, false),
        (r#"{ freeze_cgroup = { group = "/batch.slice", lasts = "20s" } }"#, false),
        (r#"{ limit_cgroup_cpu = { group = "/batch.slice", percent = 1 } }"#, false),
    ] {
        let mut lab = Lab::of(&scenario, 30);
        let before = pid(&lab);
        lab.act(action).unwrap();
        lab.run(4);
        let is_there = lab.simulation.settings(&parsed_oom_score()).is_some();
        assert_eq!(is_there, !ends, "{action}");
        lab.run(30);
        assert_eq!(pid(&lab) != before, ends, "{action}");
        assert!(lab.simulation.settings(&parsed_oom_score()).is_some(), "{action}");
    }
}

#[test]
fn limits_written_behind_its_back_a_service_that_is_started_again_has_the_limits_of_its_unit() {
    let two = r#"{ name = "pair", group = "/pair-{}.slice", count = 2, restarts = "3s", demand = {
        spin = 1.0 } },"#;
    let limits = "\n[[group]]\npath = \"/pair-0.slice\"\nweight = 40\n";
    let text = HOST.replace("process = [", &format!("process = [{two}")) + limits;
    let mut lab = Lab::of(&Scenario::parse(&text, "laws.toml").unwrap(), 30);
    let weight =
        crate::lab::parse(r#"{ lower_cpu_weight = { group = "/pair-0.slice", weight = 7 } }"#);
    let prior = lab.simulation.settings(&weight).unwrap();
    lab.simulation.act(&weight).unwrap();
    // Of two only the one that was ended comes again.
    let pids = |lab: &Lab, at: usize| {
        let path = format!("/pair-{at}.slice");
        group(&lab.last, path.as_bytes()).pids().unwrap()
    };
    lab.act(r#"{ terminate_process = { process = "pair" } }"#).unwrap();
    lab.run(2);
    assert_eq!((pids(&lab, 0), pids(&lab, 1)), (0, 1));
    assert_eq!(lab.simulation.settings(&weight).unwrap().before, prior.written, "it stays empty");
    lab.run(10);
    assert_eq!((pids(&lab, 0), pids(&lab, 1)), (1, 1));
    assert_eq!(lab.simulation.settings(&weight).unwrap(), prior);
}

fn parsed_oom_score() -> ks_vocabulary::action::Action {
    crate::lab::parse(r#"{ raise_oom_score = { process = "batch", adj = 1 } }"#)
}
