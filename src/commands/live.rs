//! `ks live`: the engine beside the recorder. Each input is in the log before the engine has it,
//! and the engine has it as a reader of the log would.

pub(crate) mod acting;
pub(crate) mod alone;
mod here;
mod history;
mod journal;
mod kept;
mod operator;
mod order;
mod proposing;
mod reload;
mod thinking;
mod told;

use std::path::Path;

use anyhow::Context;
use ks_engine::analysis::Knowledge;
use ks_engine::engine::Engine;
use ks_recorder::error::Error;
use ks_recorder::format::segments::{Retention, RunFile, Segments};
use ks_recorder::recorder::Recorder;
use ks_replayer::driver::{DriveError, Driver};
use ks_replayer::resume::{self, Resumed};
use ks_vocabulary::decision::Mode;
use ks_vocabulary::input::{Carry, Config};

use crate::agent_options;
use crate::cli::live::Live;
use crate::control::{self, Server};
use crate::exit::Misused;
use crate::inbox::inbox;
use crate::knowledge;
use crate::pace::Pace;
use crate::progress;
use crate::render::{self, Format};
use acting::Acting;
use here::Here;
use kept::Kept;
use operator::Spoken;
use proposing::Proposing;
use reload::Reload;
use thinking::Thinking;
use told::Told;

/// Runs before the last one that are looked at: one that can never be finished costs a replay at
/// each start.
const EARLIER_RUNS: usize = 3;

pub(crate) fn run(arguments: &Live) -> anyhow::Result<()> {
    let source = &arguments.source;
    let retention = Retention { age: arguments.keep, bytes: arguments.keep_bytes };
    let segments = Segments::open(&arguments.output, retention, source.sync())?;
    for aside in segments.set_aside() {
        render::note(&format!("nothing can be read of `{}`: it is set aside", aside.display()));
    }
    let known = knowledge::of(arguments.baseline.as_deref())?;
    let config = agent_options::config(arguments.config.as_deref(), &arguments.agent)?;
    let config = config.map(|(config, _)| config);
    let mode = config.as_ref().map_or(Mode::Observe, mode);
    let reload = reload(arguments, mode)?;
    let resumed = finish_last_run(&segments)?;
    // Until here a signal ends the process at once: a run gone through again may be a long one.
    let pace = Pace::new(source.interval, arguments.duration)?;
    let mut told = Told::new();
    // While there are all privileges.
    let acting = acting(arguments, mode, &mut told)?;
    let thinking = Thinking::of(arguments, config.as_ref())?;
    let mut recorder = Recorder::new(&source.root, pace.interval_ns(), source.options(false));
    if let Some(config) = config {
        recorder.configure(config);
    }
    teach(&mut recorder, resumed, known, acting.as_ref());
    // A kernel that lets none be given up lets the recorder keep what it has.
    let _ = recorder.reduce_capabilities(Some(&arguments.output), false);
    let doing = if acting.is_some() { format!("{mode} mode") } else { "observing".to_owned() };
    render::note(&format!("{doing}; inputs and journal go to `{}`", arguments.output.display()));
    let segment_ns = u64::try_from(arguments.segment.as_nanos()).context("segment too long")?;
    let run = Run { segments, recorder, pace, reload, acting, thinking, told, segment_ns };
    run.drive(&arguments.output, arguments.format)?;
    render::note(&format!("`{}` is sealed", arguments.output.display()));
    Ok(())
}

/// How far an agent goes of which there is one.
fn mode(config: &Config) -> Mode {
    if agent_options::decides(config) { config.agent.mode } else { Mode::Observe }
}

fn reload(arguments: &Live, mode: Mode) -> anyhow::Result<Option<Reload>> {
    let of = |file| Reload::of(file, arguments.agent.clone(), mode);
    arguments.config.clone().map(of).transpose()
}

/// Starts an actor, where anything may be done. What an earlier one left is told.
fn acting(arguments: &Live, mode: Mode, told: &mut Told) -> anyhow::Result<Option<Acting>> {
    if mode == Mode::Observe {
        return Ok(None);
    }
    if arguments.source.root != Path::new("/") {
        return Err(Misused("only this host can be acted on: leave --root out").into());
    }
    let (hand, began) = crate::acting::actor(&arguments.output, &arguments.acting)?;
    told.may_act(mode, crate::acting::setup(&arguments.output, &arguments.acting).stop());
    let acting = Acting::begin(hand, began, told.clone())?;
    acting.tell_left();
    Ok(Some(acting))
}

/// What the run begins with.
fn teach(
    recorder: &mut Recorder,
    resumed: Option<Resumed>,
    known: Option<(Knowledge, String)>,
    acting: Option<&Acting>,
) {
    let mut carry = Carry::default();
    if let Some(resumed) = resumed {
        recorder.know(resumed.knowledge.into());
        carry = resumed.carry;
    }
    if let Some(acting) = acting {
        // Decisions have numbers that no other on this host had.
        carry.last_decision = carry.last_decision.max(acting.last());
    }
    recorder.carry(carry);
    if let Some((known, file)) = known {
        knowledge::tell(&known.host, &file, &recorder.hostname());
        recorder.know(known.into());
    }
}

/// Everything that a run is made of.
struct Run {
    segments: Segments,
    recorder: Recorder,
    pace: Pace,
    reload: Option<Reload>,
    acting: Option<Acting>,
    thinking: Option<Thinking>,
    told: Told,
    segment_ns: u64,
}

impl Run {
    /// Runs until it is time to stop, and keeps what there is however it ends.
    fn drive(mut self, folder: &Path, format: Format) -> anyhow::Result<()> {
        let (inbox, slot) = inbox()?;
        let desk = self.acting.as_ref().map(Acting::desk);
        let spoken = Spoken { told: self.told.clone(), slot, desk: desk.clone() };
        let proposing = desk.map(|desk| Proposing::new(Some(desk), self.told.clone()));
        self.pace.begin();
        let posts = (inbox, self.reload);
        let others = (self.acting, self.thinking);
        let mut here = Here::new(self.recorder, self.pace, posts, others, self.segment_ns);
        let mut kept = Kept::new(self.segments, format, self.told, proposing);
        let mut driver = Driver::default();
        // Dropped before the lock on the directory is: the socket of the next daemon is not ours.
        let _server = serve(folder, spoken);
        let outcome = observe(&mut driver, &mut here, &mut kept);
        // Whatever ended the run, what was recorded before it is kept.
        let said = driver.finish(&mut kept);
        here.finish();
        let finished = kept.finish().context("cannot write the journal");
        outcome.and(said)?;
        finished
    }
}

/// Answers `ks status` and others. A directory that can hold no socket is observed all the same.
fn serve(folder: &Path, spoken: Spoken) -> Option<Server> {
    let answer = move |question, uid| spoken.answer(question, uid);
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
