//! `ks eval`: how well an agent decides, graded from ground truth.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use anyhow::Context;
use ks_replayer::evaluation::{self, Exam, Player, Row, Summary};
use ks_vocabulary::decision::Reasoner;
use serde::Serialize;

use crate::cli::agent::Advisor;
use crate::cli::eval::Eval;
use crate::exit::{Misused, Unmet};
use crate::model::examined::Models;
use crate::render::{Format, evaluation as page, scripted};
use crate::{plain, progress, render, replaceable, stdout};

mod kept;

use kept::Kept;

/// What is printed for programs.
#[derive(Serialize)]
struct Results<'a> {
    summary: &'a [Summary],
    rows: &'a [Row],
    unmet: &'a [String],
}

pub(crate) fn run(arguments: &Eval) -> anyhow::Result<()> {
    if let Some(path) = &arguments.report {
        replaceable::check(path, replaceable::EVALUATION, "page about decisions")?;
    }
    if arguments.reasoner == Advisor::Named(Reasoner::Off) {
        return Err(
            Misused("nobody decides with `--reasoner off`: there is nothing to grade").into()
        );
    }
    let models = Models::of(arguments)?;
    let real = models.as_ref().map_or(Player::Rules, Models::player);
    let is_scripted = real == Player::Scripted;
    let players: &[Player] = if is_scripted {
        &[Player::Scripted]
    } else {
        &[real, Player::DoNothing, Player::DestroyEverything]
    };
    let exams = exams(arguments, models.as_ref())?;
    let rows = played(arguments, &exams, players, models.as_ref())?;
    if let Some(models) = &models {
        models.finish()?;
    }
    if is_scripted {
        return match arguments.format {
            Format::Json => stdout::print_json(&scripted::rows(&rows)),
            Format::Text => stdout::print_page(&scripted::page(&rows)),
        };
    }
    print(arguments, players, &rows)
}

/// The scenarios that are asked for: of a cassette those that it has, else the library.
fn exams(arguments: &Eval, models: Option<&Models>) -> anyhow::Result<Vec<Exam>> {
    let recorded = models.and_then(Models::scenarios);
    let names: BTreeSet<String> = match (&arguments.scenarios[..], recorded) {
        ([], None) => return Ok(Exam::all()?),
        ([], Some(recorded)) => recorded.into_iter().collect(),
        (names, _) => names.iter().cloned().collect(),
    };
    Ok(names.iter().map(|name| Exam::of(name)).collect::<Result<_, _>>()?)
}

/// The rows of all, those that were kept of an earlier time among them.
fn played(
    arguments: &Eval,
    exams: &[Exam],
    players: &[Player],
    models: Option<&Models>,
) -> anyhow::Result<Vec<Row>> {
    let mut kept = Kept::open(arguments.progress.as_deref(), players)?;
    let left: Vec<&Exam> = exams.iter().filter(|exam| !kept.has(exam.name())).collect();
    let jobs = arguments.jobs.or_else(|| std::thread::available_parallelism().ok());
    let bar = progress::cases(left.len() as u64);
    let told = |done: usize, rows: &[Row]| {
        bar.set_position(done as u64);
        kept.keep(rows);
    };
    let models = models.map(|models| models as &dyn evaluation::Models);
    let jobs = jobs.map_or(1, NonZeroUsize::get);
    let rows = evaluation::run(&left, (players, models), jobs, told);
    bar.finish_and_clear();
    kept.finish()?;
    let mut rows = rows?;
    rows.extend(kept.take());
    rows.sort_by(|one, other| one.scenario.cmp(&other.scenario));
    Ok(rows)
}

fn print(arguments: &Eval, players: &[Player], rows: &[Row]) -> anyhow::Result<()> {
    let summaries: Vec<Summary> = players.iter().map(|player| Summary::of(*player, rows)).collect();
    let unmet = summaries.first().map(Summary::unmet).unwrap_or_default();
    if let Some(path) = &arguments.report {
        let command: Vec<String> = std::env::args().skip(1).collect();
        let known = std::fs::read_to_string(path).unwrap_or_default();
        let text = page::markdown(&plain::line(command.join(" ")), rows, &summaries);
        std::fs::write(path, text + &page::notes(&known))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    match arguments.format {
        Format::Json => {
            stdout::print_json(&Results { summary: &summaries, rows, unmet: &unmet })?;
        }
        Format::Text => stdout::print_page(&page::text(rows, &summaries))?,
    }
    for why in &unmet {
        render::note(why);
    }
    if unmet.is_empty() { Ok(()) } else { Err(Unmet.into()) }
}
