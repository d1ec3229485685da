//! Processes and control groups of the host: those of the background, those of the file, which may
//! come and go, and children.

use std::collections::BTreeMap;

use super::demands::Usual;
use super::{SETTLE_S, Simulation};
use crate::background::{residents, scaled};
use crate::demand::Demand;
use crate::grain::{take_whole, whole};
use crate::host::STEP_S;
use crate::host::group::Group;
use crate::host::memory::PAGE;
use crate::host::process::{Held, Process, Step};
use crate::scenario::{Extra, Scenario};
use crate::settings::Policy;
use crate::shape::Disk;
use crate::telemetry;

/// Descriptors that a process may have (`RLIMIT_NOFILE` of many services).
const OPEN_FILES_MAX: f64 = 65_536.0;
/// CPUs whose work a rotating disk still serves without anybody waiting for it: who has more of
/// them has another disk, or asks less of it (our judgement).
const ROTATING_CPUS: f64 = 0.5;
/// Children that one process may have.
const CHILDREN_MAX: usize = 2000;

/// An entry of the file, and the processes that it stands for.
#[derive(Debug, Clone)]
pub(super) struct Member {
    extra: Extra,
    pids: Vec<u64>,
    /// Those that were seen to be gone, and when first.
    gone_s: BTreeMap<u64, f64>,
    /// Of those that live for a while, the part of the next one whose time is up.
    due: f64,
}

impl Member {
    pub(super) fn new(extra: &Extra) -> Self {
        Self { extra: extra.clone(), pids: Vec::new(), gone_s: BTreeMap::new(), due: 0.0 }
    }
}

impl Simulation {
    /// Processes that run only while a fault lasts.
    pub(super) fn come_and_go(&mut self, at_s: f64) {
        for at in 0..self.extras.len() {
            let during = self.extras[at].extra.during.clone();
            let runs = during.is_none_or(|name| {
                self.faults.iter().any(|fault| fault.name == name && fault.strength(at_s) > 0.0)
            });
            let is_there = !self.extras[at].pids.is_empty();
            if runs && !is_there && at_s >= -SETTLE_S {
                let extra = self.extras[at].extra.clone();
                let pids =
                    (0..extra.count).map(|number| self.begin_extra(&extra, number)).collect();
                self.extras[at] = Member { pids, ..Member::new(&extra) };
            } else if !runs && is_there {
                let pids = std::mem::take(&mut self.extras[at].pids);
                self.end(&pids);
            } else if runs {
                self.renew(at);
                self.start_again(at, at_s);
            }
        }
        self.forget_gone();
    }

    /// Others take the place of those that have lived for as long as they do, the oldest first.
    fn renew(&mut self, at: usize) {
        let Member { extra, pids, due, .. } = &mut self.extras[at];
        let Some(lives) = extra.lives else { return };
        *due += f64::from(extra.count) / lives.seconds();
        let over = usize::try_from(take_whole(due)).unwrap_or(usize::MAX).min(pids.len());
        let extra = extra.clone();
        let old: Vec<u64> = pids.drain(..over).collect();
        self.end(&old);
        for _ in old {
            let pid = self.begin_extra(&extra, 0);
            self.extras[at].pids.push(pid);
            self.host.counted.forks.add(1.0);
        }
    }

    /// Those that have a supervisor are started again a while after they were seen to have ended,
    /// whoever ended them.
    fn start_again(&mut self, at: usize, at_s: f64) {
        let Some(after) = self.extras[at].extra.restarts else { return };
        for number in 0..self.extras[at].pids.len() {
            let pid = self.extras[at].pids[number];
            if self.host.processes.iter().any(|process| process.pid == pid) {
                continue;
            }
            let since = *self.extras[at].gone_s.entry(pid).or_insert(at_s);
            if at_s - since < after.seconds() {
                continue;
            }
            let extra = self.extras[at].extra.clone();
            let number_of_group = u32::try_from(number).unwrap_or(u32::MAX);
            self.renew_group(&extra.group.replace("{}", &number_of_group.to_string()));
            let new = self.begin_extra(&extra, number_of_group);
            self.extras[at].pids[number] = new;
            self.extras[at].gone_s.remove(&pid);
        }
    }

