//! Hosts that lack one thing each.

use super::*;

/// A host that has everything.
fn whole() -> Host {
    let files = GroupFile::ALL.iter().map(|file| file.word().to_owned()).collect();
    Host {
        is_root: true,
        sees_host: true,
        no_sandbox: None,
        groups: Groups::Second(files),
        autogroup: Some(true),
        schedulers: vec![("sda".to_owned(), "bfq".to_owned())],
        has_swap: true,
        may_write_sys: true,
        parameters: Sysctl::ALL.iter().map(|key| (*key, true)).collect(),
    }
}

/// Actions that a host lacks and a whole one has, each with its reason.
fn lost(host: &Host) -> Vec<(&'static str, String)> {
    let all = ActionKind::ALL.into_iter().filter(|kind| missing(*kind, &whole()).is_none());
    all.filter_map(|kind| Some((kind.name(), missing(kind, host)?))).collect()
}

fn names(host: &Host) -> Vec<&'static str> {
    lost(host).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn a_whole_host_lacks_only_what_nobody_plans() {
    let missing: Vec<&str> = ActionKind::ALL
        .into_iter()
        .filter(|kind| missing(*kind, &whole()).is_some())
        .map(ActionKind::name)
        .collect();
    assert_eq!(missing, ["clear_page_cache", "force_network_speed"]);
}

#[test]
fn without_what_all_need_there_is_nothing_but_looks() {
    let acting = ActionKind::ALL.iter().filter(|kind| kind.form().risk != Risk::Info).count() - 2;
    for host in [
        Host { is_root: false, ..whole() },
        Host { no_sandbox: Some("no Landlock"), ..whole() },
        Host { sees_host: false, ..whole() },
    ] {
        assert_eq!(lost(&host).len(), acting, "{host:?}");
    }
    let told = lost(&Host { no_sandbox: Some("no Landlock"), ..whole() });
    assert_eq!(told[0].1, "no Landlock");
}

#[test]
fn each_thing_that_is_missing_takes_its_own_actions_away() {
    let none = Host { autogroup: None, ..whole() };
    assert_eq!(names(&none), ["lower_autogroup_priority"]);
    assert!(lost(&Host { autogroup: Some(false), ..whole() })[0].1.contains("are off"));
    let disk = |scheduler: &str| vec![("vda".to_owned(), scheduler.to_owned())];
    let host = Host { schedulers: disk("none"), ..whole() };
    assert_eq!(names(&host), ["lower_io_priority"]);
    assert!(lost(&host)[0].1.ends_with(": vda none"));
    assert!(names(&Host { schedulers: disk("mq-deadline"), ..whole() }).is_empty());
    assert_eq!(names(&Host { may_write_sys: false, ..whole() }), ["reduce_readahead"]);
    assert_eq!(names(&Host { has_swap: false, ..whole() }), ["limit_cgroup_memory_high"]);
    let mut host = whole();
    host.parameters.remove(&Sysctl::NfConntrackMax);
    host.parameters.insert(Sysctl::Swappiness, false);
    let told = lost(&host);
    assert_eq!(names(&host), ["reduce_swappiness", "raise_conntrack_max"]);
    assert!(told[0].1.contains("may not be written") && told[1].1.contains("has no"));
}

#[test]
fn groups_of_version_1_have_what_has_a_counterpart() {
    let of = |files: &[GroupFile]| {
        let files = files.iter().map(|file| file.word().to_owned()).collect();
        Host { groups: Groups::First(files), ..whole() }
    };
    let all = [
        GroupFile::BlkioReadBps,
        GroupFile::CpuCfsQuota,
        GroupFile::CpuShares,
        GroupFile::FreezerState,
        GroupFile::PidsMax,
    ];
    let without = [
        "lower_io_weight",
        "limit_cgroup_memory_high",
        "reclaim_cgroup_memory",
        "limit_cgroup_swap",
    ];
    assert_eq!(names(&of(&all)), without);
    assert!(
        lost(&of(&all))[1].1.ends_with("version 1: nothing is written there for `memory.high`")
    );
    let bare = lost(&of(&[GroupFile::CgroupFreeze]));
    let quota = bare.iter().find(|(name, _)| *name == "limit_cgroup_cpu").unwrap();
    assert!(quota.1.ends_with("no group has `cpu.cfs_quota_us`"), "{}", quota.1);
    let stops = |name: &str| name.contains("freeze") || name == "thaw_cgroup";
    assert!(!bare.iter().any(|(name, _)| stops(name)), "version 2 freezes beside it");
    let none = lost(&Host { groups: Groups::None, ..whole() });
    assert_eq!(none.len(), bare.len() + 2);
    let bare = Groups::Second(vec!["cgroup.freeze".to_owned()]);
    assert!(lost(&Host { groups: bare, ..whole() }).iter().any(|(_, why)| why.contains("is off")));
}

#[test]
fn what_a_kernel_tells_is_understood() {
    assert!(sees_host("Name:\tx\nNSpid:\t7\n") && !sees_host("NSpid:\t7\t1\n") && sees_host(""));
    let mounts = "1 0 0:1 / /sys rw - sysfs sysfs rw\n2 0 0:2 / /sys ro,nosuid - sysfs sysfs rw\n";
    assert!(!may_write(mounts, "/sys") && may_write(mounts, "/proc"));
    assert!(lacks("kill_thread trap").is_some());
    let first = "3 0 0:3 / /cg/cpu rw - cgroup cgroup rw,cpu\n4 0 0:4 / /none rw - cgroup2 x rw\n";
    assert_eq!(groups::found(first), Groups::First(Vec::new()));
    let freezer = "3 0 0:3 / /none rw - cgroup cgroup rw,freezer\n\
                   4 0 0:4 / /none rw - cgroup cgroup rw,xattr,pids\n";
    let names = ["freezer.state", "pids.max"].map(str::to_owned);
    assert_eq!(groups::found(freezer), Groups::First(names.to_vec()));
    assert_eq!(groups::found(""), Groups::None);
    let second = "3 0 0:3 / /none rw - cgroup cgroup rw,xattr,name=systemd\n\
                  4 0 0:4 / /none rw - cgroup2 cgroup2 rw\n";
    assert_eq!(groups::found(second), Groups::Second(Vec::new()));
}

#[test]
fn this_host_is_looked_at() {
    let host = Host::look();
    assert!(host.parameters.contains_key(&Sysctl::Swappiness));
}
