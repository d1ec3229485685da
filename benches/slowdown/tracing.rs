//! A recorder with all tracers at 1 Hz that runs beside what is measured.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::{Body, Delivery, Input};
use ks_vocabulary::model::{Sample, SyscallTrace};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const KS: &str = env!("CARGO_BIN_EXE_ks");

/// A recorder that ends with the value.
pub(crate) struct Tracing {
    child: Child,
    folder: TempDir,
}

impl Tracing {
    /// Starts to record, and returns when the first sample is written.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(KS);
        command.args(["record", "-o"]).arg(folder.path().join("x.parquet"));
        let child = command.stderr(Stdio::null()).spawn().unwrap();
        let tracing = Self { child, folder };
        let begun = (0..1000).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            // What stands before the first sample is far smaller.
            let log = std::fs::metadata(tracing.path().with_extension("parquet.log"));
            log.is_ok_and(|log| log.len() > 4096)
        });
        assert!(begun, "the recorder has begun within 10 s");
        tracing
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("x.parquet")
    }

    /// The recorder's process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the recording and reads it.
    pub(crate) fn finish(mut self) -> Vec<Input> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
        let mut reader = Reader::open(&[self.path()]).unwrap();
        std::iter::from_fn(|| reader.next().unwrap().cloned()).collect()
    }
}

impl Drop for Tracing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The samples of a recording, each with its input.
pub(crate) fn samples(inputs: &[Input]) -> impl Iterator<Item = (&Input, &Sample)> {
    inputs.iter().filter_map(|input| match &input.body {
        Body::Sample(sample) => Some((input, sample.as_ref())),
        Body::Start(_)
        | Body::SourceState(_)
        | Body::ClockStep(_)
        | Body::Gap(_)
        | Body::Tick
        | Body::ConfigChange(_)
        | Body::Answer(_)
        | Body::Other(_) => None,
    })
}

/// Tracers that this kernel does not take.
pub(crate) fn absent(inputs: &[Input]) -> BTreeSet<&str> {
    let mut absent = BTreeSet::new();
    for input in inputs {
        let states = match &input.body {
            Body::Start(start) => start.sources.as_slice(),
            Body::SourceState(state) => std::slice::from_ref(state),
            Body::Sample(_)
            | Body::ClockStep(_)
            | Body::Gap(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => &[],
        };
        for state in states.iter().filter(|state| state.source.starts_with("bpf/")) {
            if state.state == Delivery::Absent {
                absent.insert(state.source.as_str());
            }
        }
    }
    absent
}

/// Whether the latency of calls was measured at this tick.
pub(crate) fn times_calls(sample: &Sample) -> bool {
    sample.bpf_syscall.first().and_then(SyscallTrace::timed).unwrap_or(false)
}
