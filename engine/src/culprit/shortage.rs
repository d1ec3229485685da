//! Where the memory is short that a control group, or the host, stalls for.

use crate::window::{
    CgroupTrack, EntityId, Group, Missing, Paging, PagingTrack, PressureTrack, Stall, Window,
};
use ks_vocabulary::held;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::{cgroup_entity, is_within};
use ks_vocabulary::model::Cgroup;
use ks_vocabulary::time::SECOND_NS;

/// A group that holds less of its limit is not short by it (our judgement, as the lowest used share
/// that is judged). Its page cache counts: at a limit that is what goes first.
const NEAR: f64 = 0.8;
/// How long a limit that was met counts (our judgement).
const LATELY_NS: u64 = 10 * SECOND_NS;

/// Over what time stalls are compared, and which share of the host's a group has that makes them
/// its own (our judgement).
const STALL_NS: u64 = 10 * SECOND_NS;
/// The same at the beginning, as soon as anything is judged; a group that was first read after its
/// host is known for one interval less.
const FIRST_NS: u64 = 5 * SECOND_NS;
const ALL_STALLS: f64 = 0.8;
/// Share of the pages that a host looks at which it can have at once while it trims page cache that
/// nobody uses (our judgement: of those in use most are kept at the first look).
const TRIMMED: f64 = 0.9;

/// The nearest of a group and those around it that is near its own limit. The host where none is:
/// what the group loses then is taken for others, and who fills the host's memory is to blame.
/// Where the host has memory to spare it stalls for a group near its limit, if there is one.
pub(super) fn place(window: &Window, entity: &Entity) -> Entity {
    if *entity == Entity::Host {
        return short_group(window).map_or(Entity::Host, |(_, row)| cgroup_entity(row));
    }
    let Entity::Cgroup(group) = entity else { return entity.clone() };
    let around = window.cgroups.entities().filter(|(_, row, _)| {
        row.hierarchy() == Some(group.hierarchy.as_slice())
            && row.path().is_some_and(|above| is_within(&group.path, above))
    });
    let limited = around.filter(|(_, row, track)| is_near_limit(row, track));
    let nearest = limited.max_by_key(|(_, row, _)| row.path().map_or(0, <[u8]>::len));
    nearest.map_or(Entity::Host, |(_, row, _)| cgroup_entity(row))
}

/// The innermost group near its limit that stalls as long as the host does, which has memory left,
/// or makes no room but by trimming its cache though little is left: what a group does at its own
/// limit is not counted there.
/// Groups of version 1 have no stall shares: of those the one that met its limit most often.
pub(crate) fn short_group(window: &Window) -> Option<(EntityId, &Cgroup)> {
    let used = window.memory.one().ok().and_then(held::used_share)?;
    let share = |track: &PressureTrack| {
        let share = |ns| track.share(Stall::MemorySome, ns);
        share(STALL_NS).or_else(|_| share(FIRST_NS)).or_else(|_| share(1)).ok()
    };
    let stalled = share(window.pressure.track().ok()?)?;
    if used >= NEAR && !makes_no_room(window) || stalled <= 0.0 {
        return None;
    }
    let met = |track: &CgroupTrack| track.over(Group::LimitMet, LATELY_NS).map_or(0, |met| met.by);
    let stalls_as_long = |track: &CgroupTrack| {
        if !track.pressure.is_given(Stall::MemorySome) {
            return met(track) > 0;
        }
        share(&track.pressure).is_some_and(|own| own >= ALL_STALLS * stalled)
    };
    let groups = window.cgroups.entities().filter(|(_, row, track)| {
        row.path() != Some(b"/") && is_near_limit(row, track) && stalls_as_long(track)
    });
    let depth = |row: &Cgroup| row.path().map_or(0, <[u8]>::len);
    let rank = |row: &Cgroup, track: &CgroupTrack| {
        let has_stalls = track.pressure.is_given(Stall::MemorySome);
        (has_stalls, if has_stalls { 0 } else { met(track) }, depth(row))
    };
    let innermost = groups.max_by_key(|(_, row, track)| rank(row, track));
    innermost.map(|(id, row, _)| (id, row))
}

/// Whether the kernel counts what it does to make room on the host, and it did nothing lately.
fn makes_no_room(window: &Window) -> bool {
    let paging = window.vm.track().ok().filter(|_| window.vm.is_fresh());
    let makes_room =
        |paging| makes_room(paging, LATELY_NS).or_else(|_| makes_room(paging, FIRST_NS));
    paging.is_some_and(|paging| makes_room(paging) == Ok(false))
}

/// Whether a host made room in the last `ns`, by more than its page cache, which is trimmed by the
/// way all day wherever files are read: no task reclaims then, and nearly all that is looked at can
/// be had.
pub(crate) fn makes_room(paging: &PagingTrack, ns: u64) -> Result<bool, Missing> {
    let grew = |what| paging.over(what, ns).map(|growth| growth.by);
    let scanned = grew(Paging::Scan)?;
    let trims = grew(Paging::Steal).is_ok_and(|had| had as f64 >= TRIMMED * scanned as f64);
    Ok(grew(Paging::DirectReclaim).is_ok_and(|by| by > 0) || scanned > 0 && !trims)
}

