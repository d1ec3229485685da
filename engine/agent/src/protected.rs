//! What is never acted on: found from live facts, and never from a name or a command line that
//! anyone can give himself. Where a fact is unknown it protects.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::decision::Scope;
use ks_vocabulary::membership::is_within;

use crate::facts::{Facts, ProcessFacts, Those};

/// Units that a host cannot do without, or that an operator is logged in through: at these places
/// only, since a user may name a unit of his own as he likes.
const UNITS: &[&str] = &[
    "/init.scope",
    "/system.slice/NetworkManager.service",
    "/system.slice/containerd.service",
    "/system.slice/crio.service",
    "/system.slice/dbus-broker.service",
    "/system.slice/dbus.service",
    "/system.slice/docker.service",
    "/system.slice/kubelet.service",
    "/system.slice/ssh.service",
    "/system.slice/sshd.service",
    "/system.slice/systemd-journald.service",
    "/system.slice/systemd-logind.service",
    "/system.slice/systemd-networkd.service",
    "/system.slice/systemd-resolved.service",
    "/system.slice/systemd-udevd.service",
];
/// Slices that hold all else.
const TOPS: &[&str] = &["/", "/system.slice", "/user.slice", "/machine.slice"];
/// The mark of what is never to be killed.
const NEVER_KILLED: i64 = -1000;
/// The kernel's init and its thread of threads.
const KERNELS: u64 = 2;
const PARENTS_MAX: usize = 64;

/// What a site has to say of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Site<'a> {
    /// Units and groups that are left alone.
    pub protect: &'a [Scope],
    /// Units whose processes may be acted on although they are root's.
    pub root_units: &'a [String],
}

/// A host, and who we are on it: found once for a verdict, since a group has many members.
pub struct Around<'a> {
    facts: &'a dyn Facts,
    /// This program, and those that started it.
    own: Vec<u64>,
    /// The control group of this program, where that is not the root.
    own_group: Option<&'a [u8]>,
}

/// Why a process is left alone, if it is.
pub fn process(target: &ProcessFacts<'_>, site: Site<'_>, facts: &dyn Facts) -> Option<String> {
    Around::of(facts).process(target, site)
}

/// Why a control group is left alone, if it is: with one protected member all of it is.
pub fn group(path: &[u8], site: Site<'_>, facts: &dyn Facts) -> Option<String> {
    Around::of(facts).group(path, site)
}

impl<'a> Around<'a> {
    /// As it stands.
    pub fn of(facts: &'a dyn Facts) -> Self {
        let find = |pid| facts.process_of(pid);
        let recorder = Some(facts.host().recorder_pid).filter(|pid| *pid != 0);
        let mut above = recorder.and_then(find);
        let own_group = above.and_then(|own| own.group).filter(|group| *group != b"/");
        let mut own = Vec::new();
        // A chain of parents is short, and a damaged one has no end.
        while let Some(process) = above.filter(|_| own.len() < PARENTS_MAX) {
            own.push(process.key.0);
            above = process.ppid.and_then(find);
        }
        Self { facts, own, own_group }
    }

    /// Why a process is left alone, if it is.
    pub fn process(&self, target: &ProcessFacts<'_>, site: Site<'_>) -> Option<String> {
        let (pid, _) = target.key;
        if pid <= KERNELS {
            return Some(format!("process {pid} is the kernel's"));
        }
        match target.is_kernel {
            Some(false) if target.ppid != Some(KERNELS) => {}
            Some(_) => return Some("it is a thread of the kernel".into()),
            None => return Some("whether it is a thread of the kernel is not recorded".into()),
        }
        if target.oom_score_adj == Some(NEVER_KILLED) {
            return Some("it is marked never to be killed".into());
        }
        if self.own.contains(&pid) {
            return Some("it is this program, or started it".into());
        }
        if self.own_group.is_some() && target.group == self.own_group {
            return Some("it shares the control group of this program".into());
        }
        let Some(group) = target.group else {
            return Some("its control group is not recorded".into());
        };
        if let Some(why) = self.by_unit(target, group) {
            return Some(why);
        }
        if let Some(scope) = site.protect.iter().find(|scope| shields(scope, group)) {
            return Some(format!("the site protects {}", told(scope)));
        }
        by_user(target, group, site)
    }

