//! The root filesystem: what stays on it.

use super::memory::PAGE;
use super::process::Process;
use crate::grain::whole;
use crate::shape::Shape;

/// Bytes for each inode, as `mke2fs` makes them.
const INODE_BYTES: u64 = 16_384;
/// Share that is kept for root.
const RESERVE: f64 = 0.05;

/// Space and inodes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Space {
    pub(crate) total_bytes: u64,
    pub(crate) inodes: u64,
    used_bytes: f64,
    used_inodes: f64,
    /// Bytes that could not be written, since the run began.
    pub(crate) refused_bytes: f64,
}

impl Space {
    /// That of a host as it begins.
    pub(crate) fn new(shape: &Shape) -> Self {
        let total_bytes = shape.filesystem.bytes / PAGE * PAGE;
        let inodes = total_bytes / INODE_BYTES;
        Self {
            total_bytes,
            inodes,
            used_bytes: shape.filesystem_used * total_bytes as f64,
            used_inodes: 0.2 * shape.filesystem_used * inodes as f64,
            refused_bytes: 0.0,
        }
    }

    /// `f_bfree`.
    pub(crate) fn free_bytes(&self) -> u64 {
        self.total_bytes.saturating_sub(whole(self.used_bytes)) / PAGE * PAGE
    }

    /// `f_bavail`.
    pub(crate) fn available_bytes(&self) -> u64 {
        let reserve = whole(RESERVE * self.total_bytes as f64);
        self.free_bytes().saturating_sub(reserve) / PAGE * PAGE
    }

    /// `f_ffree`.
    pub(crate) fn inodes_free(&self) -> u64 {
        self.inodes.saturating_sub(whole(self.used_inodes))
    }

    /// Advances by a step.
    pub(crate) fn step(&mut self, processes: &[Process], step_s: f64) {
        for process in processes.iter().filter(|process| !process.stopped && !process.dying) {
            let kept = process.demand.write * process.demand.keeps.min(1.0) * step_s;
            let room = self.available_bytes() as f64;
            self.used_bytes += kept.min(room);
            self.refused_bytes += kept - kept.min(room);
            self.used_inodes += process.demand.files_made * step_s;
        }
    }
}
