//! What is seen of control groups. Of version 1 each hierarchy has a part of a group.

use ks_agent::sights::{Listing, Reading};
use ks_vocabulary::decision::{GroupUse, Numbers, Stalls};
use ks_vocabulary::kind::Group;
use ks_vocabulary::membership::cgroup_entity;
use ks_vocabulary::model::{Cgroup, CgroupSettings};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::{SPAN_NS, listing, number, stalls};
use crate::engine::fact_tables::FactTables;
use crate::window::{CgroupTrack, Group as Counted, Window};

/// What a group uses; `None` where it is gone, or was made anew since it was named.
pub(super) fn usage(
    window: &Window,
    tables: &FactTables,
    group: &Group,
) -> Option<Reading<GroupUse>> {
    let at = window.cgroups.at()?;
    let rows = || window.cgroups.entities().filter(|(_, row, _)| row.path() == Some(&group.path));
    let is_another = |row: &Cgroup| {
        row.hierarchy() == Some(&group.hierarchy[..])
            && group.inode.is_some()
            && row.inode() != group.inode
    };
    if rows().any(|(_, row, _)| is_another(row)) {
        return None;
    }
    let each = rows().map(|(_, row, track)| {
        let own = limits(row).or(taken(window, row, track, at));
        let hierarchy = row.hierarchy().unwrap_or_default();
        let settings = tables.group(hierarchy, &group.path, row.inode());
        GroupUse { frozen: settings.and_then(CgroupSettings::frozen), ..own }
    });
    each.reduce(Numbers::or).map(|of| Reading { at, of })
}

fn limits(row: &Cgroup) -> GroupUse {
    let quota = row.cpu_quota_us().filter(|quota| *quota > 0).zip(row.cpu_period_us());
    // 1024 shares of version 1 are what a weight of 100 is.
    let is_first = row.hierarchy() != Some(b"v2");
    let weight = |weight: u64| if is_first { (weight * 100 / 1024).max(1) } else { weight };
    GroupUse {
        cpus_max: quota.map(|(quota, period)| quota as f64 / period.max(1) as f64),
        cpu_weight: number(row.cpu_weight().map(weight)),
        memory_bytes: number(row.memory_bytes()),
        anon_bytes: number(row.anon_bytes()),
        file_bytes: number(row.file_bytes()),
        memory_high_bytes: number(row.memory_high_bytes()),
        memory_max_bytes: number(row.memory_max_bytes()),
        swap_bytes: number(row.swap_bytes()),
        swap_max_bytes: number(row.swap_max_bytes()),
        pids: number(row.pids()),
        pids_max: number(row.pids_max()),
        ..GroupUse::default()
    }
}

/// What it took in the ten to twenty seconds before its last reading.
fn taken(window: &Window, row: &Cgroup, track: &CgroupTrack, at: Timestamp) -> GroupUse {
    let spent = track.consumption(row);
    let over_s = window.group_leaders.lately_ns(at, track) as f64 / SECOND_NS as f64;
    let over_s = Some(over_s).filter(|over_s| *over_s > 0.0);
    let rate = |is_given: bool, amount: u64| over_s.filter(|_| is_given).map(|s| amount as f64 / s);
    let read = spent.io_bytes.saturating_sub(spent.written_bytes);
    let periods = track.over(Counted::Periods, SPAN_NS).ok().filter(|periods| periods.by > 0);
    let throttled = track.over(Counted::Throttled, SPAN_NS).ok().zip(periods);
    GroupUse {
        cpus: rate(row.cpu_usage_us().is_some(), spent.cpu_us).map(|us_per_s| us_per_s / 1e6),
        throttled_share: throttled.map(|(held, periods)| held.by as f64 / periods.by as f64),
        read_bytes_per_s: rate(row.io_read_bytes().is_some(), read),
        written_bytes_per_s: rate(row.io_write_bytes().is_some(), spent.written_bytes),
        over_s,
        ..GroupUse::default()
    }
}

/// Stalls of each group that tells of them.
pub(super) fn stalls_of_all(window: &Window) -> Listing<Stalls> {
    let rows = window.cgroups.entities();
    let told = rows.map(|(_, row, track)| (cgroup_entity(row), stalls(&track.pressure)));
    listing(window.cgroups.at(), told.filter(|(_, of)| *of != Stalls::default()))
}