    /// Why a control group is left alone, if it is: with one protected member all of it is.
    pub fn group(&self, path: &[u8], site: Site<'_>) -> Option<String> {
        if TOPS.iter().any(|top| top.as_bytes() == path) {
            return Some("it holds all else".into());
        }
        if let Some((pid, why)) = self.among(Those::Within(path), site) {
            return Some(format!("process {pid} is in it: {why}"));
        }
        let scope = site.protect.iter().find(|scope| match scope {
            Scope::Cgroup(protected) => {
                is_within(protected.as_bytes(), path) || shields(scope, path)
            }
            Scope::Unit(_) => shields(scope, path),
        });
        scope.map(|scope| format!("the site protects {}", told(scope)))
    }

    /// The first of some processes that is left alone, and why.
    pub fn among(&self, those: Those<'_>, site: Site<'_>) -> Option<(u64, String)> {
        let all = self.facts.processes(those);
        all.iter().find_map(|process| Some((process.key.0, self.process(process, site)?)))
    }

    /// Members of the listed units that run the unit's own executable, which is that of its eldest
    /// member: a stranger that was put into the group is not protected by that. Where an executable
    /// is unknown it is.
    fn by_unit(&self, target: &ProcessFacts<'_>, group: &[u8]) -> Option<String> {
        let unit = UNITS.iter().find(|unit| is_within(group, unit.as_bytes()))?;
        let members = self.facts.processes(Those::Within(unit.as_bytes()));
        let eldest = members.iter().min_by_key(|process| (process.key.1, process.key.0));
        let unit_exe = eldest.and_then(|process| process.exe);
        match (target.exe, unit_exe) {
            (Some(own), Some(of_unit)) if own != of_unit => None,
            _ => Some(format!("it belongs to {unit}")),
        }
    }
}

fn by_user(target: &ProcessFacts<'_>, group: &[u8], site: Site<'_>) -> Option<String> {
    match target.uid {
        None => Some("its user is not recorded".into()),
        Some(0) if !site.root_units.iter().any(|unit| is_unit(group, unit)) => {
            Some("it is root's, and no unit of it is listed in `root_units`".into())
        }
        Some(_) => None,
    }
}

/// Whether a scope holds a control group.
pub(crate) fn holds(scope: &Scope, group: &[u8]) -> bool {
    match scope {
        Scope::Cgroup(path) => is_within(group, path.as_bytes()),
        Scope::Unit(unit) => is_unit(group, unit),
    }
}

/// Whether a scope keeps a control group from harm. Where a unit's group lies does not matter here:
/// to protect too much costs little.
fn shields(scope: &Scope, group: &[u8]) -> bool {
    match scope {
        Scope::Cgroup(_) => holds(scope, group),
        Scope::Unit(unit) => group.split(|byte| *byte == b'/').any(|part| part == unit.as_bytes()),
    }
}

/// Whether a control group is that of a systemd unit of the system, or below it: users have units
/// of the same names elsewhere. Between it and the slice of the system are slices alone: what lies
/// below a service may be named by that service as it likes.
fn is_unit(group: &[u8], unit: &str) -> bool {
    let Some(below) = group.strip_prefix(b"/system.slice/") else { return false };
    let mut parts = below.split(|byte| *byte == b'/');
    parts.find(|part| *part == unit.as_bytes() || !part.ends_with(b".slice"))
        == Some(unit.as_bytes())
}

pub(crate) fn told(scope: &Scope) -> String {
    match scope {
        Scope::Unit(unit) => format!("unit {unit}"),
        Scope::Cgroup(path) => format!("control group {path}"),
    }
}

#[cfg(test)]
mod tests;
