//! `ks replay`: runs the engine over recordings.

use std::fs::File;
use std::io::{BufWriter, Write, sink};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use ks_recorder::format::recording::Reader;
use ks_replayer::range::Range;
use ks_replayer::replay::{ReplayError, replay};

use crate::cli;
use crate::render;
use crate::stdout;

pub(crate) fn run(arguments: &cli::Replay) -> anyhow::Result<()> {
    let mut journal: Box<dyn Write> = match &arguments.journal {
        Some(path) => {
            let file = File::create(path)
                .with_context(|| format!("cannot create the journal `{}`", path.display()))?;
            Box::new(BufWriter::new(file))
        }
        None => Box::new(sink()),
    };
    let mut reader = Reader::open_for_engine(&arguments.paths)?;
    // indicatif draws on stderr, and only where that is a terminal.
    let bar = ProgressBar::new(0).with_style(
        ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {elapsed}")
            .expect("the template is valid"),
    );
    let path = arguments.paths.iter().map(|path| path.display().to_string());
    let path = path.collect::<Vec<_>>().join(" ");
    let range = Range::new(arguments.from, arguments.to);
    let report = replay(&mut reader, &path, range, &mut journal, |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let report = report?;
    journal.flush().map_err(ReplayError::from)?;
    if reader.torn_bytes() > 0 {
        render::note(&format!(
            "the last tick was cut short: {} bytes were left out",
            reader.torn_bytes()
        ));
    }
    match arguments.format {
        cli::Format::Json => stdout::print_json(&report),
        cli::Format::Text => render::text(&report),
    }
}
