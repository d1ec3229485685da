//! Actions on memory, swap and the cache.

use ks_scenarios::scenario::Scenario;
use ks_vocabulary::model::{Disk, Memory, Sample, Vm};

use crate::lab::{HOST, Lab, group};

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
