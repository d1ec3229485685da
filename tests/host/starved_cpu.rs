//! Run-queue waits of one CPU, held against `/proc/PID/schedstat` of the processes kept on it.

use std::process::Command;
use std::time::Duration;

use ks_recorder::clock;
use ks_vocabulary::histogram::bounds;
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::{SECOND_NS, Timestamp};
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::recorded::{Recorded, close};
use crate::{Own, skipped};

/// Two that want the CPU all the time, and one that hardly gets it.
const NICE: [&str; 3] = ["0", "0", "19"];
const STARVED: usize = 2;

/// CPU time and run-queue wait of a process so far.
#[derive(Debug, Clone, Copy)]
struct Spent {
    ran_ns: u64,
    waited_ns: u64,
}

/// What the processes had spent at a time.
#[derive(Debug, Clone, Copy)]
struct Reading {
    at: Timestamp,
    spent: [Spent; NICE.len()],
}

impl Reading {
    /// Nothing where the kernel does not count.
    fn of(processes: &[Own; NICE.len()]) -> Option<Self> {
        let mut spent = [Spent { ran_ns: 0, waited_ns: 0 }; NICE.len()];
        for (spent, process) in spent.iter_mut().zip(processes) {
            let path = format!("/proc/{}/schedstat", process.0.id());
            let text = std::fs::read_to_string(path).ok()?;
            let mut fields = text.split_whitespace().map_while(|field| field.parse().ok());
            *spent = Spent { ran_ns: fields.next()?, waited_ns: fields.next()? };
        }
        Some(Self { at: clock::now(), spent })
    }

    /// How far the readings went in a span, each process on its own.
    fn between(readings: &[Self], begin: Timestamp, end: Timestamp) -> [Spent; NICE.len()] {
        let near = |time: Timestamp| {
            let nearest = readings.iter().min_by_key(|reading| reading.at.0.abs_diff(time.0));
            nearest.expect("there are readings").spent
        };
        let (before, after) = (near(begin), near(end));
        std::array::from_fn(|at| Spent {
            ran_ns: after[at].ran_ns - before[at].ran_ns,
            waited_ns: after[at].waited_ns - before[at].waited_ns,
        })
    }
}

/// A process that never blocks, kept on one CPU.
fn spin(cpu: usize, nice: &str) -> Own {
    let mut command = Command::new("nice");
    let child = command.args(["-n", nice, "sh", "-c", "while :; do :; done"]).spawn().unwrap();
    let mut only = CpuSet::new();
    only.set(cpu);
    sched_setaffinity(Some(Pid::from_child(&child)), &only).unwrap();
    Own(child)
}

fn waited_ns(sample: &Sample, cpu: usize) -> Option<u64> {
    let mut rows = sample.bpf_scheduler.iter();
    rows.find(|row| row.cpu() == Some(cpu as u64))?.wait_ns()
}

/// The least and the most that all waits in the histograms of these ticks can sum up to.
fn bounds_of_waits(ticks: &[(Timestamp, &Sample)], cpu: usize) -> (u64, u64) {
    let entity = format!("cpu{cpu}").into_bytes();
    let rows = ticks.iter().flat_map(|(_, sample)| sample.bpf_histograms.iter());
    let of_cpu = rows.filter(|row| {
        row.metric() == Some(b"run_queue_ns") && row.entity() == Some(entity.as_slice())
    });
    of_cpu.fold((0, 0), |(least, most), row| {
        let (low, high) = bounds(usize::try_from(row.bucket().unwrap()).unwrap());
        let count = row.count().unwrap();
        (least + low * count, most + high * count)
    })
}

/// What the tracer saw between the first and the last tick of the readings, and what they say.
fn compare(found: &Recorded, readings: &[Reading], cpu: usize) {
    let (first, last) = (readings[0].at, readings[readings.len() - 1].at);
    let mut ticks = found.ticks();
    ticks.retain(|(at, _)| (first..=last).contains(at));
    let (begin, end) = (ticks[0], ticks[ticks.len() - 1]);
    let spent = Reading::between(readings, begin.0, end.0);
    let sum = |get: fn(&Spent) -> u64| spent.iter().map(get).sum::<u64>();
    let (span_ns, ran_ns) = (end.0.since_ns(begin.0), sum(|spent| spent.ran_ns));
    if ran_ns * 20 < span_ns * 19 {
        return eprintln!("skipped: others used the CPU too: {ran_ns} of {span_ns} ns are ours");
    }
    let traced = waited_ns(end.1, cpu).unwrap() - waited_ns(begin.1, cpu).unwrap();
    eprintln!("{traced} ns of wait, by schedstat {spent:?}");
    assert!(traced >= spent[STARVED].waited_ns, "{traced} ns, {spent:?}");
    close(traced, sum(|spent| spent.waited_ns), 0.1, 0);
    let (least, most) = bounds_of_waits(&ticks[1..], cpu);
    assert!((least..=most).contains(&traced), "{traced} is not within {least} to {most} ns");
}

#[test]
fn waits_of_one_cpu_are_those_of_the_processes_kept_on_it() {
    if skipped() {
        return;
    }
    let allowed = sched_getaffinity(None).unwrap();
    let cpu = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu)).unwrap();
    let mut readings: Vec<Reading> = Vec::new();
    let found = Recorded::while_working(9, || {
        let processes = NICE.map(|nice| spin(cpu, nice));
        let begin = clock::now();
        while clock::now().since_ns(begin) < 6 * SECOND_NS {
            readings.extend(Reading::of(&processes));
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    if readings.is_empty() {
        return eprintln!("skipped: this kernel has no /proc/PID/schedstat");
    }
    if !found.has("bpf/scheduler") {
        return;
    }
    compare(&found, &readings, cpu);
}