/// Whether a group holds nearly what it may, or met its limit just now: a kill leaves it with less.
fn is_near_limit(row: &Cgroup, track: &CgroupTrack) -> bool {
    let limits = [row.memory_max_bytes(), row.memory_high_bytes()];
    let Some(limit) = limits.into_iter().flatten().min() else { return false };
    row.memory_bytes().is_some_and(|held| held as f64 >= NEAR * limit as f64)
        || track.over(Group::LimitMet, LATELY_NS).is_ok_and(|met| met.by > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::kind::Group as GroupEntity;
    use ks_vocabulary::model::{
        CgroupCell, CgroupName, MemoryCell, PressureCell, ReadTimes, Sample,
    };
    use ks_vocabulary::time::Timestamp;

    /// A group by its path, what it holds, and its limits at most and high.
    type Row = (&'static [u8], u64, Option<u64>, Option<u64>);

    fn placed(groups: &[Row], path: &[u8]) -> Entity {
        let mut window = Window::default();
        window.update(&sample(groups, 0), Timestamp(100 * SECOND_NS));
        place(&window, &group(path))
    }

    fn sample(groups: &[Row], limit_met: u64) -> Sample {
        let mut sample = Sample::default();
        for (path, held, max, high) in groups {
            let row = sample.cgroups.push();
            row.set_name(CgroupName::hierarchy, b"v2");
            row.set_name(CgroupName::path, path);
            row.set(CgroupCell::inode, inode(path));
            row.set(CgroupCell::memory_bytes, *held);
            row.set(CgroupCell::memory_fail, limit_met);
            for (cell, limit) in
                [(CgroupCell::memory_max_bytes, max), (CgroupCell::memory_high_bytes, high)]
            {
                if let Some(limit) = limit {
                    row.set(cell, *limit);
                }
            }
        }
        sample.cgroups.set_read(ReadTimes::default());
        sample
    }

    /// Another for each of the paths here.
    fn inode(path: &[u8]) -> u64 {
        path.len() as u64
    }

    fn group(path: &[u8]) -> Entity {
        Entity::Cgroup(GroupEntity { inode: Some(inode(path)), ..GroupEntity::at(path) })
    }

    #[test]
    fn a_group_is_short_by_its_own_limit_by_that_around_it_or_by_the_host() {
        let at = |max, high| -> [Row; 3] {
            [(b"/", 900, None, None), (b"/a", 800, max, high), (b"/a/b", 100, None, None)]
        };
        assert_eq!(placed(&at(None, None), b"/a/b"), Entity::Host, "nobody is limited");
        assert_eq!(placed(&at(Some(1000), None), b"/a/b"), group(b"/a"));
        assert_eq!(placed(&at(Some(1001), None), b"/a/b"), Entity::Host, "far from its limit");
        assert_eq!(placed(&at(None, Some(1000)), b"/a/b"), group(b"/a"));
        let own: [Row; 2] = [(b"/a", 800, Some(900), None), (b"/a/b", 90, Some(100), None)];
        assert_eq!(placed(&own, b"/a/b"), group(b"/a/b"), "the nearest");
        assert_eq!(placed(&own, b"/ab"), Entity::Host);
    }

    #[test]
    fn a_group_that_was_just_killed_at_its_limit_is_still_short_by_it() {
        let groups: [Row; 1] = [(b"/a", 10, Some(1000), None)];
        let mut window = Window::default();
        for second in 0..40 {
            let met = u64::from(second >= 15);
            window.update(&sample(&groups, met), Timestamp((100 + second) * SECOND_NS));
            let expected = if (15..25).contains(&second) { group(b"/a") } else { Entity::Host };
            assert_eq!(place(&window, &group(b"/a")), expected, "after {second} s");
        }
    }

    /// Where the host stalls whose memory is in use to such a share, by all of its tasks' stalls in
    /// a group at its limit, or by none of them.
    fn host_place(used: u64, is_groups: bool) -> Entity {
        let mut window = Window::default();
        for second in 0..30u64 {
            let mut sample = sample(&[(b"/a", 900, Some(1000), None)], 0);
            let stalled = second * 300_000;
            let own = if is_groups { stalled } else { 0 };
            sample.cgroups.as_mut_slice()[0].set(CgroupCell::memory_some_total_us, own);
            sample.pressure.push().set(PressureCell::memory_some_total_us, stalled);
            sample.pressure.set_read(ReadTimes::default());
            let memory = sample.memory.push();
            memory.set(MemoryCell::total_bytes, 1000u64);
            memory.set(MemoryCell::available_bytes, 1000 - used);
            sample.memory.set_read(ReadTimes::default());
            window.update(&sample, Timestamp((100 + second) * SECOND_NS));
        }
        place(&window, &Entity::Host)
    }

    #[test]
    fn a_host_with_memory_left_stalls_for_the_group_that_has_none() {
        assert_eq!(host_place(799, true), group(b"/a"));
        assert_eq!(host_place(800, true), Entity::Host, "it is short itself");
        assert_eq!(host_place(799, false), Entity::Host, "others stall");
    }

    #[test]
    fn other_entities_are_their_own_place() {
        let window = Window::default();
        assert_eq!(place(&window, &Entity::Host), Entity::Host);
    }
}
