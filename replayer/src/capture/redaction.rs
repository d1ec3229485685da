//! Names of a host in place of which a recording shows tokens.
//!
//! A token is made of a salted hash, so equal names stay equal and nobody can try names without the
//! salt, which is not kept. What verdicts rest on stays: the root and the three top slices of
//! systemd, the endings of its units, `kthreadd`, the mount point `/`, loopback and unspecified
//! addresses, and names of devices, interfaces and of the kernel's own functions.

use ks_engine::analysis::Knowledge;
use ks_scenarios::expectation::matches;
use ks_vocabulary::action::Action;
use ks_vocabulary::input::{Acceptance, Answer, Body, Decision, Input, OwnAction, Start};
use ks_vocabulary::journal::hex;
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::{Exact, Lasting, Whose};
use ks_vocabulary::model::{RowMut, SCHEMAS, Sample, Schema};
use sha2::{Digest as _, Sha256};

/// Names that are names of processes.
const PROCESS_NAMES: [&str; 1] = ["comm"];
/// Names that are paths of control groups, or parts of them.
const GROUP_NAMES: [&str; 5] = ["cgroup", "path", "unit", "container", "pod"];
/// Tables whose `name` is a path of the host.
const PATHS: [(&str, &str); 3] =
    [("swaps", "name"), ("filesystems", "mount"), ("filesystems", "device")];
/// Parts of paths that stay: the top of systemd's tree.
const KEPT_PARTS: [&str; 4] = ["system.slice", "user.slice", "machine.slice", "init.scope"];
/// Endings that stay: by them a part is known as a unit.
const KEPT_ENDINGS: [&str; 3] = [".slice", ".service", ".scope"];

/// Replaces names by tokens.
#[derive(Debug, Clone)]
pub struct Redaction {
    salt: Vec<u8>,
    keep: Vec<String>,
}

impl Redaction {
    /// One with this salt, which is best random and forgotten.
    pub fn new(salt: Vec<u8>) -> Self {
        Self { salt, keep: Vec::new() }
    }

    /// The same, by which these names of processes and parts of paths of control groups stay; `*`
    /// at the end stands for anything.
    #[must_use]
    pub fn keeping(mut self, names: &[String]) -> Self {
        self.keep = names.to_vec();
        self
    }

    fn is_kept(&self, name: &str) -> bool {
        self.keep.iter().any(|pattern| matches(pattern, name))
    }

    /// The input with tokens for names.
    pub(super) fn input(&self, input: &Input) -> Input {
        let mut input = input.clone();
        match &mut input.body {
            Body::Start(start) => self.start(start),
            Body::Sample(sample) => self.sample(sample),
            Body::SourceState(state) => {
                state.reason = state.reason.take().map(|_| "redacted".to_owned());
            }
            Body::Other(other) => "{}".clone_into(&mut other.entry),
            Body::ConfigChange(config) => self.accepted(&mut config.accept),
            Body::Answer(answer) => self.answer(answer),
            Body::ClockStep(_) | Body::Gap(_) | Body::Tick => {}
        }
        input
    }

    fn start(&self, start: &mut Start) {
        start.host.hostname = self.token("h", start.host.hostname.as_bytes());
        start.boot_id = self.token("b", start.boot_id.as_bytes());
        for state in &mut start.sources {
            state.reason = state.reason.take().map(|_| "redacted".to_owned());
        }
        if let Some(config) = &mut start.config {
            self.accepted(&mut config.accept);
        }
        if let Some(carry) = &mut start.carry {
            self.accepted(&mut carry.accepted);
            for one in &mut carry.influences {
                one.target = Exact(self.typed(&one.target.0));
            }
        }
        // Names in what cannot be understood cannot be found either.
        let known = start.knowledge.take().and_then(|stored| Knowledge::read(&stored).ok());
        start.knowledge = known.map(|known| self.knowledge(known, &start.host.hostname).into());
    }

    /// What others said names whatever they pleased: only what has a known form stays.
    fn answer(&self, answer: &mut Answer) {
        match answer {
            Answer::ModelReply(reply) => {
                reply.text = reply.text.take().map(|_| "redacted".to_owned());
                reply.problem = reply.problem.take().map(|_| "redacted".to_owned());
                if let Some(used) = &mut reply.used {
                    "redacted".clone_into(&mut used.model);
                }
            }
            Answer::ActionOutcome(outcome) => {
                outcome.reason = outcome.reason.take().map(|_| "redacted".to_owned());
            }
            Answer::OperatorDecision(operator) => {
                operator.uid = None;
                match &mut operator.decision {
                    Decision::Accept(acceptance) => self.accepted(std::slice::from_mut(acceptance)),
                    Decision::Act(own) => self.own(own),
                    Decision::Approve { .. } | Decision::Deny { .. } | Decision::Undo { .. } => {}
                }
            }
        }
    }

