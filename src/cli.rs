//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ks_recorder::recorder::Options;
use ks_replayer::moment::Moment;
use ks_replayer::selection::Glob;

use crate::duration::parse_duration;
use crate::plain;
use crate::provoke::Provoke;
use crate::render::Format;

pub(crate) mod acting;
pub(crate) mod agent;
pub(crate) mod analysis;
pub(crate) mod capture;
pub(crate) mod control;
pub(crate) mod diff;
pub(crate) mod eval;
pub(crate) mod import;
pub(crate) mod live;
pub(crate) mod mcp;
pub(crate) mod replay;
#[cfg(feature = "mutants")]
pub(crate) mod rule;
pub(crate) mod scenario;
pub(crate) mod test;

/// Record a Linux host, replay it offline, and get the same verdicts.
#[derive(Debug, Parser)]
#[command(name = "ks", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What clap says of arguments, which is asked again with words that people may see.
pub(crate) fn tell_usage(error: &clap::Error) {
    let shown = std::env::args_os().map(|argument| plain::line(argument.to_string_lossy()));
    let of_shown = Cli::try_parse_from(shown).err();
    let _ = of_shown.as_ref().unwrap_or(error).print();
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record this host until Ctrl-C or the duration
    #[command(after_help = "Examples:\n  ks record -o host.parquet --duration 60s\n  \
        ks record -o host.parquet --interval 100ms\n  \
        ks record -o host.parquet --events=memory,lifetime | jq 'select(.event == \"oom_kill\")'")]
    Record(Record),
    /// Observe this host: record it and print verdicts as they come, and act on it where that is
    /// asked for
    #[command(after_help = "Examples:\n  ks live\n  ks live -o observed --duration 10m\n  \
        ks live --segment 1h --keep 7d --keep-bytes 2G\n  \
        ks live --mode propose --config site.toml\n  \
        ks live --mode auto --baseline week.json")]
    Live(live::Live),
    /// Tell what a daemon does, which verdicts stand, and what waits for an approval
    #[command(after_help = "Examples:\n  ks status\n  \
        ks status -o observed --format json | jq .standing")]
    Status(control::StatusOf),
    /// Tell a daemon that a condition is normal: only physical harm is raised from then on
    #[command(after_help = "Examples:\n  ks accept load_mismatch host -o /var/lib/kernelsight\n  \
        ks accept scheduler cgroup:/batch.slice --until 2027-01-01T00:00:00Z -o observed")]
    Accept(control::Accept),
    /// Let an agent do what it proposes, as it is shown
    #[command(after_help = "Examples:\n  ks approve 3\n  ks approve 3 --yes -o observed")]
    Approve(acting::Approve),
    /// Tell an agent not to do what it proposes
    #[command(after_help = "Example:\n  ks deny 3")]
    Deny(acting::Word),
    /// Do something to this host yourself, by the same guard, actor and audit log as an agent
    #[command(after_help = "Examples:\n  \
        ks act lower_process_priority --target pid:5678 --set nice=10 --dry-run\n  \
        ks act lower_process_priority --target process:5678:93122 --set nice=10 -o act.parquet\n  \
        ks act pause_process --target pid:5678 --set lasts=30 --verify scheduler:host")]
    Act(acting::Act),
    /// Put back what was done to this host
    #[command(after_help = "Example:\n  ks undo 3")]
    Undo(acting::UndoOf),
    /// Let nothing be done on this host any more, until `ks resume-acting`; what was done can still
    /// be put back. It works also where the daemon hangs
    #[command(after_help = "Example:\n  ks stop-acting")]
    StopActing(acting::Switch),
    /// Take `ks stop-acting` back
    #[command(after_help = "Example:\n  ks resume-acting")]
    ResumeActing(acting::Switch),
    /// What was decided, done and undone on this host, and whether the log of it is whole
    #[command(after_help = "Examples:\n  ks audit show\n  \
        ks audit show --format json | jq 'select(.entry.what == \"asked\")'\n  \
        ks audit verify --anchor /mnt/elsewhere/audit.anchor")]
    Audit(acting::Audit),
    /// Run the engine over recordings or a scenario and print its verdicts
    #[command(after_help = "Examples:\n  ks replay host.parquet\n  \
        ks replay host.parquet -v\n  \
        ks replay host.parquet --format json | jq .episodes\n  \
        ks replay leaking_service --seed 7\n  \
        ks replay host.parquet --accept scheduler:cgroup:/batch.slice\n  \
        ks replay /var/lib/kernelsight --from 2026-03-04T02:00:00Z --to 2026-03-04T04:00:00Z")]
    Replay(replay::Replay),
    /// Tell what is normal in recordings, where it is heading, and when a resource ends
    #[command(after_help = "Examples:\n  ks analyze host.parquet\n  \
        ks analyze /var/lib/kernelsight --metric memory_and_swap_used_share\n  \
        ks analyze host.parquet --format json | jq '.forecasts[] | select(.eta_s)'\n  \
        ks analyze host.parquet --anomalies\n  \
        ks analyze --csv latency.csv --time timestamp --value ms --format csv\n  \
        ks analyze --csv server.csv --time timestamp --all-values")]
    Analyze(analysis::Analyze),
    /// Learn what is normal from recordings, and print what was learned
    Baseline(analysis::Baseline),
    /// Print what a recording holds: inputs, span, sources, and the size of its columns
    #[command(after_help = "Examples:\n  ks inspect host.parquet\n  \
        ks inspect /var/lib/kernelsight --format json | jq .mb_per_day")]
    Inspect(Inspect),
    /// Print rates and values of a recording
    #[command(after_help = "Examples:\n  ks dump host.parquet\n  \
        ks dump host.parquet --columns 'disks.*' --from +90s --to +2m\n  \
        ks dump host.parquet --columns processes.utime_ticks,processes.comm --top 5\n  \
        ks dump host.parquet --columns 'pressure.*' --raw --format csv")]
    Dump(Dump),
    /// Print the columns of a recording, with unit and source, or the fields of a scenario
    #[command(after_help = "Examples:\n  ks schema\n  \
        ks schema --format json | jq '.tables[].table'\n  \
        ks schema scenario > scenario.schema.json")]
    Schema(Schema),
    /// Tell which sources this host gives, and why not the others
    #[command(after_help = "Examples:\n  ks doctor\n  \
        ks doctor --format json | jq '.sources[] | select(.state != \"on\")'")]
    Doctor(Doctor),
    /// Print single events of the kernel as they come, until Ctrl-C or the duration
    #[command(after_help = "Examples:\n  ks trace lifetime\n  \
        ks trace block_io --json --duration 10s | jq 'select(.latency_ns > 1e7)'\n  \
        ks trace tcp memory")]
    Trace(Trace),
    /// Synthetic faults: name them, print one, write its recording
    Scenario(scenario::Scenario),
    /// Hold what runs find against what they must find
    #[command(after_help = "Examples:\n  ks test\n  ks test leaking_service --seeds 20\n  \
        ks test cases.toml --junit results.xml")]
    Test(test::Test),
    /// Cut an incident out of recordings, with the verdicts that it had
    #[command(after_help = "Examples:\n  \
        ks capture --from segments --around 2026-03-04T02:13:00Z -o incident.parquet\n  \
        ks capture --from host.parquet --around +15m --before 2m --redact -o incident.parquet")]
    Capture(capture::Capture),
    /// Tell where two runs part, and why
    #[command(after_help = "Examples:\n  ks diff old.jsonl new.jsonl\n  \
        ks diff host.parquet host.parquet --baseline-b week.json\n  \
        ks diff before.parquet after.parquet --format json | jq .changed")]
    Diff(diff::Diff),
    /// Name the actions that there are, and tell what is known of one
    #[command(after_help = "Examples:\n  ks actions\n  ks actions --kind memory_pressure\n  \
        ks actions lower_cpu_weight\n  ks actions --here\n  \
        ks actions --format json | jq '.[].name'")]
    Actions(agent::Actions),
    /// Tell which texts of actions the policy lets pass, and why not the others
    Policy(agent::Policy),
    /// Tell all that led to the decisions on an incident, step by step
    #[command(after_help = "Examples:\n  ks explain leaking_service --incident 1\n  \
        ks explain leaking_service --mode auto --format json | jq '.decisions'")]
    Explain(agent::Explain),
    /// Grade how well an agent decides, from ground truth of the scenarios
    #[command(after_help = "Examples:\n  ks eval\n  \
        ks eval --scenarios leaking_service,fork_bomb\n  \
        ks eval --format json | jq '.rows[] | select(.action_right | not)'")]
    Eval(eval::Eval),
    /// Offer read-only tools over recordings, scenarios or a daemon to other agents, by MCP over
    /// standard input and output
    #[command(after_help = mcp::EXAMPLES)]
    Mcp(mcp::Mcp),
    /// Make a recording of what another tool recorded
    Import(import::Import),
    /// Make real faults on this machine, in isolation, and record them
    #[command(
        hide = true,
        after_help = "Examples:\n  ks provoke cpu_overload -o overload.parquet\n  \
        ks provoke packet_loss -o loss.parquet --intensity 0.5\n  ks provoke --clean-up"
    )]
    Provoke(Provoke),
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
    /// Stop after this time, such as 60s, 10m or 2h
    #[arg(long, value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Replace an existing recording
    #[arg(long)]
    pub(crate) force: bool,
    /// Print single events of these tracers to stdout, a JSON object a line [default: all]
    #[arg(long, value_enum, value_name = "TRACER,...", num_args = 0..=1, require_equals = true,
        value_delimiter = ',', default_missing_values = EventTracer::NAMES)]
    pub(crate) events: Option<Vec<EventTracer>>,
    #[command(flatten)]
    pub(crate) source: Source,
}

