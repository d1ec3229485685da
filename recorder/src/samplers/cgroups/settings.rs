//! What of a group is set and seldom changes, and what the unit that owns it says.
//!
//! That takes several files a group, so a tick asks for those of a few groups only, the ones asked
//! longest ago first. Rows are sparse: a group whose row is as it was has none but in a keyframe.

mod first;

use std::path::Path;

use ks_vocabulary::model::{
    Cgroup, CgroupSettings, CgroupSettingsCell as Cell, CgroupSettingsName as Name, Record, Rows,
};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::units::Units;
use crate::host_fs::{Buffer, HostFile, HostFs};
use crate::sampler::Context;
use crate::text::{fields, lines, parse_only_u64, parse_u64};

/// Groups that are asked at one tick (our judgement: about a millisecond).
const ASKED: usize = 32;
/// How long settings are taken to hold, and while a signal stands.
const AGE_NS: u64 = 60 * SECOND_NS;
const PRESSED_AGE_NS: u64 = 10 * SECOND_NS;

/// Settings of one group.
#[derive(Debug, Default)]
pub(super) struct Settings {
    row: CgroupSettings,
    asked: Option<Timestamp>,
    /// The row differs from the one written last.
    changed: bool,
}

/// Whose turn it is at one tick.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turn {
    /// When the last of them were asked before, if ever.
    until: Option<Timestamp>,
    left: usize,
}

impl Turn {
    /// The turn of those of `all` that were asked longest ago, as many as one tick asks.
    pub(super) fn of<'a>(context: &Context<'_>, all: impl Iterator<Item = &'a Settings>) -> Self {
        let age_ns = if context.detail { PRESSED_AGE_NS } else { AGE_NS };
        let is_due =
            |asked: &Option<Timestamp>| asked.is_none_or(|at| context.tick.since_ns(at) >= age_ns);
        let mut due: Vec<Option<Timestamp>> = all.map(|one| one.asked).filter(is_due).collect();
        due.sort_unstable();
        due.truncate(ASKED);
        Self { until: due.last().copied().flatten(), left: due.len() }
    }

    /// Whether it is the turn of these settings, which then have had it.
    pub(super) fn take(&mut self, settings: &Settings) -> bool {
        let is_its = self.left > 0 && settings.asked <= self.until;
        self.left -= usize::from(is_its);
        is_its
    }
}

impl Settings {
    /// Asks for those of the group `key`, whose directory is `folder`.
    pub(super) fn ask(
        &mut self,
        key: &Cgroup,
        folder: &Path,
        units: &mut Units,
        context: &mut Context<'_>,
    ) {
        let row = read(key, folder, units, context);
        self.asked = Some(context.tick);
        self.changed |= row != self.row;
        self.row = row;
    }

    /// Writes the row, if it is news or all are due. One that says nothing is left out.
    pub(super) fn write(&mut self, keyframe: bool, rows: &mut Rows<CgroupSettings>) {
        let says_any = self.row.row().present.count_ones() > KEYS;
        let is_news = std::mem::take(&mut self.changed);
        if says_any && (is_news || keyframe) {
            rows.push_copy(&self.row);
        }
    }
}

/// Columns of the key.
const KEYS: u32 = 3;

fn read(
    key: &Cgroup,
    folder: &Path,
    units: &mut Units,
    context: &mut Context<'_>,
) -> CgroupSettings {
    let mut row = CgroupSettings::default();
    let hierarchy = key.hierarchy().unwrap_or_default();
    row.set_name(Name::hierarchy, hierarchy);
    row.set_name(Name::path, key.path().unwrap_or_default());
    row.set_some(Cell::inode, key.inode());
    if hierarchy == b"v2" {
        read_files(folder, context.host, context.buffer, &mut row);
    } else {
        first::read(hierarchy, folder, context.host, context.buffer, &mut row);
    }
    let service = owner(key).and_then(|unit| units.of(context.host, context.tick, unit));
    if let Some(service) = service {
        row.set_name(Name::restart, service.restart.as_bytes());
        row.set(Cell::watchdog_us, service.watchdog_us);
    }
    row
}

fn read_files(folder: &Path, host: &HostFs, buffer: &mut Buffer, row: &mut CgroupSettings) {
    let mut texts = [
        (Name::controllers, HostFile::single(folder.join("cgroup.controllers"))),
        // A line for each device can be more than a page.
        (Name::io_max, HostFile::new(folder.join("io.max"))),
    ];
    for (name, file) in &mut texts {
        if let Ok(text) = file.read(host, buffer) {
            row.set_name(*name, text.trim_ascii());
        }
    }
    let mut number = |name: &str, parse: fn(&[u8]) -> Option<u64>| {
        let text = HostFile::single(folder.join(name)).read(host, buffer);
        text.ok().and_then(parse)
    };
    let frozen = number("cgroup.freeze", parse_only_u64);
    row.set_some(Cell::io_weight, number("io.weight", parse_weight));
    row.set_some(Cell::io_bfq_weight, number("io.bfq.weight", parse_weight));
    row.set_some(Cell::frozen, frozen.map(|frozen| frozen != 0));
}

/// The weight for devices that have none of their own: `default 100`, or the number alone.
fn parse_weight(text: &[u8]) -> Option<u64> {
    lines(text).find_map(|line| {
        let mut parts = fields(line);
        match (parts.next()?, parts.next()) {
            (b"default", Some(weight)) | (weight, None) => parse_u64(weight),
            (_, Some(_)) => None,
        }
    })
}

/// The service that owns a group, of those that the system's own systemd runs: units of a user's
/// systemd have other files.
fn owner(group: &Cgroup) -> Option<&[u8]> {
    let unit = group.unit().filter(|unit| unit.ends_with(b".service"))?;
    let mut parts = group.path()?.split(|byte| *byte == b'/');
    let above = parts.position(|part| part.starts_with(b"user@") && part.ends_with(b".service"));
    let is_below = above.is_some() && parts.any(|part| part == unit);
    (!is_below).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::CgroupName;
    use proptest::prelude::*;

    #[test]
    fn the_default_weight_is_read() {
        assert_eq!(parse_weight(b"default 100\n8:0 50\n"), Some(100));
        assert_eq!(parse_weight(b"8:0 50\ndefault 200\n"), Some(200));
        assert_eq!(parse_weight(b"300\n"), Some(300));
        for text in [&b""[..], b"default", b"default x", b"8:0 50", b"\xff"] {
            assert_eq!(parse_weight(text), None);
        }
    }

    #[test]
    fn a_unit_below_a_users_systemd_is_not_one_of_the_system() {
        let owner_of = |path: &str| {
            let mut group = Cgroup::default();
            group.set_name(CgroupName::path, path.as_bytes());
            super::super::labels::set_labels(path.as_bytes(), &mut group);
            owner(&group).map(|unit| String::from_utf8_lossy(unit).into_owned())
        };
        let some = |unit: &str| Some(unit.to_owned());
        assert_eq!(owner_of("/system.slice/ssh.service"), some("ssh.service"));
        assert_eq!(owner_of("/system.slice/a.service/inner"), some("a.service"));
        let user = "/user.slice/user-7.slice/user@7.service";
        assert_eq!(owner_of(user), some("user@7.service"));
        assert_eq!(owner_of(&format!("{user}/init.scope")), None);
        assert_eq!(owner_of(&format!("{user}/app.slice/x.service")), None);
        assert_eq!((owner_of("/system.slice"), owner_of("/")), (None, None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_weight(&bytes);
        }
    }
}
