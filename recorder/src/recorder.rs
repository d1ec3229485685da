//! One recorder: asks every sampler at each tick and hands out the inputs that come of it.
//!
//! It knows no file format and no schedule: the driver calls [`Recorder::tick`] when it is time
//! and appends what it is given, in order.

use std::path::Path;

use ks_engine::input::{
    Body, ClockStep, ENGINE_VERSION, Gap, GapReason, HostFacts, Input, SCHEMA_VERSION, Start,
};
use ks_engine::model::Sample;
use ks_engine::time::Timestamp;

use crate::clock::{self, Offsets};
use crate::host_fs::{Buffer, HostFs};
use crate::sampler::{Cadence, Context, Sampler, States};
use crate::samplers;

/// Asks the samplers of one host.
pub struct Recorder {
    host: HostFs,
    interval_ns: u64,
    samplers: Vec<(Box<dyn Sampler>, Option<Timestamp>)>,
    states: States,
    buffer: Buffer,
    offsets: Offsets,
    seq: u64,
    input: Input,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Recorder").field("host", &self.host).finish_non_exhaustive()
    }
}

impl Recorder {
    /// A recorder of the host below `root`.
    pub fn new(root: &Path, interval_ns: u64) -> Self {
        Self {
            host: HostFs::new(root),
            interval_ns,
            samplers: samplers::all().into_iter().map(|sampler| (sampler, None)).collect(),
            states: States::default(),
            buffer: Buffer::default(),
            offsets: Offsets::read(),
            seq: 0,
            input: Input { seq: 0, mono: Timestamp::default(), body: Body::Tick },
        }
    }

    /// The `Start` of a run.
    pub fn start(&mut self) -> Input {
        let fact = |path: &str| {
            let bytes = self.host.read_once(path).unwrap_or_default();
            String::from_utf8_lossy(bytes.trim_ascii()).into_owned()
        };
        let live = self.host.is_live();
        let start = Start {
            schema: SCHEMA_VERSION,
            engine_version: ENGINE_VERSION.to_owned(),
            host: HostFacts {
                hostname: fact("proc/sys/kernel/hostname"),
                kernel: fact("proc/sys/kernel/osrelease"),
                machine: if live { std::env::consts::ARCH.to_owned() } else { String::new() },
                user_hz: if live { rustix::param::clock_ticks_per_second() } else { 0 },
                page_bytes: if live { rustix::param::page_size() as u64 } else { 0 },
                recorder_pid: if live { u64::from(std::process::id()) } else { 0 },
            },
            boot_id: fact("proc/sys/kernel/random/boot_id"),
            clock: clock::anchor(),
            seed: 0,
            interval_ns: self.interval_ns,
            segment: 0,
            sources: self.states.all().map(|(source, state)| state.to_input(source)).collect(),
        };
        let mono = start.clock.mono_ns;
        self.next(mono, Body::Start(Box::new(start)))
    }

    fn next(&mut self, mono: Timestamp, body: Body) -> Input {
        let seq = self.seq;
        self.seq += 1;
        Input { seq, mono, body }
    }

    /// Reads what is due, and gives `write` the inputs of this tick: what happened to the clocks,
    /// source states that changed, and the sample.
    pub fn tick<E>(
        &mut self,
        keyframe: bool,
        detail: bool,
        mut write: impl FnMut(&Input) -> Result<(), E>,
    ) -> Result<(), E> {
        let tick = clock::now();
        let offsets = Offsets::read();
        let moved = offsets.since(self.offsets);
        self.offsets = offsets;
        if let Some(suspended_ns) = moved.suspended_ns {
            let (source, reason) = ("all".to_owned(), GapReason::Suspend);
            let gap = Gap { source, count: None, reason, suspended_ns };
            write(&self.next(tick, Body::Gap(gap)))?;
        }
        if let Some(step_ns) = moved.wall_step_ns {
            write(&self.next(tick, Body::ClockStep(ClockStep { step_ns })))?;
        }
        self.read(tick, keyframe, detail);
        let mut changes = Vec::new();
        self.states.drain_changes(|state| changes.push(state));
        for state in changes {
            write(&self.next(tick, Body::SourceState(state)))?;
        }
        self.input.seq = self.seq;
        self.input.mono = tick;
        self.seq += 1;
        write(&self.input)
    }

    fn read(&mut self, tick: Timestamp, keyframe: bool, detail: bool) {
        if !matches!(self.input.body, Body::Sample(_)) {
            self.input.body = Body::Sample(Box::<Sample>::default());
        }
        let Body::Sample(sample) = &mut self.input.body else { return };
        sample.clear();
        let mut context = Context {
            host: &self.host,
            buffer: &mut self.buffer,
            states: &mut self.states,
            tick,
            keyframe,
            detail,
        };
        for (sampler, last) in &mut self.samplers {
            let due = match (sampler.cadence(), *last) {
                (Cadence::EveryTick, _) | (_, None) => true,
                (Cadence::AtMostEvery { ns }, Some(last)) => tick.since_ns(last) >= ns,
            };
            if due || keyframe {
                sampler.sample(&mut context, sample);
                *last = Some(tick);
            }
        }
    }

    /// States of all sources.
    pub fn states(&self) -> &States {
        &self.states
    }
}
