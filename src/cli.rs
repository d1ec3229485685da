//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Record a Linux host, replay it offline, and get the same verdicts.
#[derive(Debug, Parser)]
#[command(name = "ks", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record this host until Ctrl-C or the duration
    #[command(after_help = "Examples:\n  ks record -o host.parquet --duration 60s\n  \
        ks record -o host.parquet --interval 100ms")]
    Record(Record),
    /// Run the engine over recordings and print its verdicts
    #[command(after_help = "Examples:\n  ks replay host.parquet\n  \
        ks replay host.parquet --format json | jq .episodes")]
    Replay(Replay),
    /// Seal the log that a killed recorder left
    #[command(after_help = "Example:\n  ks recover host.parquet")]
    Recover(Recover),
}

/// Arguments of `ks record`.
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// Recording to write
    #[arg(short, long, value_name = "FILE.parquet")]
    pub(crate) output: PathBuf,
    /// Time between samples, 100ms to 60s
    #[arg(long, default_value = "1s", value_parser = parse_interval)]
    pub(crate) interval: Duration,
    /// Stop after this time, such as 60s, 10m or 2h
    #[arg(long, value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Which processes to record
    #[arg(long, value_enum, default_value = "all")]
    pub(crate) processes: Processes,
    /// Replace an existing recording
    #[arg(long)]
    pub(crate) force: bool,
    /// Read the files of a host below this directory
    #[arg(long, default_value = "/", value_name = "DIR")]
    pub(crate) root: PathBuf,
}

/// Arguments of `ks replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Recordings, unsealed recordings, or directories of segments, in order
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    /// Write the journal, one JSON object a line, to this file
    #[arg(long, value_name = "OUT.jsonl")]
    pub(crate) journal: Option<PathBuf>,
}

/// Arguments of `ks recover`.
#[derive(Debug, Args)]
pub(crate) struct Recover {
    /// The recording whose log is to be sealed
    #[arg(value_name = "FILE.parquet")]
    pub(crate) path: PathBuf,
}

/// Which processes are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Processes {
    /// Every process
    All,
    /// None: the host and its control groups only
    None,
}

/// Form of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// For programs
    Json,
}

fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("write a number with ms, s, m, h or d, such as 90s".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "write a whole number, such as 90s".to_owned())?;
    let ms = number.checked_mul(unit_ms).ok_or("too long")?;
    Ok(Duration::from_millis(ms))
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    if (Duration::from_millis(100)..=Duration::from_mins(1)).contains(&interval) {
        return Ok(interval);
    }
    Err("the interval is 100ms to 60s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("2h"), Ok(Duration::from_hours(2)));
        assert!(parse_duration("90").is_err() && parse_duration("s").is_err());
        assert!(parse_interval("99ms").is_err() && parse_interval("61s").is_err());
        assert_eq!(parse_interval("100ms"), Ok(Duration::from_millis(100)));
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
