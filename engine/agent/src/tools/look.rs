//! `execute_remediation` with an action that only looks: it is answered from what was recorded, at
//! the engine's time. Nothing is decided by it, and nobody carries anything out.

mod reads;

pub use reads::reads;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::action::{Action, Count, GroupRef, ProcessRef};
use ks_vocabulary::decision::{Execution, Listed, LookTold, Numbers, Row, Told};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::{Tools, told};
use crate::sights::{Listing, Reading};

const NOT_RECORDED: &str = "it is not recorded, or not yet";
const NOT_THERE: &str = "it is not there any more";

/// Rows of a list of which no number is asked for; the answer is cut to its size besides.
const ROWS: usize = 50;

impl Tools<'_> {
    /// Whether an action that only looks may be asked for: its text is allowed, the site does not
    /// forbid it, and it rests on signals that were issued.
    pub fn may_look(&self, asked: &Execution) -> Result<(), String> {
        let action = &asked.action;
        self.texts.check(action).map_err(|refusal| refusal.to_string())?;
        let policy = &self.config.policy;
        let text = action.canonical().map_err(|error| error.to_string())?;
        if policy.deny.contains(&action.kind())
            || self.forbidden.iter().any(|pattern| pattern.is_match(&text))
        {
            return Err(alloc::format!("the site forbids `{}`", action.name()));
        }
        if policy.approve.contains(&action.kind()) {
            return Err("the site wants it approved, and nobody approves of what looks".into());
        }
        match asked.evidence.iter().find(|id| self.ledger.signal(**id).is_none()) {
            Some(id) => Err(alloc::format!("no signal {id} was issued")),
            None => Ok(()),
        }
    }

    /// What an action that only looks sees.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others list what has most")]
    pub fn closer(&mut self, action: &Action) -> Result<LookTold, String> {
        let facts = self.facts;
        Ok(match action {
            Action::CheckNetworkStats => LookTold::Network {
                interfaces: self
                    .all(facts.nic_uses(), ROWS, |one| sum(one.rx_bytes_per_s, one.tx_bytes_per_s)),
            },
            Action::CheckTcpStats => {
                LookTold::Tcp { namespaces: self.all(facts.tcp_uses(), ROWS, |one| one.in_use) }
            }
            Action::MonitorSwap { lasts } => {
                let seen = facts.swap_use(lasts.get() * SECOND_NS);
                LookTold::Swap { host: self.single(&Entity::Host, seen, NOT_RECORDED) }
            }
            Action::ShowCgroupUsage { group } => self.group(group)?,
            Action::ShowProcess { process } => self.process(process)?,
            Action::CheckDiskSpace => LookTold::DiskSpace {
                filesystems: self.all(facts.spaces(), ROWS, |one| one.used_share),
            },
            Action::ListSockets { process } => self.sockets(process)?,
            Action::CheckPressure => LookTold::Pressure {
                host: self.single(&Entity::Host, facts.stalls(), NOT_RECORDED),
                groups: self.most(facts.group_stalls(), ROWS, |one| {
                    let stalls = [one.cpu_some_share, one.memory_some_share, one.io_some_share];
                    stalls.into_iter().flatten().max_by(f64::total_cmp)
                }),
            },
            other => self.top(other)?,
        })
    }

    /// Those that have most of something.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what changes something is no look")]
    fn top(&mut self, action: &Action) -> Result<LookTold, String> {
        let facts = self.facts;
        Ok(match action {
            Action::ListTopMemory { count } => LookTold::TopMemory {
                host: self.single(&Entity::Host, facts.memory_use(), NOT_RECORDED),
                processes: self.most(facts.process_uses(), rows(*count), |one| one.rss_bytes),
            },
            Action::ListTopCpu { count } => LookTold::TopCpu {
                processes: self.most(facts.process_uses(), rows(*count), |one| one.cpus),
            },
            Action::CheckIoActivity { count } => LookTold::IoActivity {
                disks: self.all(facts.disk_uses(), rows(*count), |one| one.busy_share),
                processes: self.most(facts.process_uses(), rows(*count), |one| {
                    sum(one.read_bytes_per_s, one.written_bytes_per_s)
                }),
            },
            Action::ListBlockedTasks { count } => LookTold::BlockedTasks {
                processes: self.most(facts.blocked(), rows(*count), |one| one.tasks),
            },
            other => return Err(alloc::format!("`{}` does not only look", other.name())),
        })
    }

    fn group(&mut self, group: &GroupRef) -> Result<LookTold, String> {
        let entity = self.entity(&group.to_string())?;
        let Entity::Cgroup(own) = &entity else { return Err(no_such(&group.to_string())) };
        let usage = self.facts.group_use(own);
        let stalls = usage.as_ref().and_then(|_| {
            let Reading { at, of } = self.facts.group_stalls()?;
            let is_own = |known: &Group| known.path == own.path;
            let found = of
                .into_iter()
                .find(|(entity, _)| matches!(entity, Entity::Cgroup(known) if is_own(known)));
            found.map(|(_, of)| Reading { at, of })
        });
        let why = if usage.is_some() { NOT_RECORDED } else { NOT_THERE };
        Ok(LookTold::Cgroup {
            usage: self.single(&entity, usage, why),
            pressure: self.single(&entity, stalls, why),
        })
    }

    fn process(&mut self, process: &ProcessRef) -> Result<LookTold, String> {
        let (entity, key) = self.key(process)?;
        Ok(LookTold::Process {
            usage: self.single(&entity, self.facts.process_use(key), NOT_THERE),
            settings: self.single(&entity, self.facts.process_settings(key), NOT_THERE),
        })
    }

    fn sockets(&mut self, process: &ProcessRef) -> Result<LookTold, String> {
        let (entity, key) = self.key(process)?;
        let is_there = self.facts.process(key).is_some();
        let seen = self.facts.sockets(key).filter(|_| is_there);
        let why = if is_there { "its sockets were not read lately" } else { NOT_THERE };
        Ok(LookTold::Sockets { of: self.single(&entity, seen, why) })
    }

    fn key(&self, process: &ProcessRef) -> Result<(Entity, (u64, u64)), String> {
        let handle = process.to_string();
        let entity = self.entity(&handle)?;
        let Entity::Process(pid, start) = entity else { return Err(no_such(&handle)) };
        Ok((entity, (pid, start)))
    }

    fn single<T: Numbers>(
        &mut self,
        entity: &Entity,
        seen: Option<Reading<T>>,
        why: &'static str,
    ) -> Told<T> {
        Told {
            age_s: seen.as_ref().map(|seen| self.age_s(seen.at)),
            cannot_tell: if seen.is_some() { None } else { Some(why) },
            row: seen.map(|seen| self.row(entity, seen.of)),
        }
    }

    /// Those of which a number is above nothing, the greatest first.
    fn most<T: Numbers>(
        &mut self,
        seen: Listing<T>,
        count: usize,
        number: impl Fn(&T) -> Option<f64>,
    ) -> Listed<T> {
        let seen = seen.and_then(|mut seen| {
            let is_known =
                seen.of.is_empty() || seen.of.iter().any(|(_, one)| number(one).is_some());
            seen.of.retain(|(_, one)| number(one) > Some(0.0));
            is_known.then_some(seen)
        });
        self.all(seen, count, number)
    }

    /// All of them, those first of which a number is greatest.
    fn all<T: Numbers>(
        &mut self,
        seen: Listing<T>,
        count: usize,
        number: impl Fn(&T) -> Option<f64>,
    ) -> Listed<T> {
        let Some(Reading { at, of }) = seen else {
            let cannot_tell = Some(NOT_RECORDED);
            return Listed { age_s: None, rows: Vec::new(), truncated: 0, cannot_tell };
        };
        let mut of: Vec<(Entity, T)> =
            of.into_iter().map(|(entity, one)| (entity, one.map(told))).collect();
        // What is told of is alike for a reasoner: the order is no other than the numbers told.
        let rank = |one: &T| number(one).unwrap_or(f64::NEG_INFINITY);
        of.sort_by(|(first, one), (second, other)| {
            rank(other).total_cmp(&rank(one)).then_with(|| first.cmp(second))
        });
        let truncated = of.len().saturating_sub(count);
        of.truncate(count);
        let rows = of.into_iter().map(|(entity, one)| self.row(&entity, one)).collect();
        Listed { age_s: Some(self.age_s(at)), rows, truncated, cannot_tell: None }
    }

    fn row<T: Numbers>(&mut self, entity: &Entity, of: T) -> Row<T> {
        let group = self.group_of(entity).map(|group| self.handles.of(&group));
        Row { entity: self.handles.of(entity), group, of: of.map(told) }
    }

    fn age_s(&self, at: Timestamp) -> f64 {
        told(self.facts.now().since_ns(at) as f64 / SECOND_NS as f64)
    }
}

fn rows(count: Count) -> usize {
    usize::try_from(count.get()).unwrap_or(ROWS)
}

fn sum(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.map(|one| one + other.unwrap_or(0.0)).or(other)
}

fn no_such(handle: &str) -> String {
    alloc::format!("`{handle}` is nothing that can be shown by this")
}