/// Arguments of `ks trace`.
#[derive(Debug, Args)]
pub(crate) struct Trace {
    /// Tracers whose events are wanted
    #[arg(required = true, value_enum, value_name = "TRACER")]
    pub(crate) tracers: Vec<EventTracer>,
    /// Print JSON objects, one a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Stop after this time, such as 10s or 2m
    #[arg(long, value_parser = parse_duration)]
    pub(crate) duration: Option<Duration>,
}

/// Tracers that have single events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum EventTracer {
    /// Switches, wakeups, migrations: very many
    Scheduler,
    /// Requests issued and completed
    BlockIo,
    /// System calls that returned: very many
    Syscall,
    /// Page faults: very many
    PageFault,
    /// Reclaim that tasks wait for, OOM kills
    Memory,
    /// Retransmits, changes of state
    Tcp,
    /// Beginnings and ends of processes
    Lifetime,
}

impl EventTracer {
    /// The word of each.
    pub(crate) const NAMES: [&str; 7] =
        ["scheduler", "block_io", "syscall", "page_fault", "memory", "tcp", "lifetime"];

    /// Its word.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// What is recorded, and how often.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// Time between samples, 100ms to 60s
    #[arg(long, default_value = "1s", value_parser = parse_interval)]
    pub(crate) interval: Duration,
    /// Which processes to record
    #[arg(long, value_enum, default_value = "all")]
    pub(crate) processes: Processes,
    /// Leave the tracers in the kernel out
    #[arg(long)]
    pub(crate) no_ebpf: bool,
    /// Share of one CPU that the recorder may take, its programs in the kernel included; above it
    /// leaves out what costs, latency of calls first [default: 5 %, or 1 % of all CPUs; none
    /// with --events]
    #[arg(long, value_parser = parse_percent, value_name = "PERCENT")]
    pub(crate) max_cpu: Option<f64>,
    /// Make the log durable this often, by a thread that the recording does not wait for: what a
    /// crash of the machine loses. Each time costs the disk a write; 0s leaves it to the system
    #[arg(long, default_value = "1s", value_parser = parse_duration, value_name = "TIME")]
    pub(crate) sync: Duration,
    /// Read the files of a host below this directory
    #[arg(long, default_value = "/", value_name = "DIR")]
    pub(crate) root: PathBuf,
}