    /// A service that is started again has a group made anew: limits are those of the file.
    fn renew_group(&mut self, path: &str) {
        let at = self.group(path);
        if at == 0 || self.host.processes.iter().any(|one| one.group == at) {
            return;
        }
        let Group { parent, inode, file, counted, .. } = std::mem::take(&mut self.host.groups[at]);
        self.host.groups[at] = Group { parent, inode, file, counted, ..Group::new(path) };
        self.limit_group(at);
    }

    /// Sets the limits that the file says.
    fn limit_group(&mut self, at: usize) {
        let group = &mut self.host.groups[at];
        if let Some(limits) = self.limits.iter().find(|limits| limits.path == group.path) {
            group.quota = limits.cpus;
            group.memory_max = limits.memory.map(|bytes| bytes.bytes / PAGE);
            group.pids_max = limits.pids;
            group.weight = limits.weight.unwrap_or(100);
        }
    }

    fn forget_gone(&mut self) {
        let processes = &self.host.processes;
        if self.usual.len() != processes.len() {
            self.usual.retain(|usual| processes.iter().any(|one| one.pid == usual.pid));
        }
    }

    fn end(&mut self, pids: &[u64]) {
        let host = &mut self.host;
        let ended = host.processes.iter().filter(|process| pids.contains(&process.pid));
        host.recent.gone.extend(ended.map(|process| (process.pid, process.start_ticks)));
        host.processes.retain(|process| !pids.contains(&process.pid));
        host.network.queues.retain(|queue| !pids.contains(&queue.pid));
    }

    /// Children that stay.
    pub(super) fn spawn(&mut self) {
        let spawner = self.host.processes.iter().find(|one| one.demand.spawns > 0.0);
        let Some(spawner) = spawner.filter(|one| !one.stopped && !one.dying) else { return };
        self.spawning += spawner.demand.spawns * STEP_S;
        let (ppid, comm, group) = (spawner.pid, spawner.comm.clone(), spawner.group);
        let (nice, session_nice) = (spawner.nice, spawner.session_nice);
        let (session, policy, io_level) = (spawner.session, spawner.policy, spawner.io_level);
        let affinity = spawner.affinity.clone();
        let mut child = spawner.demand;
        child.spawns = 0.0;
        child.memory.bytes = 512 << 10;
        let there = self.host.processes.iter().filter(|one| one.ppid == ppid).count();
        let in_group = self.host.processes.iter().filter(|one| one.group == group).count() as u64;
        let pids_max = self.host.groups[group].pids_max.unwrap_or(u64::MAX);
        let room = (CHILDREN_MAX - there.min(CHILDREN_MAX)) as u64;
        let room = room.min(pids_max.saturating_sub(in_group));
        let count = take_whole(&mut self.spawning).min(room);
        for _ in 0..count {
            let pid = self.begin(&comm, group, 1.0, &child, false);
            if let Some(process) = self.host.processes.iter_mut().find(|one| one.pid == pid) {
                process.ppid = ppid;
                // A child copies its creator.
                (process.nice, process.session_nice) = (nice, session_nice);
                (process.session, process.policy) = (session, policy);
                (process.io_level, process.affinity) = (io_level, affinity.clone());
            }
            self.host.counted.forks.add(1.0);
        }
    }

    pub(super) fn populate(&mut self, scenario: &Scenario) {
        self.begin(
            "kswapd0",
            0,
            1.0,
            &Demand { system_share: Some(1.0), ..Demand::default() },
            false,
        );
        for limits in &scenario.groups {
            let at = self.group(&limits.path);
            self.limit_group(at);
        }
        let cpus = f64::from(scenario.host.cpus);
        for resident in residents(scenario.background.mix) {
            let share = if resident.demand.cpu > 0.001 {
                cpus * scenario.background.intensity
            } else {
                1.0
            };
            let mut demand = resident.demand.times(share);
            if scenario.host.disk == Disk::Rotating {
                let less = (ROTATING_CPUS / cpus).min(1.0);
                demand.read.threads *= less;
                demand.sync.threads *= less;
                demand.write *= less;
            }
            let ordinary = scenario.host.ordinary().bytes;
            demand.memory.bytes = scaled(demand.memory.bytes, ordinary);
            demand.file_hot.bytes = scaled(demand.file_hot.bytes, ordinary);
            let group = self.group(resident.group);
            let threads = (resident.threads * (cpus / 4.0).max(0.25)).ceil();
            let pid = self.begin(resident.comm, group, threads, &demand, true);
            if resident.port > 0 {
                self.host.network.listen(pid, resident.port, 511.0);
            }
        }
        self.host.network.established = 20.0 * cpus;
        self.settle();
    }

