//! Whether certain control groups wait for a CPU, and nobody beside them.

use alloc::vec::Vec;

use crate::window::{CgroupTrack, Stall, Window};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::membership::is_within;
use ks_vocabulary::model::Cgroup;
use ks_vocabulary::time::SECOND_NS;

/// Share of stalled time below which a group does not wait: the least that is a verdict
/// (`scheduler`, low).
pub(super) const OTHERS: f64 = 0.10;
/// Over which time others are looked at: the shortest persistence.
pub(super) const OTHERS_NS: u64 = 5 * SECOND_NS;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Alone<'a> {
    paths: Vec<&'a [u8]>,
    wait_alone: bool,
}

impl<'a> Alone<'a> {
    /// Those that `is_meant` picks.
    pub(super) fn of(
        window: &'a Window,
        is_meant: impl Fn(&'a Cgroup, &'a CgroupTrack) -> bool,
    ) -> Self {
        let rows = window.cgroups.entities();
        let meant = rows.filter(|(_, row, track)| is_meant(row, track));
        let paths = meant.filter_map(|(_, row, _)| row.path()).collect();
        let mut groups = Self { paths, wait_alone: false };
        groups.wait_alone = !groups.paths.is_empty() && groups.do_wait_alone(window);
        groups
    }

    /// Whether a path is that of one of them, or lies within it.
    pub(super) fn hold(&self, path: &[u8]) -> bool {
        self.paths.iter().any(|own| is_within(path, own))
    }

    /// Whether only they wait of the host, or of a group around them, which waits with them.
    pub(super) fn explain(&self, entity: &Entity) -> bool {
        let is_around = if let Entity::Cgroup(group) = entity {
            !self.hold(&group.path) && self.is_around(&group.path)
        } else {
            *entity == Entity::Host
        };
        is_around && self.wait_alone
    }

    fn is_around(&self, path: &[u8]) -> bool {
        self.paths.iter().any(|own| path == b"/" || is_within(own, path))
    }

    fn do_wait_alone(&self, window: &Window) -> bool {
        let mut any = false;
        for (_, row, track) in window.cgroups.entities() {
            let path = row.path().unwrap_or_default();
            if self.hold(path) {
                any |= waits(track);
            } else if !self.is_around(path) && waits(track) {
                return false;
            }
        }
        any
    }
}

/// Whether tasks of a group wait.
pub(super) fn waits(track: &CgroupTrack) -> bool {
    track.pressure.share(Stall::CpuSome, OTHERS_NS).is_ok_and(|share| share >= OTHERS)
}
