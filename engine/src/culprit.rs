//! Who consumes what a condition is about, and who suffers from it.
//!
//! A candidate is convicted by its own counter over the last ten to twenty seconds: at least 40 %
//! of all that was counted, and at least twice the next (our judgement, `signals.md` section 12).

use alloc::vec::Vec;

use crate::kind::{Entity, Kind, text};
use crate::model::Process;
use crate::output::Culprit;
use crate::window::{Consumption, Window};

const NAMED: usize = 3;
const CONVICT_SHARE: f64 = 0.4;
const CONVICT_LEAD: f64 = 2.0;
/// Growth below this is not what fills a host's memory.
const GROWTH_FLOOR_BYTES: u64 = 16 * 1024 * 1024;

type Amount = fn(&Consumption) -> u64;

struct Counter {
    metric: &'static str,
    unit: &'static str,
    amount: Amount,
}

const CPU: Counter =
    Counter { metric: "cpu_ticks", unit: "ticks", amount: |spent| spent.cpu_ticks };
const IO: Counter = Counter { metric: "io_bytes", unit: "bytes", amount: |spent| spent.io_bytes };
const GROWTH: Counter =
    Counter { metric: "rss_and_swap_growth", unit: "bytes", amount: |spent| spent.memory_bytes };
const MAJFLT: Counter = Counter { metric: "majflt", unit: "faults", amount: |spent| spent.majflt };
const SWAP: Counter =
    Counter { metric: "swap_growth", unit: "bytes", amount: |spent| spent.swap_bytes };

/// Culprits and victims of a condition on the host; other entities name themselves.
pub(crate) fn rank(window: &Window, kind: Kind, entity: &Entity) -> (Vec<Culprit>, Vec<Culprit>) {
    let culprits = match kind {
        Kind::LoadMismatch | Kind::Scheduler => by(window, entity, &CPU),
        Kind::IoCongestion | Kind::BlockDeviceSaturation => by(window, entity, &IO),
        Kind::MemoryPressure => {
            let growing = by(window, entity, &GROWTH);
            let floor = GROWTH_FLOOR_BYTES as f64;
            let grows = growing.first().is_some_and(|culprit| culprit.amount >= floor);
            if grows { growing } else { by(window, entity, &MAJFLT) }
        }
        Kind::SwapThrashing => {
            let growing = by(window, entity, &SWAP);
            if growing.is_empty() { by(window, entity, &MAJFLT) } else { growing }
        }
        Kind::PageFault => by(window, entity, &MAJFLT),
        Kind::NetworkDegradation | Kind::TcpExhaustion | Kind::Syscall => Vec::new(),
    };
    (culprits, Vec::new())
}

/// Processes that belong to the entity, most of `counter` first.
fn by(window: &Window, entity: &Entity, counter: &Counter) -> Vec<Culprit> {
    let Some(at) = window.processes.at() else { return Vec::new() };
    let mut candidates: Vec<(u64, &Process)> = window
        .processes
        .iter()
        .filter(|known| belongs(&known.row, entity))
        .map(|known| ((counter.amount)(&known.consumption(at)), &known.row))
        .filter(|(amount, row)| *amount > 0 && row.pid() != Some(window.host().recorder_pid))
        .collect();
    candidates.sort_by_key(|(amount, row)| (core::cmp::Reverse(*amount), row.pid()));
    let total: u64 = candidates.iter().map(|(amount, _)| *amount).sum();
    let mut named: Vec<Culprit> = candidates
        .iter()
        .take(NAMED)
        .map(|(amount, row)| culprit(row, counter, *amount, total))
        .collect();
    let next = named.get(1).map_or(0.0, |second| second.amount);
    if let Some(first) = named.first_mut() {
        first.convicted = first.share >= CONVICT_SHARE && first.amount >= CONVICT_LEAD * next;
    }
    named
}

fn belongs(row: &Process, entity: &Entity) -> bool {
    match entity {
        Entity::Cgroup(_, path) => row.cgroup().is_some_and(|own| own.starts_with(path)),
        Entity::Host
        | Entity::Disk(_)
        | Entity::Nic(_)
        | Entity::NicOf(..)
        | Entity::Filesystem(_)
        | Entity::Netns(_)
        | Entity::Process(..) => true,
    }
}

fn culprit(row: &Process, counter: &Counter, amount: u64, total: u64) -> Culprit {
    Culprit {
        entity: Entity::Process(row.pid().unwrap_or(0), row.start_ticks().unwrap_or(0)),
        comm: row.comm().map(text),
        metric: counter.metric,
        amount: amount as f64,
        unit: counter.unit,
        share: amount as f64 / total as f64,
        convicted: false,
    }
}
