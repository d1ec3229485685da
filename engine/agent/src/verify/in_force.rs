//! Whether what was written to a host is what is read of it.

use alloc::format;
use alloc::string::{String, ToString};

use ks_vocabulary::decision::{Effect, GroupFile, Plan, Signal, Sysctl};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use crate::facts::{Facts, GroupFacts, ProcessFacts};

/// Limits in bytes are rounded to pages by the kernel.
const PAGE_BYTES: u64 = 4_096;

/// Whether the values that a plan wrote are there; `None` where that is not read.
pub fn written(plan: &Plan, facts: &dyn Facts) -> Option<bool> {
    all(plan.undo.iter().map(|step| &step.written), facts)
}

/// Whether the values that were there before a plan are there; `None` where that is not read.
pub fn restored(plan: &Plan, facts: &dyn Facts) -> Option<bool> {
    all(plan.undo.iter().map(|step| &step.restore), facts)
}

/// One that is not there is enough for no; one that is not read is enough for not knowing.
fn all<'a>(effects: impl Iterator<Item = &'a Effect>, facts: &dyn Facts) -> Option<bool> {
    let mut found = None;
    let mut is_unknown = false;
    for effect in effects {
        match holds(effect, facts) {
            Some(false) => return Some(false),
            Some(true) => found = Some(true),
            None => is_unknown = true,
        }
    }
    found.filter(|_| !is_unknown)
}

fn holds(effect: &Effect, facts: &dyn Facts) -> Option<bool> {
    match effect {
        Effect::Nice { process, nice } => Some(of(process, facts)?.nice? == *nice),
        Effect::Autogroup { process, nice } => Some(of(process, facts)?.autogroup_nice? == *nice),
        Effect::Policy { process, policy, .. } => Some(of(process, facts)?.policy? == *policy),
        Effect::Affinity { process, cpus } => {
            let present = of(process, facts)?.cpus_allowed?;
            let Some(cpus) = cpus else { return is_all(present, facts) };
            Some(present == cpus.to_string().as_bytes())
        }
        Effect::IoPriority { process, value } => Some(of(process, facts)?.io_priority? == *value),
        Effect::Signal { process, signal } => {
            let is_stopped = of(process, facts)?.state? == u64::from(b'T');
            match signal {
                Signal::Stop => Some(is_stopped),
                Signal::Continue => Some(!is_stopped),
                Signal::Terminate => None,
            }
        }
        Effect::OomScore { process, adj } => Some(of(process, facts)?.oom_score_adj? == *adj),
        Effect::GroupFile { group, file, text } => {
            let Entity::Cgroup(group) = &group.0 else { return None };
            in_file(*file, text, &facts.group(&group.path)?)
        }
        Effect::Sysctl { key: Sysctl::IpLocalPortRange, text } => {
            let (first, last) = facts.host().ports?;
            let mut words = text.split_ascii_whitespace();
            let is_same = |word: Option<&str>, port: u64| word == Some(&port.to_string());
            Some(is_same(words.next(), first) && is_same(words.next(), last))
        }
        Effect::Sysctl { key, text } => Some(facts.sysctl(*key)?.to_string() == *text),
        Effect::ReadAhead { disk, kb } => {
            let Entity::Disk(name) = &disk.0 else { return None };
            Some(facts.disk(name)?.read_ahead_kb? == *kb)
        }
        Effect::SyncFilesystem { .. } | Effect::LinkMode { .. } => None,
    }
}

/// All ones are read as the CPUs that there are; another list may be all of them too.
fn is_all(present: &[u8], facts: &dyn Facts) -> Option<bool> {
    let last = facts.host().cpus?.checked_sub(1)?;
    let all = if last == 0 { String::from("0") } else { format!("0-{last}") };
    (present == all.as_bytes()).then_some(true)
}

fn of<'a>(process: &Exact, facts: &'a dyn Facts) -> Option<ProcessFacts<'a>> {
    let Entity::Process(pid, start) = process.0 else { return None };
    facts.process((pid, start))
}

fn in_file(file: GroupFile, text: &str, group: &GroupFacts<'_>) -> Option<bool> {
    // `default 100` says the same as `100`.
    let number = || text.rsplit(' ').next()?.parse::<u64>().ok();
    match file {
        GroupFile::CgroupFreeze => Some(group.frozen? == (text == "1")),
        GroupFile::CpuMax => {
            let mut words = text.split(' ');
            let quota = match words.next()? {
                "max" => -1,
                quota => quota.parse().ok()?,
            };
            let period = words.next().map_or(group.cpu_period_us, |word| word.parse().ok());
            Some(group.cpu_quota_us? == quota && group.cpu_period_us? == period?)
        }
        GroupFile::CpuCfsQuota => Some(group.cpu_quota_us? == text.parse::<i64>().ok()?),
        GroupFile::CpuShares => Some(group.cpu_shares? == number()?),
        GroupFile::FreezerState => Some(group.frozen? == (text == "FROZEN")),
        GroupFile::BlkioReadBps => throttled("rbps", text, group),
        GroupFile::BlkioWriteBps => throttled("wbps", text, group),
        GroupFile::BlkioReadIops => throttled("riops", text, group),
        GroupFile::BlkioWriteIops => throttled("wiops", text, group),
        GroupFile::CpuWeight => Some(group.cpu_weight? == number()?),
        GroupFile::IoBfqWeight => Some(group.io_bfq_weight? == number()?),
        GroupFile::IoWeight => Some(group.io_weight? == number()?),
        GroupFile::IoMax => in_line(text, core::str::from_utf8(group.io_max?).ok()?),
        // Absent is none, or not read: of another text it says nothing.
        GroupFile::MemoryHigh => limited(text, group.memory_high_bytes),
        GroupFile::MemorySwapMax => limited(text, group.swap_max_bytes),
        GroupFile::PidsMax => match group.pids_max {
            None => (text == "max").then_some(true),
            Some(most) => Some(most.to_string() == text),
        },
        GroupFile::MemoryReclaim => None,
    }
}

/// The same of version 1, which has a file for each key and 0 for no limit.
fn throttled(key: &str, text: &str, group: &GroupFacts<'_>) -> Option<bool> {
    let (device, limit) = text.split_once(' ')?;
    let limit = if limit == "0" { "max" } else { limit };
    in_line(&format!("{device} {key}={limit}"), core::str::from_utf8(group.io_max?).ok()?)
}

fn limited(text: &str, present: Option<u64>) -> Option<bool> {
    let Some(present) = present else { return (text == "max").then_some(true) };
    if text == "max" {
        return Some(false);
    }
    Some(present / PAGE_BYTES == text.parse::<u64>().ok()? / PAGE_BYTES)
}

/// Whether the line of a device holds what was written to it; what it does not name has no limit.
fn in_line(text: &str, present: &str) -> Option<bool> {
    let (device, pairs) = text.split_once(' ')?;
    let line = present.lines().find_map(|line| line.strip_prefix(device)?.strip_prefix(' '));
    let line = line.unwrap_or_default();
    let has = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        let found = line.split(' ').find_map(|own| own.strip_prefix(key)?.strip_prefix('='));
        Some(found.unwrap_or("max") == value)
    };
    pairs.split(' ').map(has).try_fold(true, |all, one| Some(all && one?))
}
