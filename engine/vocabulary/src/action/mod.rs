//! The catalogue of actions: everything that can be done about a verdict, and what looks closer.
//!
//! An [`Action`] is typed and bounded: a value out of range cannot be made, let alone performed.
//! Each form is one row of `catalogue.rs`. It is read from text, which shows what was said twice: a
//! `serde_json::Value` has forgotten it. Nothing here performs anything; whether an action is
//! wise, allowed or has an effect is decided elsewhere, on fresh facts.

mod bad_value;
mod catalogue;
mod cpu_set;
mod io;
mod number;
mod parameter;
mod registry;
mod risk;
mod scheduling;
mod spec;
mod target;
#[cfg(test)]
mod tests;
mod text;

pub use bad_value::BadValue;
pub use catalogue::{Action, ActionKind, Field, Form};
pub use cpu_set::CpuSet;
pub use io::{IoLevel, IoLimit};
pub use number::{
    Bandwidth, CacheLevel, ConntrackMax, Count, DirtyPercent, FinTimeout, HighPort, LinkSpeed,
    LowPort, MemoryHigh, NetdevBacklog, Nice, OomScore, Percent, Pids, ReadAhead, Reclaim,
    RequestRate, Somaxconn, StopTime, SwapLimit, Swappiness, SynBacklog, WatchTime, Weight,
};
pub use parameter::{Accepts, Parameter};
pub use registry::Unresolved;
pub use risk::{Blast, Risk, Undo};
pub use scheduling::Class;
pub use target::{Device, Target};
pub use target::{DiskRef, GroupPath, GroupRef, Handle, MountRef, Name, NicRef, Pid, ProcessRef};
