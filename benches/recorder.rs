//! CPU time of a tick against a bare loop that opens the same files once and only preads them.
//!
//! The files are those that the recorder keeps open, found in `/proc/self/fd`; the loop makes just
//! the reads that bring data. Both run at 1 Hz side by side, so they see the same host. Pass
//! `KS_BENCH_SECONDS` for a longer run.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a bench prints, and fails by unwrap"
)]

mod mix;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use ks_ebpf::Kernel;
use ks_ebpf::processes::ProcessIterator;
use ks_recorder::absence::Absence;
use ks_recorder::clock;
use ks_recorder::format::writer::Writer;
use ks_recorder::host_fs::{Buffer, HostFs};
use ks_recorder::recorder::{Options, Recorder};
use ks_recorder::sampler::{Context, RunTimes, Sampler, States};
use ks_recorder::samplers;
use ks_vocabulary::input::Stamp;
use ks_vocabulary::model::Sample;
use mix::Mix;

const ROUNDS: u64 = 200;

/// A file of the floor, with the number of reads that bring data.
struct Bare {
    file: File,
    reads: usize,
}

/// Files that the recorder keeps open below `/proc` and `/sys`.
fn kept_open() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    targets.filter(|path| path.is_file() && is_kernels(path)).collect()
}

fn is_kernels(path: &Path) -> bool {
    path.starts_with("/proc") || path.starts_with("/sys")
}

fn open_bare(paths: &[PathBuf], buffer: &mut [u8]) -> Vec<Bare> {
    let mut bare = Vec::new();
    for path in paths {
        let Ok(file) = File::open(path) else { continue };
        let (mut offset, mut reads) = (0, 0);
        while let Ok(count @ 1..) = file.read_at(buffer, offset) {
            offset += count as u64;
            reads += 1;
        }
        bare.push(Bare { file, reads: reads.max(1) });
    }
    bare
}

fn read_bare(files: &[Bare], buffer: &mut [u8]) {
    for bare in files {
        let mut offset = 0;
        for _ in 0..bare.reads {
            offset += bare.file.read_at(buffer, offset).unwrap_or(0) as u64;
        }
    }
}

fn cpu_ns(work: impl FnOnce()) -> u64 {
    let begin = clock::process_cpu_ns();
    work();
    clock::process_cpu_ns() - begin
}

fn measure(name: &str, options: Options, seconds: u64, limit: f64) {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(&folder.path().join("x.parquet"), true).unwrap();
    let mut recorder = Recorder::new(Path::new("/"), 1_000_000_000, options);
    let mut stamp = Stamp::default();
    let (at, start) = recorder.start(0);
    writer.append(stamp.make(at, start)).unwrap();
    let mut tick = || {
        recorder.tick(false, false);
        while let Some((at, body)) = recorder.next() {
            writer.append(stamp.put(at, body)).unwrap();
        }
    };
    let mut buffer = vec![0; 64 * 1024];
    for _ in 0..3 {
        tick();
        std::thread::sleep(Duration::from_secs(1));
    }
    let bare = open_bare(&kept_open(), &mut buffer);
    let (mut recorder_ns, mut floor_ns) = (0, 0);
    for second in 0..seconds {
        std::thread::sleep(Duration::from_secs(1));
        // Whoever comes second finds the kernel's code and data in the caches.
        if second % 2 == 0 {
            floor_ns += cpu_ns(|| read_bare(&bare, &mut buffer));
        }
        recorder_ns += cpu_ns(&mut tick);
        if second % 2 == 1 {
            floor_ns += cpu_ns(|| read_bare(&bare, &mut buffer));
        }
    }
    let ratio = recorder_ns as f64 / floor_ns as f64;
    println!(
        "{name}: {} us a tick, floor of {} files {} us, ratio {ratio:.2} (target {limit:.2}): {}",
        recorder_ns / seconds / 1000,
        bare.len(),
        floor_ns / seconds / 1000,
        if ratio <= limit { "ok" } else { "MISSED" }
    );
}

/// CPU time of each sampler alone, asked again and again: where a miss comes from.
fn by_sampler() {
    let mut passes = Passes::default();
    for mut sampler in samplers::all(Err(Absence::Off("a bench"))) {
        let names = sampler.sources().join(" ");
        let begin = clock::process_cpu_ns();
        for _ in 0..ROUNDS {
            passes.sample(std::slice::from_mut(&mut sampler), false);
        }
        let us = (clock::process_cpu_ns() - begin) / ROUNDS / 1000;
        println!("  {us:6} us {names}");
    }
}

