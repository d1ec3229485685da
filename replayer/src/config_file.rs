//! The configuration as a file: what `--config` reads.
//!
//! ```toml
//! # A condition that is normal on this host: only physical harm is raised.
//! [[accept]]
//! kind = "load_mismatch"
//! entity = "host"
//! until = 2027-01-01T00:00:00Z   # for good where it is left out
//!
//! # How far the agent may go, and who advises it.
//! [agent]
//! mode = "auto"                  # observe, propose or auto
//! reasoner = "rules"             # off, rules, gemini or openai
//! reply_s = 60                   # a model that has not answered by then is not waited for
//! root_units = ["batch.service"] # may be acted on although they are root's
//!
//! # Where the model is; `ks_reasoner::Settings` says what else can stand here.
//! [model]
//! name = "gemini-3.8-flash"
//! key_file = "/etc/kernelsight/key"
//!
//! # A disruptive action that is allowed beforehand.
//! [[grant]]
//! action = "terminate_process"
//! unit = "batch.service"         # or cgroup = "/work.slice"
//! expires = 2027-01-01T00:00:00Z
//! ```
//!
//! An error names the line and the column, and never prints what stands there: the file may be one
//! that whoever reads the error may not read.

use std::io::Read;
use std::path::{Path, PathBuf};

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{AgentConfig, Budgets, Grant, Mode, Reasoner, Scope, Windows};
use ks_vocabulary::input::{Acceptance, Config};
use ks_vocabulary::kind::{Kind, Severity};
use ks_vocabulary::time::WallTime;
use serde::Deserialize;
use serde::de::Error as _;
use toml::Spanned;
use toml::value::Datetime;

/// No configuration is larger than this.
const LARGEST_BYTES: u64 = 1 << 20;

/// What is wrong with a configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFileError {
    /// It cannot be read.
    #[error("cannot read `{}`: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It makes no sense.
    #[error("{}:{line}:{column}: {problem}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong there.
        problem: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accept: Vec<Accept>,
    #[serde(default)]
    agent: Agent,
    #[serde(default)]
    grant: Vec<Granted>,
    /// Where a model is: read by whoever asks it ([`model`]).
    #[expect(dead_code, reason = "it is only allowed to be there")]
    model: Option<serde::de::IgnoredAny>,
}

/// A file of which the table of the model alone is read.
#[derive(Debug, Deserialize)]
struct OnlyModel<T> {
    model: Option<T>,
}

/// What may be said of the agent; its policy has a file of its own.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Agent {
    mode: Option<Mode>,
    reasoner: Option<Reasoner>,
    severity_min: Option<Severity>,
    approval_s: Option<Spanned<u64>>,
    reply_s: Option<Spanned<u64>>,
    windows_divided_by: Option<Spanned<u64>>,
    budgets: Option<Budgets>,
    #[serde(default)]
    root_units: Vec<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Granted {
    action: Spanned<ActionKind>,
    unit: Option<String>,
    cgroup: Option<String>,
    expires: Spanned<Datetime>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Accept {
    kind: Kind,
    #[serde(deserialize_with = "entity")]
    entity: String,
    until: Option<Spanned<Datetime>>,
}

/// The text of a file, for errors that name a place in it.
#[derive(Debug)]
pub(crate) struct Text {
    path: PathBuf,
    text: String,
}

impl Text {
    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self, ConfigFileError> {
        let io_error = |error| ConfigFileError::Io { path: path.to_owned(), error };
        // A daemon reads it too, and would wait for a pipe's other end.
        if !std::fs::metadata(path).map_err(io_error)?.is_file() {
            let problem = "it is not a regular file";
            return Err(io_error(std::io::Error::new(std::io::ErrorKind::InvalidInput, problem)));
        }
        let file = std::fs::File::open(path).map_err(io_error)?;
        let mut bytes = Vec::new();
        file.take(LARGEST_BYTES + 1).read_to_end(&mut bytes).map_err(io_error)?;
        Self::of(path, &bytes)
    }

    /// The text that some bytes are.
    pub(crate) fn of(path: &Path, bytes: &[u8]) -> Result<Self, ConfigFileError> {
        if bytes.len() as u64 > LARGEST_BYTES {
            let problem = format!("a configuration has {LARGEST_BYTES} bytes at most");
            return Err(content(path, "", problem));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Self { path: path.to_owned(), text: text.to_owned() }),
            Err(found) => {
                let good = String::from_utf8_lossy(&bytes[..found.valid_up_to()]);
                Err(content(path, &good, "a configuration is TOML in UTF-8".to_owned()))
            }
        }
    }

    /// What it says.
    pub(crate) fn parse<T: for<'de> Deserialize<'de>>(&self) -> Result<T, ConfigFileError> {
        toml::from_str(&self.text).map_err(|found| {
            let at = found.span().map_or(0, |span| span.start);
            self.problem(at, found.message())
        })
    }

    /// What is wrong at a byte of it.
    pub(crate) fn problem(&self, at: usize, problem: &str) -> ConfigFileError {
        let good = self.text.get(..at).unwrap_or(&self.text);
        content(&self.path, good, problem.to_owned())
    }
}

