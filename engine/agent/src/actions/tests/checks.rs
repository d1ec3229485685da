//! What holds of every plan, whoever made it: nothing is favoured, no limit is widened, what is put
//! back is what the facts had, and texts are plain numbers.

use core::str::FromStr;

use ks_vocabulary::action::CpuSet;
use ks_vocabulary::decision::{Effect, GroupFile, Plan, Signal, Sysctl};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use crate::desk::Desk;
use crate::facts::{GroupFacts, ProcessFacts};

/// Version 1 has -1 for no quota, and two words for a freezer.
const OF_VERSION_1: [&str; 3] = ["-1", "FROZEN", "THAWED"];

/// Panics where a plan is not sound on a desk.
pub(crate) fn assert_sound(plan: &Plan, desk: &Desk) {
    assert_eq!(plan.effects.len(), 1, "each form is one effect: {plan:?}");
    let effect = &plan.effects[0];
    let undo: Vec<&Effect> = plan.undo.iter().map(|step| &step.restore).collect();
    assert!(undo.len() <= 1 && plan.undo.iter().all(|step| step.written == *effect), "{plan:?}");
    let undo = undo.first().copied();
    assert!(is_sound(effect, undo, desk), "{plan:?}");
    for text in [Some(effect), undo].into_iter().flatten().filter_map(text) {
        assert!(is_plain(text) || OF_VERSION_1.contains(&text), "`{text}`");
    }
}

fn text(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::GroupFile { text, .. } | Effect::Sysctl { text, .. } => Some(text),
        Effect::Nice { .. }
        | Effect::Autogroup { .. }
        | Effect::Policy { .. }
        | Effect::Affinity { .. }
        | Effect::IoPriority { .. }
        | Effect::Signal { .. }
        | Effect::OomScore { .. }
        | Effect::ReadAhead { .. }
        | Effect::SyncFilesystem { .. }
        | Effect::LinkMode { .. } => None,
    }
}

fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
    let is_shortest = text == "0" || !text.starts_with('0');
    (is_plain && is_shortest).then(|| text.parse().ok())?
}

/// Whole numbers and `max`, by single blanks; of `io.max` a device and a key with one of them.
pub(super) fn is_plain(text: &str) -> bool {
    let is_value = |text: &str| text == "max" || number(text).is_some();
    let is_device = |text: &str| {
        text.split_once(':')
            .is_some_and(|(one, two)| [one, two].map(number).iter().all(Option::is_some))
    };
    let is_pair = |text: &str| {
        let (key, value) = text.split_once('=').unwrap_or_default();
        ["rbps", "wbps", "riops", "wiops"].contains(&key) && is_value(value)
    };
    match text.split(' ').collect::<Vec<_>>()[..] {
        [device, rest] if is_device(device) => is_pair(rest) || number(rest).is_some(),
        [one] => is_value(one),
        [one, two] => is_value(one) && number(two).is_some(),
        _ => false,
    }
}

fn process<'a>(exact: &Exact, desk: &'a Desk) -> &'a ProcessFacts<'static> {
    let Entity::Process(pid, start) = exact.0 else { panic!("{exact:?} is no process") };
    &desk.processes[&(pid, start)]
}

fn is_sound(effect: &Effect, undo: Option<&Effect>, desk: &Desk) -> bool {
    match (effect, undo) {
        (Effect::ReadAhead { disk, kb }, Some(Effect::ReadAhead { disk: back, kb: old })) => {
            let Entity::Disk(name) = &disk.0 else { panic!("{disk:?}") };
            disk == back && desk.disks[name].read_ahead_kb == Some(*old) && kb < old && *kb >= 16
        }
        (Effect::SyncFilesystem { .. }, None) => true,
        (Effect::GroupFile { group, file, text }, undo) => {
            let Entity::Cgroup(own) = &group.0 else { panic!("{group:?}") };
            let facts = &desk.groups[&own.path];
            let back = restored(facts, *file, text).map(|text| Effect::GroupFile {
                group: group.clone(),
                file: *file,
                text,
            });
            own.inode == facts.inode_in(&own.hierarchy)
                && back.as_ref() == undo
                && is_lower(facts, *file, text)
        }
        (Effect::Sysctl { key, text }, Some(Effect::Sysctl { key: back, text: old })) => {
            key == back && is_allowed(*key, text, old, desk)
        }
        (Effect::Signal { process, signal: Signal::Stop }, Some(back)) => {
            let (process, signal) = (process.clone(), Signal::Continue);
            *back == Effect::Signal { process, signal }
        }
        (Effect::Signal { signal, .. }, None) => *signal != Signal::Stop,
        (effect, Some(back)) => is_put_behind(effect, back, desk),
        (_, None) => false,
    }
}

