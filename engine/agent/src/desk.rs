//! A host for tests: facts in maps, which a test can change one by one.

mod sighted;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ks_vocabulary::decision::Sysctl;
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::membership::is_within;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use crate::facts::{
    DiskFacts, Facts, FirstVersion, GroupFacts, HostFacts, Part, ProcessFacts, ProcessKey, Those,
    Untreated,
};

/// The process that most actions of the tests are meant for.
pub(crate) const HOG: ProcessKey = (1000, 100);
/// Another of its control group and session.
pub(crate) const PEER: ProcessKey = (1001, 101);
/// A process that is alone in its control group with its child.
pub(crate) const SOLO: ProcessKey = (1100, 110);
/// The child of that, which is stopped.
pub(crate) const PAUSED: ProcessKey = (1101, 111);
/// The process that records.
pub(crate) const RECORDER: ProcessKey = (900, 90);
/// The control group of the hog.
pub(crate) const BATCH: &[u8] = b"/work.slice/batch.service";
/// The control group of the solitary process.
pub(crate) const ALONE: &[u8] = b"/work.slice/alone.service";
/// The control group of a session, which has no CPU controller.
pub(crate) const SESSION: &[u8] = b"/user.slice/user-1000.slice/session-3.scope";
const MIB: u64 = 1 << 20;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) now: Timestamp,
    pub(crate) sampled: Option<Timestamp>,
    pub(crate) host: HostFacts,
    pub(crate) processes: BTreeMap<ProcessKey, ProcessFacts<'static>>,
    pub(crate) groups: BTreeMap<Vec<u8>, GroupFacts<'static>>,
    pub(crate) disks: BTreeMap<Vec<u8>, DiskFacts<'static>>,
    pub(crate) sysctls: BTreeMap<Sysctl, u64>,
    /// Ports that are listened on.
    pub(crate) listened: Option<Vec<u64>>,
    pub(crate) sighted: sighted::Sighted,
    /// The level of each quantity that is judged, where `levels` has none.
    pub(crate) level: Option<f64>,
    /// Quantities that are judged, with their levels.
    pub(crate) levels: BTreeMap<(Kind, Entity, Metric), Level>,
}

/// A quantity on the desk.
#[derive(Debug, Clone, Default)]
pub(crate) struct Level {
    pub(crate) present: Option<f64>,
    pub(crate) before: Option<f64>,
    pub(crate) past: Vec<f64>,
    pub(crate) untreated: Vec<f64>,
}

impl Default for Desk {
    /// A host of eight CPUs on which every action that can be planned is.
    fn default() -> Self {
        let now = Timestamp(1_000_000 * SECOND_NS);
        let mut desk = Self {
            now,
            sampled: Some(now),
            host: host(),
            processes: BTreeMap::new(),
            groups: BTreeMap::new(),
            disks: BTreeMap::new(),
            sysctls: sysctls(),
            listened: Some(alloc::vec![22, 8080]),
            sighted: sighted::Sighted::default(),
            level: None,
            levels: BTreeMap::new(),
        };
        for (key, ppid, uid, path) in [
            ((1, 1), 0, 0, &b"/init.scope"[..]),
            ((2, 1), 0, 0, b"/"),
            ((50, 5), 1, 0, b"/system.slice/ssh.service"),
            ((800, 80), 50, 1000, SESSION),
            ((850, 85), 800, 1000, SESSION),
            (RECORDER, 850, 1000, b"/system.slice/kernelsight.service"),
            ((901, 91), 900, 1000, b"/system.slice/kernelsight.service"),
            (HOG, 1, 1001, BATCH),
            (PEER, 1000, 1001, BATCH),
            (SOLO, 1, 1001, ALONE),
            (PAUSED, 1100, 1001, ALONE),
        ] {
            desk.processes.insert(key, process(key, ppid, uid, path));
            desk.groups.entry(path.to_vec()).or_insert_with(|| group(path));
        }
        desk.at(PAUSED).state = Some(u64::from(b'T'));
        desk.within(ALONE).frozen = Some(true);
        desk.within(SESSION).controllers = Some(b"memory pids");
        // Groups above them hold no processes, and give no CPU controller to who has none.
        for path in [&b"/user.slice"[..], b"/user.slice/user-1000.slice", b"/work.slice"] {
            desk.groups.insert(path.to_vec(), group(path));
            desk.within(path).controllers = Some(b"memory pids");
        }
        let device = Some((8, 0));
        let sda = DiskFacts { device, scheduler: Some(b"bfq"), read_ahead_kb: Some(128) };
        desk.disks.insert(b"sda".to_vec(), sda);
        desk
    }
}

