//! `ks diff`: where two runs part, and why.

use std::fmt::Write as _;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use ks_recorder::format::recording::Reader;
use ks_replayer::difference::{Difference, Divergence, Journal, JournalError, Told, compare};
use ks_replayer::range::Range;
use ks_replayer::replay::{ReplayError, Run, drive};
use ks_replayer::scenario;

use crate::cli::Format;
use crate::cli::diff::Diff;
use crate::exit::Unmet;
use crate::{knowledge, progress, stdout};

pub(crate) fn run(arguments: &Diff) -> anyhow::Result<()> {
    let a = journal(&arguments.a, arguments.baseline_a.as_deref())?;
    let b = journal(&arguments.b, arguments.baseline_b.as_deref())?;
    let difference = compare(&a, &b);
    match arguments.format {
        Format::Json => stdout::print_json(&difference)?,
        Format::Text => stdout::print_plain(&text(&difference))?,
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
        scenario::drive(&mut run, &mut simulation, Range::default(), &mut lines, told)?;
    } else {
        let mut reader = Reader::open_for_engine(&[path.to_owned()])?;
        drive(&mut run, &mut reader, Range::default(), &mut lines, told, |_, _| {})?;
    }
    bar.finish_and_clear();
    run.finish(&name, &mut lines).map_err(ReplayError::from)?;
    Ok(Journal::read(lines.as_slice(), &name)?)
}

fn text(difference: &Difference) -> String {
    let Some(first) = &difference.first else {
        let values = match difference.digests_differing {
            0 => String::new(),
            count => format!(" Values differ in the samples of {count} digests."),
        };
        return format!("Nothing was concluded differently.{values}\n");
    };
    let mut text = parted(first);
    let mut told = |title: &str, episodes: &[Told]| {
        for one in episodes {
            let start_s = one.start_ns as f64 / 1e9;
            let Told { severity, kind, entity, .. } = one;
            let _ =
                writeln!(text, "{title}: {severity} {kind} on {entity}, raised at {start_s:.3} s");
        }
    };
    told("only in the first", &difference.only_a);
    told("only in the second", &difference.only_b);
    for one in &difference.changed {
        let what = one.what.join("; ");
        let _ = writeln!(text, "in both: {} on {}: {what}", one.a.kind, one.a.entity);
    }
    text
}

fn parted(first: &Divergence) -> String {
    let mono_s = first.mono_ns as f64 / 1e9;
    let mut text = format!("They part at input {}, {mono_s:.3} s after boot:\n", first.seq);
    for (which, line) in [("first", &first.a), ("second", &first.b)] {
        let said = line.as_ref().map_or("nothing".to_owned(), |line| {
            let word = |field: &str| line.get(field).and_then(|word| word.as_str()).unwrap_or("");
            let words = ["output", "change", "severity", "kind", "entity", "state"].map(word);
            words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" ")
        });
        let _ = writeln!(text, "  the {which} says: {said}");
    }
    for why in &first.why {
        let _ = writeln!(text, "  {why}");
    }
    text
}
