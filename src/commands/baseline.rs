//! `ks baseline`: learns what is normal from recordings, and prints what was learned.

use std::io::sink;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use ks_engine::analysis::Knowledge;
use ks_recorder::format::recording::Reader;
use ks_replayer::knowledge_file;
use ks_replayer::range::Range;
use ks_replayer::replay::{Run, drive};
use ks_replayer::sequence;

use crate::cli::analysis::{Baseline, BaselineBuild, BaselineCommand, BaselineShow};
use crate::knowledge::named;
use crate::plain::Page;
use crate::render::Format;
use crate::{progress, render, stdout};

pub(crate) fn run(arguments: &Baseline) -> anyhow::Result<()> {
    match &arguments.command {
        BaselineCommand::Build(arguments) => build(arguments),
        BaselineCommand::Show(arguments) => show(arguments),
    }
}

fn build(arguments: &BaselineBuild) -> anyhow::Result<()> {
    let output = &arguments.output;
    ensure!(
        arguments.force || !output.exists(),
        "`{}` exists: choose another name, or replace it with --force",
        output.display()
    );
    sequence::check(&arguments.paths)?;
    let mut known = arguments.baseline.as_deref().map(knowledge_file::load).transpose()?;
    if let (Some(known), Some(days)) = (&mut known, arguments.half_life_days) {
        known.half_life_days = days;
    }
    for path in &arguments.paths {
        known = Some(learn(path, known, arguments)?);
    }
    let known = known.context("nothing to learn from")?;
    knowledge_file::save(output, &known)?;
    render::note(&format!(
        "`{}`: {} baselines, {} series of slopes, {} classes of residuals of {}",
        output.display(),
        known.baselines.len(),
        known.slopes.len(),
        known.residuals.len(),
        named(&known.host),
    ));
    Ok(())
}

/// Runs a recording with what is known, and gives what is known then.
fn learn(
    path: &Path,
    known: Option<Knowledge>,
    arguments: &BaselineBuild,
) -> anyhow::Result<Knowledge> {
    let mut reader = Reader::open_for_engine(&[path.to_owned()])?;
    let mut run = Run::default();
    let before = known.as_ref().map(|known| known.host.clone());
    let mut begin = known.unwrap_or_else(|| Knowledge::empty(""));
    begin.half_life_days = arguments.half_life_days.unwrap_or(begin.half_life_days);
    run.gather();
    if arguments.accept {
        run.accept_all();
    }
    run.know(begin, "what was learned before");
    let bar = progress::bar();
    let range = Range::default();
    let driven = drive(&mut run, &mut reader, range, &mut sink(), progress::told(&bar), |_, _| {});
    bar.finish_and_clear();
    driven?;
    render::left_out(reader.torn_bytes(), reader.damages());
    let learned = run.engine().knowledge();
    if let Some(before) = before.filter(|before| *before != learned.host) {
        bail!(
            "`{}` is of {}, and what was learned before is of {}: build one file for each host",
            path.display(),
            named(&learned.host),
            named(&before)
        );
    }
    Ok(learned)
}

fn show(arguments: &BaselineShow) -> anyhow::Result<()> {
    let known = knowledge_file::load(&arguments.path)?;
    if arguments.format == Format::Json {
        return stdout::print_json(&known);
    }
    let mut page = Page::default();
    page.line(format_args!(
        "Knowledge of {}, version {}; a value has half its weight after {:.1} days.",
        named(&known.host),
        known.version,
        known.half_life_days
    ));
    tell_baselines(&known, &mut page);
    tell_lists(&known, &mut page);
    stdout::print_page(&page)
}

fn tell_baselines(known: &Knowledge, page: &mut Page) {
    page.gap();
    page.line("Baselines, over all hours:");
    for one in &known.baselines {
        let Some(level) = one.baseline.overall(None) else { continue };
        let hours = one.baseline.covered_ns() as f64 / 3.6e12;
        page.line(format_args!(
            "  {} {} of {}: p50 {:.4}, p75 {:.4}, p95 {:.4}, volatility {:.4} (n {}, {hours:.1} h)",
            one.kind.word(),
            one.metric,
            one.entity,
            level.p50,
            level.p75,
            level.p95,
            level.volatility,
            level.samples,
        ));
    }
}

fn tell_lists(known: &Knowledge, page: &mut Page) {
    page.gap();
    page.line("Slopes of calm windows:");
    for one in &known.slopes {
        let window_s =
            ks_engine::analysis::slots::WINDOWS_NS[usize::from(one.window)] / 1_000_000_000;
        let (resource, entity, count) = (one.resource.word(), &one.entity, one.values.len());
        page.line(format_args!("  {resource} of {entity}, windows of {window_s} s: n {count}"));
    }
    page.gap();
    page.line("Residuals of forecasts whose resource ended:");
    for one in &known.residuals {
        page.line(format_args!("  class {}: n {}", one.class.0, one.values.len()));
    }
    page.gap();
    page.line("How quantities went on after a signal when nothing was done:");
    for one in &known.placebos {
        let count = one.values.len();
        page.line(format_args!("  {} {}: n {count}", one.kind.word(), one.metric));
    }
}
