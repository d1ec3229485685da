//! `ks trace`: single events of the kernel, and those that `ks record --events` prints beside.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use ks_ebpf::Kernel;
use ks_ebpf::events::EventStream;
use ks_ebpf::layout::Event;
use ks_recorder::clock;

use crate::cli::{self, EventTracer};
use crate::event_line::Wording;
use crate::pace::Pace;
use crate::{render, stdout};

/// Time between two looks at the ring, which holds some ten thousand events.
const PERIOD: Duration = Duration::from_millis(20);

pub(crate) fn run(arguments: &cli::Trace) -> anyhow::Result<()> {
    let mut pace = Pace::new(PERIOD, arguments.duration)?;
    let mut printer = Printer::open(&arguments.tracers, arguments.json)?;
    let mut printed = Ok(());
    while printed.is_ok() && pace.wait() {
        printed = printer.print();
    }
    let printed = printed.and_then(|()| printer.print());
    printer.tell_lost();
    stdout::unless_closed(printed.map_err(anyhow::Error::from))
}

/// Prints events as they come.
struct Printer {
    stream: EventStream,
    wording: Wording,
    json: bool,
    taken: Vec<Event>,
    lost: u64,
}

impl Printer {
    fn open(tracers: &[EventTracer], json: bool) -> anyhow::Result<Self> {
        let names: Vec<&str> = tracers.iter().map(|tracer| tracer.name()).collect();
        let failed = || format!("cannot trace {}", names.join(", "));
        let kernel = Kernel::open().with_context(failed)?;
        let stream = EventStream::open(&kernel, &names).with_context(failed)?;
        for limit in stream.limits() {
            render::note(limit);
        }
        let wording = Wording::new(clock::anchor());
        Ok(Self { stream, wording, json, taken: Vec::new(), lost: 0 })
    }

    /// Prints what came since the last call, in order of time: CPUs write as they come by.
    fn print(&mut self) -> io::Result<()> {
        self.taken.clear();
        self.stream.take(|event| self.taken.push(*event));
        self.taken.sort_by_key(|event| event.at_ns);
        let mut out = stdout::stream();
        for event in &self.taken {
            let line = if self.json { self.wording.json(event) } else { self.wording.text(event) };
            writeln!(out, "{line}")?;
        }
        let lost = self.stream.lost();
        if self.json && lost > self.lost {
            writeln!(out, "{{\"event\":\"lost\",\"count\":{}}}", lost - self.lost)?;
        }
        self.lost = lost;
        out.flush()
    }

    fn tell_lost(&self) {
        if self.lost > 0 {
            render::note(&format!("{} events were lost: they came faster than read", self.lost));
        }
    }
}

/// Attaches programs whose events a thread is to print beside a recording.
pub(crate) fn attach(tracers: &[EventTracer]) -> anyhow::Result<Attached> {
    Printer::open(tracers, true).map(Attached)
}

/// Programs that are attached, with no thread to print yet.
pub(crate) struct Attached(Printer);

impl Attached {
    /// Prints from now on. What ends the printing does not end the recording.
    pub(crate) fn start(self) -> Printing {
        let mut printer = self.0;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut printed = Ok(());
            while printed.is_ok() && !stopped.load(Ordering::Relaxed) {
                printed = printer.print();
                std::thread::sleep(PERIOD);
            }
            let printed = printed.and_then(|()| printer.print());
            printer.tell_lost();
            printed
        });
        Printing { stop, thread }
    }
}

/// A thread that prints.
pub(crate) struct Printing {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<io::Result<()>>,
}

impl Printing {
    /// Prints what is left and ends.
    pub(crate) fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        // A thread that panicked has said so.
        let printed = self.thread.join().unwrap_or(Ok(()));
        if let Err(error) = stdout::unless_closed(printed.map_err(anyhow::Error::from)) {
            render::note(&format!("events: {error:#}"));
        }
    }
}