/// A problem behind what is good of a file.
fn content(path: &Path, good: &str, problem: String) -> ConfigFileError {
    let line = good.matches('\n').count() + 1;
    let column = good.rsplit('\n').next().map_or(0, |begin| begin.chars().count()) + 1;
    ConfigFileError::Content { path: path.to_owned(), line, column, problem }
}

/// Reads a file.
pub fn load(path: &Path) -> Result<Config, ConfigFileError> {
    of(&Text::load(path)?)
}

/// What a file says of the model that is asked, as whoever asks it reads it.
pub fn model<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, ConfigFileError> {
    Text::load(path)?.parse::<OnlyModel<T>>().map(|read| read.model)
}

fn of(text: &Text) -> Result<Config, ConfigFileError> {
    let file: File = text.parse()?;
    let accept = file.accept.into_iter().map(|one| {
        let until_ns = one.until.map(|until| {
            let problem = "write a time with its offset, as 2027-01-01T00:00:00Z";
            let told = || text.problem(until.span().start, problem);
            wall_time(until.get_ref()).ok_or_else(told)
        });
        Ok(Acceptance { kind: one.kind, entity: one.entity, until_ns: until_ns.transpose()? })
    });
    let accept = accept.collect::<Result<_, _>>()?;
    let place = |at: usize, problem: &str| text.problem(at, problem);
    let agent = agent(file.agent, file.grant, &place)?;
    Ok(Config { accept, agent })
}

type Place<'a> = dyn Fn(usize, &str) -> ConfigFileError + 'a;

fn agent(
    file: Agent,
    granted: Vec<Granted>,
    place: &Place<'_>,
) -> Result<AgentConfig, ConfigFileError> {
    let usual = AgentConfig::default();
    let approval_s = file.approval_s.map_or(Ok(usual.approval_s), |asked| {
        let at = asked.span().start;
        let asked = asked.into_inner();
        let most = AgentConfig::APPROVAL_S_MAX;
        let problem = "a proposal waits for 1 to 3600 s";
        if (1..=most).contains(&asked) { Ok(asked) } else { Err(place(at, problem)) }
    })?;
    let reply_s = file.reply_s.map_or(Ok(usual.reply_s), |asked| {
        let problem = "a reply of a model is waited for 1 to 900 s";
        let is_within = (1..=AgentConfig::REPLY_S_MAX).contains(asked.get_ref());
        if is_within { Ok(*asked.get_ref()) } else { Err(place(asked.span().start, problem)) }
    })?;
    let windows = file.windows_divided_by.map_or(Ok(usual.windows), |asked| {
        let problem = "windows are divided by 1 to 5";
        let windows = Windows::divided_by(*asked.get_ref());
        windows.ok_or_else(|| place(asked.span().start, problem))
    })?;
    let grants = granted.into_iter().map(|one| grant(one, place));
    let root_units = file.root_units.into_iter().map(|unit| {
        let at = unit.span().start;
        let unit = unit.into_inner();
        let is_sound = Scope::Unit(unit.clone()).is_sound();
        if is_sound { Ok(unit) } else { Err(place(at, "write a unit as x.service, whole")) }
    });
    Ok(AgentConfig {
        mode: file.mode.unwrap_or(usual.mode),
        reasoner: file.reasoner.unwrap_or(usual.reasoner),
        model: usual.model,
        reply_s,
        severity_min: file.severity_min.unwrap_or(usual.severity_min),
        approval_s,
        budgets: file.budgets.unwrap_or(usual.budgets),
        grants: grants.collect::<Result<_, _>>()?,
        root_units: root_units.collect::<Result<_, _>>()?,
        policy: usual.policy,
        windows,
    })
}

/// What a grant can be good for.
const GRANTED_ON: &str = "a grant has a `unit` such as x.service, or a `cgroup` below the root \
    such as /x.slice: whole names, no patterns";

fn grant(one: Granted, place: &Place<'_>) -> Result<Grant, ConfigFileError> {
    let at = one.action.span().start;
    let on = match (one.unit, one.cgroup) {
        (Some(unit), None) => Scope::Unit(unit),
        (None, Some(cgroup)) => Scope::Cgroup(cgroup),
        (Some(_), Some(_)) => return Err(place(at, GRANTED_ON)),
        (None, None) => return Err(place(at, "a grant says on which `unit` or `cgroup`")),
    };
    if !on.is_sound() {
        return Err(place(at, GRANTED_ON));
    }
    let expires = one.expires.span().start;
    let expires_ns = wall_time(one.expires.get_ref())
        .ok_or_else(|| place(expires, "write a time with its offset, as 2027-01-01T00:00:00Z"))?;
    Ok(Grant { action: one.action.into_inner(), on, expires_ns })
}

