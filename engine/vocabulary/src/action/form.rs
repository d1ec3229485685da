//! What is said of a form of action: how far it reaches, how much it risks, and what undoes it.

use core::fmt;

use serde::Serialize;

use crate::kind::Kind;

use super::catalogue::ActionKind;
use super::parameter::Accepts;

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

/// One parameter of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it accepts: one of these.
    pub accepts: &'static [Accepts],
}

/// One form of action: a row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Which.
    pub kind: ActionKind,
    /// Its word.
    pub name: &'static str,
    /// Its parameters.
    pub fields: &'static [Field],
    /// Its canonical text, with its parameters in braces.
    pub grammar: &'static str,
    /// What it reaches.
    pub blast: Blast,
    /// What it risks.
    pub risk: Risk,
    /// What undoes it.
    pub undo: Undo,
    /// Kinds that it is an answer to.
    pub answers: &'static [Kind],
    /// What it does.
    pub effect: &'static str,
}

/// A target that the grammar cannot name: it has to be resolved first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unresolved {
    /// The parameter that holds it.
    pub parameter: &'static str,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` is not resolved: the canonical text cannot name it", self.parameter)
    }
}

impl core::error::Error for Unresolved {}