    /// An action names its target, once more.
    fn own(&self, own: &mut OwnAction) {
        let before = own.target.0.clone();
        own.target.0 = self.typed(&before);
        if let (Entity::Cgroup(before), Entity::Cgroup(after)) = (&before, &own.target.0) {
            own.action = renamed(&own.action, &before.path, &after.path);
        }
        if let Some(condition) = &mut own.verify {
            condition.entity = self.entity(&condition.entity);
        }
    }

    fn accepted(&self, accepted: &mut [Acceptance]) {
        for one in accepted {
            one.entity = self.entity(&one.entity);
        }
    }

    fn knowledge(&self, mut knowledge: Knowledge, hostname: &str) -> Knowledge {
        hostname.clone_into(&mut knowledge.host);
        knowledge.baselines.retain_mut(|one| self.whose(&mut one.entity));
        knowledge.slopes.retain_mut(|one| self.whose(&mut one.entity));
        knowledge
    }

    /// False where it cannot be understood, and so may hold any name.
    fn whose(&self, whose: &mut Whose) -> bool {
        let known = whose.known().map(|lasting| self.typed(lasting.as_ref()));
        let token = known.and_then(|entity| Lasting::of(&entity));
        token.map(|lasting| *whose = Whose::Known(lasting)).is_some()
    }

    fn typed(&self, entity: &Entity) -> Entity {
        let lossy = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        match entity {
            Entity::Cgroup(group) => {
                let path = self.path(&lossy(&group.path)).into_bytes();
                Entity::Cgroup(Group { path, ..group.clone() })
            }
            Entity::Filesystem(mount) if mount != b"/" => {
                Entity::Filesystem(format!("/{}", self.token("m", mount)).into_bytes())
            }
            Entity::Executable(name) if name != b"kthreadd" && !self.is_kept(&lossy(name)) => {
                Entity::Executable(self.token("p", name).into_bytes())
            }
            Entity::Host
            | Entity::Disk(_)
            | Entity::Nic(_)
            | Entity::NicOf(..)
            | Entity::Filesystem(_)
            | Entity::Netns(_)
            | Entity::Process(..)
            | Entity::ForkTree(..)
            | Entity::Executable(_) => entity.clone(),
        }
    }

    fn sample(&self, sample: &mut Sample) {
        for (schema, table) in SCHEMAS.iter().zip(sample.tables_mut()) {
            (0..table.len()).for_each(|row| self.row(schema, table.row_mut(row)));
        }
        // Rows are in the order of their keys, some of which are names.
        sample.cgroups.sort();
        sample.cgroup_settings.sort();
        sample.filesystems.sort();
        sample.swaps.sort();
        sample.listeners.sort();
        sample.ports.sort();
        sample.bpf_short_lived.sort();
    }

    fn row(&self, schema: &Schema, mut row: RowMut<'_>) {
        let names = row.names.to_vec();
        for ((index, column), name) in schema.names.iter().enumerate().zip(&names) {
            let is_given = *row.present >> (row.cells.len() + index) & 1 == 1;
            let token = self.name(schema.table, column.name, name).filter(|_| is_given);
            if let Some(token) = token {
                row.set_name(index, &token);
            }
        }
    }

    /// The token of a name; `None` where it stays.
    fn name(&self, table: &str, column: &str, name: &[u8]) -> Option<Vec<u8>> {
        if PROCESS_NAMES.contains(&column) {
            let stays = name == b"kthreadd" || self.is_kept(&String::from_utf8_lossy(name));
            return (!stays).then(|| self.token("p", name).into_bytes());
        }
        if GROUP_NAMES.contains(&column) && table != "swaps" {
            return Some(self.path(&String::from_utf8_lossy(name)).into_bytes());
        }
        if PATHS.contains(&(table, column)) {
            let stays = name == b"/";
            return (!stays).then(|| format!("/{}", self.token("m", name)).into_bytes());
        }
        (column == "address").then(|| self.address(name))
    }

