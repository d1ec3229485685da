//! Hosts that differ in one fact of a control group, and what is refused for it.

use super::{ABOUT, Refused, action, plan, planned, refuses};
use crate::desk::{ALONE, Desk, PEER, group};
use crate::facts::GroupFacts;

const MIB: u64 = 1 << 20;
const NO_CPU: Option<&[u8]> = Some(b"cpuset io memory pids");
const ALL: Option<&[u8]> = Some(b"cpu");

const CPU: &[Refused] = &[
    ("limit_cgroup_cpu", |d| d.batch().controllers = NO_CPU, "absent", "no cpu controller"),
    ("limit_cgroup_cpu", |d| d.batch().cpu_quota_us = Some(50_000), "direction", "no lower quota"),
    ("limit_cgroup_cpu", |d| d.batch().cpu_quota_us = Some(49_999), "direction", "no lower quota"),
    ("limit_cgroup_cpu", |d| d.batch().cpus_used = Some(0.5), "no_effect", "less than 50 %"),
    ("limit_cgroup_cpu", |d| d.batch().cpus_used = Some(5.1), "unsafe", "less than a tenth"),
    ("throttle_cpu", |d| d.within(ALONE).controllers = NO_CPU, "absent", "no cpu controller"),
    ("throttle_cpu", |d| d.within(ALONE).cpu_quota_us = Some(50_000), "direction", "no lower"),
    ("throttle_cpu", |d| d.within(ALONE).cpus_used = Some(0.5), "no_effect", "less than 50 %"),
    ("throttle_cpu", |d| d.within(ALONE).cpus_used = Some(5.1), "unsafe", "less than a tenth"),
    ("lower_cpu_weight", |d| d.batch().controllers = NO_CPU, "absent", "no cpu controller"),
    ("lower_cpu_weight", |d| d.batch().cpu_weight = Some(20), "direction", "20 is no lower"),
    ("lower_cpu_weight", |d| d.batch().cpu_weight = Some(1), "direction", "20 is no lower"),
    ("limit_cgroup_pids", |d| d.batch().controllers = ALL, "absent", "no pids controller"),
    ("limit_cgroup_pids", |d| d.batch().pids_max = Some(400), "direction", "no lower limit"),
    ("limit_cgroup_pids", |d| d.batch().pids = Some(401), "unsafe", "401 tasks already"),
];

const STOPS: &[Refused] = &[
    ("freeze_cgroup", |d| d.batch().frozen = Some(true), "no_effect", "frozen already"),
    ("freeze_cgroup", |d| d.batch().watchdog_us = Some(30_000_000), "unsafe", "watchdog of 30 s"),
    ("freeze_cgroup", |d| d.batch().watchdog_us = Some(1), "unsafe", "watchdog of 1 s"),
    ("freeze_cgroup", |d| d.at(PEER).listening = Some(1), "unsafe", "listens on a socket"),
    ("freeze_cgroup", |d| move_peer(d, Some(0), 1), "unsafe", "listens on a socket"),
    ("freeze_cgroup", |d| move_peer(d, Some(9_000_000), 0), "unsafe", "watchdog of 9 s"),
    ("freeze_cgroup", |d| move_peer(d, None, 0), "not_recorded", "the watchdog"),
    ("thaw_cgroup", |d| d.within(ALONE).frozen = Some(false), "no_effect", "it is not frozen"),
];

const IO: &[Refused] = &[
    ("lower_io_weight", |d| d.batch().controllers = ALL, "absent", "no io controller"),
    ("lower_io_weight", |d| d.batch().io_bfq_weight = Some(20), "direction", "20 is no lower"),
    ("throttle_io", |d| d.batch().controllers = ALL, "absent", "no io controller"),
    (
        "throttle_io",
        |d| d.batch().io_max = Some(b"8:0 rbps=max wbps=10485760 riops=max wiops=max"),
        "direction",
        "wbps of 10485760 is no lower limit",
    ),
    ("throttle_io", |d| d.batch().io_max = Some(b"8:0 wbps=many"), "not_recorded", "`io.max`"),
    (
        "throttle_io",
        |d| d.batch().io_bytes_per_s = Some((100e6, 10_485_760.0)),
        "no_effect",
        "no more than the limit",
    ),
    (
        "throttle_io",
        |d| d.batch().io_bytes_per_s = Some((0.0, 110e6)),
        "unsafe",
        "less than a tenth",
    ),
];

