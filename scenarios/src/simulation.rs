//! A scenario while it runs: inputs one after the other, as a recorder would have given them.

use ks_engine::analysis::Knowledge;
use ks_engine::input::{Body, ENGINE_VERSION, HostFacts, Input, SCHEMA_VERSION, Start};
use ks_engine::model::Sample;
use ks_engine::random::Random;
use ks_engine::time::{ClockAnchor, Timestamp, WallTime};

use crate::action::{Action, Refused};
use crate::background::{residents, scaled};
use crate::demand::Demand;
use crate::grain::{take_whole, whole};
use crate::host::group::Group;
use crate::host::memory::PAGE;
use crate::host::network::Link;
use crate::host::process::{Held, Process, Step};
use crate::host::{Host, STEP_S};
use crate::scenario::{Extra, Fault, Planned, Scenario};
use crate::telemetry::{self, Telemetry};

/// Wall-clock time of boot: 2026-01-05, a Monday, at midnight.
const BOOT_NS: i64 = 1_767_571_200_000_000_000;
/// Seconds that the host runs before the first sample, so that averages are what they are.
const SETTLE_S: f64 = 60.0;
/// Most that a tick comes late by chance, in ns.
const JITTER_NS: f64 = 400_000.0;
/// How much what a process does varies from second to second, and how long that lasts.
const VARIES: f64 = 0.12;
const REMEMBERS: f64 = 0.9;
/// How far memory swings, as a share of it, and how much of that is left after a second.
const SWING: (f64, f64) = (0.02, 0.98);
/// Descriptors that a process may have (`RLIMIT_NOFILE` of many services).
const OPEN_FILES_MAX: f64 = 65_536.0;
/// Children that one process may have.
const CHILDREN_MAX: usize = 2000;

/// See the module.
#[derive(Debug)]
pub struct Simulation {
    host: Host,
    telemetry: Telemetry,
    faults: Vec<Fault>,
    /// Actions that are still to be done, the last first, and what became of the others.
    actions: Vec<Planned>,
    refused: Vec<(Planned, Refused)>,
    extras: Vec<Member>,
    /// What each process asks for without faults, and how its pace varies.
    usual: Vec<Usual>,
    duration_s: f64,
    interval_s: f64,
    begin_s: f64,
    next_s: f64,
    random: Random,
    input: Input,
    seq: u64,
    started: bool,
    spawning: f64,
}

/// An entry of the file, and the processes that it stands for.
#[derive(Debug, Clone)]
struct Member {
    extra: Extra,
    pids: Vec<u64>,
    /// When they were first seen to be gone.
    gone_s: Option<f64>,
}

impl Member {
    fn new(extra: &Extra) -> Self {
        Self { extra: extra.clone(), pids: Vec::new(), gone_s: None }
    }
}

/// What a process asks for without faults.
#[derive(Debug, Clone)]
struct Usual {
    pid: u64,
    demand: Demand,
    pace: f64,
    /// How far its memory is from what it begins with, as a share of it.
    swing: f64,
    varies: bool,
}

impl Simulation {
    pub(crate) fn new(scenario: &Scenario, seed: u64) -> Self {
        let begin_s = scenario.uptime.seconds();
        let mut simulation = Self {
            host: Host::new(scenario.host, seed, begin_s),
            telemetry: Telemetry::default(),
            faults: scenario.faults.clone(),
            actions: planned(scenario),
            refused: Vec::new(),
            extras: scenario.processes.iter().map(Member::new).collect(),
            usual: Vec::new(),
            duration_s: scenario.duration.seconds(),
            interval_s: scenario.interval.seconds(),
            begin_s,
            next_s: begin_s,
            random: Random::stream(seed, "simulation"),
            input: Input { seq: 0, mono: Timestamp(0), body: Body::Tick },
            seq: 0,
            started: false,
            spawning: 0.0,
        };
        simulation.populate(scenario);
        simulation.input.body = Body::Start(Box::new(start(scenario, seed)));
        simulation
    }

    /// Seconds that it lasts.
    pub fn duration_s(&self) -> u64 {
        whole(self.duration_s)
    }

    /// Begins with what was learned before.
    pub fn know(&mut self, knowledge: Knowledge) {
        if let Body::Start(start) = &mut self.input.body {
            start.knowledge = Some(Box::new(knowledge));
        }
    }

