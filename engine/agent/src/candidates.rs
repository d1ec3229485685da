//! What could be done about a diagnosis, the mildest first: the ladder of
//! `actions-and-threats.md`, section 8. Whether each fits the host, its plan and the guard say.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::action::{Action, ActionKind};
use ks_vocabulary::decision::FailureMode;
use ks_vocabulary::kind::{Entity, text};
use serde_json::{Value, json};

use crate::facts::{Facts, GroupFacts, ProcessFacts};

/// A process that is put behind others.
const NICE: u64 = 10;
const NICE_MOST: i64 = 19;
/// A group that is put behind its siblings, of 100.
const WEIGHT: u64 = 20;
/// A group that is throttled keeps half of what it uses.
const KEPT_SHARE: f64 = 0.5;
/// Seconds for which something stands still.
const STOP_S: u64 = 60;
/// The adjustment of what should be killed first.
const OOM_SCORE: u64 = 500;
/// Ports from here on are hardly ever listened on.
const LOW_PORT: u64 = 15_000;
const HIGH_PORT: u64 = 65_535;

/// What could be done, with entities for its targets.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// What.
    pub action: Action,
    /// To what.
    pub target: Entity,
}

/// Who is at fault, as far as actions can name it.
struct Suspect<'a> {
    process: Option<(Entity, ProcessFacts<'a>)>,
    group: Option<(Entity, GroupFacts<'a>)>,
    disk: Option<(&'a [u8], (u64, u64))>,
    facts: &'a dyn Facts,
}

/// The candidates for a diagnosis.
pub fn of(
    mode: FailureMode,
    culprit: Option<&Entity>,
    disk: Option<&[u8]>,
    facts: &dyn Facts,
) -> Vec<Candidate> {
    let suspect = Suspect::find(culprit, disk, facts);
    let made = ladder(mode).iter().filter_map(|kind| suspect.candidate(*kind));
    made.collect()
}

/// The forms that may be an answer, the mildest first.
const fn ladder(mode: FailureMode) -> &'static [ActionKind] {
    use ActionKind as Kind;
    match mode {
        FailureMode::MemoryLeak | FailureMode::MemoryHog => {
            &[Kind::LimitCgroupMemoryHigh, Kind::PauseProcess, Kind::TerminateProcess]
        }
        FailureMode::SwapThrashing => &[
            Kind::LimitCgroupSwap,
            Kind::ReduceSwappiness,
            Kind::LimitCgroupMemoryHigh,
            Kind::TerminateProcess,
        ],
        FailureMode::CpuHog | FailureMode::NoisyNeighbour => &[
            Kind::LowerCpuWeight,
            Kind::LowerProcessPriority,
            Kind::LowerAutogroupPriority,
            Kind::LimitCgroupCpu,
            Kind::SetCpuAffinity,
            Kind::PauseProcess,
        ],
        FailureMode::ForkStorm => &[Kind::LimitCgroupPids, Kind::FreezeCgroup],
        FailureMode::IoHog => {
            &[Kind::LowerIoPriority, Kind::LowerIoWeight, Kind::ThrottleIo, Kind::FreezeCgroup]
        }
        FailureMode::PortExhaustion => &[Kind::WidenPortRange, Kind::EnableTwReuse],
        FailureMode::SynQueue => &[Kind::IncreaseTcpBacklog],
        FailureMode::AcceptQueue => &[Kind::IncreaseSomaxconn],
        FailureMode::Conntrack => &[Kind::RaiseConntrackMax],
        FailureMode::TcpMemory => &[Kind::ReduceFinTimeout],
        FailureMode::FrameDrops => &[Kind::RaiseNetdevBacklog],
        // Nothing of the catalogue is an answer: a limit is its owner's to raise, a device, a link
        // and a hypervisor are others' to mend.
        FailureMode::GroupMemoryLimit
        | FailureMode::CpuQuota
        | FailureMode::StolenCpu
        | FailureMode::SlowDevice
        | FailureMode::FaultStorm
        | FailureMode::ConnectionLeak
        | FailureMode::LinkSaturated
        | FailureMode::LinkFault
        | FailureMode::PacketLoss
        | FailureMode::DescriptorLeak
        | FailureMode::SpaceFilling
        | FailureMode::ResourceLimit
        | FailureMode::SlowCalls
        | FailureMode::BusyByDesign
        | FailureMode::Unknown => &[],
    }
}

impl<'a> Suspect<'a> {
    fn find(culprit: Option<&Entity>, disk: Option<&'a [u8]>, facts: &'a dyn Facts) -> Self {
        let key = match culprit {
            Some(Entity::Process(pid, start) | Entity::ForkTree(pid, start)) => {
                Some((*pid, *start))
            }
            _ => None,
        };
        let process = key.and_then(|key| facts.process(key));
        let path = match culprit {
            Some(Entity::Cgroup(group)) => Some(group.path.clone()),
            _ => process.and_then(|process| process.group).map(<[u8]>::to_vec),
        };
        let group = path.filter(|path| path != b"/").and_then(|path| facts.group(&path));
        let device = disk.and_then(|name| Some((name, facts.disk(name)?.device?)));
        Self {
            process: process.map(|found| (Entity::Process(found.key.0, found.key.1), found)),
            group: group.map(|found| (Entity::Cgroup(found.entity()), found)),
            disk: device,
            facts,
        }
    }

    fn candidate(&self, kind: ActionKind) -> Option<Candidate> {
        let (params, target) = self.params(kind)?;
        let written = if params.as_object().is_some_and(serde_json::Map::is_empty) {
            Value::String(kind.name().into())
        } else {
            Value::Object([(String::from(kind.name()), params)].into_iter().collect())
        };
        let action = serde_json::from_value(written).ok()?;
        Some(Candidate { action, target })
    }

    fn params(&self, kind: ActionKind) -> Option<(Value, Entity)> {
        if kind.form().fields.iter().any(|field| field.name == "process") {
            let (entity, process) = self.process.as_ref()?;
            return Some((of_process(kind, entity, process, self.facts)?, entity.clone()));
        }
        if kind.form().fields.iter().any(|field| field.name == "group") {
            let (entity, group) = self.group.as_ref()?;
            return Some((self.of_group(kind, group)?, entity.clone()));
        }
        Some((of_host(kind, self.facts)?, Entity::Host))
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "no ladder has the others")]
    fn of_group(&self, kind: ActionKind, group: &GroupFacts<'_>) -> Option<Value> {
        let path = text(group.path);
        Some(match kind {
            ActionKind::LowerCpuWeight | ActionKind::LowerIoWeight => {
                json!({"group": path, "weight": WEIGHT})
            }
            ActionKind::LimitCgroupCpu => {
                let percent = whole(group.cpus_used? * KEPT_SHARE * 100.0).clamp(1, 100);
                json!({"group": path, "percent": percent})
            }
            ActionKind::LimitCgroupPids => json!({"group": path, "max": group.pids?}),
            ActionKind::FreezeCgroup => json!({"group": path, "lasts": STOP_S}),
            ActionKind::ThrottleIo => {
                let (_, (major, minor)) = self.disk?;
                let (read, written) = group.io_bytes_per_s?;
                let (key, used) = if read >= written { ("rbps", read) } else { ("wbps", written) };
                let value = whole(used * KEPT_SHARE).max(65_536);
                json!({"group": path, "disk": format!("{major}:{minor}"), "limit": {key: value}})
            }
            ActionKind::LimitCgroupMemoryHigh => {
                json!({"group": path, "bytes": part(group.memory_bytes?, 19, 20)})
            }
            ActionKind::LimitCgroupSwap => {
                json!({"group": path, "bytes": part(group.swap_bytes?, 21, 20).max(4_096)})
            }
            _ => return None,
        })
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no ladder has the others")]
fn of_process(
    kind: ActionKind,
    entity: &Entity,
    process: &ProcessFacts<'_>,
    facts: &dyn Facts,
) -> Option<Value> {
    let name = entity.to_string();
    // From a level that is high already it goes to the highest.
    let nice = |old: i64| if old < NICE.cast_signed() { NICE.cast_signed() } else { NICE_MOST };
    Some(match kind {
        ActionKind::LowerProcessPriority => json!({"process": name, "nice": nice(process.nice?)}),
        ActionKind::LowerAutogroupPriority => {
            json!({"process": name, "nice": nice(process.autogroup_nice?)})
        }
        ActionKind::SetCpuAffinity => {
            let cpus = facts.host().cpus?;
            let kept = cpus / 2;
            let last = kept.checked_sub(1)?;
            let list = if last == 0 { "0".to_string() } else { format!("0-{last}") };
            json!({"process": name, "cpus": list})
        }
        ActionKind::LowerIoPriority => json!({"process": name, "level": "idle"}),
        ActionKind::PauseProcess => json!({"process": name, "lasts": STOP_S}),
        ActionKind::RaiseOomScore => json!({"process": name, "adj": OOM_SCORE}),
        ActionKind::TerminateProcess => json!({ "process": name }),
        _ => return None,
    })
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no ladder has the others")]
fn of_host(kind: ActionKind, facts: &dyn Facts) -> Option<Value> {
    use ks_vocabulary::decision::Sysctl;
    Some(match kind {
        ActionKind::WidenPortRange => {
            let (first, last) = facts.host().ports?;
            json!({"low": LOW_PORT.min(first).max(1024), "high": HIGH_PORT.max(last)})
        }
        ActionKind::EnableTwReuse => json!({}),
        ActionKind::IncreaseTcpBacklog => {
            let old = facts.sysctl(Sysctl::TcpMaxSynBacklog)?;
            json!({"value": (old * 4).clamp(128, 65_536)})
        }
        ActionKind::IncreaseSomaxconn => {
            let old = facts.sysctl(Sysctl::Somaxconn)?;
            json!({"value": (old * 4).clamp(128, 65_535)})
        }
        ActionKind::ReduceFinTimeout => {
            let old = facts.sysctl(Sysctl::TcpFinTimeout)?;
            json!({"seconds": (old / 2).clamp(15, 60)})
        }
        ActionKind::RaiseConntrackMax => {
            let old = facts.sysctl(Sysctl::NfConntrackMax)?;
            json!({"value": (old * 2).clamp(1024, 16_777_216)})
        }
        ActionKind::RaiseNetdevBacklog => {
            let old = facts.sysctl(Sysctl::NetdevMaxBacklog)?;
            json!({"value": (old * 4).clamp(128, 65_536)})
        }
        ActionKind::ReduceSwappiness => {
            let old = facts.sysctl(Sysctl::Swappiness)?;
            json!({"value": (old / 2).clamp(1, 100)})
        }
        _ => return None,
    })
}

fn part(bytes: u64, of: u64, whole: u64) -> u64 {
    bytes / whole * of
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded and positive")]
fn whole(value: f64) -> u64 {
    libm::floor(value.clamp(0.0, 1e15)) as u64
}
