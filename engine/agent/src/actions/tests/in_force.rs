//! What a plan writes, and what it puts back, is told from what is read of the host.

use alloc::vec::Vec;

use super::{forms, planned};
use crate::desk::{BATCH, Desk};
use crate::verify::{restored, written};
use ks_vocabulary::decision::Sysctl;

/// Forms that put nothing back, or of which the recording does not show it.
const UNSEEN: [&str; 8] = [
    "clear_page_cache",
    "flush_buffers",
    "force_network_speed",
    "reclaim_cgroup_memory",
    "resume_process",
    "terminate_process",
    "thaw_cgroup",
    "watchdog",
];

#[test]
fn before_it_is_done_a_plan_is_not_written_and_what_it_puts_back_is_there() {
    let desk = Desk::default();
    let mut seen = 0;
    for form in forms::FORMS {
        let Ok(plan) = planned(form.name, &desk) else { continue };
        let found = (restored(&plan, &desk), written(&plan, &desk));
        if UNSEEN.contains(&form.name) {
            assert_eq!(found.0, None, "{}", form.name);
        } else {
            assert_eq!(found, (Some(true), Some(false)), "{}", form.name);
            seen += 1;
        }
    }
    assert!(seen >= 20, "{seen} forms are shown by a recording");
}

/// A form, and a host on which it was done.
type Done = (&'static str, fn(&mut Desk));

const DONE: &[Done] = &[
    ("limit_cgroup_cpu", |desk| desk.batch().cpu_quota_us = Some(7)),
    ("lower_cpu_weight", |desk| desk.batch().cpu_weight = Some(3)),
    ("throttle_io", |desk| desk.batch().io_max = Some(b"8:0 wbps=77\n")),
    ("limit_cgroup_memory_high", |desk| desk.batch().memory_high_bytes = Some(4_096)),
    ("limit_cgroup_pids", |desk| desk.batch().pids_max = Some(1)),
    ("lower_process_priority", |desk| desk.hog().nice = Some(18)),
    ("lower_io_priority", |desk| desk.hog().io_priority = Some(1)),
    ("reduce_readahead", |desk| desk.sda().read_ahead_kb = Some(1)),
    ("reduce_swappiness", |desk| {
        desk.sysctls.insert(Sysctl::Swappiness, 3);
    }),
    ("widen_port_range", |desk| desk.host.ports = Some((3, 4))),
];

#[test]
fn another_value_is_neither_what_was_written_nor_what_was_before() {
    for (form, change) in DONE {
        let mut desk = Desk::default();
        let plan = planned(form, &desk).unwrap();
        change(&mut desk);
        assert_eq!(restored(&plan, &desk), Some(false), "{form}");
        assert_eq!(written(&plan, &desk), Some(false), "{form}");
    }
}

#[test]
fn what_is_written_is_read_as_it_was_written() {
    let mut desk = Desk::default();
    let io = planned("throttle_io", &desk).unwrap();
    let texts: Vec<_> = io.effects.iter().map(ToString::to_string).collect();
    let line = texts[0].split('`').nth(1).unwrap().to_owned();
    desk.batch().io_max = Some(line.leak().as_bytes());
    assert_eq!(written(&io, &desk), Some(true), "{texts:?}");
    let memory = planned("limit_cgroup_memory_high", &desk).unwrap();
    let text = memory.effects[0].to_string();
    let bytes: u64 = text.split('`').nth(1).unwrap().parse().unwrap();
    desk.batch().memory_high_bytes = Some(bytes / 4_096 * 4_096);
    assert_eq!(written(&memory, &desk), Some(true), "the kernel rounds it down");
}

#[test]
fn what_is_not_read_is_not_known() {
    let mut desk = Desk::default();
    let weight = planned("lower_cpu_weight", &desk).unwrap();
    let memory = planned("limit_cgroup_memory_high", &desk).unwrap();
    desk.batch().cpu_weight = None;
    desk.batch().memory_high_bytes = None;
    assert_eq!(restored(&weight, &desk), None);
    assert_eq!(restored(&memory, &desk), None, "it may be none, or not recorded");
    desk.groups.remove(BATCH);
    assert_eq!(written(&weight, &desk), None);
}
