//! What the agent may know of the host: the window's last readings, and what the board measured.

mod groups;

use alloc::vec::Vec;

use ks_agent::facts::{
    DiskFacts, Facts, GroupFacts, HostFacts, ProcessFacts, ProcessKey, Those, Untreated,
};
use ks_vocabulary::decision::Sysctl;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::membership::is_within;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::{Cpu, Limits, Memory, ProcessFacts as Row, Sysctls};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::fact_tables::FactTables;
use crate::board::Board;
use crate::window::{BUCKET_NS, Known, OwnerTable, Window};

/// What was learned by triggers of this run.
const OWN: &str = "this run's untreated triggers";

/// See the module.
pub(super) struct Seen<'a> {
    pub(super) now: Timestamp,
    pub(super) window: &'a Window,
    pub(super) board: &'a Board,
    pub(super) tables: &'a FactTables,
}

impl Seen<'_> {
    fn limits(&self) -> Option<&Limits> {
        self.window.limits.one().ok()
    }

    /// Over how long the consumption of a control group is counted: from the bucket before.
    fn over_s(&self) -> Option<f64> {
        let at = self.window.cgroups.at()?;
        let begin = Timestamp((at.0 / BUCKET_NS).saturating_sub(1) * BUCKET_NS);
        Some(at.since_ns(begin) as f64 / SECOND_NS as f64).filter(|over_s| *over_s > 0.0)
    }
}

fn process<'a>(known: &'a Known, facts: Option<&'a Row>, owners: &OwnerTable) -> ProcessFacts<'a> {
    let (row, key) = (&known.row, known.key());
    ProcessFacts {
        key,
        ppid: row.ppid(),
        comm: row.comm(),
        group: row.cgroup(),
        state: row.state(),
        nice: row.nice(),
        policy: row.policy(),
        rss_bytes: row.rss_bytes(),
        oom_score_adj: row.oom_score_adj(),
        session: facts.and_then(Row::session),
        uid: facts.and_then(Row::uid),
        is_kernel: facts.and_then(Row::is_kernel),
        exe: facts.and_then(|facts| facts.exe_device().zip(facts.exe_inode())),
        autogroup_nice: facts.and_then(Row::autogroup_nice),
        reset_on_fork: facts.and_then(Row::reset_on_fork),
        io_priority: facts.and_then(Row::io_priority),
        cpus_allowed: facts.and_then(Row::cpus_allowed),
        listening: row.netns().and_then(|netns| owners.listening(netns, key)),
    }
}

