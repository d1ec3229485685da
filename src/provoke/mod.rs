//! Real faults on this machine, in isolation: baseline, fault, cool-down, recorded; and what was
//! wrong when, worked out from the raw counters before the engine sees them.
//!
//! What is pressed is a control group, a device or a network namespace of its own, never the whole
//! host. Workers are children that end with the provoker, also when that is killed; what it made
//! besides stands in a file before it is made, and the next start removes what a killed one left.

mod job;
mod made;
mod phases;
mod sessions;
mod stage;
mod staged;
mod tasks;
mod things;
mod workers;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use ks_recorder::clock;
use ks_recorder::error::Error;
use ks_replayer::expectations::label::{self, Known};

use crate::duration::parse_duration;
use crate::exit::Misused;
use crate::provoke::job::Job;
use crate::provoke::made::Made;
use crate::provoke::phases::Phases;
use crate::render;

/// Arguments of `ks provoke`.
#[derive(Debug, Args)]
pub(crate) struct Provoke {
    /// What goes wrong
    #[arg(value_enum, required_unless_present_any = ["clean_up", "worker"])]
    fault: Option<Provoked>,
    /// Recording to write; what was wrong is written beside it, as a file of cases
    #[arg(
        short,
        long,
        value_name = "FILE.parquet",
        required_unless_present_any = ["clean_up", "worker"]
    )]
    output: Option<PathBuf>,
    /// How strong it is
    #[arg(long, default_value_t = 1.0, value_parser = parse_intensity)]
    intensity: f64,
    /// Time before it
    #[arg(long, default_value = "20s", value_parser = parse_duration)]
    baseline: std::time::Duration,
    /// Time of it
    #[arg(long = "lasts", default_value = "40s", value_parser = parse_duration)]
    lasts: std::time::Duration,
    /// Time after it
    #[arg(long, default_value = "20s", value_parser = parse_duration)]
    cool_down: std::time::Duration,
    /// Replace an existing recording
    #[arg(long)]
    force: bool,
    /// Only remove what a killed one left
    #[arg(long)]
    clean_up: bool,
    /// What a worker does
    #[arg(long, hide = true, value_parser = job::parse)]
    worker: Option<Job>,
}

/// What can be made to go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Provoked {
    /// Nothing
    Quiet,
    /// More threads that want a CPU than there are CPUs
    CpuOverload,
    /// A file read again and again in a control group that cannot hold it
    MemoryPressure,
    /// A process that grows in a control group until it is killed, again and again
    OutOfMemory,
    /// More memory touched than a control group holds, with swap on zram
    SwapThrashing,
    /// Reads that keep a loop device busy
    DiskSaturation,
    /// Calls that are refused, tried again without end
    SyscallStorm,
    /// Pages of a file that are not in memory, touched through a mapping
    FaultStorm,
    /// More connections than a listening process accepts
    ListenOverflow,
    /// Connections whose ports are not free again in time
    PortExhaustion,
    /// Segments that are lost
    PacketLoss,
    /// Work in the session of a server, which starves it
    HogOneSession,
    /// Work in another session than the server that it starves
    HogTwoSessions,
}

fn parse_intensity(text: &str) -> Result<f64, String> {
    let intensity: f64 = text.parse().map_err(|_| "write a number, such as 0.5".to_owned())?;
    if !(0.1..=4.0).contains(&intensity) {
        return Err("from 0.1 to 4".to_owned());
    }
    Ok(intensity)
}

pub(crate) fn run(arguments: &Provoke) -> anyhow::Result<()> {
    if let Some(job) = &arguments.worker {
        return tasks::run(job);
    }
    if !rustix::process::geteuid().is_root() {
        bail!("faults are provoked by root: groups, devices and namespaces are made");
    }
    let removed = made::clean_up()?;
    if arguments.clean_up {
        render::note(&format!("{removed} things removed that killed ones left"));
        return Ok(());
    }
    let (Some(fault), Some(output)) = (arguments.fault, &arguments.output) else {
        return Err(Misused("a fault and -o FILE.parquet are needed").into());
    };
    let mut made = Made::begin()?;
    let provoked = provoke(arguments, fault, output, &mut made);
    let removed = made.remove();
    let known = provoked?;
    removed?;
    let cases = label::cases(output, &known).context("the recording cannot be read")?;
    let beside = output.with_extension("toml");
    std::fs::write(&beside, cases)
        .with_context(|| format!("cannot write `{}`", beside.display()))?;
    render::note(&format!("`{}` says what was wrong", beside.display()));
    Ok(())
}

fn provoke(
    arguments: &Provoke,
    fault: Provoked,
    output: &Path,
    made: &mut Made,
) -> anyhow::Result<Known> {
    if output.exists() && !arguments.force {
        return Err(Error::Exists { path: output.to_owned() }.into());
    }
    let mut stage = stage::set(fault, arguments.intensity, made)?;
    let mut phases = Phases::new(output, arguments)?;
    phases.pass(arguments.baseline, &mut stage.steady)?;
    let onset = clock::now();
    stage.begin()?;
    let passed = phases.pass(arguments.lasts, &mut stage.workers);
    stage.end()?;
    let end = clock::now();
    passed?;
    phases.pass(arguments.cool_down, &mut stage.steady)?;
    phases.finish()?;
    let name = fault.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
    let name = format!("{name} of intensity {}", arguments.intensity);
    Ok(Known { name, onset, end, wrong: stage.wrong })
}
