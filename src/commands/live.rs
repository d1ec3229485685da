//! `ks live`: the engine beside the recorder. Each input is in the log before the engine has it,
//! and the engine has it as a reader of the log would.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::Context;
use ks_engine::analysis::Knowledge;
use ks_engine::input::{Body, Input};
use ks_recorder::clock;
use ks_recorder::format::log::Decoder;
use ks_recorder::format::segments::{Retention, Segments};
use ks_recorder::recorder::Recorder;
use ks_replayer::feed::Feed;

use crate::cli;
use crate::knowledge;
use crate::pace::Pace;
use crate::render;

const JOURNAL: &str = "journal.jsonl";

pub(crate) fn run(arguments: &cli::Live) -> anyhow::Result<()> {
    let source = &arguments.source;
    let mut pace = Pace::new(source.interval, arguments.duration)?;
    let retention = Retention { age: arguments.keep, bytes: arguments.keep_bytes };
    let segments = Segments::open(&arguments.output, retention)?;
    let journal = create_journal(&arguments.output, segments.next_number())?;
    let mut recorder = Recorder::new(&source.root, pace.interval_ns(), source.options(false));
    let known = knowledge::of(arguments.baseline.as_deref())?;
    if let Some((knowledge, _)) = &known {
        recorder.know(knowledge.clone());
    }
    // A kernel that lets none be given up lets the recorder keep what it has.
    let _ = recorder.reduce_capabilities(Some(&arguments.output), false);
    let mut live = Live {
        recorder,
        segments,
        decoder: Decoder::default(),
        feed: Feed::default(),
        journal,
        format: arguments.format,
    };
    render::note(&format!("observing; inputs and journal go to `{}`", arguments.output.display()));
    let outcome = live.observe(&mut pace, arguments, known.as_ref());
    // Whatever ended the run, what was recorded before it is kept.
    let finished = live.finish();
    outcome.and(finished)?;
    render::note(&format!("`{}` is sealed", arguments.output.display()));
    Ok(())
}

/// Creates the journal of this run. That of an earlier run keeps the number of the segment at
/// which this one begins.
fn create_journal(folder: &Path, segment: u64) -> anyhow::Result<File> {
    let path = folder.join(JOURNAL);
    let failed = || format!("cannot create the journal `{}`", path.display());
    if path.exists() {
        let kept = folder.join(format!("journal-before-{segment:08}.jsonl"));
        std::fs::rename(&path, kept).with_context(failed)?;
    }
    File::create_new(&path).with_context(failed)
}

struct Live {
    recorder: Recorder,
    segments: Segments,
    decoder: Decoder,
    feed: Feed,
    journal: File,
    format: cli::Format,
}

impl Live {
    fn observe(
        &mut self,
        pace: &mut Pace,
        arguments: &cli::Live,
        known: Option<&(Knowledge, String)>,
    ) -> anyhow::Result<()> {
        let segment_ns = u64::try_from(arguments.segment.as_nanos()).context("segment too long")?;
        for number in 0.. {
            let began = clock::now();
            self.segments.begin()?;
            self.decoder = Decoder::default();
            let start = self.recorder.start(number);
            if let (Body::Start(start), Some((known, file)), 0) = (&start.body, known, number) {
                knowledge::tell(&known.host, file, &start.host.hostname);
            }
            self.take(&start)?;
            while clock::now().since_ns(began) < segment_ns {
                self.tick()?;
                if !pace.wait() {
                    return Ok(());
                }
            }
            self.segments.seal()?;
        }
        Ok(())
    }

    fn tick(&mut self) -> anyhow::Result<()> {
        // The engine is owed a tick where samples did not come in time, before the one that does.
        if self.feed.deadline().is_some_and(|at| at <= clock::now()) {
            let owed = self.recorder.owed_tick();
            self.take(&owed)?;
        }
        let (keyframe, detail) = (self.segments.wants_keyframe(), self.feed.any_standing());
        let Self { recorder, segments, decoder, feed, journal, format } = self;
        let taken = recorder
            .tick(keyframe, detail, |input| take(input, segments, decoder, feed, journal, *format));
        taken?;
        // One write a tick hands all lines to the kernel: a killed process loses none of them.
        self.journal.flush().context("cannot write the journal")
    }

    fn take(&mut self, input: &Input) -> anyhow::Result<()> {
        let Self { segments, decoder, feed, journal, format, .. } = self;
        take(input, segments, decoder, feed, journal, *format)
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        let Self { feed, journal, format, .. } = self;
        let said = feed.finish(&mut |output, line| {
            journal.write_all(line)?;
            render::verdict(output, line, *format)
        });
        self.segments.seal()?;
        said.context("cannot write the journal")?;
        self.journal.sync_all().context("cannot write the journal")
    }
}

/// Logs an input, then feeds the engine what the log holds.
fn take(
    input: &Input,
    segments: &mut Segments,
    decoder: &mut Decoder,
    feed: &mut Feed,
    journal: &mut File,
    format: cli::Format,
) -> anyhow::Result<()> {
    let payload = segments.append(input)?;
    let input = decoder.decode(payload).context("what was logged cannot be read")?;
    let said = feed.input(input, &mut |output, line| {
        journal.write_all(line)?;
        render::verdict(output, line, format)
    });
    said.context("cannot write the journal")
}
