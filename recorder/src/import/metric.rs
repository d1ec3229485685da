//! What a metric of Performance Co-Pilot is to a recording: an entry of the table of names.

use super::target::Target;
use super::units::Unit;

/// A metric, and what its values become.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    /// Its name.
    pub(super) name: &'static str,
    /// The one instance that is meant, where each is a column of its own.
    pub(super) instance: Option<&'static str>,
    /// The unit of its values.
    pub(super) unit: Unit,
    /// How its values are used.
    pub(super) role: Role,
    /// What they become.
    pub(super) to: To,
}

/// What values become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// A cell.
    Cell(Target),
    /// A fact of the host.
    Host(HostFact),
    /// The name of a filesystem: where it is mounted.
    Mount,
}

/// A fact of the host that is a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HostFact {
    /// Its name.
    Name,
    /// Its kernel.
    Kernel,
    /// Its architecture.
    Machine,
}

/// How values are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It is read time and again.
    Reading,
    /// It holds until another value comes, and makes no reading of its own.
    Fact,
    /// It is one of the parts of a cell, which is their sum.
    Part,
    /// It is a count at an instant, of which only a mean over several readings says something.
    Instant,
}

const fn metric(name: &'static str, unit: Unit, role: Role, to: To) -> Metric {
    Metric { name, instance: None, unit, role, to }
}

/// A metric that is read time and again.
pub(super) const fn reading(name: &'static str, unit: Unit, target: Target) -> Metric {
    metric(name, unit, Role::Reading, To::Cell(target))
}

/// One instance of a metric that is read time and again.
pub(super) const fn one_of(
    name: &'static str,
    instance: &'static str,
    unit: Unit,
    target: Target,
) -> Metric {
    let to = To::Cell(target);
    Metric { name, instance: Some(instance), unit, role: Role::Reading, to }
}

/// A metric that holds until it changes.
pub(super) const fn fact(name: &'static str, unit: Unit, target: Target) -> Metric {
    metric(name, unit, Role::Fact, To::Cell(target))
}

/// A metric that is part of a sum.
pub(super) const fn part(name: &'static str, unit: Unit, target: Target) -> Metric {
    metric(name, unit, Role::Part, To::Cell(target))
}

/// A count at an instant.
pub(super) const fn instant(name: &'static str, unit: Unit, target: Target) -> Metric {
    metric(name, unit, Role::Instant, To::Cell(target))
}

/// A text that says something of the host.
pub(super) const fn host(name: &'static str, fact: HostFact) -> Metric {
    metric(name, Unit::Count, Role::Fact, To::Host(fact))
}

/// The metric that says where a filesystem is mounted.
pub(super) const fn mount(name: &'static str) -> Metric {
    metric(name, Unit::Count, Role::Fact, To::Mount)
}
