//! How many tasks wait for a CPU, and for how long each.

use crate::window::{Latency, RunQueueTrack, Span, Stall, Window};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::model::Cpu;
use ks_vocabulary::time::SECOND_NS;

use super::busy::busy_share;
use super::latency;

/// Tasks that wait for each CPU, in the mean, with which those that run are late (our judgement: a
/// third of the time of each goes into waiting), where they wait for so long between two switches:
/// two compilers on each CPU take turns of a slice.
const WAITING: f64 = 0.5;
const WAITED_NS: u64 = 5 * SECOND_NS;
/// The 99th percentile of waits from which on they are a verdict (`scheduler`, low), in ms.
pub(super) const LATE_MS: f64 = 5.0;
/// What a task is given at least before another takes its turn, on eight CPUs and more (kernel,
/// `sysctl_sched_min_granularity` and `sysctl_sched_base_slice`): who waits for less than that in
/// the mean, waits for tasks that run for a moment.
const SLICE_S: f64 = 0.003;
/// Tasks that wait for one CPU in the mean, and how long for each turn in seconds, with which they
/// are late on it: of three that take turns each waits for two thirds of the time, and one that is
/// kept waiting for a twentieth of a second is late whoever else runs (our judgement, between
/// medium and high of waits).
const LATE: [(f64, f64); 2] = [(2.0, 0.005), (0.5, 0.05)];
/// Waits of fewer tasks for one CPU are nothing (`scheduler`, low).
const FEW: f64 = 0.10;
/// Part of the work of CPUs that run queues have to know of before what they say is believed (our
/// judgement; the rest may be interrupts and stolen time).
const KNOWN: f64 = 1.0 / 3.0;
/// The same of stalls: while some task waits at least one does, and readings differ.
const STALLED: f64 = 0.5;

/// The mean number of tasks that wait for each CPU, as CPUs count it.
pub(super) fn waiting_per_cpu(window: &Window) -> Option<f64> {
    Some(waiting(window)? / window.cpu.one().ok()?.cpus_online()?.max(1) as f64)
}

/// The most that a share of stalled time amounts to, as waits say: by the tracer, else by the mean
/// number that waits, as the accounting of processes or of CPUs tells it, and how long it does for
/// each switch. `None` where tasks run late, or nobody knows.
pub(super) fn most(window: &Window) -> Option<Severity> {
    let counted = window.latencies.over(&Latency::RunQueue, Span::Ten).ok();
    let counted = counted.filter(|counted| counted.total() >= latency::ENOUGH);
    let short = are_short(window);
    if let Some(p99) = counted.and_then(|counted| counted.quantile(0.99)) {
        let is_late = p99.value / 1e6 >= LATE_MS;
        let most = if short == Some(false) { Severity::Medium } else { Severity::Low };
        return (!is_late).then_some(most);
    }
    let by_process =
        window.processes.waited().over(WAITED_NS).map(|(batch, others)| batch + others);
    let waiting = by_process.or_else(|| waiting(window))?;
    let cpus = window.cpu.one().ok()?.cpus_online()?.max(1) as f64;
    if waiting / cpus < WAITING {
        return Some(if short == Some(true) { Severity::Low } else { Severity::Medium });
    }
    let switches = window.cpu.step().and_then(|step| step.rate("ctxt", Cpu::context_switches));
    let takes_turns = switches.is_ok_and(|switches| waiting < switches * LATE_MS / 1e3);
    takes_turns.then_some(Severity::Medium)
}

/// Whether tasks run late on some CPU, where each tells: those who are pinned to a few CPUs of many
/// are few in the mean over the host.
pub(super) fn is_late_on_some(window: &Window) -> bool {
    let is_late = |track: &RunQueueTrack| {
        let told = track.waiting(WAITED_NS).ok().zip(track.wait_s(WAITED_NS).ok());
        told.is_some_and(|(waiting, wait_s)| {
            LATE.iter().any(|(tasks, least_s)| waiting >= *tasks && wait_s >= *least_s)
        })
    };
    tracks(window).is_some_and(|mut tracks| tracks.any(is_late))
}

/// The mean number of tasks that wait, over all CPUs.
fn waiting(window: &Window) -> Option<f64> {
    let each = tracks(window)?.filter_map(|track| track.waiting(WAITED_NS).ok());
    each.reduce(|all, one| all + one)
}

/// Whether no CPU keeps tasks waiting for long, where each tells: means over a host hide the one on
/// which many are pinned.
fn are_short(window: &Window) -> Option<bool> {
    let mut known = None;
    for track in tracks(window)? {
        let is_few = track.waiting(WAITED_NS).ok()? < FEW;
        let is_short = is_few || track.wait_s(WAITED_NS).ok()? < SLICE_S;
        known = Some(known.unwrap_or(true) && is_short);
    }
    known
}

/// The run queues of all CPUs, where they are of the CPUs that work, and of the tasks that wait.
fn tracks(window: &Window) -> Option<impl Iterator<Item = &RunQueueTrack>> {
    window.sched.at().filter(|_| window.sched.is_fresh())?;
    let is_believed =
        knows_of_work(window) != Some(false) && knows_of_stalls(window) != Some(false);
    is_believed.then_some(())?;
    Some(window.sched.entities().map(|(.., track)| track))
}

/// Whether the run queues know of the work that CPUs are told to do: in a container either file may
/// be of the container or of its host. `None` where one of them does not tell.
fn knows_of_work(window: &Window) -> Option<bool> {
    let running = window.sched.entities().map(|(.., track)| track.running(WAITED_NS).ok());
    let running = running.sum::<Option<f64>>()?;
    let step = window.cpu.step().ok()?;
    let cpus = step.after.cpus_online()?.max(1) as f64;
    Some(running / cpus >= KNOWN * busy_share(&step).ok()?)
}

/// Whether the run queues know of those whose waits stall shares tell; `None` where nobody tells of
/// stalls, or hardly any task waits. Groups that meet their quota stall and are in no queue.
fn knows_of_stalls(window: &Window) -> Option<bool> {
    let track = window.pressure.track().ok().filter(|_| window.pressure.is_fresh())?;
    let stalled = track.share(Stall::CpuSome, WAITED_NS).ok().filter(|some| *some >= FEW)?;
    let waiting = window.sched.entities().map(|(.., track)| track.waiting(WAITED_NS).ok());
    Some(waiting.sum::<Option<f64>>()? >= STALLED * stalled)
}
