//! Bundles: who is in one, what is in it, and how many there are.

use super::*;
use ks_vocabulary::model::{ReadTimes, ShortLivedCell, ShortLivedName};
use ks_vocabulary::time::SECOND_NS;

fn cpu(bundle: &Bundle) -> Vec<(u64, f64)> {
    bundle.amounts(Account::CpuTime, 0, u64::MAX).collect()
}

#[test]
fn siblings_of_one_name_and_group_add_up_by_bucket() {
    let mut ended = Ended::default();
    for (pid, comm, bucket) in [(5, "sh", 9), (6, "sh", 7), (7, "cc", 7), (8, "sh", 9)] {
        let bundle = ended.count((pid, 1), (1, 0), b"/a", comm.as_bytes());
        bundle.add(bucket, Account::CpuTime, 2.0);
        bundle.add(bucket, Account::Memory, 1.0);
    }
    let found: Vec<_> =
        ended.iter().map(|one| (one.comm.as_slice(), one.count, cpu(one))).collect();
    let cc = (b"cc".as_slice(), 1, [(7, 2.0)].to_vec());
    let sh = (b"sh".as_slice(), 3, [(7, 2.0), (9, 4.0)].to_vec());
    assert_eq!(found, [cc, sh]);
    let sh = ended.iter().next_back().unwrap();
    let late: Vec<_> = sh.amounts(Account::CpuTime, 8, 10).collect();
    assert_eq!(late, [(9, 4.0)]);
    let held: f64 = sh.amounts(Account::Memory, 0, 100).map(|(_, held)| held).sum();
    assert_eq!(Some(held), Some(3.0), "what each held as it ended");
}

#[test]
fn the_children_of_a_parent_that_ended_are_those_of_its_parent() {
    let mut ended = Ended::default();
    ended.count((5, 1), (3, 0), b"", b"sh").add(1, Account::CpuTime, 1.0);
    ended.count((6, 1), (4, 0), b"", b"sh").add(1, Account::CpuTime, 2.0);
    assert!(ended.has_children((4, 0)));
    ended.hand_over((4, 0), (3, 0));
    let found: Vec<_> = ended.iter().map(|one| (one.parent, one.count, cpu(one))).collect();
    assert_eq!(found, [((3, 0), 2, [(1, 3.0)].to_vec())]);
    ended.hand_over((3, 0), (2, 0));
    assert!(ended.has_children((2, 0)) && !ended.has_children((3, 0)));
}

#[test]
fn no_more_than_the_window_and_the_cap_are_kept() {
    let mut ended = Ended::default();
    for bucket in [0, 500, 720] {
        ended.count((5, 1), (1, 0), b"", b"a").add(bucket, Account::IoBytes, 1.0);
    }
    assert_eq!(ended.iter().next().and_then(Bundle::first), Some(500));
    for parent in 0..2 * BUNDLES as u64 {
        ended.count((9, 1), (parent, 7), b"", b"b").add(1000 + parent, Account::CpuTime, 1.0);
    }
    assert_eq!(ended.iter().count(), BUNDLES);
    assert_eq!(ended.iter().map(|one| one.parent.0).min(), Some(BUNDLES as u64));
}

#[test]
fn those_that_no_reading_saw_are_counted_by_name_and_group() {
    let mut ended = Ended::default();
    let host = HostFacts { user_hz: 100, ..HostFacts::default() };
    for second in [100, 101, 115] {
        let mut sample = Sample::default();
        let row = sample.bpf_short_lived.push();
        row.set_name(ShortLivedName::comm, b"sh");
        row.set(ShortLivedCell::cgroup_inode, 44u64);
        row.set(ShortLivedCell::count, 30u64);
        row.set(ShortLivedCell::cpu_ns, 500_000_000u64);
        row.set(ShortLivedCell::write_bytes, 10u64);
        sample.bpf_short_lived.set_read(ReadTimes::default());
        ended.update(&sample, Timestamp(second * SECOND_NS), &host);
    }
    let bundle = ended.iter().next().unwrap();
    assert_eq!((bundle.cgroup_inode, bundle.count), (44, 90));
    assert_eq!(cpu(bundle), [(10, 100.0), (11, 50.0)]);
}