fn host() -> HostFacts {
    HostFacts {
        cpus: Some(8),
        memory_bytes: Some(16 << 30),
        available_bytes: Some(8 << 30),
        swap_bytes: Some(2 << 30),
        swap_free_bytes: Some(1 << 30),
        dirty_bytes: Some(64 * MIB),
        autogroup: Some(true),
        syncookies: Some(0),
        ports: Some((32_768, 60_999)),
        recorder_pid: RECORDER.0,
    }
}

fn sysctls() -> BTreeMap<Sysctl, u64> {
    BTreeMap::from([
        (Sysctl::NetdevMaxBacklog, 1000),
        (Sysctl::Somaxconn, 4096),
        (Sysctl::TcpFinTimeout, 60),
        (Sysctl::TcpMaxSynBacklog, 512),
        (Sysctl::TcpTwReuse, 2),
        (Sysctl::NfConntrackMax, 65_536),
        (Sysctl::DirtyBackgroundBytes, 0),
        (Sysctl::DirtyBackgroundRatio, 10),
        (Sysctl::Swappiness, 60),
    ])
}

/// A process of which everything is recorded.
pub(crate) fn process(
    key: ProcessKey,
    ppid: u64,
    uid: u64,
    path: &'static [u8],
) -> ProcessFacts<'static> {
    ProcessFacts {
        key,
        ppid: Some(ppid),
        comm: Some(b"work"),
        group: Some(path),
        state: Some(u64::from(b'R')),
        nice: Some(0),
        policy: Some(0),
        rss_bytes: Some(256 * MIB),
        oom_score_adj: Some(0),
        session: Some(if key == PEER { HOG.0 } else { key.0 }),
        uid: Some(uid),
        is_kernel: Some(key.0 == 2),
        exe: Some((8, key.0)),
        autogroup_nice: Some(0),
        reset_on_fork: Some(false),
        io_priority: Some(0),
        cpus_allowed: Some(b"0-7"),
        listening: Some(0),
    }
}

/// A control group of which everything is recorded, and that has every controller.
pub(crate) fn group(path: &'static [u8]) -> GroupFacts<'static> {
    GroupFacts {
        path,
        inode: Some(7000),
        first: FirstVersion::default(),
        unit: Some(b"batch.service"),
        controllers: Some(b"cpuset cpu io memory pids"),
        cpu_quota_us: Some(-1),
        cpu_period_us: Some(100_000),
        cpu_weight: Some(100),
        cpu_shares: None,
        cpus_used: Some(4.0),
        memory_bytes: Some(1000 * MIB),
        anon_bytes: Some(600 * MIB),
        file_bytes: Some(400 * MIB),
        memory_high_bytes: Some(2000 * MIB),
        swap_bytes: Some(100 * MIB),
        swap_max_bytes: Some(1000 * MIB),
        pids: Some(100),
        pids_max: Some(1000),
        io_bytes_per_s: Some((100e6, 50e6)),
        io_max: Some(b"8:0 rbps=max wbps=90000000 riops=max wiops=9000\n"),
        io_weight: Some(100),
        io_bfq_weight: Some(100),
        frozen: Some(false),
        restart: Some(b"no"),
        watchdog_us: Some(0),
    }
}

/// The same on a host whose controllers are in hierarchies of version 1.
pub(crate) fn of_version_1(known: &GroupFacts<'static>) -> GroupFacts<'static> {
    let part = |hierarchy: &'static [u8], inode| Some(Part { hierarchy, inode: Some(inode) });
    GroupFacts {
        inode: None,
        first: FirstVersion {
            cpu: part(b"cpu,cpuacct", 7001),
            memory: part(b"memory", 7002),
            blkio: part(b"blkio", 7003),
            pids: part(b"pids", 7004),
            freezer: part(b"freezer", 7005),
        },
        controllers: None,
        cpu_weight: None,
        cpu_shares: Some(1024),
        memory_high_bytes: None,
        swap_max_bytes: None,
        io_weight: None,
        io_bfq_weight: None,
        ..*known
    }
}

impl Desk {
    /// The hog, to change it.
    pub(crate) fn hog(&mut self) -> &mut ProcessFacts<'static> {
        self.at(HOG)
    }

    /// A process, to change it.
    pub(crate) fn at(&mut self, key: ProcessKey) -> &mut ProcessFacts<'static> {
        self.processes.get_mut(&key).expect("it is on the desk")
    }

    /// The control group of the hog, to change it.
    pub(crate) fn batch(&mut self) -> &mut GroupFacts<'static> {
        self.within(BATCH)
    }

    /// A control group, to change it.
    pub(crate) fn within(&mut self, path: &[u8]) -> &mut GroupFacts<'static> {
        self.groups.get_mut(path).expect("it is on the desk")
    }

    /// The disk, to change it.
    pub(crate) fn sda(&mut self) -> &mut DiskFacts<'static> {
        self.disks.get_mut(&b"sda"[..]).expect("it is on the desk")
    }

    /// Adds a process, with its control group where that is new.
    pub(crate) fn add(&mut self, facts: &ProcessFacts<'static>) {
        if let Some(path) = facts.group {
            self.groups.entry(path.to_vec()).or_insert_with(|| group(path));
        }
        self.processes.insert(facts.key, *facts);
    }
}

