//! Hosts whose controllers are in hierarchies of version 1: the counterparts of what version 2 has.

use ks_vocabulary::decision::{Effect, Plan};

use super::checks::assert_sound;
use super::{ABOUT, Refused, action, plan, planned};
use crate::desk::{ALONE, BATCH, Desk, group, of_version_1};
use crate::facts::{FirstVersion, GroupFacts};
use crate::unfit::Unfit;
use crate::verify::{restored, written};

fn host() -> Desk {
    let mut desk = Desk::default();
    for facts in desk.groups.values_mut() {
        *facts = of_version_1(facts);
    }
    desk
}

/// What is written where, and what is put back.
fn told(plan: &Plan) -> (String, String) {
    let of = |effect: Option<&Effect>| {
        let Some(Effect::GroupFile { group, file, text }) = effect else { return String::new() };
        format!("{text} to {file} of {}", serde_json::to_value(group).unwrap().as_str().unwrap())
    };
    let back = plan.undo.first().map(|step| &step.restore);
    (of(plan.effects.first()), of(back))
}

/// Forms, what each writes and what it puts back, and to what of which hierarchy.
const COUNTERPARTS: [(&str, &str, &str, &str); 6] = [
    ("limit_cgroup_cpu", "50000", "-1", "cpu.cfs_quota_us of cgroup:cpu,cpuacct:B@inode:7001"),
    ("throttle_cpu", "50000", "-1", "cpu.cfs_quota_us of cgroup:cpu,cpuacct:A@inode:7001"),
    ("lower_cpu_weight", "205", "1024", "cpu.shares of cgroup:cpu,cpuacct:B@inode:7001"),
    ("limit_cgroup_pids", "400", "1000", "pids.max of cgroup:pids:B@inode:7004"),
    ("freeze_cgroup", "FROZEN", "THAWED", "freezer.state of cgroup:freezer:B@inode:7005"),
    (
        "throttle_io",
        "8:0 10485760",
        "8:0 90000000",
        "blkio.throttle.write_bps_device of cgroup:blkio:B@inode:7003",
    ),
];

fn full(text: &str) -> String {
    let of = |path: &[u8]| String::from_utf8_lossy(path).into_owned();
    text.replace(":A@", &format!(":{}@", of(ALONE))).replace(":B@", &format!(":{}@", of(BATCH)))
}

#[test]
fn what_has_a_counterpart_is_written_where_that_is() {
    let desk = host();
    for (form, text, before, place) in COUNTERPARTS {
        let plan = planned(form, &desk).unwrap_or_else(|unfit| panic!("{form}: {unfit}"));
        let wanted = [text, before].map(|text| format!("{text} to {}", full(place)));
        assert_eq!(told(&plan), wanted.into(), "{form}");
        assert_sound(&plan, &desk);
        assert_eq!((restored(&plan, &desk), written(&plan, &desk)), (Some(true), Some(false)));
    }
    let thaw = planned("thaw_cgroup", &desk).unwrap();
    let place = full("freezer.state of cgroup:freezer:A@inode:7005");
    assert_eq!(told(&thaw), (format!("THAWED to {place}"), String::new()));
}

