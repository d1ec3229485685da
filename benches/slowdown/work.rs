//! The programs whose slowdown is measured: system calls, and switches between two threads.

use std::hint::black_box;
use std::io::{Read, Write};

use ks_recorder::clock;
use ks_vocabulary::time::SECOND_NS;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// What a program does in each of its rounds.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// One getpid.
    Calls,
    /// A byte goes to another thread and comes back: two switches and four calls.
    Switches,
}

/// What a program took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// CPU time of the process.
    pub(crate) cpu_ns: u64,
    /// Time from its beginning to its end.
    pub(crate) wall_ns: u64,
}

impl Work {
    /// What is measured.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Calls => "getpid",
            Self::Switches => "ping-pong over pipes",
        }
    }

    /// Rounds a second at the rate of the target: 50,000 calls, or 20,000 switches.
    pub(crate) fn rounds_per_sec(self) -> u64 {
        match self {
            Self::Calls => 50_000,
            Self::Switches => 10_000,
        }
    }

    /// Does `rounds`, with `steps` of computation after each, on one CPU.
    pub(crate) fn run(self, rounds: u64, steps: u64) -> Cost {
        // In a thread of its own: the recorders that this process starts may use any CPU.
        let work = move || {
            stay_on_one_cpu();
            match self {
                Self::Calls => call(rounds, steps),
                Self::Switches => ping_pong(rounds, steps),
            }
        };
        std::thread::spawn(work).join().expect("the work does not panic")
    }

    /// Steps of computation after a round with which the rounds come at the rate of the target.
    pub(crate) fn steps_at_rate(self) -> u64 {
        const ROUNDS: u64 = 20_000;
        const PROBE: u64 = 10_000;
        // The first run finds nothing in the caches.
        self.run(ROUNDS, 0);
        let bare_ns = self.run(ROUNDS, 0).cpu_ns;
        let probe_ns = self.run(ROUNDS, PROBE).cpu_ns.saturating_sub(bare_ns).max(1);
        let wanted_ns = ROUNDS * SECOND_NS / self.rounds_per_sec();
        wanted_ns.saturating_sub(bare_ns) * PROBE / probe_ns
    }
}

/// Keeps this thread, and those that it starts, on the last CPU that it may use.
fn stay_on_one_cpu() {
    let allowed = sched_getaffinity(None).unwrap();
    let last = (0..CpuSet::MAX_CPU).rev().find(|cpu| allowed.is_set(*cpu));
    let mut only = CpuSet::new();
    only.set(last.expect("it runs on some CPU"));
    sched_setaffinity(None, &only).unwrap();
}

fn measured(work: impl FnOnce()) -> Cost {
    let (cpu_ns, begin) = (clock::process_cpu_ns(), clock::now());
    work();
    Cost { cpu_ns: clock::process_cpu_ns() - cpu_ns, wall_ns: clock::now().since_ns(begin) }
}

fn call(rounds: u64, steps: u64) -> Cost {
    measured(|| {
        for _ in 0..rounds {
            black_box(rustix::process::getpid());
            compute(steps);
        }
    })
}

fn ping_pong(rounds: u64, steps: u64) -> Cost {
    let (mut here, mut to_here) = std::io::pipe().unwrap();
    let (mut there, mut to_there) = std::io::pipe().unwrap();
    let peer = std::thread::spawn(move || {
        let mut byte = [0];
        while there.read_exact(&mut byte).is_ok() {
            to_here.write_all(&byte).unwrap();
        }
    });
    let cost = measured(|| {
        let mut byte = [0];
        for _ in 0..rounds {
            to_there.write_all(&byte).unwrap();
            here.read_exact(&mut byte).unwrap();
            compute(steps);
        }
    });
    drop(to_there);
    peer.join().expect("the peer does not panic");
    cost
}

/// Computation that no compiler shortens.
fn compute(steps: u64) {
    let mut state = steps;
    for _ in 0..steps {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state = black_box(state);
    }
}
