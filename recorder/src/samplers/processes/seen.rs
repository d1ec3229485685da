//! What a reading of a process gave, whatever it is read by.

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// The row is as it was.
    Same,
    /// The row changed.
    Changed,
    /// The process ended, or its id belongs to another one.
    Gone,
}
