//! A likely cause of an episode, and by what it led to it.

use super::mechanism::TABLE;

/// A likely cause of an episode. The first by order is the likeliest: a change explains a change,
/// so that is the one whose onset is nearest, and of several the one that is nearest in [`TABLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parent {
    pub(super) distance_ns: u64,
    /// Row of [`TABLE`], or past its end for a peer.
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
        TABLE.get(self.row).map_or("they belong together", |row| row.why)
    }
}
