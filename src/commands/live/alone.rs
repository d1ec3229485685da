//! One action of a person where no daemon acts: a run of its own, from the first sample to what
//! came of it, in a recording that replays like any other.

use std::io;
use std::path::Path;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use anyhow::bail;
use indicatif::ProgressBar;
use ks_engine::engine::Engine;
use ks_recorder::error::Error;
use ks_recorder::format::log::Decoder;
use ks_recorder::format::writer::Writer;
use ks_recorder::recorder::{Options, Recorder};
use ks_replayer::config_file;
use ks_replayer::driver::{Driver, Keeper};
use ks_vocabulary::decision::{Decided, Mode, Reasoner, Upshot, Verdict};
use ks_vocabulary::input::{
    Answer, Body, Carry, Config, Decision, Input, OperatorDecision, OwnAction,
};
use ks_vocabulary::output::Output;

use super::acting::Acting;
use super::here::Here;
use super::history;
use super::operator::Post;
use super::proposing::Proposing;
use super::told::Told;
use crate::acting::{actor, setup};
use crate::cli::acting::Act;
use crate::control::{Course, Proposed};
use crate::inbox::{Slot, inbox};
use crate::pace::Pace;
use crate::progress;

const INTERVAL: Duration = Duration::from_secs(1);
/// Samples before anything is done: rates need two, and a group is known by then.
const SAMPLES: usize = 3;
/// Processes whose files the recorder asks at one tick: what is not known of a process protects it.
const ASKED: usize = 32;
/// The longest that a condition is waited for that is to stand (our judgement: the slowest one is
/// raised after 30 s).
const STANDS: u64 = 60;
/// So long it is looked at whether an action helped, at most: it settles, is measured, and what got
/// better may take two minutes to clear.
const LONGEST: Duration = Duration::from_mins(5);

/// Acts, and gives what was judged with what came of it; nothing came where nothing was done.
pub(crate) fn act(arguments: &Act, own: OwnAction) -> anyhow::Result<(Proposed, Option<Course>)> {
    let config = config(arguments.config.as_deref())?;
    let mut told = Told::new();
    told.may_act(Mode::Propose, setup(&arguments.daemon, &arguments.acting).stop());
    let mut acting = None;
    if !own.rehearse {
        let (hand, began) = actor(&arguments.daemon, &arguments.acting)?;
        let made = Acting::begin(hand, began, told.clone())?;
        made.tell_left();
        acting = Some(made);
    }
    let mut recorder = Recorder::new(Path::new("/"), nanos(INTERVAL), options());
    recorder.configure(config);
    recorder.carry(Carry {
        last_decision: acting.as_ref().map_or(0, Acting::last),
        actions: history::of(&arguments.daemon)?,
        ..Carry::default()
    });
    let desk = acting.as_ref().map(Acting::desk);
    // Last: what cannot begin leaves no file behind.
    let output = arguments.output.as_deref();
    let writer = output.map(|path| Writer::create(path, arguments.force)).transpose()?;
    let mut file = OneFile {
        writer,
        decoder: Decoder::default(),
        proposing: Proposing::new(desk, told.clone()),
        told: told.clone(),
    };
    let (inbox, slot) = inbox()?;
    let pace = Pace::new(INTERVAL, Some(LONGEST))?;
    let mut here = Here::new(recorder, pace, (inbox, None), (acting, None), u64::MAX);
    let asking =
        Asking { own: Some(own), slot, told, shown: None, samples: samples(), lasts: None };
    let ended = asking.drive(&mut here, &mut file);
    here.finish();
    if let Some(writer) = file.writer {
        writer.seal()?;
    }
    ended
}

fn nanos(interval: Duration) -> u64 {
    u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX)
}

/// What is decided rests on the files of the host.
fn options() -> Options {
    Options { no_processes: false, no_ebpf: true, max_cpu: None }
}

/// As it is configured, but that nothing is done beside what a person asks for.
fn config(file: Option<&Path>) -> anyhow::Result<Config> {
    let mut config = file.map(config_file::load).transpose()?.unwrap_or_default();
    (config.agent.mode, config.agent.reasoner) = (Mode::Propose, Reasoner::Person);
    Ok(config)
}

/// Samples after which everything is known of every process.
fn samples() -> u64 {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes =
        entries.filter(|entry| entry.file_name().to_string_lossy().parse::<u64>().is_ok()).count();
    u64::try_from(SAMPLES + processes.div_ceil(ASKED)).unwrap_or(STANDS)
}

