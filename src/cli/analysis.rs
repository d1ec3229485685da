//! Arguments of the commands that tell what is normal, where it is heading, and when it ends.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use ks_replayer::moment::Moment;

use crate::render::Format;

/// Arguments of `ks analyze`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("columns").args(["value", "all_values"]))]
pub(crate) struct Analyze {
    /// Recordings, unsealed recordings, or directories of segments, in order
    #[arg(required_unless_present = "csv", conflicts_with = "csv", value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Score each row of this file instead: series with a line that names the columns
    #[arg(long, value_name = "FILE.csv", requires = "time", requires = "columns",
        conflicts_with_all = ["metric", "baseline", "from", "to", "anomalies"])]
    pub(crate) csv: Option<PathBuf>,
    /// Column of the times: RFC 3339, `2026-03-04 12:00:00` in UTC, `20260304`, or seconds, milli-,
    /// micro- or nanoseconds since 1970
    #[arg(long, value_name = "COLUMN", requires = "csv")]
    pub(crate) time: Option<String>,
    /// Column of the values; of several, such as `cpu,memory`, rows are scored together
    #[arg(long, value_name = "COLUMN,..", requires = "csv", conflicts_with = "all_values")]
    pub(crate) value: Vec<String>,
    /// Score rows by all columns whose first rows hold numbers
    #[arg(long, requires = "csv")]
    pub(crate) all_values: bool,
    /// What stands between the columns of --csv [default: `,`, `;`, a tab or `|`, as the first line
    /// shows]
    #[arg(long, value_name = "CHARACTER", requires = "csv", value_parser = separator)]
    pub(crate) separator: Option<u8>,
    /// Forecast when the one series of --csv reaches this value
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, requires = "csv",
        value_parser = super::parse_finite)]
    pub(crate) threshold: Option<f64>,
    /// Draw this series with its baseline and forecast, such as `memory_and_swap_used_share`
    #[arg(long, value_name = "NAME")]
    pub(crate) metric: Option<String>,
    /// The entity whose series is drawn, such as `disk:sda` [default: the first that has it]
    #[arg(long, value_name = "ENTITY", requires = "metric")]
    pub(crate) entity: Option<String>,
    /// Score the host as a whole, by all series that have a baseline or a forecast, and tell what
    /// is unusual, also where no incident names it
    #[arg(long, conflicts_with_all = ["metric", "entity"])]
    pub(crate) anomalies: bool,
    /// Knowledge of `ks baseline build` to begin with
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Begin at this time, such as 2026-03-04T12:00:00Z, or +90s after the recording's start
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Moment>,
    /// End before this time, written likewise
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<Moment>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: AnalyzeFormat,
}

/// One character of ASCII that is no letter, digit, quote or line break; `\\t` is a tab.
fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii_punctuation() && *byte != b'"' || *byte == b'\t' => Ok(*byte),
        _ => Err("write one character such as ; or \\t".to_owned()),
    }
}

/// Form of what `ks analyze` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnalyzeFormat {
    /// For people
    Text,
    /// A line for each row of --csv: time, value, score, baseline, direction; or time, score,
    /// event and columns
    Csv,
    /// For programs
    Json,
}

/// Arguments of `ks baseline`.
#[derive(Debug, Args)]
pub(crate) struct Baseline {
    #[command(subcommand)]
    pub(crate) command: BaselineCommand,
}

/// What to do with knowledge.
#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Learn from recordings of one host
    #[command(after_help = "Examples:\n  ks baseline build monday.parquet -o normal.json\n  \
        ks baseline build /var/lib/kernelsight -o normal.json --half-life-days 14\n  \
        ks baseline build backup-night.parquet --baseline normal.json --accept -o normal2.json\n  \
        ks replay incident.parquet --baseline normal.json")]
    Build(BaselineBuild),
    /// Print what a file of knowledge holds
    #[command(after_help = "Examples:\n  ks baseline show normal.json\n  \
        ks baseline show normal.json --format json | jq '.slopes | length'")]
    Show(BaselineShow),
}

/// Arguments of `ks baseline build`.
#[derive(Debug, Args)]
pub(crate) struct BaselineBuild {
    /// Recordings, or directories of segments, of one host, oldest first
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// File to write
    #[arg(short, long, value_name = "FILE.json")]
    pub(crate) output: PathBuf,
    /// Knowledge to go on from
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Days after which a value has half its weight [default: 34.3, or that of --baseline]
    #[arg(long, value_parser = parse_days, value_name = "DAYS")]
    pub(crate) half_life_days: Option<f64>,
    /// Learn what stood above a limit too: all of this is normal here
    #[arg(long)]
    pub(crate) accept: bool,
    /// Replace an existing file
    #[arg(long)]
    pub(crate) force: bool,
}

/// Arguments of `ks baseline show`.
#[derive(Debug, Args)]
pub(crate) struct BaselineShow {
    /// File of `ks baseline build`
    #[arg(value_name = "FILE")]
    pub(crate) path: PathBuf,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

fn parse_days(text: &str) -> Result<f64, String> {
    let days: f64 = text.parse().map_err(|_| "write a number of days, such as 30".to_owned())?;
    if days.is_finite() && days > 0.0 {
        return Ok(days);
    }
    Err("a half-life is longer than 0 days".to_owned())
}
