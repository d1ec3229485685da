//! Arguments of the commands that talk to a daemon.

use std::path::PathBuf;

use clap::Args;
use ks_replayer::config_file::{ENTITY_FORMS, is_entity};
use ks_replayer::moment::Moment;
use ks_vocabulary::input::Acceptance;
use ks_vocabulary::kind::Kind;

use crate::render::Format;

/// Where a daemon writes that is not told otherwise.
pub(crate) const FOLDER: &str = "/var/lib/kernelsight";

/// Which daemon.
#[derive(Debug, Clone, Args)]
pub(crate) struct Daemon {
    /// Directory that the daemon writes
    #[arg(short, long, value_name = "DIR", default_value = FOLDER)]
    pub(crate) output: PathBuf,
}

/// Arguments of `ks status`.
#[derive(Debug, Args)]
pub(crate) struct StatusOf {
    #[command(flatten)]
    pub(crate) daemon: Daemon,
    /// Form of the output
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// Arguments of `ks accept`.
#[derive(Debug, Args)]
pub(crate) struct Accept {
    /// Which of the ten conditions
    #[arg(value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Kind,
    /// Where, as verdicts and `ks status` write it: host, disk:sda, cgroup:/system.slice/x.service
    #[arg(value_name = "ENTITY", value_parser = entity)]
    pub(crate) entity: String,
    /// Until this time, such as 2027-01-01T00:00:00Z; one that is past takes it back [default: for
    /// good]
    #[arg(long, value_name = "TIME", value_parser = until)]
    pub(crate) until: Option<i64>,
    #[command(flatten)]
    pub(crate) daemon: Daemon,
}

fn kind(text: &str) -> Result<Kind, String> {
    Kind::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
        let words: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
        format!("the conditions are {}", words.join(", "))
    })
}

fn entity(text: &str) -> Result<String, &'static str> {
    if is_entity(text) { Ok(text.to_owned()) } else { Err(ENTITY_FORMS) }
}

/// A condition in one word: `load_mismatch:host`.
pub(crate) fn condition(text: &str) -> Result<Acceptance, String> {
    let Some((first, rest)) = text.split_once(':') else {
        let mut what = "write KIND:ENTITY, such as load_mismatch:host".to_owned();
        if let Err(conditions) = kind(text) {
            what += &format!("; {conditions}");
        }
        return Err(what);
    };
    Ok(Acceptance { kind: kind(first)?, entity: entity(rest)?, until_ns: None })
}

fn until(text: &str) -> Result<i64, &'static str> {
    match text.parse() {
        Ok(Moment::At(at)) => Ok(at.0),
        Ok(Moment::After { .. }) | Err(_) => Err("write a time as 2027-01-01T00:00:00Z"),
    }
}