const MEMORY: &[Refused] = &[
    ("limit_cgroup_memory_high", |d| d.batch().controllers = ALL, "absent", "no memory"),
    (
        "limit_cgroup_memory_high",
        |d| d.batch().memory_high_bytes = Some(943_718_400),
        "direction",
        "no lower limit",
    ),
    (
        "limit_cgroup_memory_high",
        |d| d.batch().memory_bytes = Some(1200 * MIB),
        "unsafe",
        "less than four fifths",
    ),
    ("limit_cgroup_memory_high", |d| all_anonymous(d, 0, None), "unsafe", "a standstill"),
    ("limit_cgroup_memory_high", |d| all_anonymous(d, 99 * MIB, None), "unsafe", "a standstill"),
    (
        "limit_cgroup_memory_high",
        |d| all_anonymous(d, 2000 * MIB, Some(150 * MIB)),
        "unsafe",
        "a standstill",
    ),
    ("reclaim_cgroup_memory", |d| d.batch().controllers = ALL, "absent", "no memory controller"),
    (
        "reclaim_cgroup_memory",
        |d| d.batch().memory_bytes = Some(5 * 104_857_600 - 1),
        "unsafe",
        "more than a fifth",
    ),
    ("limit_cgroup_swap", |d| d.batch().controllers = ALL, "absent", "no memory controller"),
    (
        "limit_cgroup_swap",
        |d| d.batch().swap_max_bytes = Some(268_435_456),
        "direction",
        "no lower limit",
    ),
    ("limit_cgroup_swap", |d| d.batch().swap_bytes = Some(268_435_457), "unsafe", "in swap"),
];

/// The peer goes into a group below, whose unit has a watchdog of its own.
fn move_peer(desk: &mut Desk, watchdog_us: Option<u64>, listening: u64) {
    const BELOW: &[u8] = b"/work.slice/batch.service/below.service";
    desk.at(PEER).group = Some(BELOW);
    desk.at(PEER).listening = Some(listening);
    desk.groups.insert(BELOW.to_vec(), GroupFacts { watchdog_us, ..group(BELOW) });
}

/// The group has no cache to give up: some 100 MiB of it would have to go to swap.
fn all_anonymous(desk: &mut Desk, swap_free: u64, swap_max: Option<u64>) {
    desk.host.swap_free_bytes = Some(swap_free);
    desk.batch().anon_bytes = Some(1000 * MIB);
    desk.batch().swap_max_bytes = swap_max;
}

#[test]
fn each_refusal_of_a_control_group_has_its_host() {
    for table in [CPU, STOPS, IO, MEMORY] {
        refuses(table);
    }
}

#[test]
fn swap_that_the_group_may_use_lets_it_give_up_anonymous_memory() {
    for swap_max in [None, Some(201 * MIB)] {
        let mut desk = Desk::default();
        all_anonymous(&mut desk, 101 * MIB, swap_max);
        assert!(planned("limit_cgroup_memory_high", &desk).is_ok(), "{swap_max:?}");
        desk.batch().swap_bytes = None;
        let result = planned("limit_cgroup_memory_high", &desk);
        let refused = result.err().map(|unfit| unfit.rule());
        assert_eq!(refused, swap_max.map(|_| "not_recorded"), "{swap_max:?}");
    }
}

#[test]
fn a_group_that_is_gone_or_was_not_issued_is_no_target() {
    for (group, reason) in [
        ("/work.slice/other.service", "control group /work.slice/other.service is gone"),
        ("cg#4", "the target is no control group that was issued"),
    ] {
        for (form, rest) in [
            ("limit_cgroup_cpu", ",\"percent\":50"),
            ("lower_cpu_weight", ",\"weight\":20"),
            ("limit_cgroup_pids", ",\"max\":400"),
            ("freeze_cgroup", ",\"lasts\":30"),
            ("thaw_cgroup", ""),
            ("lower_io_weight", ",\"weight\":20"),
            ("throttle_io", ",\"disk\":\"8:0\",\"limit\":{\"riops\":100}"),
            ("limit_cgroup_memory_high", ",\"bytes\":943718400"),
            ("reclaim_cgroup_memory", ",\"bytes\":4096"),
            ("limit_cgroup_swap", ",\"bytes\":268435456"),
        ] {
            let action = action(form, &format!("\"group\":\"{group}\"{rest}"));
            let unfit = plan(&action, ABOUT, &Desk::default()).expect_err(form);
            assert_eq!((unfit.rule(), unfit.to_string()), ("identity", reason.into()), "{form}");
        }
    }
}

#[test]
fn a_disk_that_was_not_issued_is_throttled_for_nobody() {
    let parameters =
        "\"group\":\"/work.slice/batch.service\",\"disk\":\"disk#9\",\"limit\":{\"riops\":100}";
    let unfit = plan(&action("throttle_io", parameters), ABOUT, &Desk::default()).unwrap_err();
    assert_eq!(unfit.rule(), "identity");
}
