//! `ks record`: records until a signal or the end of the duration, then seals.

use std::os::unix::net::UnixStream;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use ks_engine::time::Timestamp;
use ks_recorder::clock;
use ks_recorder::error::Error;
use ks_recorder::format::writer::Writer;
use ks_recorder::recorder::{Options, Recorder};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::cli;
use crate::render;

pub(crate) fn run(arguments: &cli::Record) -> anyhow::Result<()> {
    let stop = stop_pipe().context("cannot listen for signals")?;
    let interval_ns = u64::try_from(arguments.interval.as_nanos()).context("interval too long")?;
    let mut writer = Writer::create(&arguments.output, arguments.force)?;
    let options = Options { no_processes: arguments.processes == cli::Processes::None };
    let mut recorder = Recorder::new(&arguments.root, interval_ns, options);
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} recording {elapsed}, {pos} ticks, {msg}")
            .expect("the template is valid"),
    );
    let recorded = record(arguments, &stop, interval_ns, &mut recorder, &mut writer, &bar);
    bar.finish_and_clear();
    // Whatever ended the recording, what was written before it is kept.
    let sealed = writer.seal();
    if let Err(error) = recorded {
        let kept = if sealed.is_ok() { "sealed" } else { "kept in its log" };
        return Err(anyhow::Error::from(error).context(format!(
            "recording stopped; what was recorded before is {kept} at `{}`",
            arguments.output.display()
        )));
    }
    sealed?;
    render::note(&format!("`{}` is sealed", arguments.output.display()));
    Ok(())
}

fn record(
    arguments: &cli::Record,
    stop: &UnixStream,
    interval_ns: u64,
    recorder: &mut Recorder,
    writer: &mut Writer,
    bar: &ProgressBar,
) -> Result<(), Error> {
    let start = recorder.start();
    writer.append(&start)?;
    let length_ns = arguments.duration.map(|length| u64::try_from(length.as_nanos()));
    let end = length_ns.map(|ns| start.mono.plus_ns(ns.unwrap_or(u64::MAX)));
    let mut due = start.mono;
    loop {
        let keyframe = writer.wants_keyframe();
        recorder.tick(keyframe, false, |input| writer.append(input))?;
        bar.inc(1);
        bar.set_message(format!("{} kB in the log", writer.log_bytes() / 1024));
        due = next_due(due, interval_ns, clock::now());
        let until = end.map_or(due, |end| end.min(due));
        if wait_until(until, stop) || end.is_some_and(|end| until >= end) {
            return Ok(());
        }
    }
}

/// The next multiple of the interval after `now`: ticks that were missed are missed, and the
/// others do not drift.
fn next_due(due: Timestamp, interval_ns: u64, now: Timestamp) -> Timestamp {
    let late = now.since_ns(due);
    due.plus_ns((late / interval_ns + 1) * interval_ns)
}

/// Sleeps until `until`; true when a signal asks to stop.
fn wait_until(until: Timestamp, stop: &UnixStream) -> bool {
    loop {
        let left_ns = until.since_ns(clock::now());
        let mut descriptors = [PollFd::new(stop, PollFlags::IN)];
        let seconds = i64::try_from(left_ns / 1_000_000_000).unwrap_or(i64::MAX);
        let rest = i64::try_from(left_ns % 1_000_000_000).expect("less than a second");
        let timeout = Timespec { tv_sec: seconds, tv_nsec: rest };
        match poll(&mut descriptors, Some(&timeout)) {
            Ok(0) if left_ns == 0 => return false,
            Ok(0) | Err(_) => {}
            Ok(_) => return true,
        }
    }
}

fn stop_pipe() -> std::io::Result<UnixStream> {
    let (read, write) = UnixStream::pair()?;
    for signal in [SIGINT, SIGTERM] {
        signal_hook::low_level::pipe::register(signal, write.try_clone()?)?;
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_do_not_drift_and_missed_ones_are_missed() {
        let due = |due, now| next_due(Timestamp(due), 1000, Timestamp(now)).0;
        assert_eq!(due(5000, 5003), 6000);
        assert_eq!(due(5000, 5999), 6000);
        assert_eq!(due(5000, 8001), 9000);
    }
}
