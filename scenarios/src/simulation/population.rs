//! Processes and control groups of the host as they are made: those of the background, those of
//! the file, and children.

use super::Simulation;
use super::demands::Usual;
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

impl Simulation {
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

    pub(super) fn begin_extra(&mut self, extra: &Extra, number: u32) -> u64 {
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
    pub(super) fn group(&mut self, path: &str) -> usize {
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
