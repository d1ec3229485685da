//! Tasks that sleep uninterruptibly without an end: a server or a device does not answer.

use crate::board::{Evaluation, Held, Quantity, Relax};
use crate::window::{Paging, Window};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Load;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::super::sleepers::unseen;

/// Tasks that slept uninterruptibly at every reading of so long, at low, medium and high, for each
/// CPU and at least (our judgement: the load that is low, medium and high of the host, halved since
/// none of them will end soon). One alone may be a parent that waits for its `vfork`.
const STUCK_NS: u64 = 30 * SECOND_NS;
const STUCK_PER_CPU: [f64; 3] = [0.0, 0.5, 2.0];
const STUCK_LEAST: [f64; 3] = [2.0, 4.0, 16.0];
/// The kernel looks for hung tasks every two minutes, unless it is told otherwise
/// (`hung_task_timeout_secs`).
const HUNG_CLEAR_S: u64 = 180;
/// Load that agrees with stuck tasks, as their share: it is a mean over a minute, and has come to
/// two fifths of them when they are told ([`STUCK_NS`]). Groups that are frozen sleep as well in
/// version 1, and are no load.
const AGREES: f64 = 0.3;

/// Whether a limit for each CPU might be reached.
pub(super) fn wants_cpus(window: &Window) -> bool {
    window.sufferers.stuck(window.mono(), STUCK_NS) as f64 >= STUCK_LEAST[1]
}

/// Grades what does not end, by whatever tells of it.
pub(super) fn grade(seen: &mut Evaluation, window: &Window, cpus: Option<f64>) {
    for part in [grade_stuck, grade_load, grade_hung] {
        let before = seen.mask();
        part(seen, window, cpus);
        if seen.mask() > before {
            seen.subtype = Some(Subtype::Blocked);
        }
    }
}

/// Tasks that no reading met awake: a server or a device does not answer. Stall shares need not
/// know of them, since not every such sleep counts as one for I/O.
fn grade_stuck(seen: &mut Evaluation, window: &Window, cpus: Option<f64>) {
    let stuck = window.sufferers.stuck(window.mono(), STUCK_NS) as f64;
    if stuck < STUCK_LEAST[0] {
        return;
    }
    let of_programs = window.sufferers.stuck_of(window.mono(), STUCK_NS, |key| {
        window.processes.find(key).is_none_or(|known| !known.is_kernels())
    });
    let load = window.load.one().ok().and_then(Load::load1);
    let agrees = load.is_none_or(|load| load >= AGREES * stuck);
    let limit = |level: usize| Some(STUCK_LEAST[level].max(STUCK_PER_CPU[level] * cpus?));
    let by_programs = |level| limit(level).filter(|limit| agrees && of_programs as f64 >= *limit);
    let limits = [Some(STUCK_LEAST[0]), by_programs(1), by_programs(2), None];
    let quantity = Quantity { metric: Metric::StuckTasks30s, value: stuck, limits };
    seen.grade(quantity, Held::Met, Relax::Scaled);
}

/// Tasks that only the load average tells of: threads beside a leader that is awake, where no more
/// than leaders are read. It is the mean of a minute, and nothing else agrees: each limit is that
/// of the severity above among tasks that are met.
fn grade_load(seen: &mut Evaluation, window: &Window, cpus: Option<f64>) {
    let load = window.load.one().ok().and_then(Load::load1);
    let Some(load) = load.filter(|load| *load >= STUCK_LEAST[0]) else { return };
    let (Some(unseen), Some(cpus)) = (unseen(window), cpus) else { return };
    let limit = |level: usize| STUCK_LEAST[level].max(STUCK_PER_CPU[level] * cpus);
    // The part of the load that others make up is beside the question.
    let limits = [1, 2].map(|level| Some(limit(level) + load - unseen));
    let quantity =
        Quantity { metric: Metric::Load1, value: load, limits: [limits[0], limits[1], None, None] };
    if unseen >= STUCK_LEAST[0] {
        seen.grade(quantity, Held::Met, Relax::Scaled);
    }
}

/// Tasks of which the kernel itself says that they hang. It alone says so: medium.
fn grade_hung(seen: &mut Evaluation, window: &Window, _: Option<f64>) {
    let hung = window.vm.track().ok().filter(|_| window.vm.is_fresh());
    let hung = hung.and_then(|track| track.over(Paging::HungTask, 1).ok());
    let Some(hung) = hung.map(|growth| growth.by) else { return };
    if hung == 0 {
        return seen.none_of(Metric::HungTasks);
    }
    seen.note_with(Metric::HungTasks, hung as f64, [None, Some(1.0), None, None]);
    seen.event(Severity::Medium, true, HUNG_CLEAR_S);
}