    /// The next input; `None` at the end.
    #[expect(clippy::should_implement_trait, reason = "the input is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Option<&Input> {
        if !self.started {
            self.started = true;
            self.input.mono = Timestamp(whole(self.begin_s * 1e9));
            return Some(&self.input);
        }
        self.next_s += self.pause();
        if self.next_s > self.begin_s + self.duration_s + 1e-6 {
            return None;
        }
        while self.host.now_s + 0.5 * STEP_S < self.next_s {
            self.advance();
        }
        let late_ns = self.random.next_f64() * JITTER_NS;
        self.seq += 1;
        self.input.seq = self.seq;
        self.input.mono = Timestamp(whole(self.host.now_s * 1e9 + late_ns));
        if !matches!(self.input.body, Body::Sample(_)) {
            self.input.body = Body::Sample(Box::<Sample>::default());
        }
        if let Body::Sample(sample) = &mut self.input.body {
            self.telemetry.read(&mut self.host, sample);
        }
        Some(&self.input)
    }

    /// Time to the next tick: the interval, or more while ticks are late.
    fn pause(&mut self) -> f64 {
        let at_s = self.next_s - self.begin_s;
        let late = self
            .faults
            .iter()
            .find(|fault| fault.late_ticks.is_some() && fault.strength(at_s) > 0.0);
        let Some(late) = late.and_then(|fault| fault.late_ticks) else { return self.interval_s };
        let least = late.seconds().max(self.interval_s);
        let pause = least * (1.0 + self.random.next_f64());
        (pause / STEP_S).round() * STEP_S
    }

    fn advance(&mut self) {
        let at_s = self.host.now_s - self.begin_s;
        self.act_in_time(at_s);
        let is_second = (at_s + 1e-6).fract() < STEP_S;
        if is_second {
            self.come_and_go(at_s);
            self.vary();
        }
        self.ask(at_s);
        self.spawn();
        self.host.step();
    }

    /// Does an action now.
    pub fn act(&mut self, action: &Action) -> Result<(), Refused> {
        self.host.act(action)
    }

    /// Actions of the scenario that could not be done, and why.
    pub fn refused(&self) -> &[(Planned, Refused)] {
        &self.refused
    }

    fn act_in_time(&mut self, at_s: f64) {
        while let Some(planned) = self.actions.pop_if(|planned| planned.at.seconds() <= at_s + 1e-6)
        {
            if let Err(refused) = self.host.act(&planned.action) {
                self.refused.push((planned, refused));
            }
        }
    }

    /// What each process asks for in this step.
    fn ask(&mut self, at_s: f64) {
        let mut link = Link::default();
        let mut slower = 1.0;
        for fault in &self.faults {
            let strength = fault.strength(at_s);
            if strength <= 0.0 {
                continue;
            }
            link.loss += (fault.loss.unwrap_or(0.0) * strength).min(1.0);
            link.errors += fault.nic_errors.unwrap_or(0.0) * strength;
            link.drops += (fault.nic_drops.unwrap_or(0.0) * strength).min(1.0);
            link.syn_flood += fault.syn_flood.unwrap_or(0.0) * strength;
            link.down |= fault.link_down;
            slower += (fault.disk_slower.unwrap_or(1.0) - 1.0) * strength.min(1.0);
        }
        self.host.network.link = link;
        self.host.slow_disk(slower);
        let mut usual = self.usual.iter().peekable();
        for process in &mut self.host.processes {
            let Some(own) = usual.find(|usual| usual.pid == process.pid) else { break };
            process.demand = own.demand.times(own.pace);
            for fault in &self.faults {
                let strength = fault.strength(at_s);
                if strength > 0.0
                    && fault.target.as_deref() == Some(&process.comm)
                    && let Some(more) = &fault.demand
                {
                    process.demand.add(more, strength);
                }
            }
        }
    }

    /// The pace of what runs all the time varies from second to second.
    fn vary(&mut self) {
        let drop = f64::sqrt(1.0 - REMEMBERS * REMEMBERS);
        for usual in self.usual.iter_mut().filter(|usual| usual.varies) {
            // The sum of four uniform numbers is nearly normal.
            let draw: f64 = (0..4).map(|_| self.random.next_f64()).sum::<f64>() - 2.0;
            let noise = draw * f64::sqrt(3.0);
            let last = libm::log(usual.pace);
            usual.pace = libm::exp(REMEMBERS * last + drop * VARIES * noise);
        }
        self.breathe();
    }

    /// The memory of what runs all the time comes and goes.
    fn breathe(&mut self) {
        let drop = f64::sqrt(1.0 - SWING.1 * SWING.1);
        let mut processes = self.host.processes.iter_mut();
        for usual in self.usual.iter_mut().filter(|usual| usual.varies) {
            let Some(process) = processes.find(|one| one.pid == usual.pid) else { return };
            let noise = 2.0 * f64::sqrt(3.0) * (self.random.next_f64() - 0.5);
            let swing = SWING.1 * usual.swing + drop * SWING.0 * noise;
            let pages = (usual.demand.memory.bytes / PAGE) as f64;
            process.memory.swing += (swing - usual.swing) * pages;
            usual.swing = swing;
        }
    }

    /// Processes that run only while a fault lasts.
    fn come_and_go(&mut self, at_s: f64) {
        for at in 0..self.extras.len() {
            let during = self.extras[at].extra.during.clone();
            let runs = during.is_none_or(|name| {
                self.faults.iter().any(|fault| fault.name == name && fault.strength(at_s) > 0.0)
            });
            let is_there = self.is_there(at, at_s);
            if runs && !is_there && at_s >= -SETTLE_S {
                let extra = self.extras[at].extra.clone();
                let pids = (0..extra.count).map(|_| self.begin_extra(&extra)).collect();
                self.extras[at] = Member { extra, pids, gone_s: None };
            } else if !runs && is_there {
                let pids = std::mem::take(&mut self.extras[at].pids);
                self.end(&pids);
            }
        }
        self.forget_gone();
    }

    /// Whether the processes of an entry run, or are not to be started again yet.
    fn is_there(&mut self, at: usize, at_s: f64) -> bool {
        let Member { extra, pids, gone_s } = &mut self.extras[at];
        if pids.is_empty() || extra.restarts.is_none() {
            return !pids.is_empty();
        }
        let processes = &self.host.processes;
        if processes.iter().any(|process| pids.contains(&process.pid)) {
            return true;
        }
        let since = *gone_s.get_or_insert(at_s);
        extra.restarts.is_some_and(|after| at_s - since < after.seconds())
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
    fn spawn(&mut self) {
        let spawner = self.host.processes.iter().find(|one| one.demand.spawns > 0.0);
        let Some(spawner) = spawner.filter(|one| !one.stopped && !one.dying) else { return };
        self.spawning += spawner.demand.spawns * STEP_S;
        let (ppid, comm, group) = (spawner.pid, spawner.comm.clone(), spawner.group);
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
            }
            self.host.counted.forks.add(1.0);
        }
    }

    fn populate(&mut self, scenario: &Scenario) {
        self.begin(
            "kswapd0",
            0,
            1.0,
            &Demand { system_share: Some(1.0), ..Demand::default() },
            false,
        );
        for limits in &scenario.groups {
            let at = self.group(&limits.path);
            let group = &mut self.host.groups[at];
            group.quota = limits.cpus;
            group.memory_max = limits.memory.map(|bytes| bytes.bytes / PAGE);
            group.pids_max = limits.pids;
            group.weight = limits.weight.unwrap_or(100);
        }
        let cpus = f64::from(scenario.host.cpus);
        for resident in residents(scenario.background.mix) {
            let share = if resident.demand.cpu > 0.001 {
                cpus * scenario.background.intensity
            } else {
                1.0
            };
            let mut demand = resident.demand.times(share);
            demand.memory.bytes = scaled(demand.memory.bytes, scenario.host.memory.bytes);
            demand.file_hot.bytes = scaled(demand.file_hot.bytes, scenario.host.memory.bytes);
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

    /// The cache fills up as on a host that has been up for a while, and averages become steady.
    fn settle(&mut self) {
        self.host.memory.recount(&self.host.processes);
        let is_fresh = self.begin_s < 600.0;
        if !is_fresh {
            let room = self.host.memory.free();
            let kept = self.host.memory.marks.high * 2;
            self.host.memory.clean = room.saturating_sub(kept.max(room * 2 / 5));
        }
        self.host.now_s -= SETTLE_S;
        while self.host.now_s + 0.5 * STEP_S < self.begin_s {
            self.advance();
        }
        self.host.now_s = self.begin_s;
        self.host.recent = crate::host::Recent::default();
    }

    fn begin_extra(&mut self, extra: &Extra) -> u64 {
        let group = self.group(&extra.group);
        let pid = self.begin(&extra.name, group, extra.threads, &extra.demand, false);
        if let Some(process) = self.host.processes.iter_mut().find(|one| one.pid == pid) {
            process.nice = extra.nice;
            process.oom_score_adj = extra.oom_score_adj;
            process.open_files_max = extra.descriptors as f64;
        }
        if extra.port > 0 {
            self.host.network.listen(pid, extra.port, extra.backlog);
        }
        pid
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
            comm: comm.to_owned(),
            group,
            nice: 0,
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
            class_weight: 1.0,
            cpus: f64::INFINITY,
            io_share: 1.0,
            stopped_until_s: f64::NEG_INFINITY,
            open_files_max: OPEN_FILES_MAX,
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

/// Every action each time that it is done, the last first.
fn planned(scenario: &Scenario) -> Vec<Planned> {
    let mut all: Vec<Planned> = scenario.actions.iter().flat_map(Planned::each).collect();
    all.sort_by_key(|planned| planned.at);
    all.reverse();
    all
}

fn start(scenario: &Scenario, seed: u64) -> Start {
    let begin_s = scenario.uptime.seconds();
    Start {
        schema: SCHEMA_VERSION,
        engine_version: ENGINE_VERSION.into(),
        host: HostFacts {
            hostname: "model".into(),
            kernel: "6.12.0-model".into(),
            machine: "x86_64".into(),
            user_hz: whole(telemetry::USER_HZ),
            page_bytes: PAGE,
            recorder_pid: 299,
        },
        boot_id: format!("model-{seed}"),
        clock: ClockAnchor {
            mono_ns: Timestamp(whole(begin_s * 1e9)),
            at_ns: WallTime(BOOT_NS + whole(begin_s * 1e9).cast_signed()),
        },
        seed,
        interval_ns: scenario.interval.ns,
        segment: 0,
        sources: telemetry::sources(scenario.host.tracers),
        knowledge: None,
    }
}
