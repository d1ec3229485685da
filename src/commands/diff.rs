//! `ks diff`: where two runs part, and why.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ks_recorder::format::recording::Reader;
use ks_replayer::difference::{
    Decision, Difference, Divergence, Journal, JournalError, Told, compare,
};
use ks_replayer::range::Range;
use ks_replayer::replay::{Run, drive};
use ks_replayer::scenario;

use crate::cli::diff::Diff;
use crate::exit::Unmet;
use crate::plain::Page;
use crate::render::Format;
use crate::{knowledge, progress, stdout};

pub(crate) fn run(arguments: &Diff) -> anyhow::Result<()> {
    let a = journal(&arguments.a, arguments.baseline_a.as_deref())?;
    let b = journal(&arguments.b, arguments.baseline_b.as_deref())?;
    let difference = compare(&a, &b);
    match arguments.format {
        Format::Json => stdout::print_json(&difference)?,
        Format::Text => stdout::print_page(&page(&difference))?,
    }
    if difference.same { Ok(()) } else { Err(Unmet.into()) }
}

/// The journal of a file, or that of a replay.
fn journal(path: &Path, baseline: Option<&Path>) -> anyhow::Result<Journal> {
    let name = path.display().to_string();
    if path.extension().is_some_and(|ending| ending == "jsonl") {
        let file =
            File::open(path).map_err(|source| JournalError::Read { name: name.clone(), source })?;
        return Ok(Journal::read(BufReader::new(file), &name)?);
    }
    let mut run = Run::default();
    if let Some((knowledge, file)) = knowledge::of(baseline)? {
        run.know(knowledge, &file);
    }
    let mut lines = Vec::new();
    let bar = progress::bar();
    let told = progress::told(&bar);
    if scenario::is_scenario(path) {
        let scenario = scenario::load(path)?;
        let mut simulation = scenario::simulation(&scenario, scenario.seeds.first)?;
        scenario::drive(&mut run, &mut simulation, Range::default(), &mut lines, told, |_, _| {})?;
    } else {
        let mut reader = Reader::open_for_engine(&[path.to_owned()])?;
        drive(&mut run, &mut reader, Range::default(), &mut lines, told, |_, _| {})?;
    }
    bar.finish_and_clear();
    run.finish(&name, &mut lines)?;
    Ok(Journal::read(lines.as_slice(), &name)?)
}

fn page(difference: &Difference) -> Page {
    let Some(first) = &difference.first else {
        let values = match difference.digests_differing {
            0 => String::new(),
            count => format!(" Values differ in the samples of {count} digests."),
        };
        return Page::of(format_args!("Nothing was concluded differently.{values}"));
    };
    let mut page = Page::default();
    tell_parting(first, &mut page);
    tell_only("only in the first", &difference.only_a, &mut page);
    tell_only("only in the second", &difference.only_b, &mut page);
    for one in &difference.changed {
        let what = one.what.join("; ");
        page.line(format_args!("in both: {} on {}: {what}", one.a.kind, one.a.entity));
    }
    tell_decided("decided only in the first", &difference.decisions.only_a, &mut page);
    tell_decided("decided only in the second", &difference.decisions.only_b, &mut page);
    for one in &difference.decisions.changed {
        let what = one.what.join("; ");
        page.line(format_args!("decided in both: {}: {what}", named(&one.a)));
    }
    page
}

fn tell_decided(title: &str, decisions: &[Decision], page: &mut Page) {
    for one in decisions {
        let at_s = one.at_ns as f64 / 1e9;
        let outcome = one.outcome.as_ref().map_or(String::new(), |word| format!(", {word}"));
        let Decision { verdict, rule, .. } = one;
        let name = named(one);
        page.line(format_args!("{title}: {name} at {at_s:.3} s, {verdict} by {rule}{outcome}"));
    }
}

fn named(one: &Decision) -> String {
    let target = one.target.as_ref().map_or(String::new(), |target| format!(" to {target}"));
    format!("{}{target}", one.action)
}

fn tell_only(title: &str, episodes: &[Told], page: &mut Page) {
    for one in episodes {
        let start_s = one.start_ns as f64 / 1e9;
        let Told { severity, kind, entity, .. } = one;
        page.line(format_args!("{title}: {severity} {kind} on {entity}, raised at {start_s:.3} s"));
    }
}

fn tell_parting(first: &Divergence, page: &mut Page) {
    let mono_s = first.mono_ns as f64 / 1e9;
    page.line(format_args!("They part at input {}, {mono_s:.3} s after boot:", first.seq));
    for (which, line) in [("first", &first.a), ("second", &first.b)] {
        let said = line.as_ref().map_or("nothing".to_owned(), |line| {
            let word = |field: &str| line.get(field).and_then(|word| word.as_str()).unwrap_or("");
            let words =
                ["output", "change", "severity", "kind", "entity", "state", "target", "verdict"]
                    .map(word);
            words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ")
        });
        page.line(format_args!("  the {which} says: {said}"));
    }
    for why in &first.why {
        page.line(format_args!("  {why}"));
    }
}
