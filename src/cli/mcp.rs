//! Arguments of `ks mcp`.

use std::path::PathBuf;

use clap::Args;

/// What is said after the options: how clients are told of the server.
pub(crate) const EXAMPLES: &str = "\
Examples:
  ks mcp host.parquet
  ks mcp leaking_service noisy_neighbour
  ks mcp --live /var/lib/kernelsight

A client starts the server itself, and talks to it over its standard input and output. Most are told
of it by a file such as:
  {\"mcpServers\": {\"kernelsight\": {
    \"command\": \"ks\", \"args\": [\"mcp\", \"--live\", \"/var/lib/kernelsight\"]}}}

Nothing that it offers acts, and nothing that it answers is later than the time that is asked for.";

/// Arguments of `ks mcp`.
#[derive(Debug, Args)]
pub(crate) struct Mcp {
    /// Recordings, unsealed recordings, directories of segments, and scenarios, by their names or
    /// their `.toml` files; each is asked by itself
    #[arg(value_name = "PATH", required_unless_present = "live")]
    pub(crate) paths: Vec<PathBuf>,
    /// Directory that a daemon writes: each call tells of it as it is by then
    #[arg(long, value_name = "DIR", conflicts_with = "paths")]
    pub(crate) live: Option<PathBuf>,
    /// Seed of scenarios [default: the first of each]
    #[arg(long, conflicts_with = "live")]
    pub(crate) seed: Option<u64>,
    /// Configuration to judge by, in place of the recorded one; nothing is done whatever it says
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
}
