//! What lies just within a bound is planned: a bound is where it is said to be.

use super::planned;
use crate::desk::{BATCH, Desk};
use ks_vocabulary::decision::Sysctl;

type Within = (&'static str, fn(&mut Desk));

const EDGES: &[Within] = &[
    ("lower_process_priority", |d| d.hog().nice = Some(9)),
    ("lower_process_priority", |d| d.hog().policy = Some(3)),
    ("demote_scheduling_class", |d| d.hog().policy = Some(3)),
    ("set_cpu_affinity", |d| {
        d.host.cpus = Some(16);
        d.hog().cpus_allowed = Some(b"0-15");
    }),
    ("set_cpu_affinity", |d| d.host.cpus = Some(5)),
    ("limit_cgroup_cpu", |d| d.batch().cpus_used = Some(5.0)),
    ("limit_cgroup_cpu", |d| d.batch().cpus_used = Some(0.51)),
    ("limit_cgroup_cpu", |d| d.batch().cpu_quota_us = Some(50_001)),
    ("lower_cpu_weight", |d| d.batch().cpu_weight = Some(21)),
    ("limit_cgroup_pids", |d| d.batch().pids = Some(400)),
    ("limit_cgroup_pids", |d| d.batch().pids_max = Some(401)),
    ("pause_process", |d| d.batch().watchdog_us = Some(30_000_001)),
    ("freeze_cgroup", |d| d.within(BATCH).watchdog_us = Some(30_000_001)),
    ("lower_io_priority", |d| d.hog().io_priority = Some(2 << 13 | 6)),
    ("lower_io_priority", |d| d.hog().nice = Some(14)),
    ("lower_io_weight", |d| d.batch().io_bfq_weight = Some(21)),
    ("throttle_io", |d| d.batch().io_bytes_per_s = Some((0.0, 104_857_600.0))),
    ("throttle_io", |d| d.batch().io_max = Some(b"8:0 wbps=10485761")),
    ("throttle_io", |d| d.batch().io_max = Some(b"8:01 wbps=1\n18:0 wbps=1\n8:0 rbps=1")),
    ("throttle_io", |d| d.batch().io_max = Some(b"")),
    ("flush_buffers", |d| d.host.dirty_bytes = Some(2 << 30)),
    ("lower_dirty_background", |d| at(d, Sysctl::DirtyBackgroundRatio, 6)),
    ("reduce_readahead", |d| d.sda().read_ahead_kb = Some(65)),
    ("reduce_swappiness", |d| at(d, Sysctl::Swappiness, 11)),
    ("limit_cgroup_memory_high", |d| d.batch().memory_bytes = Some(1_179_647_999)),
    ("limit_cgroup_memory_high", |d| d.batch().memory_high_bytes = Some(943_718_401)),
    ("reclaim_cgroup_memory", |d| d.batch().memory_bytes = Some(5 * 104_857_600)),
    ("limit_cgroup_swap", |d| d.batch().swap_bytes = Some(268_435_456)),
    ("raise_oom_score", |d| d.hog().oom_score_adj = Some(499)),
    ("raise_oom_score", |d| d.hog().oom_score_adj = Some(-999)),
    ("increase_tcp_backlog", |d| at(d, Sysctl::TcpMaxSynBacklog, 256)),
    ("increase_somaxconn", |d| at(d, Sysctl::Somaxconn, 512)),
    ("reduce_fin_timeout", |d| at(d, Sysctl::TcpFinTimeout, 31)),
    ("widen_port_range", |d| d.host.ports = Some((15_000, 64_999))),
    ("enable_tw_reuse", |d| at(d, Sysctl::TcpTwReuse, 0)),
    ("raise_conntrack_max", |d| d.host.available_bytes = Some((16 << 30) / 5 + 1)),
    ("raise_netdev_backlog", |d| at(d, Sysctl::NetdevMaxBacklog, 500)),
];

fn at(desk: &mut Desk, key: Sysctl, value: u64) {
    desk.sysctls.insert(key, value);
}

#[test]
fn what_is_just_within_a_bound_is_planned() {
    for (at, (form, change)) in EDGES.iter().enumerate() {
        let mut desk = Desk::default();
        change(&mut desk);
        let plan = planned(form, &desk).unwrap_or_else(|unfit| panic!("{at} {form}: {unfit}"));
        super::checks::assert_sound(&plan, &desk);
    }
}