/// The process sampler by the kernel's iterator, against a bare loop over the files of processes
/// that the walk over `/proc` keeps open.
fn by_iterator(seconds: u64, limit: f64) {
    let Ok(iterator) = Kernel::open().and_then(|kernel| ProcessIterator::load(&kernel)) else {
        println!("processes by iterator: skipped: this kernel gives none, or the right is missing");
        return;
    };
    let mut buffer = vec![0; 64 * 1024];
    let options = Options { no_processes: false, no_ebpf: true, max_cpu: None };
    let mut walking = Recorder::new(Path::new("/"), 1_000_000_000, options);
    walking.start(0);
    walking.tick(true, false);
    let files: Vec<_> = kept_open().into_iter().filter(|path| is_of_process(path)).collect();
    let bare = open_bare(&files, &mut buffer);
    drop(walking);
    let mut samplers = samplers::all(Ok(iterator));
    samplers.retain(|sampler| sampler.sources().contains(&"processes"));
    let (mut sampler_ns, mut floor_ns) = (0, 0);
    let mut passes = Passes::default();
    passes.sample(&mut samplers, true);
    for second in 0..seconds {
        std::thread::sleep(Duration::from_secs(1));
        if second % 2 == 0 {
            floor_ns += cpu_ns(|| read_bare(&bare, &mut buffer));
        }
        sampler_ns += cpu_ns(|| passes.sample(&mut samplers, false));
        if second % 2 == 1 {
            floor_ns += cpu_ns(|| read_bare(&bare, &mut buffer));
        }
    }
    let ratio = sampler_ns as f64 / floor_ns as f64;
    println!(
        "processes by iterator: {} us a tick, floor of {} files {} us, ratio {ratio:.2} (target \
         {limit:.2}): {}",
        sampler_ns / seconds / 1000,
        bare.len(),
        floor_ns / seconds / 1000,
        if ratio <= limit { "ok" } else { "MISSED" }
    );
}

fn is_of_process(path: &Path) -> bool {
    let mut parts = path.components().skip(1);
    let (root, name) = (parts.next(), parts.next());
    let is_number = |part: Component<'_>| {
        part.as_os_str().to_str().is_some_and(|name| name.parse::<u32>().is_ok())
    };
    root.is_some_and(|root| root.as_os_str() == "proc") && name.is_some_and(is_number)
}

/// What samplers are given at each tick.
struct Passes {
    host: HostFs,
    buffer: Buffer,
    states: States,
    sample: Sample,
}

impl Default for Passes {
    fn default() -> Self {
        let host = HostFs::new(Path::new("/"));
        let (buffer, states) = (Buffer::default(), States::default());
        Self { host, buffer, states, sample: Sample::default() }
    }
}

impl Passes {
    fn sample(&mut self, samplers: &mut [Box<dyn Sampler>], keyframe: bool) {
        self.sample.clear();
        let mut context = Context {
            host: &self.host,
            buffer: &mut self.buffer,
            states: &mut self.states,
            tick: clock::now(),
            keyframe,
            detail: false,
            budget: &mut ks_recorder::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut RunTimes::new(),
            measures_run_time: false,
        };
        for sampler in samplers {
            sampler.sample(&mut context, &mut self.sample);
        }
    }
}

fn main() {
    mix::play_role();
    by_sampler();
    let seconds = mix::seconds(20);
    measure(
        "host only",
        Options { no_processes: true, no_ebpf: true, max_cpu: None },
        seconds,
        2.0,
    );
    let mix = Mix::start(100, 400, 0);
    println!("{} processes of ours, 100 of them busy", mix.children.len());
    measure(
        "500 processes",
        Options { no_processes: false, no_ebpf: true, max_cpu: None },
        seconds,
        1.3,
    );
    by_iterator(seconds, 1.0 / 3.0);
    drop(mix);
    let rss_kb = mix::status_kb(std::process::id(), "VmHWM").unwrap();
    println!("resident at most {} MB, the floor's files included", rss_kb / 1024);
}
