//! How far an action reaches, how much it risks, and what undoes it.

use serde::Serialize;

/// What an action reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Blast {
    /// One process.
    Process,
    /// A session: those that share the autogroup of a process.
    Session,
    /// A control group with those below it.
    Cgroup,
    /// A block device or a mount.
    Device,
    /// A network interface.
    Interface,
    /// The host.
    Host,
}

/// What an action risks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Nothing: it only looks.
    Info,
    /// Little: what it changes is put back, or comes back by itself.
    Reversible,
    /// Work may be lost or stand still: it needs an approval unless the policy grants it.
    Disruptive,
}

/// What undoes an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// The value before is put back.
    Exact,
    /// Nothing, or nothing has to be.
    None,
}