impl Source {
    /// How often the log is made durable.
    pub(crate) fn sync(&self) -> Option<Duration> {
        Some(self.sync).filter(|sync| !sync.is_zero())
    }

    /// What the recorder leaves out. Printing single events is no cost that leaving tracers out
    /// would lower, so beside it a share holds only where one is asked for.
    pub(crate) fn options(&self, prints_events: bool) -> Options {
        Options {
            no_processes: self.processes == Processes::None,
            no_ebpf: self.no_ebpf,
            max_cpu: self.max_cpu.or(prints_events.then_some(f64::INFINITY)),
        }
    }
}

/// Arguments of `ks inspect`.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Recording, unsealed recording, or directory of segments
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Arguments of `ks dump`.
#[derive(Debug, Args)]
pub(crate) struct Dump {
    /// Recording, unsealed recording, or directory of segments
    #[arg(value_name = "PATH")]
    pub(crate) path: PathBuf,
    /// Columns, as `table.column` with `*` and `?`, by commas or one by one; the first come first
    #[arg(
        long,
        value_name = "GLOB",
        value_delimiter = ',',
        default_value = "cpu.user_ticks,cpu.system_ticks,cpu.iowait_ticks,cpu.procs_*,\
            memory.available_bytes,vm.pswp*,vm.pgmajfault,pressure.*_some_total_us"
    )]
    pub(crate) columns: Vec<Glob>,
    /// The first moment: a time such as 2026-03-04T12:00:00Z, or +90s, +15m, +2h from the start
    #[arg(long, value_name = "TIME")]
    pub(crate) from: Option<Moment>,
    /// The moment before which to end, written alike
    #[arg(long, value_name = "TIME")]
    pub(crate) to: Option<Moment>,
    /// Of each table and tick only the N rows with the largest value in the first number selected
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<NonZeroUsize>,
    /// Values as stored: counters, not their rates
    #[arg(long)]
    pub(crate) raw: bool,
    /// Form of the output
    #[arg(long, value_enum, default_value = "table")]
    pub(crate) format: DumpFormat,
}

