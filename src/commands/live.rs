//! `ks live`: the engine beside the recorder. Each input is in the log before the engine has it,
//! and the engine has it as a reader of the log would.

mod here;
mod inbox;
mod journal;
mod kept;
mod operator;
mod reload;
mod told;

use std::path::Path;

use anyhow::Context;
use ks_engine::engine::Engine;
use ks_recorder::error::Error;
use ks_recorder::format::segments::{Retention, RunFile, Segments};
use ks_recorder::recorder::Recorder;
use ks_replayer::config_file;
use ks_replayer::driver::{DriveError, Driver};
use ks_replayer::resume::{self, Resumed};

use crate::cli;
use crate::control::{self, Server};
use crate::knowledge;
use crate::pace::Pace;
use crate::progress;
use crate::render;
use here::Here;
use inbox::{Slot, inbox};
use kept::Kept;
use reload::Reload;
use told::Told;

/// Runs before the last one that are looked at: one that can never be finished costs a replay at
/// each start.
const EARLIER_RUNS: usize = 3;

pub(crate) fn run(arguments: &cli::Live) -> anyhow::Result<()> {
    let source = &arguments.source;
    let retention = Retention { age: arguments.keep, bytes: arguments.keep_bytes };
    let segments = Segments::open(&arguments.output, retention, source.sync())?;
    for aside in segments.set_aside() {
        render::note(&format!("nothing can be read of `{}`: it is set aside", aside.display()));
    }
    let known = knowledge::of(arguments.baseline.as_deref())?;
    let config = arguments.config.as_deref().map(config_file::load).transpose()?;
    let reload = arguments.config.clone().map(Reload::of).transpose()?;
    let resumed = finish_last_run(&segments)?;
    // Until here a signal ends the process at once: a run gone through again may be a long one.
    let mut pace = Pace::new(source.interval, arguments.duration)?;
    let mut recorder = Recorder::new(&source.root, pace.interval_ns(), source.options(false));
    if let Some(config) = config {
        recorder.configure(config);
    }
    if let Some(resumed) = resumed {
        recorder.know(resumed.knowledge.into());
        recorder.carry(resumed.carry);
    }
    if let Some((known, file)) = known {
        knowledge::tell(&known.host, &file, &recorder.hostname());
        recorder.know(known.into());
    }
    // A kernel that lets none be given up lets the recorder keep what it has.
    let _ = recorder.reduce_capabilities(Some(&arguments.output), false);
    render::note(&format!("observing; inputs and journal go to `{}`", arguments.output.display()));
    let segment_ns = u64::try_from(arguments.segment.as_nanos()).context("segment too long")?;
    let (inbox, slot) = inbox()?;
    let told = Told::new();
    let answering = told.clone();
    pace.begin();
    let mut here = Here::new(recorder, pace, (inbox, reload), segment_ns);
    let (mut kept, mut driver) = (Kept::new(segments, arguments.format, told), Driver::default());
    // Dropped before the lock on the directory is: the socket of the next daemon is not ours.
    let _server = serve(&arguments.output, answering, slot);
    let outcome = observe(&mut driver, &mut here, &mut kept);
    // Whatever ended the run, what was recorded before it is kept.
    let said = driver.finish(&mut kept);
    let finished = kept.finish().context("cannot write the journal");
    outcome.and(said)?;
    finished?;
    render::note(&format!("`{}` is sealed", arguments.output.display()));
    Ok(())
}

/// Answers `ks status` and others. A directory that can hold no socket is observed all the same.
fn serve(folder: &Path, told: Told, slot: Slot) -> Option<Server> {
    let answer = move |question, uid| operator::answer(question, uid, &told, &slot);
    let listening = control::listen(folder, answer);
    if let Err(error) = &listening {
        let socket = control::path(folder);
        render::note(&format!("nobody can ask at `{}`: {error}", socket.display()));
    }
    listening.ok()
}

/// Observes until it is time to stop. What is wrong before the first segment is begun ends it;
/// later a disk that takes no more does not.
fn observe(
    driver: &mut Driver<Engine>,
    here: &mut Here,
    kept: &mut Kept,
) -> Result<(), DriveError> {
    loop {
        match driver.turn(here, kept) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(DriveError::Recording(
                error @ (Error::Io { .. } | Error::Exists { .. } | Error::Locked { .. }),
            )) if here.has_begun() => {
                kept.lose(&error, here.lost());
                here.lose();
            }
            Err(error) => return Err(error),
        }
    }
}

/// Finishes the run before this one, which a kill may have ended: what it had learned is what this
/// one begins with.
fn finish_last_run(segments: &Segments) -> anyhow::Result<Option<Resumed>> {
    let files = segments.last_run()?;
    let Some(first) = files.first() else { return Ok(None) };
    let resumed = finish_run(&files);
    finish_earlier_runs(segments, first.number)?;
    Ok(resumed)
}

/// Finishes those before segment `number` that could not be when their turn was, as with a disk
/// that was full.
fn finish_earlier_runs(segments: &Segments, mut number: u64) -> anyhow::Result<()> {
    for _ in 0..EARLIER_RUNS {
        let files = segments.run_before(number)?;
        let Some(first) = files.first().filter(|_| !resume::is_finished(&files)) else { break };
        number = first.number;
        finish_run(&files);
    }
    Ok(())
}

fn finish_run(files: &[RunFile]) -> Option<Resumed> {
    let bar = progress::bar();
    let resumed = resume::finish(files, progress::told(&bar));
    bar.finish_and_clear();
    let resumed = match resumed {
        Ok(resumed) => resumed,
        // What is wrong with an earlier run is no reason not to observe.
        Err(error) => {
            let error = anyhow::Error::from(error);
            render::note(&format!("the last run cannot be gone through again: {error:#}"));
            return None;
        }
    };
    if let Some(why) = &resumed.left_alone {
        render::note(&format!("the journal of the last run stays as it is: {why}"));
    } else if resumed.lines > 0 {
        let lines = resumed.lines;
        render::note(&format!("the last run was cut short: its journal got {lines} lines"));
    }
    Some(resumed)
}
