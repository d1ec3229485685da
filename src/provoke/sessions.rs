//! A server and work that starves it, in one session or in two: what a nice level can help, and
//! what only that of a session can.
//!
//! They run as a user of their own and in the topmost control groups, where sessions share the CPUs
//! as such (`sched(7)`, autogroups), so that whoever acts may act on them.

use std::thread::available_parallelism;

use ks_vocabulary::kind::Kind;

use super::job::{Member, Provoker, Task};
use super::made::Made;
use super::staged::{Stage, on_host};
use super::workers::Plan;

/// What a connection costs the server, in us of a CPU.
const WORK_US: u64 = 6_000;
/// The part of all CPUs that the server wants: so little that nobody waits while it is alone.
/// Beside work in its own session it is more than its threads get.
const WANTS: f64 = 0.25;
/// The nice level of the server's session where the work has one of its own: of the CPUs that both
/// want it gets a tenth, and half once the other is as nice (`sched(7)`: a level is worth a quarter
/// more or less).
const NICE: u8 = 10;
const BACKLOG: i32 = 32;

/// The work begins with the fault and ends with it; the processes are there all the time.
pub(super) fn hog(intensity: f64, is_one: bool, made: &mut Made) -> anyhow::Result<Stage> {
    let cpus = available_parallelism()?.get();
    let gate = made.folder(1 << 20)?.join("gate");
    let server = Member {
        name: "ks-serve".to_owned(),
        task: Task::Serve { backlog: BACKLOG, threads: threads(cpus, 1.0), work_us: WORK_US },
    };
    let hog = Member {
        name: "ks-hog".to_owned(),
        task: Task::SpinWhile { gate: gate.clone(), threads: threads(cpus, 8.0 * intensity) },
    };
    let sessions = if is_one {
        vec![(0, vec![server, hog])]
    } else {
        vec![(NICE, vec![server]), (0, vec![hog])]
    };
    let provoker = Provoker::this()?;
    for (nice, members) in sessions {
        // Who starts them leaves them: they are no family, whose head would be to blame.
        Plan::new("ks-session", Task::Session { members, nice, provoker }).start()?.wait()?;
    }
    let per_s = WANTS * cpus as f64 * 1e6 / WORK_US as f64;
    let client = Plan::new("ks-client", Task::Connect { per_s, holds_ms: 500 });
    let steady = vec![client.start()?];
    let wrong = [Kind::LoadMismatch, Kind::Scheduler].map(|kind| on_host(kind, "ks-hog"));
    Ok(Stage { steady, gate: Some(gate), wrong: wrong.to_vec(), ..Stage::default() })
}

fn threads(cpus: usize, each: f64) -> u32 {
    let count = ks_scenarios::grain::whole(cpus as f64 * each);
    u32::try_from(count).unwrap_or(u32::MAX).max(1)
}