/// Of a process: it stands further behind, and what puts it back is where it stands.
fn is_put_behind(effect: &Effect, back: &Effect, desk: &Desk) -> bool {
    use Effect as Is;
    match (effect, back) {
        (Is::Nice { process: own, nice }, Is::Nice { process: of, nice: old }) => {
            own == of && process(own, desk).nice == Some(*old) && old < nice && *nice <= 19
        }
        (Is::Autogroup { process: own, nice }, Is::Autogroup { process: of, nice: old }) => {
            let present = process(own, desk).autogroup_nice;
            own == of && present == Some(*old) && old < nice && *nice <= 19
        }
        (Is::Policy { process: own, policy, .. }, Is::Policy { policy: old, .. }) => {
            let facts = process(own, desk);
            let reset_on_fork = facts.reset_on_fork.unwrap();
            let of = |policy| Is::Policy { process: own.clone(), policy, reset_on_fork };
            let is_restored = *back == of(*old) && facts.policy == Some(*old);
            is_restored
                && *effect == of(*policy)
                && [(0, 3), (0, 5), (3, 5)].contains(&(*old, *policy))
        }
        (Is::Affinity { process: own, cpus }, Is::Affinity { process: of, cpus: old }) => {
            let cpus = cpus.as_ref().unwrap();
            own == of && is_narrower(cpus, old.as_ref(), process(own, desk), desk)
        }
        (Is::IoPriority { process: own, value }, Is::IoPriority { process: of, value: old }) => {
            own == of && is_behind(*value, *old, process(own, desk))
        }
        (Is::OomScore { process: own, adj }, Is::OomScore { process: of, adj: old }) => {
            own == of && process(own, desk).oom_score_adj == Some(*old) && old < adj && *adj <= 900
        }
        _ => false,
    }
}

fn is_narrower(
    cpus: &CpuSet,
    undo: Option<&CpuSet>,
    facts: &ProcessFacts<'_>,
    desk: &Desk,
) -> bool {
    let set = |text: &str| CpuSet::from_str(text).unwrap();
    let old = set(core::str::from_utf8(facts.cpus_allowed.unwrap()).unwrap());
    let online = set(&match desk.host.cpus.unwrap() {
        1 => "0".into(),
        more => format!("0-{}", more - 1),
    });
    let is_restored = undo.map_or_else(|| online.is_within(&old), |undo| *undo == old);
    cpus.is_within(&old) && cpus.is_within(&online) && !old.is_within(cpus) && is_restored
}

/// A class and a level, from the most favoured on. `none` is what nice level and policy make of it.
fn is_behind(new: u64, undo: u64, facts: &ProcessFacts<'_>) -> bool {
    let old = facts.io_priority.unwrap();
    let usual = || u64::try_from((facts.nice.unwrap() + 20) / 5).unwrap();
    let present = match (old >> 13, facts.policy) {
        (0, Some(5)) => (3, 0),
        (0, Some(1 | 2)) => (1, usual()),
        (0, _) => (2, usual()),
        (class, _) => (class, old & 7),
    };
    let is_restored = if old >> 13 == 0 { undo == 0 } else { undo == old };
    is_restored && [2, 3].contains(&(new >> 13)) && (new >> 13, new & 7) > present
}

fn limit(limit: Option<u64>) -> String {
    limit.map_or("max".into(), |limit| limit.to_string())
}

/// What undoes a write to a file; nothing where nothing does.
fn restored(facts: &GroupFacts<'_>, file: GroupFile, text: &str) -> Option<String> {
    Some(match file {
        GroupFile::CpuMax => {
            let quota = limit(u64::try_from(facts.cpu_quota_us.unwrap()).ok());
            format!("{quota} {}", facts.cpu_period_us.unwrap())
        }
        GroupFile::CpuWeight => facts.cpu_weight.unwrap().to_string(),
        GroupFile::IoBfqWeight => facts.io_bfq_weight.unwrap().to_string(),
        GroupFile::IoWeight => panic!("nothing says that it is heeded"),
        GroupFile::MemoryHigh => limit(facts.memory_high_bytes),
        GroupFile::MemorySwapMax => limit(facts.swap_max_bytes),
        GroupFile::PidsMax => limit(facts.pids_max),
        GroupFile::IoMax => {
            let (device, pair) = text.split_once(' ').unwrap();
            let key = pair.split_once('=').unwrap().0;
            format!("{device} {key}={}", limit(io_limit(facts, device, key)))
        }
        GroupFile::CpuCfsQuota => facts.cpu_quota_us.unwrap().to_string(),
        GroupFile::CpuShares => facts.cpu_shares.unwrap().to_string(),
        GroupFile::BlkioReadBps
        | GroupFile::BlkioWriteBps
        | GroupFile::BlkioReadIops
        | GroupFile::BlkioWriteIops => {
            let device = text.split_once(' ').unwrap().0;
            format!("{device} {}", io_limit(facts, device, key_of(file)).unwrap_or(0))
        }
        GroupFile::FreezerState if text == "FROZEN" => "THAWED".into(),
        GroupFile::CgroupFreeze if text == "1" => "0".into(),
        GroupFile::FreezerState | GroupFile::CgroupFreeze | GroupFile::MemoryReclaim => {
            return None;
        }
    })
}