    fn begin_extra(&mut self, extra: &Extra, number: u32) -> u64 {
        let group = self.group(&extra.group.replace("{}", &number.to_string()));
        self.host.groups[group].restarts |= extra.restarts.is_some();
        self.host.memory.recount(&self.host.processes);
        let swapped = (extra.swapped.bytes / PAGE).min(self.host.memory.swap_free());
        let pid = self.begin(&extra.name, group, extra.threads, &extra.demand, false);
        if let Some(process) = self.host.processes.iter_mut().find(|one| one.pid == pid) {
            process.nice = extra.nice;
            process.waits_for.clone_from(&extra.waits_for);
            process.memory.swapped = swapped;
            process.oom_score_adj = extra.oom_score_adj;
            process.open_files_max = extra.descriptors as f64;
        }
        if let Some(name) = &extra.session {
            self.join(pid, name);
        }
        if extra.port > 0 {
            self.host.network.listen(pid, extra.port, extra.backlog);
        }
        if !self.started {
            self.make_room();
        }
        pid
    }

    /// Puts a process into a session that others may be in: its nice level is theirs.
    fn join(&mut self, pid: u64, name: &str) {
        let session = *self.sessions.entry(name.to_owned()).or_insert(pid);
        let others = self.host.processes.iter().filter(|one| one.pid != pid);
        let nice = others.filter(|one| one.session == session).map(|one| one.session_nice).next();
        if let Some(process) = self.host.processes.iter_mut().find(|one| one.pid == pid) {
            process.session = session;
            process.session_nice = nice.unwrap_or(0);
        }
    }

    /// What runs from the beginning came before the cache that would be in its way.
    fn make_room(&mut self) {
        let memory = &mut self.host.memory;
        memory.recount(&self.host.processes);
        if memory.free() < memory.marks.min {
            let over = (memory.used() + memory.marks.high).saturating_sub(memory.total);
            memory.clean = memory.clean.saturating_sub(over);
        }
    }

    fn begin(
        &mut self,
        comm: &str,
        group: usize,
        threads: f64,
        demand: &Demand,
        varies: bool,
    ) -> u64 {
        let pid = self.host.next_pid;
        self.host.next_pid += 1;
        let started = if self.started { self.host.now_s } else { (self.begin_s - 300.0).max(0.0) };
        let pages = demand.memory.bytes / PAGE;
        self.host.processes.push(Process {
            pid,
            start_ticks: whole(started * telemetry::USER_HZ),
            ppid: 1,
            session: pid,
            comm: comm.to_owned(),
            group,
            nice: 0,
            session_nice: 0,
            threads,
            oom_score_adj: 0,
            demand: *demand,
            backlog_s: 0.0,
            memory: Held {
                anon: if self.started { 0 } else { pages },
                mapped: demand.file_hot.bytes / PAGE / 4,
                // What begins in the run asks for its memory like anybody else.
                swing: if self.started { pages as f64 } else { 0.0 },
                ..Held::default()
            },
            step: Step::default(),
            counted: crate::host::process::Counted::default(),
            policy: Policy::Other,
            affinity: None,
            io_level: None,
            waits_for: None,
            answered: 1.0,
            answers: 1.0,
            stands_still: false,
            ends: false,
            stopped_until_s: f64::NEG_INFINITY,
            open_files_max: OPEN_FILES_MAX,
            connecting: 0.0,
            stopped: false,
            dying: false,
        });
        self.usual.push(Usual { pid, demand: *demand, pace: 1.0, swing: 0.0, varies });
        pid
    }

    /// The position of a group, which is made, with those above it, where there is none.
    fn group(&mut self, path: &str) -> usize {
        if let Some(at) = self.host.groups.iter().position(|group| group.path == path) {
            return at;
        }
        let above = path.rfind('/').map_or("/", |cut| if cut == 0 { "/" } else { &path[..cut] });
        let parent = self.group(above);
        let at = self.host.groups.len();
        let inode = 100 + at as u64;
        self.host.groups.push(Group { parent: Some(parent), inode, ..Group::new(path) });
        at
    }
}
