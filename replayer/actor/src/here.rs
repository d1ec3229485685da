//! What this host offers to who acts: of each action, whether it can be done here, and why not.
//!
//! What is found is looked up without changing anything. Whether an action helps is another matter:
//! that its preconditions say, of its target.

mod groups;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ks_vocabulary::action::{ActionKind, Risk};
use ks_vocabulary::decision::{GroupFile, Sysctl};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts of which each stands by itself")]
pub struct Host {
    /// It is root that asks.
    pub is_root: bool,
    /// It sees the processes of the host, and not those of a container alone.
    pub sees_host: bool,
    /// What a sandbox needs and is not there.
    pub no_sandbox: Option<&'static str>,
    /// Control groups.
    pub groups: Groups,
    /// Whether sessions share CPUs as such; nothing where the kernel knows none.
    pub autogroup: Option<bool>,
    /// Disks with their schedulers.
    pub schedulers: Vec<(String, String)>,
    /// The host has swap.
    pub has_swap: bool,
    /// `/sys` may be written.
    pub may_write_sys: bool,
    /// Kernel parameters that are there, and whether they may be written.
    pub parameters: BTreeMap<Sysctl, bool>,
}

/// Control groups of a host.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Groups {
    /// None are mounted.
    #[default]
    None,
    /// Those of version 1 hold the controllers, or some of them, with the files that a group has
    /// there or of version 2.
    First(Vec<String>),
    /// Version 2, with the files that a group has.
    Second(Vec<String>),
}

const NO_ROOT: &str = "it needs root: who acts has capabilities that root gives";
const CONTAINER: &str =
    "only the processes of a container are seen here, and not those of the host";

/// Why nobody can act on a host at all, and what to do about it; a sandbox that lacks what the
/// kernel lacks may be accepted.
pub fn refusal(host: &Host, weak: bool) -> Option<(&'static str, &'static str)> {
    if !host.is_root {
        return Some((NO_ROOT, "start it as root, or use --mode observe"));
    }
    if !host.sees_host {
        let remedy = "start it in the process namespace of the host (podman and docker: \
                      --pid=host), or use --mode observe";
        return Some((CONTAINER, remedy));
    }
    let remedy = "boot a kernel that has it (Landlock: 5.13 or later, with `landlock` in `lsm=`), \
                  accept a weaker sandbox with --accept-weaker-sandbox, or use --mode observe";
    host.no_sandbox.filter(|_| !weak).map(|why| (why, remedy))
}

/// Why an action cannot be done on a host, or nothing. One that only looks is answered from what
/// was recorded, by nobody who acts.
pub fn missing(kind: ActionKind, host: &Host) -> Option<String> {
    if kind.form().risk == Risk::Info {
        return None;
    }
    if let Some((why, _)) = refusal(host, false) {
        return Some(why.to_owned());
    }
    match needs(kind) {
        Need::Nothing => None,
        Need::Nobody(why) => Some(why.to_owned()),
        Need::Autogroup => host.without_autogroup(),
        Need::Scheduler => host.without_scheduler(),
        Need::Sys => (!host.may_write_sys).then(|| "`/sys` is mounted read-only".to_owned()),
        Need::Group(file) => host.without_group_file(file),
        Need::Parameter(key) => host.without_parameter(key),
    }
}

/// What an action needs of a host beside who performs it.
enum Need {
    Nothing,
    Nobody(&'static str),
    Autogroup,
    Scheduler,
    Sys,
    Group(GroupFile),
    Parameter(Sysctl),
}

fn needs(kind: ActionKind) -> Need {
    match kind {
        ActionKind::LowerAutogroupPriority => Need::Autogroup,
        ActionKind::LowerIoPriority => Need::Scheduler,
        ActionKind::ReduceReadahead => Need::Sys,
        ActionKind::LimitCgroupCpu | ActionKind::ThrottleCpu => Need::Group(GroupFile::CpuMax),
        ActionKind::LowerCpuWeight => Need::Group(GroupFile::CpuWeight),
        ActionKind::LimitCgroupPids => Need::Group(GroupFile::PidsMax),
        ActionKind::FreezeCgroup | ActionKind::ThawCgroup => Need::Group(GroupFile::CgroupFreeze),
        ActionKind::LowerIoWeight => Need::Group(GroupFile::IoBfqWeight),
        ActionKind::ThrottleIo => Need::Group(GroupFile::IoMax),
        ActionKind::LimitCgroupMemoryHigh => Need::Group(GroupFile::MemoryHigh),
        ActionKind::ReclaimCgroupMemory => Need::Group(GroupFile::MemoryReclaim),
        ActionKind::LimitCgroupSwap => Need::Group(GroupFile::MemorySwapMax),
        ActionKind::LowerDirtyBackground => Need::Parameter(Sysctl::DirtyBackgroundRatio),
        ActionKind::ReduceSwappiness => Need::Parameter(Sysctl::Swappiness),
        ActionKind::IncreaseTcpBacklog => Need::Parameter(Sysctl::TcpMaxSynBacklog),
        ActionKind::IncreaseSomaxconn => Need::Parameter(Sysctl::Somaxconn),
        ActionKind::ReduceFinTimeout => Need::Parameter(Sysctl::TcpFinTimeout),
        ActionKind::WidenPortRange => Need::Parameter(Sysctl::IpLocalPortRange),
        ActionKind::EnableTwReuse => Need::Parameter(Sysctl::TcpTwReuse),
        ActionKind::RaiseConntrackMax => Need::Parameter(Sysctl::NfConntrackMax),
        ActionKind::RaiseNetdevBacklog => Need::Parameter(Sysctl::NetdevMaxBacklog),
        ActionKind::ClearPageCache | ActionKind::ForceNetworkSpeed => {
            Need::Nobody("it is never planned: what it would need to know is not recorded")
        }
        ActionKind::LowerProcessPriority
        | ActionKind::DemoteSchedulingClass
        | ActionKind::SetCpuAffinity
        | ActionKind::PauseProcess
        | ActionKind::ResumeProcess
        | ActionKind::TerminateProcess
        | ActionKind::FlushBuffers
        | ActionKind::RaiseOomScore
        | ActionKind::ListTopMemory
        | ActionKind::ListTopCpu
        | ActionKind::CheckIoActivity
        | ActionKind::CheckNetworkStats
        | ActionKind::CheckTcpStats
        | ActionKind::MonitorSwap
        | ActionKind::ListBlockedTasks
        | ActionKind::ShowCgroupUsage
        | ActionKind::ShowProcess
        | ActionKind::CheckDiskSpace
        | ActionKind::ListSockets
        | ActionKind::CheckPressure => Need::Nothing,
    }
}

impl Host {
    fn without_autogroup(&self) -> Option<String> {
        match self.autogroup {
            Some(true) => None,
            Some(false) => Some("autogroups are off (`kernel.sched_autogroup_enabled`)".to_owned()),
            None => Some("this kernel has no autogroups".to_owned()),
        }
    }

