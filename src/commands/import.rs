//! `ks import`: other people's history becomes a recording like any other.

use ks_recorder::error::Error;
use ks_recorder::import::{self, Order, Progress, Summary};

use crate::cli::import::{Import, ImportCommand, ImportFile};
use crate::{progress, render};

/// How one tool's file is taken.
type Take = fn(&Order<'_>, &mut Progress<'_>) -> Result<Summary, Error>;

pub(crate) fn run(arguments: &Import) -> anyhow::Result<()> {
    match &arguments.command {
        ImportCommand::Pcp(arguments) => take(arguments, import::pcp),
        ImportCommand::Sar(arguments) => take(arguments, import::sar),
    }
}

fn take(arguments: &ImportFile, take: Take) -> anyhow::Result<()> {
    let order = Order {
        file: &arguments.file,
        output: &arguments.output,
        force: arguments.force,
        zone: arguments.timezone.as_ref(),
    };
    let bar = progress::bar();
    let taken = take(&order, &mut progress::told(&bar));
    bar.finish_and_clear();
    let summary = taken?;
    for line in &summary.notes {
        render::note(line);
    }
    render::note(&format!(
        "`{}` holds {} samples of {} rows, one in {:.1} s",
        arguments.output.display(),
        summary.samples,
        summary.rows,
        summary.interval_ns as f64 / 1e9
    ));
    Ok(())
}
