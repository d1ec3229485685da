//! What a recorder would have read of the modelled host: the same tables, with the kernel's grain.

mod cpu;
mod facts;
mod groups;
mod memory;
mod network;
mod owners;
mod processes;
mod storage;
mod tracers;

use ks_vocabulary::input::{Delivery, SourceState};
use ks_vocabulary::model::{ReadTimes, SCHEMAS, Sample};

use crate::host::Host;
use processes::Rows;

/// Seconds between two readings of what changes slowly.
const SLOW_S: u64 = 10;
/// Seconds between two samples that hold every process.
const KEYFRAME_S: u64 = 60;
/// Clock ticks of a second.
pub(crate) const USER_HZ: f64 = 100.0;

/// Reads a host, tick after tick.
#[derive(Debug, Clone, Default)]
pub(crate) struct Telemetry {
    rows: Rows,
    facts: facts::Rows,
    ticks: u64,
    /// Times of the last slow reading and the last keyframe, in s.
    slow_at: Option<u64>,
    keyframe_at: Option<u64>,
}

impl Telemetry {
    /// Fills `sample` with what is due.
    pub(crate) fn read(&mut self, host: &mut Host, sample: &mut Sample) {
        sample.clear();
        let now = crate::grain::whole(host.now_s);
        cpu::fill(host, sample);
        memory::fill(host, sample);
        storage::fill(host, sample);
        network::fill(host, sample);
        owners::fill(host, sample);
        groups::fill(host, sample);
        let is_slow = self.slow_at.is_none_or(|last| now >= last + SLOW_S);
        if is_slow {
            self.slow_at = Some(now);
            storage::fill_space(host, sample);
            memory::fill_zones(host, sample);
        }
        if self.ticks == 0 || std::mem::take(&mut host.limits_changed) {
            network::fill_limits(host, sample);
            facts::fill_sysctls(host, sample);
        }
        let is_keyframe = self.keyframe_at.is_none_or(|last| now >= last + KEYFRAME_S);
        if is_keyframe {
            self.keyframe_at = Some(now);
        }
        self.rows.fill(host, is_keyframe, sample);
        let acted = std::mem::take(&mut host.acted);
        self.facts.fill(host, is_keyframe, acted, sample);
        if host.shape.tracers {
            tracers::fill(host, sample);
        }
        for (at, table) in sample.tables_mut().into_iter().enumerate() {
            let is_read = table.read().is_some() || !table.is_empty();
            if is_read {
                // Sources are read one after the other, each within a few microseconds.
                let begin_ns = 10_000 * i64::try_from(at).unwrap_or(0);
                table.set_read(ReadTimes { begin_ns, end_ns: begin_ns + 8_000 });
            }
        }
        self.ticks += 1;
        host.recent = crate::host::Recent::default();
    }
}

/// States of the sources as a recording begins.
pub(crate) fn sources(tracers: bool) -> Vec<SourceState> {
    let mut names: Vec<&str> = SCHEMAS.iter().map(|schema| schema.source).collect();
    names.sort_unstable();
    names.dedup();
    let state = |source: &str| {
        let is_off = source == "cost" || source.starts_with("bpf/") && !tracers;
        let reason = if is_off { "not modelled" } else { "" };
        SourceState {
            source: source.to_owned(),
            state: if is_off { Delivery::Absent } else { Delivery::On },
            reason: Some(reason.to_owned()).filter(|reason| !reason.is_empty()),
        }
    };
    names.into_iter().map(state).collect()
}
