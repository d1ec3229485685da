//! A likely cause of an episode, and by what it led to it.

use super::mechanism::TABLE;

/// In place of a row: one of a peer, and one of the disk that another lies on.
pub(super) const PEER: usize = TABLE.len();
pub(super) const BELOW: usize = TABLE.len() + 1;

/// A likely cause of an episode. The first by order is the likeliest: a change explains a change,
/// so that is the one whose onset is nearest, and of several the one that is nearest in [`TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parent {
    pub(super) distance_ns: u64,
    /// Row of [`TABLE`], [`PEER`] or [`BELOW`].
    pub(super) row: usize,
    pub(super) episode: u64,
    /// It began before for certain.
    pub(super) is_before: bool,
}

impl Parent {
    /// Whether it is by a known mechanism, and not as a peer.
    pub(super) fn is_mechanism(&self) -> bool {
        self.row < TABLE.len()
    }

    /// What happens, in words.
    pub(super) fn why(&self) -> &'static str {
        let other = if self.row == BELOW {
            "what a device that lies on others is asked, they are asked"
        } else {
            "they belong together"
        };
        TABLE.get(self.row).map_or(other, |row| row.why)
    }
}