/// The key in `io.max` of a file of version 1.
fn key_of(file: GroupFile) -> &'static str {
    let keys = [
        (GroupFile::BlkioReadBps, "rbps"),
        (GroupFile::BlkioWriteBps, "wbps"),
        (GroupFile::BlkioReadIops, "riops"),
        (GroupFile::BlkioWriteIops, "wiops"),
    ];
    keys.into_iter().find(|(of, _)| *of == file).unwrap().1
}

fn io_limit(facts: &GroupFacts<'_>, device: &str, key: &str) -> Option<u64> {
    let all = core::str::from_utf8(facts.io_max.unwrap()).unwrap();
    let own = all.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let own = own.filter(|words| words[0] == device).flatten();
    own.filter_map(|word| word.split_once('=')).find(|(of, _)| *of == key)?.1.parse().ok()
}

fn is_lower(facts: &GroupFacts<'_>, file: GroupFile, text: &str) -> bool {
    let new = |text: &str| number(text).unwrap();
    let below = |old: Option<u64>| old.is_none_or(|old| new(text) < old);
    match file {
        GroupFile::CpuMax => {
            let (quota, period) = text.split_once(' ').unwrap();
            let old = u64::try_from(facts.cpu_quota_us.unwrap()).ok();
            let (is_round, period) = (new(quota) >= 1000, new(period));
            is_round
                && old.is_none_or(|old| new(quota) * facts.cpu_period_us.unwrap() < old * period)
        }
        GroupFile::CpuWeight => new(text) > 0 && below(facts.cpu_weight),
        GroupFile::IoBfqWeight => new(text) > 0 && below(facts.io_bfq_weight),
        GroupFile::IoWeight => false,
        GroupFile::MemoryHigh => {
            let held = facts.memory_bytes.unwrap();
            below(facts.memory_high_bytes) && new(text) % 4096 == 0 && new(text) >= held / 5 * 4
        }
        GroupFile::MemorySwapMax => {
            below(facts.swap_max_bytes)
                && new(text) % 4096 == 0
                && facts.swap_bytes <= Some(new(text))
        }
        GroupFile::PidsMax => below(facts.pids_max) && facts.pids <= Some(new(text)),
        GroupFile::MemoryReclaim => new(text) <= facts.memory_bytes.unwrap() / 5,
        GroupFile::CgroupFreeze => ["0", "1"].contains(&text),
        GroupFile::FreezerState => ["FROZEN", "THAWED"].contains(&text),
        GroupFile::CpuCfsQuota => {
            let old = u64::try_from(facts.cpu_quota_us.unwrap()).ok();
            new(text) >= 1000 && below(old)
        }
        GroupFile::CpuShares => new(text) >= 2 && below(facts.cpu_shares),
        GroupFile::BlkioReadBps
        | GroupFile::BlkioWriteBps
        | GroupFile::BlkioReadIops
        | GroupFile::BlkioWriteIops => {
            let (device, value) = text.split_once(' ').unwrap();
            let old = io_limit(facts, device, key_of(file));
            new(value) >= 10 && old.is_none_or(|old| new(value) < old)
        }
        GroupFile::IoMax => {
            let (device, pair) = text.split_once(' ').unwrap();
            let (key, value) = pair.split_once('=').unwrap();
            new(value) >= 10 && io_limit(facts, device, key).is_none_or(|old| new(value) < old)
        }
    }
}

fn is_allowed(key: Sysctl, new: &str, old: &str, desk: &Desk) -> bool {
    if key == Sysctl::IpLocalPortRange {
        let pair = |text: &str| text.split_once(' ').map(|(low, high)| (number(low), number(high)));
        let (Some((Some(low), Some(high))), Some((Some(first), Some(last)))) =
            (pair(new), pair(old))
        else {
            return false;
        };
        let is_wider = low <= first && last <= high && (low, high) != (first, last);
        return desk.host.ports == Some((first, last)) && is_wider && low >= 1024 && high <= 65_535;
    }
    let (Some(new), Some(old)) = (number(new), number(old)) else { return false };
    let is_present = desk.sysctls.get(&key) == Some(&old);
    is_present
        && match key {
            Sysctl::Swappiness | Sysctl::DirtyBackgroundRatio => (1..old).contains(&new),
            Sysctl::TcpFinTimeout => (15..old).contains(&new),
            Sysctl::TcpTwReuse => new == 1 && old != 1,
            Sysctl::NfConntrackMax => old < new && new <= old * 4,
            Sysctl::NetdevMaxBacklog => old < new && new <= old * 8,
            Sysctl::Somaxconn | Sysctl::TcpMaxSynBacklog => {
                old < new && new <= old * 16 && new <= 65_536
            }
            Sysctl::IpLocalPortRange | Sysctl::DirtyBackgroundBytes | Sysctl::DropCaches => false,
        }
}
