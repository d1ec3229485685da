//! What is known of a control group: of version 1 each hierarchy has a part of it.

use ks_agent::facts::{FirstVersion, GroupFacts, Part};
use ks_vocabulary::membership::is_hierarchy;
use ks_vocabulary::model::{Cgroup, CgroupSettings as Settings};

use crate::engine::fact_tables::FactTables;
use crate::window::{Account, CgroupTrack, GroupConsumption, Window};

const SECOND_VERSION: &[u8] = b"v2";

/// The facts of the group of a path, whose consumption is counted over some seconds. What version 2
/// has is taken from there.
pub(super) fn facts<'a>(
    window: &'a Window,
    tables: &'a FactTables,
    path: &[u8],
    over_s: Option<f64>,
) -> Option<GroupFacts<'a>> {
    let rows = || window.cgroups.entities().filter(|(_, row, _)| row.path() == Some(path));
    let is_second = |row: &Cgroup| row.hierarchy() == Some(SECOND_VERSION);
    let second = || rows().filter(|(_, row, _)| is_second(row));
    let first = rows().filter(|(_, row, _)| !is_second(row));
    let settings =
        |row: &Cgroup| tables.group(row.hierarchy().unwrap_or_default(), path, row.inode());
    let each = second().chain(first);
    let each = each.map(|(_, row, track)| of_row(row, track, settings(row), over_s));
    let mut all = each.reduce(|one, other| or(&one, &other))?;
    if let Some((_, row, _)) = second().next() {
        // What nobody counted it did not do, where version 2 alone would say so.
        let none = over_s.map(|_| 0.0);
        all.cpus_used = all.cpus_used.or(none);
        all.io_bytes_per_s = all.io_bytes_per_s.or(none.zip(none));
        if settings(row).and_then(Settings::frozen).is_some() {
            all.first.freezer = None;
        }
    }
    Some(all)
}

/// What one hierarchy has.
fn of_row<'a>(
    row: &'a Cgroup,
    track: &CgroupTrack,
    settings: Option<&'a Settings>,
    over_s: Option<f64>,
) -> GroupFacts<'a> {
    let spent = track.consumption(row);
    let is_second = row.hierarchy() == Some(SECOND_VERSION);
    GroupFacts {
        path: row.path().unwrap_or_default(),
        inode: row.inode().filter(|_| is_second),
        first: if is_second { FirstVersion::default() } else { parts(row) },
        unit: row.unit(),
        cpu_quota_us: row.cpu_quota_us(),
        cpu_period_us: row.cpu_period_us(),
        cpu_weight: row.cpu_weight().filter(|_| is_second),
        cpu_shares: row.cpu_weight().filter(|_| !is_second),
        cpus_used: rate(row, Account::CpuTime, &spent, over_s).map(|us| us / 1e6),
        io_bytes_per_s: moved(row, &spent, over_s),
        memory_bytes: row.memory_bytes(),
        anon_bytes: row.anon_bytes(),
        file_bytes: row.file_bytes(),
        memory_high_bytes: row.memory_high_bytes(),
        swap_bytes: row.swap_bytes(),
        swap_max_bytes: row.swap_max_bytes(),
        pids: row.pids(),
        pids_max: row.pids_max(),
        controllers: settings.and_then(Settings::controllers),
        io_max: settings.and_then(Settings::io_max),
        io_weight: settings.and_then(Settings::io_weight),
        io_bfq_weight: settings.and_then(Settings::io_bfq_weight).filter(|_| is_second),
        frozen: settings.and_then(Settings::frozen),
        restart: settings.and_then(Settings::restart),
        watchdog_us: settings.and_then(Settings::watchdog_us),
    }
}

/// The part that a hierarchy of version 1 has, under each of its controllers.
fn parts(row: &Cgroup) -> FirstVersion<'_> {
    let hierarchy = row.hierarchy().unwrap_or_default();
    let part = |controller: &[u8]| {
        let is_its = is_hierarchy(controller, hierarchy);
        is_its.then_some(Part { hierarchy, inode: row.inode() })
    };
    FirstVersion {
        cpu: part(b"cpu"),
        memory: part(b"memory"),
        blkio: part(b"blkio"),
        pids: part(b"pids"),
        freezer: part(b"freezer"),
    }
}

/// How much of an account was taken each second, where it is counted.
fn rate(
    row: &Cgroup,
    account: Account,
    spent: &GroupConsumption,
    over_s: Option<f64>,
) -> Option<f64> {
    let is_given = GroupConsumption::is_given(row, account);
    over_s.filter(|_| is_given).map(|over_s| spent.of(account) as f64 / over_s)
}

/// Bytes read and written each second.
fn moved(row: &Cgroup, spent: &GroupConsumption, over_s: Option<f64>) -> Option<(f64, f64)> {
    let both = rate(row, Account::IoBytes, spent, over_s)?;
    let written = rate(row, Account::Written, spent, over_s)?;
    Some(((both - written).max(0.0), written))
}

/// What one part says, else what another does.
fn or<'a>(one: &GroupFacts<'a>, other: &GroupFacts<'a>) -> GroupFacts<'a> {
    GroupFacts {
        path: one.path,
        inode: one.inode.or(other.inode),
        first: FirstVersion {
            cpu: one.first.cpu.or(other.first.cpu),
            memory: one.first.memory.or(other.first.memory),
            blkio: one.first.blkio.or(other.first.blkio),
            pids: one.first.pids.or(other.first.pids),
            freezer: one.first.freezer.or(other.first.freezer),
        },
        unit: one.unit.or(other.unit),
        controllers: one.controllers.or(other.controllers),
        cpu_quota_us: one.cpu_quota_us.or(other.cpu_quota_us),
        cpu_period_us: one.cpu_period_us.or(other.cpu_period_us),
        cpu_weight: one.cpu_weight.or(other.cpu_weight),
        cpu_shares: one.cpu_shares.or(other.cpu_shares),
        cpus_used: one.cpus_used.or(other.cpus_used),
        memory_bytes: one.memory_bytes.or(other.memory_bytes),
        anon_bytes: one.anon_bytes.or(other.anon_bytes),
        file_bytes: one.file_bytes.or(other.file_bytes),
        memory_high_bytes: one.memory_high_bytes.or(other.memory_high_bytes),
        swap_bytes: one.swap_bytes.or(other.swap_bytes),
        swap_max_bytes: one.swap_max_bytes.or(other.swap_max_bytes),
        pids: one.pids.or(other.pids),
        pids_max: one.pids_max.or(other.pids_max),
        io_bytes_per_s: one.io_bytes_per_s.or(other.io_bytes_per_s),
        io_max: one.io_max.or(other.io_max),
        io_weight: one.io_weight.or(other.io_weight),
        io_bfq_weight: one.io_bfq_weight.or(other.io_bfq_weight),
        frozen: one.frozen.or(other.frozen),
        restart: one.restart.or(other.restart),
        watchdog_us: one.watchdog_us.or(other.watchdog_us),
    }
}

#[cfg(test)]
mod tests;
