//! Handles: what a reasoner calls an entity by. Each was issued here for something that was
//! recorded; another one means nothing, and none outlives the run.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::action::{Action, Target};
use ks_vocabulary::kind::Entity;
use serde_json::Value;

use crate::facts::Facts;

/// Handles of one kind that are issued; more entities than that are in no incident.
const ISSUED_MAX: usize = 8_192;

/// See the module.
#[derive(Debug, Default)]
pub struct Handles {
    issued: BTreeMap<&'static str, Vec<Entity>>,
}

impl Handles {
    /// The handle of an entity, issued if need be; `host` for the host.
    pub fn of(&mut self, entity: &Entity) -> String {
        let prefix = match entity {
            Entity::Host => return "host".into(),
            Entity::Process(..) => "proc",
            Entity::Cgroup(_) => "cg",
            Entity::Disk(_) => "disk",
            Entity::Nic(_) | Entity::NicOf(..) => "if",
            Entity::Filesystem(_) => "mnt",
            Entity::Netns(_) => "netns",
            Entity::ForkTree(..) => "tree",
            Entity::Executable(_) => "exe",
        };
        let issued = self.issued.entry(prefix).or_default();
        // When no more are issued the number is one that was not: it means nothing.
        let at = issued.iter().position(|known| known == entity).unwrap_or(issued.len());
        if at == issued.len() && at < ISSUED_MAX {
            issued.push(entity.clone());
        }
        format!("{prefix}#{}", at + 1)
    }

    /// The entity behind a handle.
    pub fn entity(&self, handle: &str) -> Option<&Entity> {
        if handle == "host" {
            return Some(&Entity::Host);
        }
        let (prefix, number) = handle.split_once('#')?;
        let number: usize = number.parse().ok()?;
        self.issued.get(prefix)?.get(number.checked_sub(1)?)
    }

    /// An action with entities in place of its handles. The error names a handle that was not
    /// issued, or an entity that no action can name.
    pub fn resolve(&self, action: &Action, facts: &dyn Facts) -> Result<Action, String> {
        map(action, |field, handle| {
            let entity = self.entity(handle);
            let entity = entity.ok_or_else(|| format!("handle `{handle}` was not issued"))?;
            named(field, handle, entity, facts)
        })
    }

    /// What an action with handles is done to: the first of its targets, else the host.
    pub fn target(&self, action: &Action) -> Result<Entity, String> {
        let Some(first) = action.targets().first().copied() else { return Ok(Entity::Host) };
        let handle = match first {
            Target::Process(process) => process.to_string(),
            Target::Group(group) => group.to_string(),
            Target::Disk(disk) => disk.to_string(),
            Target::Nic(nic) => nic.to_string(),
            Target::Mount(mount) => mount.to_string(),
        };
        let found = self.entity(&handle).cloned();
        found.ok_or_else(|| format!("handle `{handle}` was not issued"))
    }

    /// An action with handles in place of the entities that it names: its target, and the disk
    /// that it is about.
    pub fn conceal(
        &mut self,
        action: &Action,
        target: &Entity,
        disk: Option<&[u8]>,
    ) -> Result<Action, String> {
        let handle = self.of(target);
        let disk = disk.map(|name| self.of(&Entity::Disk(name.to_vec())));
        map(action, |field, _| {
            let own = if field == "disk" { disk.as_ref() } else { None };
            Ok(own.unwrap_or(&handle).clone())
        })
    }
}

/// An action with other targets.
fn map(
    action: &Action,
    mut change: impl FnMut(&str, &str) -> Result<String, String>,
) -> Result<Action, String> {
    let mut written = serde_json::to_value(action).map_err(|error| error.to_string())?;
    if let Some(form) = written.as_object_mut().and_then(|map| map.values_mut().next()) {
        for field in ["process", "group", "disk", "nic", "mount"] {
            if let Some(Value::String(text)) = form.get(field) {
                let changed = change(field, text)?;
                form[field] = Value::String(changed);
            }
        }
    }
    serde_json::from_value(written).map_err(|error| error.to_string())
}

/// An entity as the parameter of an action names it.
fn named(field: &str, handle: &str, entity: &Entity, facts: &dyn Facts) -> Result<String, String> {
    match (field, entity) {
        ("process", Entity::Process(..)) => Ok(entity.to_string()),
        ("group", Entity::Cgroup(group)) => Ok(ks_vocabulary::kind::text(&group.path)),
        ("disk", Entity::Disk(name)) => {
            let device = facts.disk(name).and_then(|disk| disk.device);
            let (major, minor) = device.ok_or("the numbers of the disk are not recorded")?;
            Ok(format!("{major}:{minor}"))
        }
        // Interfaces and mounts are named by their handles in texts too.
        ("nic", Entity::Nic(_)) | ("mount", Entity::Filesystem(_)) => Ok(handle.to_string()),
        _ => Err(format!("`{handle}` is nothing that `{field}` can be")),
    }
}
