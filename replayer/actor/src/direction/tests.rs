//! What takes, and what would give.

use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;

use super::*;
use crate::held::Target;
use crate::mask::Mask;
use crate::place::Place;
use crate::threads::ThreadId;

const TARGET: Target = Target { pid: 7, start_ticks: 9 };

fn threads(before: &[Setting], written: Setting) -> bool {
    let thread = |tid| ThreadId { tid, start_ticks: 1 };
    let threads = (7..).zip(before).map(|(tid, had)| (thread(tid), had.clone())).collect();
    let prior = setting::Prior {
        written,
        first: before[0].clone(),
        threads,
        taken: Vec::new(),
        is_begun: false,
        since_ticks: 0,
    };
    check(&Deed::Threads { target: TARGET, prior }).is_ok()
}

fn file(place: Place, before: &str, written: &str) -> bool {
    let before = Some(written::Before { place: place.clone(), text: before.to_owned() });
    let written = written.to_owned();
    let prior = written::Prior { place, written, before, taken: None };
    check(&Deed::File { prior, told: None }).is_ok()
}

fn group(file: GroupFile) -> Place {
    Place::Group { group: Exact(Entity::Cgroup(Group::at(b"/a"))), file }
}

#[test]
fn no_thread_gets_more_than_it_had() {
    let nice = |levels: &[i32]| levels.iter().map(|nice| Setting::Nice(*nice)).collect::<Vec<_>>();
    assert!(threads(&nice(&[0, -5, 10]), Setting::Nice(10)));
    assert!(!threads(&nice(&[0, 11]), Setting::Nice(10)), "one thread is behind it already");
    let policy = Setting::Policy;
    assert!(threads(&[policy(0), policy(3)], policy(3)) && threads(&[policy(3)], policy(5)));
    assert!(threads(&[policy(0x4000_0000)], policy(0x4000_0003)));
    for had in [1, 2, 5, 6, 0x4000_0001] {
        assert!(!threads(&[policy(had)], policy(3)), "{had}");
    }
    let io = Setting::IoPriority;
    assert!(threads(&[io(0)], io(2 << 13 | 7)) && threads(&[io(2 << 13 | 7)], io(3 << 13)));
    assert!(threads(&[io(3 << 13 | 7)], io(3 << 13)), "`ionice -c 3` leaves a level");
    assert!(!threads(&[io(2 << 13 | 0x0c)], io(3 << 13)), "a hint is no level");
    assert!(!threads(&[io(3 << 13)], io(2 << 13 | 7)) && !threads(&[io(1 << 13)], io(3 << 13)));
    let cpus = |list: &str| Setting::Cpus(Mask::listed(&list.parse().unwrap()));
    assert!(threads(&[cpus("0-7")], cpus("0-3")) && !threads(&[cpus("0-2")], cpus("0-3")));
    assert!(!threads(&[cpus("0-7")], Setting::Nice(1)), "two settings are no pair");
}

#[test]
fn limits_go_down_and_tables_up() {
    for (of, before, written) in [
        (GroupFile::CpuMax, "max 100000", "50000 100000"),
        (GroupFile::CpuMax, "30000 50000", "50000 100000"),
        (GroupFile::CpuWeight, "100", "20"),
        (GroupFile::IoMax, "8:0 rbps=max", "8:0 rbps=65536"),
        (GroupFile::MemoryHigh, "max", "838860800"),
        (GroupFile::PidsMax, "500", "400"),
        (GroupFile::CpuCfsQuota, "-1", "50000"),
        (GroupFile::CpuCfsQuota, "60000", "50000"),
        (GroupFile::CpuShares, "1024", "205"),
        (GroupFile::BlkioReadBps, "8:0 0", "8:0 65536"),
        (GroupFile::BlkioWriteIops, "8:0 600", "8:0 500"),
    ] {
        assert!(file(group(of), before, written), "{of} {before} {written}");
        assert!(!file(group(of), written, before), "{of} the other way");
    }
    assert!(file(group(GroupFile::CgroupFreeze), "1", "0"));
    assert!(file(group(GroupFile::FreezerState), "FROZEN", "THAWED"));
    for (key, before, written) in [
        (Sysctl::Swappiness, "60", "10"),
        (Sysctl::TcpFinTimeout, "60", "30"),
        (Sysctl::Somaxconn, "128", "4096"),
        (Sysctl::NfConntrackMax, "65536", "262144"),
        (Sysctl::IpLocalPortRange, "32768 60999", "15000 65000"),
    ] {
        assert!(file(Place::Sysctl(key), before, written), "{key}");
        assert!(!file(Place::Sysctl(key), written, before), "{key} the other way");
    }
    let ports = |before, written| file(Place::Sysctl(Sysctl::IpLocalPortRange), before, written);
    assert!(!ports("32768 60999", "15000 50000"), "narrower at one end");
}

#[test]
fn a_score_goes_up_alone() {
    let score = |before, written| {
        let file = crate::process_file::ProcessFile::OomScoreAdj;
        let prior = process_value::Prior {
            file,
            written,
            before,
            taken: None,
            since_ticks: None,
            session: None,
        };
        check(&Deed::ProcessFile { target: TARGET, prior }).is_ok()
    };
    assert!(score(0, 500) && score(500, 500) && !score(700, 500));
}
