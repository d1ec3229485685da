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
    /// A CSV file of Performance Co-Pilot: what `pmrep -z -r -u -o csv` prints of an archive
    #[command(after_help = "Examples:\n  \
        pmrep -z -r -u -o csv -a ARCHIVE kernel.all mem disk.dev network > host.csv\n  \
        ks import pcp host.csv --timezone Europe/Berlin -o host.parquet\n  \
        ks replay host.parquet")]
    Pcp(ImportFile),
    /// A JSON file of sysstat: what `sadf -j FILE -- -A` prints
    #[command(after_help = "Examples:\n  sadf -j /var/log/sysstat/sa04 -- -A > host.json\n  \
        ks import sar host.json -o host.parquet\n  ks replay host.parquet")]
    Sar(ImportFile),
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
