//! Limits that quantities of several places are held against.

use super::NONE;

/// Shares of stalled time at each severity (`signals.md`, sections 2 and 4).
pub(super) const MEMORY_SOME: [f64; 4] = [0.05, 0.15, NONE, NONE];
pub(super) const MEMORY_FULL: [f64; 4] = [NONE, NONE, 0.15, 0.60];
pub(super) const IO_SOME: [f64; 4] = [0.10, NONE, NONE, NONE];
pub(super) const IO_FULL: [f64; 4] = [NONE, 0.05, 0.20, 0.50];
/// Used share of ports, handles and other finite things of TCP (section 6).
pub(super) const TCP_USED: [f64; 4] = [0.5, 0.7, 0.85, 0.95];
/// Share of time in which a task waits for a CPU (section 9).
pub(super) const CPU_SOME: [f64; 4] = [0.10, 0.25, 0.50, 0.80];
