//! Arguments of `ks import`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use ks_recorder::import::Zone;

/// Arguments of `ks import`.
#[derive(Debug, Args)]
pub(crate) struct Import {
    #[command(subcommand)]
    pub(crate) command: ImportCommand,
}

/// Whose recordings are imported.
#[derive(Debug, Subcommand)]
pub(crate) enum ImportCommand {
    /// A CSV file of Performance Co-Pilot: what `pmrep -Z UTC -r -u -o csv` prints of an archive
    #[command(after_help = "pmrep stops at a metric that the archive lacks, so ask ks for the \
        command that fits:\n  ks import pcp --metrics ARCHIVE\n\n\
        It prints two commands such as these:\n  \
        pmrep -a ARCHIVE -Z UTC -r -u -o csv kernel.all.intr mem.util.free > host.csv\n  \
        ks import pcp host.csv --timezone UTC -o host.parquet\n\n\
        Without -Z UTC, pmrep writes local times. In an archive of version 2 they are an hour off \
        once summer time begins or ends.")]
    Pcp(ImportPcp),
    /// A JSON file of sysstat: what `sadf -j FILE -- -A` prints
    #[command(after_help = "Examples:\n  sadf -j /var/log/sysstat/sa04 -- -A > host.json\n  \
        ks import sar host.json -o host.parquet\n  ks replay host.parquet")]
    Sar(ImportFile),
}

/// Arguments of `ks import pcp`.
#[derive(Debug, Args)]
pub(crate) struct ImportPcp {
    /// Print the commands that import this archive, with the metrics that it has; needs PCP's
    /// `pminfo`
    #[arg(long, value_name = "ARCHIVE", exclusive = true)]
    pub(crate) metrics: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) file: Option<ImportFile>,
}

/// What is imported, and where to.
#[derive(Debug, Args)]
pub(crate) struct ImportFile {
    /// The file of the other tool
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Recording to write
    #[arg(short, long, value_name = "FILE.parquet")]
    pub(crate) output: PathBuf,
    /// Time zone of its times, such as UTC, Europe/Berlin or +02:00; needed where the file states
    /// none
    #[arg(long, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) timezone: Option<Zone>,
    /// Replace an existing recording
    #[arg(long)]
    pub(crate) force: bool,
}
