//! `ks record`: records until a signal or the end of the duration, then seals.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use ks_recorder::error::Error;
use ks_recorder::format::writer::Writer;
use ks_recorder::recorder::Recorder;
use ks_vocabulary::input::Stamp;

use crate::cli;
use crate::commands::trace::{self, Attached};
use crate::pace::Pace;
use crate::render;

pub(crate) fn run(arguments: &cli::Record) -> anyhow::Result<()> {
    let source = &arguments.source;
    let mut pace = Pace::new(source.interval, arguments.duration)?;
    let events = arguments.events.as_deref().map(trace::attach).transpose()?;
    let mut writer = Writer::create(&arguments.output, arguments.force)?;
    if let Some(sync) = source.sync() {
        writer.sync_every(sync);
    }
    let mut recorder =
        Recorder::new(&source.root, pace.interval_ns(), source.options(events.is_some()));
    let folder = arguments.output.parent().filter(|folder| !folder.as_os_str().is_empty());
    // A kernel that lets none be given up lets the recorder keep what it has.
    let _ = recorder.reduce_capabilities(Some(folder.unwrap_or(Path::new("."))), events.is_some());
    let events = events.map(Attached::start);
    let bar = ProgressBar::new_spinner().with_style(
        ProgressStyle::with_template("{spinner} recording {elapsed}, {pos} ticks, {msg}")
            .expect("the template is valid"),
    );
    pace.begin();
    let recorded = record(&mut pace, &mut recorder, &mut writer, &bar);
    bar.finish_and_clear();
    if let Some(events) = events {
        events.stop();
    }
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
    pace: &mut Pace,
    recorder: &mut Recorder,
    writer: &mut Writer,
    bar: &ProgressBar,
) -> Result<(), Error> {
    let mut stamp = Stamp::default();
    let (at, start) = recorder.start(0);
    writer.append(stamp.make(at, start))?;
    loop {
        recorder.tick(writer.wants_keyframe(), false);
        while let Some((at, body)) = recorder.next() {
            writer.append(stamp.put(at, body))?;
        }
        bar.inc(1);
        bar.set_message(format!("{} kB in the log", writer.log_bytes() / 1024));
        if !pace.wait() {
            return Ok(());
        }
    }
}