    /// The path of a control group: each part by itself, so that what lies within another still
    /// does.
    fn path(&self, path: &str) -> String {
        let parts = path.split('/').map(|part| {
            if part.is_empty() || KEPT_PARTS.contains(&part) || self.is_kept(part) {
                return part.to_owned();
            }
            let ending = KEPT_ENDINGS.iter().find(|ending| part.ends_with(**ending));
            self.token("g", part.as_bytes()) + ending.unwrap_or(&"")
        });
        parts.collect::<Vec<_>>().join("/")
    }

    fn address(&self, address: &[u8]) -> Vec<u8> {
        let is_own = address.first() == Some(&127) && address.len() == 4
            || address.iter().rev().skip(1).all(|byte| *byte == 0) && address.last() < Some(&2);
        if is_own {
            return address.to_vec();
        }
        self.hash(b"a", address).iter().copied().take(address.len()).collect()
    }

    /// An entity as it is written, with tokens for its names; what is none may hold any name.
    pub(super) fn entity(&self, entity: &str) -> String {
        let known = Exact::try_from(entity.to_owned());
        let token = |_| self.token("e", entity.as_bytes());
        known.map_or_else(token, |Exact(entity)| self.typed(&entity).to_string())
    }

    fn token(&self, what: &str, name: &[u8]) -> String {
        let hash = self.hash(what.as_bytes(), name);
        format!("{what}-{}", hex(&hash[..5]))
    }

    fn hash(&self, what: &[u8], name: &[u8]) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(&self.salt);
        hash.update((what.len() as u64).to_le_bytes());
        hash.update(what);
        hash.update(name);
        hash.finalize().to_vec()
    }
}

/// An action that names another group. A path that cannot be named leaves the action as it is said
/// of no group.
fn renamed(action: &Action, before: &[u8], after: &[u8]) -> Action {
    let text = |path: &[u8]| serde_json::to_string(&String::from_utf8_lossy(path)).ok();
    let written = serde_json::to_string(action).ok();
    let (Some(written), Some(before), Some(after)) = (written, text(before), text(after)) else {
        return action.clone();
    };
    serde_json::from_str(&written.replace(&before, &after)).unwrap_or_else(|_| action.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_stay_equal_and_what_verdicts_rest_on_stays() {
        let redaction = Redaction::new(b"salt".to_vec());
        let other = Redaction::new(b"pepper".to_vec());
        let path = redaction.path("/system.slice/secret.service/inner");
        assert!(path.starts_with("/system.slice/g-") && path.contains(".service/g-"), "{path}");
        assert!(!path.contains("secret") && !path.contains("inner"));
        assert_eq!(path, redaction.path("/system.slice/secret.service/inner"));
        assert_ne!(path, other.path("/system.slice/secret.service/inner"));
        assert_eq!(redaction.path("/"), "/");
        assert_eq!(redaction.entity("cgroup:/system.slice/a.service"), {
            format!("cgroup:{}", redaction.path("/system.slice/a.service"))
        });
        // Systemd writes backslashes into names.
        assert_eq!(redaction.entity(r"cgroup:/system.slice/a\x2db.service"), {
            format!("cgroup:{}", redaction.path(r"/system.slice/a\x2db.service"))
        });
        assert_eq!(redaction.entity("process:7:9"), "process:7:9");
        assert_eq!(redaction.name("processes", "comm", b"kthreadd"), None);
        assert_eq!(redaction.name("disks", "name", b"sda"), None);
        assert!(redaction.name("processes", "comm", b"mysqld").unwrap().len() <= 15);
    }

    #[test]
    fn names_that_are_asked_for_stay() {
        let keep = ["mine*".to_owned(), "web".to_owned()];
        let redaction = Redaction::new(b"salt".to_vec()).keeping(&keep);
        assert_eq!(redaction.name("processes", "comm", b"mine-7"), None);
        assert_eq!(redaction.entity("executable:web"), "executable:web");
        assert!(redaction.name("processes", "comm", b"webs").is_some());
        let path = redaction.path("/mine.slice/secret");
        assert!(path.starts_with("/mine.slice/g-") && !path.contains("secret"), "{path}");
    }

    #[test]
    fn addresses_keep_their_length_and_loopback_stays() {
        let redaction = Redaction::new(b"salt".to_vec());
        assert_eq!(redaction.address(&[127, 0, 0, 1]), [127, 0, 0, 1]);
        assert_eq!(redaction.address(&[0, 0, 0, 0]), [0, 0, 0, 0]);
        assert_eq!(redaction.address(&[0; 16]), [0; 16]);
        let token = redaction.address(&[10, 1, 2, 3]);
        assert_eq!(token.len(), 4);
        assert_ne!(token, [10, 1, 2, 3]);
    }
}
