//! `ks import`: other people's history becomes a recording like any other.

use std::path::Path;

use ks_recorder::error::Error;
use ks_recorder::import::{self, Order, Progress, Summary};

use crate::cli::import::{Import, ImportCommand, ImportFile, ImportPcp};
use crate::exit::Misused;
use crate::plain::Page;
use crate::{progress, render, stdout};

/// How one tool's file is taken.
type Take = fn(&Order<'_>, &mut Progress<'_>) -> Result<Summary, Error>;

pub(crate) fn run(arguments: &Import) -> anyhow::Result<()> {
    match &arguments.command {
        ImportCommand::Pcp(arguments) => pcp(arguments),
        ImportCommand::Sar(arguments) => take(arguments, import::sar),
    }
}

fn pcp(arguments: &ImportPcp) -> anyhow::Result<()> {
    if let Some(archive) = &arguments.metrics {
        let metrics = import::pcp_metrics(archive)?;
        return stdout::print_page(&commands_for(archive, &metrics));
    }
    match &arguments.file {
        Some(file) => take(file, import::pcp),
        None => Err(Misused("FILE and -o FILE.parquet are needed, or --metrics ARCHIVE").into()),
    }
}

/// What a shell is to be given so that an archive becomes a recording.
fn commands_for(archive: &Path, metrics: &[&str]) -> Page {
    let archive = quoted(&archive.display().to_string());
    let metrics = metrics.join(" ");
    let mut page = Page::default();
    page.line(format_args!("pmrep -a {archive} -Z UTC -r -u -o csv {metrics} > host.csv"));
    page.line("ks import pcp host.csv --timezone UTC -o host.parquet");
    page
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let is_plain = |symbol: char| symbol.is_ascii_alphanumeric() || "/._-+:@%,".contains(symbol);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_path_for_one_word() {
        assert_eq!(quoted("/var/log/pcp/20260102.00.10"), "/var/log/pcp/20260102.00.10");
        assert_eq!(quoted("my archive"), "'my archive'");
        assert_eq!(quoted("a'; rm b"), r"'a'\''; rm b'");
        assert_eq!(quoted(""), "''");
    }
}