fn wall_time(datetime: &Datetime) -> Option<WallTime> {
    let time: jiff::Timestamp = datetime.to_string().parse().ok()?;
    i64::try_from(time.as_nanosecond()).ok().map(WallTime)
}

fn entity<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_entity(&text) {
        return Ok(text);
    }
    Err(D::Error::custom(ENTITY_FORMS))
}

/// How entities are written.
pub const ENTITY_FORMS: &str = "write an entity as verdicts do: `host`, `disk:sda`, `nic:eth0`, \
    `filesystem:/var`, `netns:4026531840`, `cgroup:/system.slice/x.service` or `process:PID:START`";

/// Whether a text has the form of an entity that a verdict can be about.
pub fn is_entity(text: &str) -> bool {
    const FORMS: [&str; 6] = ["disk", "nic", "filesystem", "netns", "cgroup", "process"];
    let named = text.split_once(':');
    text == "host" || named.is_some_and(|(form, name)| FORMS.contains(&form) && !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &Path, bytes: &[u8]) -> Result<Config, ConfigFileError> {
        of(&Text::of(path, bytes)?)
    }

    fn check(text: &[u8], expected: &str) {
        let error = parse(Path::new("ks.toml"), text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn what_is_accepted_is_read() {
        let text = b"[[accept]]\nkind = \"load_mismatch\"\nentity = \"host\"\n\
            until = 1970-01-01T00:00:02+00:00\n[[accept]]\nkind = \"scheduler\"\n\
            entity = \"cgroup:/batch.slice\"\n";
        let accept = parse(Path::new("ks.toml"), text).unwrap().accept;
        assert_eq!(accept[0].until_ns, Some(WallTime(2_000_000_000)));
        assert_eq!((accept[1].kind, accept[1].until_ns), (Kind::Scheduler, None));
        assert_eq!(parse(Path::new("ks.toml"), b"").unwrap(), Config::default());
    }

    #[test]
    fn a_grant_and_a_unit_of_root_name_what_they_mean() {
        let granted = |on: &str| {
            let end = "expires = 2027-01-01T00:00:00Z\n";
            let action = "[[grant]]\naction = \"terminate_process\"\n";
            let text = format!("{action}{on}\n{end}");
            parse(Path::new("ks.toml"), text.as_bytes()).map_err(|error| error.to_string())
        };
        assert!(granted("unit = \"x.service\"").is_ok());
        assert!(granted("cgroup = \"/work.slice/x.service\"").is_ok());
        for on in [
            "unit = \"\"",
            "unit = \"x\"",
            "unit = \"*.service\"",
            "unit = \"a/b.service\"",
            "cgroup = \"\"",
            "cgroup = \"/\"",
            "cgroup = \"//\"",
            "cgroup = \"/a/\"",
            "cgroup = \"/a/../b\"",
        ] {
            let error = granted(on).unwrap_err();
            assert!(error.contains("ks.toml:2:10: a grant has a `unit`"), "{on}: {error}");
        }
        check(b"[agent]\nroot_units = [\"\"]\n", "ks.toml:2:15: write a unit as x.service");
    }

    #[test]
    fn only_a_regular_file_is_opened() {
        let (read, write) = std::io::pipe().unwrap();
        let path = format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&read));
        for path in [path.as_str(), "/dev/zero", "/proc/self"] {
            let error = load(Path::new(path)).unwrap_err().to_string();
            assert!(error.ends_with("it is not a regular file"), "{error}");
        }
        drop(write);
    }

    #[test]
    fn an_error_names_line_and_column_and_prints_nothing_of_the_file() {
        check(b"\nacept = []", "ks.toml:2:1: unknown field `acept`");
        check(
            b"[[accept]]\nkind = \"cpu\"\nentity = \"host\"",
            "ks.toml:2:8: unknown variant `cpu`",
        );
        check(
            b"[[accept]]\nkind = \"scheduler\"\nentity = \"eth0\"",
            "ks.toml:3:10: write an entity",
        );
        check(b"[[accept]]\nkind = \"scheduler\"", "ks.toml:1:1: missing field `entity`");
        let until = b"[[accept]]\nkind = \"scheduler\"\nentity = \"host\"\nuntil = 2027-01-01";
        check(until, "ks.toml:4:9: write a time with its offset");
        check(b"a = \xff", "ks.toml:1:5: a configuration is TOML");
        let secret = parse(Path::new("shadow"), b"root:$6$secret:1:0").unwrap_err().to_string();
        assert!(!secret.contains("secret"), "{secret}");
        check(&vec![b'#'; 2 << 20], "at most");
    }
}
