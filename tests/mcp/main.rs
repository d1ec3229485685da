//! `ks mcp` as clients see it: frames of both eras, what each tool answers, and what no answer
//! tells: what is later than the time that was asked for, or what a name of the host wants.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod client;
mod frames;
mod growing;
mod hostile;
mod moments;
mod sdk;
mod starts;
mod tools;

/// A program takes all CPUs from its sibling for a minute, from the twentieth second on.
const BURST: &str = include_str!("../hostile/burst.toml");