impl Facts for Seen<'_> {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn interval_ns(&self) -> u64 {
        self.window.interval_ns
    }

    fn sampled(&self) -> Option<Timestamp> {
        Some(self.window.mono()).filter(|at| *at != Timestamp::default())
    }

    fn host(&self) -> HostFacts {
        let memory = self.window.memory.one().ok();
        let cpu = self.window.cpu.one().ok();
        let limits = self.limits();
        let sysctls = self.tables.sysctls();
        HostFacts {
            cpus: cpu.and_then(Cpu::cpus_online),
            memory_bytes: memory.and_then(Memory::total_bytes),
            available_bytes: memory.and_then(Memory::available_bytes),
            swap_bytes: memory.and_then(Memory::swap_total_bytes),
            swap_free_bytes: memory.and_then(Memory::swap_free_bytes),
            dirty_bytes: memory.and_then(Memory::dirty_bytes),
            ports: limits
                .and_then(|limits| Some((limits.local_port_first()?, limits.local_port_last()?))),
            autogroup: sysctls
                .and_then(Sysctls::sched_autogroup_enabled)
                .map(|enabled| enabled != 0),
            syncookies: sysctls.and_then(Sysctls::tcp_syncookies),
            recorder_pid: self.window.host().recorder_pid,
        }
    }

    fn process(&self, key: ProcessKey) -> Option<ProcessFacts<'_>> {
        let known = self.window.processes.find(key)?;
        Some(process(known, self.tables.process(key), &self.window.owners))
    }

    fn process_of(&self, pid: u64) -> Option<ProcessFacts<'_>> {
        self.process((pid, self.window.processes.start_of(pid)?))
    }

    fn processes(&self, those: Those<'_>) -> Vec<ProcessFacts<'_>> {
        let all = self.window.processes.iter();
        let told = |known, facts| process(known, facts, &self.window.owners);
        match those {
            Those::Within(path) => {
                let inside =
                    all.filter(|known| known.row.cgroup().is_some_and(|own| is_within(own, path)));
                inside.map(|known| told(known, self.tables.process(known.key()))).collect()
            }
            Those::Session(session) => {
                let mut facts = self.tables.in_order();
                let with = all.map(|known| (known, facts(known.key())));
                let inside =
                    with.filter(|(_, facts)| facts.and_then(Row::session) == Some(session));
                inside.map(|(known, facts)| told(known, facts)).collect()
            }
        }
    }

    fn group(&self, path: &[u8]) -> Option<GroupFacts<'_>> {
        groups::facts(self.window, self.tables, path, self.over_s())
    }

    fn disk(&self, name: &[u8]) -> Option<DiskFacts<'_>> {
        let rows = self.window.disks.rows().ok()?;
        let row = rows.iter().find(|row| row.name() == Some(name))?;
        Some(DiskFacts {
            device: row.major().zip(row.minor()),
            scheduler: row.scheduler(),
            read_ahead_kb: row.read_ahead_kb(),
        })
    }

    fn only_disk(&self) -> Option<Vec<u8>> {
        let rows = self.window.disks.rows().ok()?;
        let mut whole = rows.iter().filter(|row| row.stacked() != Some(true));
        let first = whole.next()?;
        whole.next().is_none().then(|| first.name().map(<[u8]>::to_vec))?
    }

    fn sysctl(&self, key: Sysctl) -> Option<u64> {
        let sysctls = self.tables.sysctls();
        match key {
            Sysctl::Somaxconn => self.limits()?.somaxconn(),
            Sysctl::TcpMaxSynBacklog => self.limits()?.tcp_max_syn_backlog(),
            Sysctl::NetdevMaxBacklog => sysctls?.netdev_max_backlog(),
            Sysctl::TcpFinTimeout => sysctls?.tcp_fin_timeout(),
            Sysctl::TcpTwReuse => sysctls?.tcp_tw_reuse(),
            Sysctl::NfConntrackMax => sysctls?.nf_conntrack_max(),
            Sysctl::DirtyBackgroundBytes => sysctls?.dirty_background_bytes(),
            Sysctl::DirtyBackgroundRatio => sysctls?.dirty_background_ratio(),
            Sysctl::Swappiness => sysctls?.swappiness(),
            // A range is two numbers, and what caches were dropped last nobody asks.
            Sysctl::IpLocalPortRange | Sysctl::DropCaches => None,
        }
    }

    fn listens_within(&self, low: u64, high: u64) -> Option<bool> {
        self.window.sockets.listens_within(low, high)
    }

    fn level(&self, kind: Kind, entity: &Entity, metric: Metric) -> Option<f64> {
        self.board.level(kind, entity, metric)
    }

    fn before(&self, kind: Kind, entity: &Entity, metric: Metric) -> Option<f64> {
        self.board.level_before(kind, entity, metric)
    }

    fn past(&self, kind: Kind, entity: &Entity, metric: Metric) -> Vec<f64> {
        self.board.readings(kind, entity, metric)
    }

    fn judged(&self) -> Vec<(Kind, Entity, Metric)> {
        self.board.judged()
    }

    fn untreated(&self, kind: Kind, metric: Metric) -> Vec<Untreated<'_>> {
        let is_model = self.window.host().is_model;
        let known = self.board.known_untreated(kind, metric);
        let known = known.filter(|known| known.scenario.is_none() || is_model);
        let mut all: Vec<Untreated<'_>> = known
            .map(|known| Untreated {
                source: known.scenario.as_deref().unwrap_or("knowledge"),
                differences: &known.values,
            })
            .collect();
        all.push(Untreated { source: OWN, differences: self.board.untreated(kind, metric) });
        all
    }
}
