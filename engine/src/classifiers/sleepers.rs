//! Who waits for storage beside what stall shares say: tasks in uninterruptible sleep, and requests
//! in flight.

use crate::window::{Account, DiskWork, Known, ProcessKey, Window};
use ks_vocabulary::time::{SECOND_NS, seconds};

use super::busy::busy_share;

const SHORT_NS: u64 = 5 * SECOND_NS;
/// Busy share of CPUs from which on the load average tells of runnable tasks (our judgement).
const BUSY: f64 = 0.5;
/// How many tasks of the host sleep uninterruptibly, in the mean; `None` where nobody tells.
pub(super) fn asleep(window: &Window) -> Option<f64> {
    let seen = window.sufferers.mean_asleep(|_| true);
    let by_load = seen.filter(|_| !reads_threads(window)).and_then(|_| by_load(window));
    [seen, by_load].into_iter().flatten().reduce(f64::max)
}

/// Whether sleeping threads are read, and not those alone that lead their process: what walks all
/// of them tells how long each waited, too.
pub(super) fn reads_threads(window: &Window) -> bool {
    window.processes.waited().over(1).is_some()
}

/// How many tasks of programs wait for I/O at once, in the mean: those that sleep, since readahead
/// keeps several requests of one task in flight. Where threads may be hidden that nobody tells of,
/// requests in flight may be theirs; `None` where nobody tells.
pub(super) fn waiting(window: &Window) -> Option<f64> {
    let of_programs = programs_asleep(window);
    let hidden = if reads_threads(window) { Some(0.0) } else { hidden_by_load(window) };
    match (of_programs, hidden) {
        (Some(seen), Some(hidden)) => Some(seen + hidden),
        (seen, _) => [seen, in_flight(window)].into_iter().flatten().reduce(f64::max),
    }
}

/// Whether one program alone sleeps, which makes up such a share of the sleeps of the last seconds:
/// a process of one thread, or as many requests as one thread has in flight (`one`) where it has
/// more.
pub(super) fn is_lone(window: &Window, share: f64, one: f64) -> bool {
    let sleeps = window.sufferers.asleep();
    let of_programs = sleeps.iter().filter(|(key, _)| is_program(window, *key));
    let (mut sum, mut most, mut largest) = (0.0, 0.0, None);
    for (key, asleep) in of_programs {
        sum += asleep;
        if *asleep > most {
            (most, largest) = (*asleep, window.processes.find(*key));
        }
    }
    let tells_of_others = || reads_threads(window) || by_load(window).is_some();
    let has_one_thread = match largest {
        Some(known) => known.row.threads() == Some(1),
        // Short sleeps are met by chance: more than one would have been.
        None => sum <= 0.0 && tells_of_others(),
    };
    most >= share * sum && (has_one_thread || in_flight(window).is_none_or(|asked| asked < one))
}

/// How many tasks of programs are met in uninterruptible sleep, in the mean. Threads of the kernel
/// wait by design, such as that which checks an array.
pub(super) fn programs_asleep(window: &Window) -> Option<f64> {
    window.sufferers.mean_asleep(|key| is_program(window, key))
}

fn is_program(window: &Window, key: ProcessKey) -> bool {
    !window.processes.find(key).is_some_and(Known::is_kernels)
}

/// How many tasks the load average knows to sleep that were not met.
fn hidden_by_load(window: &Window) -> Option<f64> {
    let seen = window.sufferers.mean_asleep(|_| true)?;
    Some((by_load(window)? - seen).max(0.0))
}

/// Bytes a second that the programs read and wrote which are met asleep, of those that `counts`.
pub(super) fn bytes_of_sleepers(window: &Window, counts: impl Fn(&Known) -> bool) -> f64 {
    let sleepers = window.sufferers.asleep();
    let known = sleepers.iter().filter_map(|(key, _)| window.processes.find(*key));
    let rates = known.filter(|known| counts(known)).map(|known| {
        let moved = known.consumption(window.mono()).of(Account::IoBytes);
        let ns = window.processes.lately_ns(known).max(1);
        moved as f64 / seconds(ns)
    });
    rates.sum()
}

/// How many tasks more than are met asleep, or have requests in flight, sleep uninterruptibly by
/// the load average; `None` where threads are read, or nobody tells.
pub(super) fn unseen(window: &Window) -> Option<f64> {
    let by_load = by_load(window).filter(|_| !reads_threads(window))?;
    let seen = window.sufferers.mean_asleep(|_| true)?;
    Some((by_load - seen.max(in_flight(window).unwrap_or(0.0))).max(0.0))
}

/// Tasks that sleep uninterruptibly by the load average, which counts them beside those that run.
/// Where CPUs are at work it is made up of others.
fn by_load(window: &Window) -> Option<f64> {
    let load1 = window.load.one().ok()?.load1()?;
    let running = window.cpu.one().ok()?.procs_running()?;
    let is_idle = busy_share(&window.cpu.step().ok()?).ok()? < BUSY;
    is_idle.then(|| (load1 - running as f64).max(0.0))
}

/// Requests in flight over all disks: by their time over the last five seconds, and at the last
/// reading, since the time of a request counts when it is done. `None` where no disk tells.
pub(super) fn in_flight(window: &Window) -> Option<f64> {
    window.disks.at().filter(|_| window.disks.is_fresh())?;
    let each = window.disks.entities().filter_map(|(_, row, track)| {
        let by_time = track.over(DiskWork::Queued, SHORT_NS).ok();
        let by_time = by_time.map(|time| time.per_second() / 1000.0);
        let known = [by_time, row.in_flight().map(|requests| requests as f64)];
        known.into_iter().flatten().reduce(f64::max)
    });
    each.reduce(|all, one| all + one)
}
