//! `ks replay`: runs the engine over recordings.

use std::fs::File;
use std::io::{BufWriter, Write, sink};
use std::path::PathBuf;

use anyhow::Context;
use ks_engine::engine::Engine;
use ks_recorder::clock;
use ks_recorder::format::recording::Reader;
use ks_replayer::driver::DriveError;
use ks_replayer::range::Range;
use ks_replayer::replay::{Run, drive};
use ks_replayer::report::Report;
use ks_replayer::scenario;
use ks_replayer::sequence;
use ks_replayer::timings::Timings;
use ks_vocabulary::input::{Acceptance, Config, Input};

use crate::agent_options;
use crate::cli;
use crate::exit::Misused;
use crate::knowledge;
use crate::model::{self, Asked};
use crate::progress;
use crate::render;
use crate::replaceable;
use crate::stdout;

/// What no sample lies in is no quiet time.
const EMPTY_PART: &str = "no sample lies between --from and --to: `ks inspect` tells what time a \
                          recording is of";

pub(crate) fn run(arguments: &cli::replay::Replay) -> anyhow::Result<()> {
    sequence::check(&arguments.paths)?;
    let mut journal: Box<dyn Write> = match &arguments.journal {
        Some(path) => {
            replaceable::check(path, replaceable::JOURNAL, "journal")?;
            let file = File::create(path)
                .with_context(|| format!("cannot create the journal `{}`", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(sink()),
    };
    let path = arguments.paths.iter().map(|path| path.display().to_string());
    let path = path.collect::<Vec<_>>().join(" ");
    let range = Range::new(arguments.from, arguments.to);
    let is_part = !range.is_all();
    let mut run = if is_part { Run::of_part() } else { Run::default() };
    let known = knowledge::of(arguments.baseline.as_deref())?;
    if let Some((knowledge, file)) = &known {
        run.know(knowledge.clone(), file);
    }
    let config = agent_options::config(arguments.config.as_deref(), &arguments.agent)?;
    let asked = ask_model(&mut run, arguments, config.as_ref().map(|(config, _)| config))?;
    let configured = configure(&mut run, config, &arguments.paths);
    for acceptance in &arguments.accept {
        run.accept(acceptance.clone());
    }
    if arguments.timings {
        run.time();
    }
    let begin_ns = clock::process_cpu_ns();
    feed(&mut run, arguments, configured, range, &mut journal)?;
    if let Some(timings) = run.timings() {
        for line in timed(timings, clock::process_cpu_ns() - begin_ns) {
            render::note(&line);
        }
    }
    let report = run.finish(&path, &mut journal)?;
    journal.flush().map_err(DriveError::from)?;
    if let Some(asked) = &asked {
        asked.finish()?;
    }
    if arguments.show_prompts {
        return Ok(());
    }
    if is_part && report.recording.ticks == 0 {
        return Err(Misused(EMPTY_PART).into());
    }
    if let Some((knowledge, file)) = &known {
        knowledge::tell(&knowledge.host, file, &report.recording.host);
    }
    match arguments.format {
        render::Format::Json => stdout::print_json(&report),
        render::Format::Text => render::text(&report, arguments.verbose),
    }
}

/// Lets a model be asked, where one advises, or what it would be asked be printed.
fn ask_model(
    run: &mut Run,
    arguments: &cli::replay::Replay,
    config: Option<&Config>,
) -> anyhow::Result<Option<Asked>> {
    let file = arguments.config.as_deref();
    if arguments.show_prompts {
        let shown = config.map(|config| model::shown(file, &config.agent)).transpose()?.flatten();
        let needs = "--show-prompts needs a model: add --reasoner gemini or openai";
        run.ask_model(shown.ok_or(Misused(needs))?);
        return Ok(None);
    }
    let asked = model::asked(file, &arguments.agent, config)?;
    if let Some(asked) = &asked {
        run.ask_model(Box::new(asked.clone()));
    }
    Ok(asked)
}

/// A recording is decided on as it would have been, and nothing is done to it; a modelled host
/// begins with the configuration that is returned.
fn configure(run: &mut Run, config: Option<(Config, String)>, paths: &[PathBuf]) -> Option<Config> {
    let (config, name) = config?;
    if matches!(paths, [only] if scenario::is_scenario(only)) {
        return Some(config);
    }
    if agent_options::acts(&config) {
        render::note(
            "nothing is done to a recording: what the agent would have done is told as dry_run",
        );
    }
    run.rehearse();
    run.configure(config.clone(), &name);
    Some(config)
}

/// The report of recordings or a scenario, with a configuration where there is one.
pub(crate) fn report(
    paths: &[PathBuf],
    seed: Option<u64>,
    config: Option<(Config, String)>,
    asked: Option<&Asked>,
    journal: &mut dyn Write,
) -> anyhow::Result<Report> {
    sequence::check(paths)?;
    let mut run = Run::default();
    if let Some(asked) = asked {
        run.ask_model(Box::new(asked.clone()));
    }
    let configured = configure(&mut run, config, paths);
    let what = Fed { paths, seed, configured, range: Range::new(None, None) };
    what.feed(&mut run, journal, &mut |_, _| {})?;
    let path = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
    Ok(run.finish(&path, journal)?)
}

/// What is fed.
struct Fed<'a> {
    paths: &'a [PathBuf],
    seed: Option<u64>,
    configured: Option<Config>,
    range: Range,
}

impl Fed<'_> {
    fn feed(
        self,
        run: &mut Run,
        journal: &mut dyn Write,
        hear: &mut dyn FnMut(&Engine, &Input),
    ) -> anyhow::Result<()> {
        match self.paths {
            [only] if scenario::is_scenario(only) => {
                let scenario = scenario::load(only)?;
                let seed = self.seed.unwrap_or(scenario.seeds.first);
                let bar = progress::seconds();
                if !self.range.is_all() {
                    // A part is fed like one of a recording.
                    run.rehearse();
                }
                let mut simulation =
                    agent_options::modelled(only, &scenario, seed, self.configured)?;
                let told = progress::told(&bar);
                let driven = scenario::drive(run, &mut simulation, self.range, journal, told, hear);
                bar.finish_and_clear();
                driven?;
                render::refused(&simulation);
            }
            paths => {
                let mut reader = if self.configured.as_ref().is_some_and(agent_options::decides) {
                    Reader::open_for_agent(paths)?
                } else {
                    Reader::open_for_engine(paths)?
                };
                let bar = progress::bar();
                let driven =
                    drive(run, &mut reader, self.range, journal, progress::told(&bar), hear);
                bar.finish_and_clear();
                driven?;
                render::left_out(reader.torn_bytes(), reader.damages());
            }
        }
        Ok(())
    }
}

/// Feeds what is asked for, and says what was called normal in vain.
fn feed(
    run: &mut Run,
    arguments: &cli::replay::Replay,
    configured: Option<Config>,
    range: Range,
    journal: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut unmet = arguments.accept.clone();
    let mut hear = |engine: &Engine, _: &Input| unmet.retain(|one| !engine.has_met(one));
    let what = Fed { paths: &arguments.paths, seed: arguments.seed, configured, range };
    what.feed(run, journal, &mut hear)?;
    for Acceptance { kind, entity, .. } in unmet {
        render::note(&format!(
            "`--accept {}:{entity}` changes nothing: {entity} was not judged for it; name the \
             entity as a verdict of this recording does",
            kind.word()
        ));
    }
    Ok(())
}

/// What each stage cost, and what was left for reading and for telling the time.
fn timed(timings: &Timings, all_ns: u64) -> Vec<String> {
    let part = |name: &str, ns: u64| {
        let share = 100.0 * ns as f64 / all_ns.max(1) as f64;
        format!("  {name:28} {:9.3} s {share:5.1} %", ns as f64 / 1e9)
    };
    let mut lines = vec!["CPU time by stage:".to_owned()];
    let mut left_ns = all_ns;
    for (name, ns) in timings.stages() {
        lines.push(part(name, ns));
        left_ns = left_ns.saturating_sub(ns);
    }
    lines.extend([part("reading, journal, report", left_ns), part("all", all_ns)]);
    lines
}