/// What is asked, and how far it has come.
struct Asking {
    /// When it is asked at the earliest.
    samples: u64,
    own: Option<OwnAction>,
    slot: Slot<Post>,
    told: Told,
    shown: Option<Proposed>,
    /// Samples after which what is done for a time is over: it would end with this program.
    lasts: Option<u64>,
}

impl Asking {
    /// Drives until it is known what came of it.
    fn drive(
        mut self,
        here: &mut Here,
        file: &mut OneFile,
    ) -> anyhow::Result<(Proposed, Option<Course>)> {
        let bar = progress::bar();
        let mut driver = Driver::<Engine>::default();
        let ended = loop {
            if !driver.turn(here, file)? {
                break None;
            }
            self.ask(&bar)?;
            if let Some(ended) = self.ended(&bar) {
                break Some(ended);
            }
        };
        bar.finish_and_clear();
        driver.finish(file)?;
        match (ended, self.shown) {
            (Some(ended), _) => Ok(ended),
            (None, Some(shown)) => {
                let course = self.told.course(shown.decision);
                Ok((shown, course))
            }
            (None, None) => bail!("it was stopped before anything was done"),
        }
    }

    /// Says what is wanted, once enough was read.
    fn ask(&mut self, bar: &ProgressBar) -> anyhow::Result<()> {
        let status = self.told.status();
        let Some(own) = &self.own else { return Ok(()) };
        let is_there = own.verify.as_ref().is_none_or(|wanted| {
            status.standing.iter().any(|one| one.kind == wanted.kind && one.entity == wanted.entity)
        });
        let is_read = status.samples >= self.samples && (is_there || status.samples >= STANDS);
        bar.set_message(if is_there { "reading this host" } else { "waiting for the condition" });
        if !is_read {
            return Ok(());
        }
        let Some(own) = self.own.take() else { return Ok(()) };
        let uid = Some(rustix::process::getuid().as_raw());
        let said = OperatorDecision { uid, decision: Decision::Act(Box::new(own)) };
        let body = Body::Answer(Box::new(Answer::OperatorDecision(said)));
        let (logged, _) = sync_channel(1);
        self.slot.send(Post { body, logged }).map_err(anyhow::Error::msg)
    }

    /// What came of it, where that is known.
    fn ended(&mut self, bar: &ProgressBar) -> Option<(Proposed, Option<Course>)> {
        let shown = match &self.shown {
            Some(shown) => shown,
            None => self.shown.insert(self.told.status().acting?.own?),
        };
        let course = self.told.course(shown.decision)?;
        bar.set_message(match course.change {
            Decided::Judged | Decided::Asked => "acting",
            Decided::Done => "looking whether it helps",
            Decided::Verified | Decided::Undone | Decided::Watched => "done",
        });
        if shown.verdict == Verdict::Denied || course.outcome == Some(Upshot::DryRun) {
            return Some((shown.clone(), None));
        }
        let is_over = course.outcome.is_some() && course.is_settled;
        let lasts_s = shown.order.as_ref().and_then(|order| order.lasts_s);
        let lasts_s = lasts_s.filter(|_| course.outcome.is_some_and(Upshot::stays));
        let samples = self.told.status().samples;
        let ends = lasts_s.map(|lasts_s| *self.lasts.get_or_insert(samples + lasts_s + 1));
        let is_over = is_over && ends.is_none_or(|ends| samples >= ends);
        is_over.then(|| (shown.clone(), Some(course)))
    }
}

/// One recording, or none.
struct OneFile {
    writer: Option<Writer>,
    decoder: Decoder,
    told: Told,
    proposing: Proposing,
}

impl Keeper for OneFile {
    fn wants_keyframe(&self) -> bool {
        self.writer.as_ref().is_some_and(Writer::wants_keyframe)
    }

    fn log<'a>(&'a mut self, input: &'a Input) -> Result<&'a Input, Error> {
        let Some(writer) = &mut self.writer else { return Ok(input) };
        writer.append(input)?;
        Ok(self.decoder.decode(writer.last_payload()).expect("what was logged can be read"))
    }

    fn said(&mut self, output: &Output, _: &[u8]) -> io::Result<()> {
        self.told.said(output);
        self.proposing.said(output, self.told.clock());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.writer.as_ref().map_or(Ok(()), Writer::sync).map_err(io::Error::other)
    }

    fn fed(&mut self, engine: &Engine, input: &Input) {
        self.told.fed(engine, input);
    }
}
