//! Where a kill belongs: to a group at its limit, also one that is gone with it, or to the host.

use super::*;
use ks_vocabulary::kind::Severity;

#[test]
fn a_kill_at_the_limit_of_a_group_is_that_groups_alone() {
    let (mut lab, mut host, mut groups) = (Lab::new(), Host::default(), Groups::default());
    for kills in [0, 0, 1] {
        lab.run(1, |sample, _| {
            host.fill(sample, Memory { kills, ..quiet() });
            groups.fill(sample, Memory { kills, ..Memory::default() }, None);
        });
    }
    assert_eq!(lab.severity(MemoryPressure, GROUP), Some(Critical));
    assert_eq!(lab.severity(MemoryPressure, "cgroup:/"), None);
    assert_eq!(lab.severity(MemoryPressure, HOST), None);
    lab.run(1, |sample, _| {
        host.fill(sample, Memory { kills: 2, ..quiet() });
        groups.fill(sample, Memory { kills: 1, ..Memory::default() }, None);
    });
    assert_eq!(lab.severity(MemoryPressure, HOST), Some(Critical), "one kill more than theirs");
}

/// A container at such a share of its limit, in a slice, until both are killed: it is gone then,
/// and version 2 counts its kill around it.
fn killed_with_its_group(
    version: &str,
    held: f64,
    (scans, reclaims): (Option<u32>, u32),
) -> (Lab, &'static str) {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(40, |sample, second| {
        let is_over = second >= 20;
        let of_host = Memory { scans, reclaims, kills: u32::from(second == 20), ..quiet() };
        host.fill(sample, of_host);
        for path in ["/", "/slice", "/slice/c1"].into_iter().take(if is_over { 2 } else { 3 }) {
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, version.as_bytes());
            row.set_name(CgroupName::path, path.as_bytes());
            row.set(CgroupCell::inode, path.len() as u64);
            row.set(CgroupCell::memory_bytes, Meter::default().add(held * 1e6));
            row.set(CgroupCell::memory_fail, if version == "v2" { 0 } else { 10 + second });
            if path == "/slice/c1" {
                row.set(CgroupCell::memory_max_bytes, 1_000_000u64);
            }
            if version == "v2" {
                let kills = u64::from(path == "/slice" && is_over);
                row.set(CgroupCell::oom, kills);
                row.set(CgroupCell::oom_kill, kills);
            }
        }
    });
    (lab, if version == "v2" { "cgroup:" } else { "cgroup:memory:" })
}

#[test]
fn a_kill_with_which_its_group_is_gone_is_that_groups() {
    let still = (Some(0), 0);
    for (version, held, room, group_is, around_is, host_is) in [
        ("v2", 0.81, still, Some(Critical), None, None),
        ("v2", 0.79, still, None, Some(Critical), None),
        ("memory", 0.81, still, Some(Critical), None, None),
        // A limit that nobody saw: the host did nothing to make room.
        ("memory", 0.79, still, None, None, Some(Medium)),
        ("memory", 0.79, (Some(9), 0), None, None, Some(Critical)),
        ("memory", 0.79, (None, 0), None, None, Some(Critical)),
        ("memory", 0.81, (Some(9), 1), None, None, Some(Critical)),
    ] {
        let (lab, hierarchy) = killed_with_its_group(version, held, room);
        let of = |path: &str| -> Option<Severity> {
            lab.severity(MemoryPressure, &alloc::format!("{hierarchy}{path}"))
        };
        let found = (of("/slice/c1"), of("/slice"), lab.severity(MemoryPressure, HOST));
        assert_eq!(found, (group_is, around_is, host_is), "{version} {held} {room:?}");
    }
}

#[test]
fn a_kill_of_a_group_that_is_gone_stands_for_five_minutes() {
    let (mut lab, _) = killed_with_its_group("v2", 0.9, (Some(0), 0));
    let name = "cgroup:/slice/c1";
    let kill = lab.raised_at(MemoryPressure, name).unwrap();
    lab.run(310, |sample, _| sample.cgroups.set_read(ReadTimes::default()));
    assert_eq!(lab.cleared_at(MemoryPressure, name), Some(kill + 300));
    assert_eq!(lab.subtype(MemoryPressure, name), None);
}

/// Groups of version 1, whose limit page cache meets all day, at which a process is killed.
#[test]
fn a_kill_while_the_host_makes_room_is_no_groups_that_holds_little_of_its_limit() {
    for (held_bytes, reclaims, group_is, host_is) in [
        (810_000u64, 200, Some(Critical), None),
        (790_000, 200, None, Some(Critical)),
        (790_000, 0, Some(Critical), None),
    ] {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, second| {
            host.fill(sample, Memory { reclaims, kills: u32::from(second == 20), ..quiet() });
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, b"memory");
            row.set_name(CgroupName::path, b"/job");
            row.set(CgroupCell::inode, 1u64);
            row.set(CgroupCell::memory_bytes, 1_000_000u64);
            row.set(CgroupCell::memory_max_bytes, 1_000_000u64);
            row.set(CgroupCell::inactive_file_bytes, 1_000_000 - held_bytes);
            row.set(CgroupCell::memory_fail, 10 * second);
            row.set(CgroupCell::oom_kill, u64::from(second >= 20));
        });
        let of = |entity| lab.severity(MemoryPressure, entity).filter(|found| *found == Critical);
        assert_eq!((of("cgroup:memory:/job"), of(HOST)), (group_is, host_is), "{held_bytes}");
    }
}