    /// Priorities count where requests queue in a scheduler that heeds them (`kernel.md`, section
    /// 11).
    fn without_scheduler(&self) -> Option<String> {
        let heeds =
            |(_, scheduler): &(String, String)| matches!(scheduler.as_str(), "bfq" | "mq-deadline");
        if self.schedulers.iter().any(heeds) {
            return None;
        }
        let found: Vec<String> =
            self.schedulers.iter().map(|(disk, scheduler)| format!("{disk} {scheduler}")).collect();
        let found = if found.is_empty() { "no disk".to_owned() } else { found.join(", ") };
        Some(format!("no disk has a scheduler that heeds priorities (bfq, mq-deadline): {found}"))
    }

    fn without_group_file(&self, file: GroupFile) -> Option<String> {
        match &self.groups {
            Groups::None => Some("no control groups are mounted".to_owned()),
            Groups::First(files) => groups::without_first(file, files),
            Groups::Second(files) if files.iter().any(|one| one == file.word()) => {
                let needs_swap = file == GroupFile::MemoryHigh && !self.has_swap;
                needs_swap.then(|| {
                    "without swap a limit below what is anonymous is a standstill".to_owned()
                })
            }
            Groups::Second(_) => Some(format!(
                "no control group has `{file}`: its controller is off, or the kernel is without it"
            )),
        }
    }

    fn without_parameter(&self, key: Sysctl) -> Option<String> {
        match self.parameters.get(&key) {
            Some(true) => None,
            Some(false) => Some(format!("`{key}` may not be written here")),
            None => Some(format!("this kernel has no `{key}`")),
        }
    }

    /// Looks at this host.
    pub fn look() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let mounts = read("/proc/self/mountinfo");
        Self {
            is_root: rustix::process::geteuid().is_root(),
            sees_host: sees_host(&read("/proc/self/status")),
            no_sandbox: no_sandbox(),
            groups: groups::found(&mounts),
            autogroup: match read("/proc/sys/kernel/sched_autogroup_enabled").trim() {
                "" => None,
                text => Some(text != "0"),
            },
            schedulers: schedulers(),
            has_swap: read("/proc/swaps").lines().count() > 1,
            may_write_sys: may_write(&mounts, "/sys"),
            parameters: parameters(may_write(&mounts, "/proc/sys") && may_write(&mounts, "/proc")),
        }
    }
}

/// In a namespace of process ids below the first one a process has an id in each.
fn sees_host(status: &str) -> bool {
    let ids = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
    ids.is_none_or(|ids| ids.split_ascii_whitespace().count() == 1)
}

/// What a sandbox needs and this kernel lacks.
pub(crate) fn no_sandbox() -> Option<&'static str> {
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail");
    lacks(&actions.unwrap_or_default())
}

fn lacks(actions: &str) -> Option<&'static str> {
    if !actions.split_ascii_whitespace().any(|action| action == "kill_process") {
        return Some("the kernel has no filters of system calls (CONFIG_SECCOMP_FILTER)");
    }
    if !crate::sandbox::has_landlock() {
        return Some("the kernel has no Landlock, or it is switched off (`lsm=`)");
    }
    None
}

/// Whether what is mounted last at a path, if anything is, may be written.
fn may_write(mounts: &str, path: &str) -> bool {
    let mut at = mounts.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(' ').collect();
        (fields.get(4) == Some(&path)).then(|| fields.get(5).copied().unwrap_or_default())
    });
    at.next_back().is_none_or(|options| !options.split(',').any(|option| option == "ro"))
}

/// Of disks that are no loops and no memory.
fn schedulers() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for disk in fs::read_dir("/sys/block").into_iter().flatten().filter_map(Result::ok) {
        let Ok(name) = disk.file_name().into_string() else { continue };
        if ["loop", "ram", "zram"].iter().any(|prefix| name.starts_with(prefix)) {
            continue;
        }
        let text = fs::read_to_string(disk.path().join("queue/scheduler")).unwrap_or_default();
        let used = text.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        if let Some((used, _)) = used {
            all.push((name, used.to_owned()));
        }
    }
    all.sort_unstable();
    all
}

fn parameters(may_write: bool) -> BTreeMap<Sysctl, bool> {
    let path = |key: Sysctl| format!("/proc/sys/{}", key.word().replace('.', "/"));
    let there = Sysctl::ALL.iter().filter(|key| Path::new(&path(**key)).exists());
    there.map(|key| (*key, may_write)).collect()
}

#[cfg(test)]
mod tests;