impl Facts for Desk {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn interval_ns(&self) -> u64 {
        SECOND_NS
    }

    fn sampled(&self) -> Option<Timestamp> {
        self.sampled
    }

    fn host(&self) -> HostFacts {
        self.host
    }

    fn process(&self, key: ProcessKey) -> Option<ProcessFacts<'_>> {
        self.processes.get(&key).copied()
    }

    fn process_of(&self, pid: u64) -> Option<ProcessFacts<'_>> {
        self.processes.values().find(|process| process.key.0 == pid).copied()
    }

    fn processes(&self, those: Those<'_>) -> Vec<ProcessFacts<'_>> {
        let is_one = |process: &&ProcessFacts<'_>| match those {
            Those::Within(path) => process.group.is_some_and(|own| is_within(own, path)),
            Those::Session(session) => process.session == Some(session),
        };
        self.processes.values().filter(is_one).copied().collect()
    }

    fn group(&self, path: &[u8]) -> Option<GroupFacts<'_>> {
        self.groups.get(path).copied()
    }

    fn disk(&self, name: &[u8]) -> Option<DiskFacts<'_>> {
        self.disks.get(name).copied()
    }

    fn only_disk(&self) -> Option<Vec<u8>> {
        (self.disks.len() == 1).then(|| self.disks.keys().next().cloned())?
    }

    fn sysctl(&self, key: Sysctl) -> Option<u64> {
        self.sysctls.get(&key).copied()
    }

    fn listens_within(&self, low: u64, high: u64) -> Option<bool> {
        let listened = self.listened.as_ref()?;
        Some(listened.iter().any(|port| (low..=high).contains(port)))
    }

    fn level(&self, kind: Kind, entity: &Entity, metric: Metric) -> Option<f64> {
        let level = self.levels.get(&(kind, entity.clone(), metric));
        level.map_or(self.level, |level| level.present)
    }

    fn before(&self, kind: Kind, entity: &Entity, metric: Metric) -> Option<f64> {
        let level = self.levels.get(&(kind, entity.clone(), metric));
        level.map_or(self.level, |level| level.before)
    }

    fn past(&self, kind: Kind, entity: &Entity, metric: Metric) -> Vec<f64> {
        let level = self.levels.get(&(kind, entity.clone(), metric));
        level.map_or_else(|| self.level.into_iter().collect(), |level| level.past.clone())
    }

    fn judged(&self) -> Vec<(Kind, Entity, Metric)> {
        self.levels.keys().cloned().collect()
    }

    fn untreated(&self, kind: Kind, metric: Metric) -> Vec<Untreated<'_>> {
        let own = self.levels.iter().filter(|((of, _, one), _)| *of == kind && *one == metric);
        own.map(|(_, level)| Untreated { source: "the desk", differences: &level.untreated })
            .collect()
    }
}
