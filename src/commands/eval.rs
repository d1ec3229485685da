//! `ks eval`: how well an agent decides, graded from ground truth.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;

use anyhow::Context;
use ks_replayer::evaluation::{self, Exam, Player, Row, Summary};
use serde::Serialize;

use crate::cli::eval::{Eval, Examined};
use crate::exit::Unmet;
use crate::render::{Format, evaluation as page};
use crate::{plain, progress, render, replaceable, stdout};

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
    let exams = match &arguments.scenarios[..] {
        [] => Exam::all()?,
        names => {
            let names: BTreeSet<&String> = names.iter().collect();
            names.into_iter().map(|name| Exam::of(name)).collect::<Result<_, _>>()?
        }
    };
    let real = match arguments.reasoner {
        Examined::Rules => Player::Rules,
    };
    let players = [real, Player::DoNothing, Player::DestroyEverything];
    let jobs = arguments.jobs.or_else(|| std::thread::available_parallelism().ok());
    let bar = progress::cases(exams.len() as u64);
    let told = |done: usize| bar.set_position(done as u64);
    let rows = evaluation::run(&exams, &players, jobs.map_or(1, NonZeroUsize::get), told);
    bar.finish_and_clear();
    let rows = rows?;
    let summaries = players.map(|player| Summary::of(player, &rows));
    let unmet = summaries[0].unmet();
    if let Some(path) = &arguments.report {
        let command: Vec<String> = std::env::args().skip(1).collect();
        let known = std::fs::read_to_string(path).unwrap_or_default();
        let text = page::markdown(&plain::line(command.join(" ")), &rows, &summaries);
        std::fs::write(path, text + &page::notes(&known))
            .with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    match arguments.format {
        Format::Json => {
            stdout::print_json(&Results { summary: &summaries, rows: &rows, unmet: &unmet })?;
        }
        Format::Text => stdout::print_page(&page::text(&rows, &summaries))?,
    }
    for why in &unmet {
        render::note(why);
    }
    if unmet.is_empty() { Ok(()) } else { Err(Unmet.into()) }
}
