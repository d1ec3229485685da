//! Effects that an action has, and others.

use ks_vocabulary::decision::Signal;
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;
use proptest::prelude::*;

use super::*;

fn process() -> Exact {
    Exact(Entity::Process(5678, 99))
}

fn group(file: GroupFile, text: &str) -> Effect {
    let group = Exact(Entity::Cgroup(Group { inode: Some(7), ..Group::at(b"/a.slice") }));
    Effect::GroupFile { group, file, text: text.to_owned() }
}

fn sysctl(key: Sysctl, text: &str) -> Effect {
    Effect::Sysctl { key, text: text.to_owned() }
}

#[test]
fn what_the_catalogue_has_is_taken() {
    for effect in [
        Effect::Nice { process: process(), nice: 19 },
        Effect::Policy { process: process(), policy: 5, reset_on_fork: true },
        Effect::Affinity { process: process(), cpus: Some("0-3".parse().unwrap()) },
        Effect::IoPriority { process: process(), value: 3 << 13 },
        Effect::IoPriority { process: process(), value: 2 << 13 | 7 },
        Effect::Signal { process: process(), signal: Signal::Terminate },
        Effect::OomScore { process: process(), adj: 900 },
        Effect::ReadAhead { disk: Exact(Entity::Disk(b"sda".to_vec())), kb: 64 },
        group(GroupFile::CpuMax, "50000 100000"),
        group(GroupFile::IoMax, "8:0 wiops=500"),
        group(GroupFile::MemoryHigh, "838860800"),
        group(GroupFile::CpuCfsQuota, "50000"),
        group(GroupFile::CpuShares, "205"),
        group(GroupFile::FreezerState, "FROZEN"),
        group(GroupFile::BlkioWriteBps, "8:0 1048576"),
        group(GroupFile::BlkioReadIops, "8:0 500"),
        sysctl(Sysctl::IpLocalPortRange, "15000 65000"),
        sysctl(Sysctl::TcpTwReuse, "1"),
    ] {
        assert_eq!(check(&effect), Ok(()), "{effect}");
    }
}

#[test]
fn what_it_has_not_is_refused() {
    for effect in [
        Effect::Nice { process: process(), nice: 0 },
        Effect::Nice { process: process(), nice: -1 },
        Effect::Nice { process: process(), nice: 20 },
        Effect::Autogroup { process: process(), nice: -5 },
        Effect::Policy { process: process(), policy: 0, reset_on_fork: false },
        Effect::Policy { process: process(), policy: 1, reset_on_fork: false },
        Effect::Policy { process: process(), policy: 3 | 0x4000_0000, reset_on_fork: false },
        Effect::Affinity { process: process(), cpus: None },
        Effect::IoPriority { process: process(), value: 0 },
        Effect::IoPriority { process: process(), value: 1 << 13 },
        Effect::IoPriority { process: process(), value: 2 << 13 | 3 },
        Effect::IoPriority { process: process(), value: 2 << 13 | 8 },
        Effect::IoPriority { process: process(), value: 3 << 13 | 1 },
        Effect::IoPriority { process: process(), value: u64::MAX },
        Effect::OomScore { process: process(), adj: -1000 },
        Effect::OomScore { process: process(), adj: 901 },
        Effect::ReadAhead { disk: process(), kb: 0 },
        Effect::LinkMode { nic: Exact(Entity::Nic(b"eth0".to_vec())), mbit: Some(1000) },
    ] {
        assert_eq!(check(&effect), Err(OutOfBounds { effect: effect.to_string() }));
    }
    for text in ["", "max 100000", "0 100000", "50000", "50000 1000", "50000:100000", "5e4 100000"]
    {
        assert!(check(&group(GroupFile::CpuMax, text)).is_err(), "{text}");
    }
    for text in ["8:0 rbps=0", "8:0 rbps=1e9", "8:0 rbps=max", "sda rbps=65536", "8:0 rbps=0x10"] {
        assert!(check(&group(GroupFile::IoMax, text)).is_err(), "{text}");
    }
    for text in ["", "max", "-1", "0", "999", "1000001", "50000 100000", "5e4", "050000"] {
        assert!(check(&group(GroupFile::CpuCfsQuota, text)).is_err(), "{text}");
    }
    for text in ["8:0 0", "8:0 1e6", "8:0 -1", "8:0", "sda 65536", "8:0 rbps=65536", "8:0 65536 1"]
    {
        assert!(check(&group(GroupFile::BlkioReadBps, text)).is_err(), "{text}");
    }
    for text in ["1024", "2", "0", "-1", ""] {
        assert!(check(&group(GroupFile::CpuShares, text)).is_err(), "{text}");
    }
    for text in ["FREEZING", "frozen", "1", "FROZEN\n", ""] {
        assert!(check(&group(GroupFile::FreezerState, text)).is_err(), "{text}");
    }
    for text in ["2", "01", "1\n", "+1", " 1", "1; id", "\u{661}"] {
        assert!(check(&group(GroupFile::CgroupFreeze, text)).is_err(), "{text}");
        assert!(check(&group(GroupFile::PidsMax, text)).is_err() || text == "2", "{text}");
        assert!(check(&sysctl(Sysctl::Swappiness, text)).is_err() || text == "2", "{text}");
    }
    for (key, text) in [
        (Sysctl::IpLocalPortRange, "1 65535"),
        (Sysctl::IpLocalPortRange, "15000"),
        (Sysctl::TcpTwReuse, "0"),
        (Sysctl::DropCaches, "4"),
        (Sysctl::DirtyBackgroundBytes, "4096"),
        (Sysctl::TcpFinTimeout, "120"),
    ] {
        assert!(check(&sysctl(key, text)).is_err(), "{key} {text}");
    }
}

#[test]
fn what_ends_by_itself_ends_soon() {
    let stop = Effect::Signal { process: process(), signal: Signal::Stop };
    let freeze = group(GroupFile::CgroupFreeze, "1");
    let first = group(GroupFile::FreezerState, "FROZEN");
    let (nice, thaw) =
        (Effect::Nice { process: process(), nice: 5 }, group(GroupFile::CgroupFreeze, "0"));
    for (effect, most) in [(stop, 60), (freeze, 60), (first, 60), (nice, 3600), (thaw, 3600)] {
        let effects = [effect];
        for lasts_s in [None, Some(1), Some(most)] {
            assert_eq!(check_time(lasts_s, &effects), Ok(()), "{lasts_s:?} {effects:?}");
        }
        for lasts_s in [0, most + 1, u64::MAX] {
            assert!(check_time(Some(lasts_s), &effects).is_err(), "{lasts_s} {effects:?}");
        }
    }
}

proptest! {
    /// Whatever text comes, what is written is digits and the few words of these files.
    #[test]
    fn any_text_is_plain_where_it_is_taken(text in "[ -~\\n]{0,24}", at in 0usize..10) {
        let file = GroupFile::ALL[at % GroupFile::ALL.len()];
        let key = Sysctl::ALL[at % Sysctl::ALL.len()];
        for effect in [group(file, &text), sysctl(key, &text)] {
            if check(&effect).is_ok() {
                let is_plain = |byte: u8| byte.is_ascii_digit() || b" :=rwbpsio".contains(&byte);
                prop_assert!(text.bytes().all(is_plain), "{}", text);
            }
        }
    }
}