#[test]
fn what_was_written_is_read_as_it_was_written() {
    type Change = fn(&mut GroupFacts<'static>);
    let done: [(&str, Change); 5] = [
        ("limit_cgroup_cpu", |facts| facts.cpu_quota_us = Some(50_000)),
        ("lower_cpu_weight", |facts| facts.cpu_shares = Some(205)),
        ("limit_cgroup_pids", |facts| facts.pids_max = Some(400)),
        ("freeze_cgroup", |facts| facts.frozen = Some(true)),
        ("throttle_io", |facts| {
            facts.io_max = Some(b"8:0 rbps=max wbps=10485760 riops=max wiops=max");
        }),
    ];
    for (form, change) in done {
        let mut desk = host();
        let plan = planned(form, &desk).unwrap();
        change(desk.batch());
        assert_eq!((restored(&plan, &desk), written(&plan, &desk)), (Some(false), Some(true)));
    }
}

#[test]
fn a_limit_that_is_none_is_put_back_as_none() {
    let mut desk = host();
    desk.batch().io_max = Some(b"");
    let whole = planned("throttle_io", &desk).unwrap();
    assert!(told(&whole).1.starts_with("8:0 0 to blkio.throttle.write_bps_device"), "{whole:?}");
    assert_eq!(restored(&whole, &desk), Some(true));
    for (key, file) in [("rbps", "read_bps"), ("riops", "read_iops"), ("wiops", "write_iops")] {
        let limit = format!("\"limit\":{{\"{key}\":10000000}}");
        let parameters =
            format!("\"group\":\"/work.slice/batch.service\",\"disk\":\"8:0\",{limit}");
        let plan = plan(&action("throttle_io", &parameters), ABOUT, &desk).unwrap();
        let wanted = format!("8:0 10000000 to blkio.throttle.{file}_device");
        assert!(told(&plan).0.starts_with(&wanted), "{plan:?}");
    }
}

#[test]
fn what_has_no_counterpart_is_absent() {
    for form in [
        "limit_cgroup_memory_high",
        "reclaim_cgroup_memory",
        "limit_cgroup_swap",
        "lower_io_weight",
    ] {
        let unfit = planned(form, &host()).expect_err(form);
        assert_eq!(unfit.rule(), "absent", "{form}");
        assert!(unfit.to_string().contains("controller of version 2"), "{unfit}");
    }
}

const REFUSED: &[Refused] = &[
    ("limit_cgroup_cpu", |d| d.batch().cpu_quota_us = Some(50_000), "direction", "no lower"),
    ("limit_cgroup_cpu", |d| d.batch().cpu_period_us = Some(1000), "unsafe", "less than a quota"),
    ("limit_cgroup_cpu", |d| d.batch().first.cpu = None, "absent", "no cpu controller"),
    (
        "limit_cgroup_cpu",
        |d| d.within(b"/work.slice").cpu_quota_us = Some(49_999),
        "no_effect",
        "held at less",
    ),
    ("lower_cpu_weight", |d| d.batch().cpu_shares = Some(205), "direction", "205 is no lower"),
    ("lower_cpu_weight", |d| d.batch().cpu_shares = None, "not_recorded", "`cpu.shares`"),
    ("limit_cgroup_pids", |d| d.batch().first.pids = None, "absent", "no pids controller"),
    ("throttle_io", |d| d.batch().first.blkio = None, "absent", "no io controller"),
    ("throttle_io", |d| d.batch().io_max = None, "not_recorded", "`io.max`"),
    ("freeze_cgroup", |d| d.batch().first.freezer = None, "not_recorded", "the inode"),
    ("freeze_cgroup", |d| d.batch().frozen = Some(true), "no_effect", "frozen already"),
    ("freeze_cgroup", |d| forget_inodes(d), "not_recorded", "the inode"),
    ("throttle_io", |d| forget_inodes(d), "not_recorded", "the inode"),
];

fn forget_inodes(desk: &mut Desk) {
    let FirstVersion { cpu, memory, blkio, pids, freezer } = &mut desk.batch().first;
    for part in [cpu, memory, blkio, pids, freezer].into_iter().flatten() {
        part.inode = None;
    }
}

#[test]
fn each_refusal_has_its_host() {
    for (form, change, rule, reason) in REFUSED {
        let mut desk = host();
        assert!(planned(form, &desk).is_ok(), "{form} is planned without the change");
        change(&mut desk);
        let unfit: Unfit = planned(form, &desk).expect_err(&format!("{form}: {reason}"));
        assert_eq!((unfit.rule(), true), (*rule, unfit.to_string().contains(reason)), "{unfit}");
    }
}

#[test]
fn a_group_that_is_no_units_has_no_watchdog() {
    let mut desk = host();
    desk.batch().watchdog_us = None;
    let unfit = planned("freeze_cgroup", &desk).unwrap_err();
    assert_eq!(unfit.rule(), "not_recorded", "that of its unit");
    desk.batch().unit = None;
    assert!(planned("freeze_cgroup", &desk).is_ok());
}

#[test]
fn where_both_versions_are_each_controller_is_where_it_is() {
    let mut desk = Desk::default();
    let first = of_version_1(&group(BATCH)).first;
    *desk.batch() = GroupFacts { first: FirstVersion { freezer: None, ..first }, ..group(BATCH) };
    desk.batch().controllers = Some(b"");
    desk.batch().cpu_shares = Some(1024);
    let file = |form: &str, desk: &Desk| told(&planned(form, desk).unwrap()).0;
    assert!(file("freeze_cgroup", &desk).contains("1 to cgroup.freeze of cgroup:/work"));
    assert!(file("lower_cpu_weight", &desk).contains("cpu.shares of cgroup:cpu,cpuacct:/work"));
    let unfit = planned("reclaim_cgroup_memory", &desk).unwrap_err().to_string();
    assert!(unfit.ends_with("no memory controller of version 2"), "{unfit}");
    assert_eq!(desk.batch().entity().hierarchy, b"v2");
    let entity = of_version_1(&group(BATCH)).entity();
    assert_eq!((entity.hierarchy.as_slice(), entity.inode), (&b"memory"[..], Some(7002)));
    let of = |hierarchy: &[u8]| of_version_1(&group(BATCH)).inode_in(hierarchy);
    assert_eq!((of(b"pids"), of(b"v2"), of(b"cpu")), (Some(7004), None, None));
}
