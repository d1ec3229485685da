//! Who competes with whom for the CPUs: control groups, sessions, and the processes in them.
//!
//! A process of the root group is in the autogroup of its session, which competes like a group
//! (`CONFIG_SCHED_AUTOGROUP`), unless autogroups are off; every other is in its control group, and
//! its session is nothing there. Each process leads a session of its own, which its children are
//! in, unless the scenario puts several into one.

use super::cpu::{self, Claim};
use super::process::Process;
use super::{Host, ROOT_GROUP, STEP_S};

/// Seconds of work that may wait before it is given up: requests time out.
const GIVE_UP_S: f64 = 1.0;

impl Host {
    /// Gathers what the processes ask for, in their order and behind all groups, and says where
    /// the first of them stands.
    pub(super) fn claim(&mut self, claims: &mut Vec<Claim>) -> usize {
        claims.clear();
        claims.extend(self.groups.iter().map(|group| {
            Claim::group(group.parent.unwrap_or(ROOT_GROUP), cpu::group_weight(group.weight))
        }));
        let sessions = claims.len();
        self.sessions.clear();
        let in_root = self.processes.iter().filter(|one| one.group == ROOT_GROUP);
        for process in in_root.filter(|_| self.shape.autogroup) {
            if self.sessions.contains(&process.session) {
                continue;
            }
            self.sessions.push(process.session);
            claims.push(Claim::group(ROOT_GROUP, cpu::weight(process.session_nice)));
        }
        let first = claims.len();
        for process in &mut self.processes {
            let mut of = process.group;
            if of == ROOT_GROUP {
                let session = process.session;
                let at = self.sessions.iter().position(|one| *one == session);
                of = at.map_or(ROOT_GROUP, |at| sessions + at);
            }
            let (wanted, threads) = wanted(process);
            let weight = cpu::weight(process.nice) * process.class_weight();
            claims.push(Claim::tasks(of, weight, threads, wanted));
        }
        first
    }
}

/// CPUs that a process can use in this step, and the threads that compete for them; work that
/// arrives is added to what waits.
fn wanted(process: &mut Process) -> (f64, f64) {
    if process.stopped || process.dying {
        return (0.0, 0.0);
    }
    process.backlog_s += process.demand.cpu * process.answered * STEP_S;
    process.backlog_s = process.backlog_s.min(process.threads * GIVE_UP_S);
    let able = process.able();
    let spin = process.demand.spin.min(able);
    let open = (process.backlog_s / STEP_S).min(able - spin);
    let burst_s = process.demand.burst().seconds().max(1e-6);
    let queued = (process.backlog_s / burst_s).max(libm::ceil(open)).min(able - spin);
    // Who may use few CPUs wants no more of them, whatever its threads want.
    let cpus = process.cpus();
    ((spin + open).min(cpus), (libm::ceil(spin) + queued).min(cpus.max(1.0)))
}