/// Form of a dump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DumpFormat {
    /// For people, one table after the other
    Table,
    /// One line for each value
    Csv,
    /// One object a line for each value
    Json,
}

/// Arguments of `ks schema`.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// Of what: the recording, or a scenario file, whose schema is JSON always
    #[arg(value_enum, default_value = "recording")]
    pub(crate) of: SchemaOf,
    /// Form of the output
    #[arg(long, value_enum, default_value = "markdown")]
    pub(crate) format: SchemaFormat,
}

/// What has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// The columns of a recording
    Recording,
    /// The fields of a scenario file, as a JSON schema
    Scenario,
}

/// Form of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaFormat {
    /// A document
    Markdown,
    /// For programs
    Json,
}

/// Arguments of `ks doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Make the log durable this often, by a thread that the recording does not wait for: what a
    /// crash of the machine loses. Each time costs the disk a write; 0s leaves it to the system
    #[arg(long, default_value = "1s", value_parser = parse_duration, value_name = "TIME")]
    pub(crate) sync: Duration,
    /// Read the files of a host below this directory
    #[arg(long, default_value = "/", value_name = "DIR")]
    pub(crate) root: PathBuf,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Arguments of `ks recover`.
#[derive(Debug, Args)]
pub(crate) struct Recover {
    /// The recording whose log is to be sealed, or the log
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

pub(crate) fn parse_segment(text: &str) -> Result<Duration, String> {
    let length = parse_duration(text)?;
    if length < Duration::from_secs(1) {
        return Err("a segment is at least 1s long".to_owned());
    }
    Ok(length)
}

fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_bytes = match unit {
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        _ => return Err("write a number with k, M or G, such as 500M".to_owned()),
    };
    let number: u64 =
        number.parse().map_err(|_| "write a whole number, such as 500M".to_owned())?;
    number.checked_mul(unit_bytes).ok_or_else(|| "too large".to_owned())
}

/// Less than a segment of minutes takes would remove each as it is sealed.
pub(crate) fn parse_kept_bytes(text: &str) -> Result<u64, String> {
    let bytes = parse_bytes(text)?;
    if bytes < 1_000_000 {
        return Err("too small to keep a segment: at least 1M".to_owned());
    }
    Ok(bytes)
}

fn parse_interval(text: &str) -> Result<Duration, String> {
    let interval = parse_duration(text)?;
    if (Duration::from_millis(100)..=Duration::from_mins(1)).contains(&interval) {
        return Ok(interval);
    }
    Err("the interval is 100ms to 60s".to_owned())
}

/// A share in percent, as a fraction.
fn parse_percent(text: &str) -> Result<f64, String> {
    let percent: f64 = text.trim_end_matches('%').parse().map_err(|_| "not a number".to_owned())?;
    if percent.is_finite() && percent > 0.0 {
        return Ok(percent / 100.0);
    }
    Err("a share is more than 0 %".to_owned())
}

pub(crate) fn parse_finite(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number.is_finite() { Ok(number) } else { Err("not a finite number".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tracer_has_events_under_its_word() {
        for tracer in EventTracer::value_variants() {
            let word = tracer.to_possible_value().unwrap();
            assert_eq!(tracer.name(), word.get_name());
            assert!(ks_ebpf::events::TRACERS.iter().any(|(name, _)| *name == tracer.name()));
        }
    }

    #[test]
    fn shares_are_percents() {
        assert_eq!(parse_percent("2.5"), Ok(0.025));
        assert_eq!(parse_percent("300%"), Ok(3.0));
        for text in ["0", "-1", "nan", "inf", "", "x"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_interval_is_neither_too_short_nor_too_long() {
        assert!(parse_interval("99ms").is_err() && parse_interval("61s").is_err());
        assert_eq!(parse_interval("100ms"), Ok(Duration::from_millis(100)));
    }

    #[test]
    fn sizes_are_numbers_with_units() {
        assert_eq!(parse_bytes("500M"), Ok(500_000_000));
        assert!(parse_bytes("500").is_err() && parse_bytes("99999999999999G").is_err());
    }

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
