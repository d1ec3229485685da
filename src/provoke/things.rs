//! Things that stand on the host, as a list of them is written, and how each is removed.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

/// How often, and after which time each, a thing that is still in use is tried again.
const TRIES: (u32, Duration) = (50, Duration::from_millis(100));

/// A thing that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Thing {
    /// A process, which made what follows: its pid and start in ticks after boot.
    Maker { pid: u32, start_ticks: u64 },
    /// A folder with all in it.
    Folder { path: PathBuf },
    /// A control group.
    Group { path: PathBuf },
    /// Loop devices over a file.
    Loop { file: PathBuf },
    /// A zram device, with swap on it or not.
    Zram { id: u32 },
}

/// The things of a list, up to a line that was not written to its end.
pub(super) fn listed(text: &str) -> Vec<Thing> {
    text.lines().map_while(|line| serde_json::from_str(line).ok()).collect()
}

/// Whether a maker still runs.
pub(super) fn is_there(thing: &Thing) -> bool {
    match thing {
        Thing::Maker { pid, start_ticks: start } => start_ticks(*pid) == Some(*start),
        Thing::Folder { .. } | Thing::Group { .. } | Thing::Loop { .. } | Thing::Zram { .. } => {
            true
        }
    }
}

/// When a process started: field 22 of `/proc/PID/stat`.
pub(super) fn start_ticks(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split_ascii_whitespace().nth(19)?.parse().ok()
}

/// Removes them, the last first; what is still in use is tried again.
pub(super) fn remove(things: &[Thing]) -> anyhow::Result<()> {
    for thing in things.iter().rev() {
        let (tries, pause) = TRIES;
        for attempt in 1.. {
            match remove_one(thing) {
                Ok(()) => break,
                Err(error) if attempt == tries => {
                    return Err(error).with_context(|| format!("{thing:?} cannot be removed"));
                }
                Err(_) => std::thread::sleep(pause),
            }
        }
    }
    Ok(())
}

/// Removes a thing; one that is not there is fine.
fn remove_one(thing: &Thing) -> anyhow::Result<()> {
    match thing {
        Thing::Maker { .. } => Ok(()),
        Thing::Folder { path } => gone(std::fs::remove_dir_all(path)),
        Thing::Group { path } => gone(std::fs::remove_dir(path)),
        Thing::Loop { file } => {
            let devices = said(
                Command::new("losetup")
                    .args(["--list", "--noheadings"])
                    .args(["--output", "NAME", "--associated"])
                    .arg(file),
            )?;
            for device in devices.split_whitespace() {
                said(Command::new("losetup").args(["--detach", device]))?;
            }
            Ok(())
        }
        Thing::Zram { id } => remove_zram(*id),
    }
}

fn remove_zram(id: u32) -> anyhow::Result<()> {
    let device = format!("/dev/zram{id}");
    let swaps = std::fs::read_to_string("/proc/swaps").context("cannot read `/proc/swaps`")?;
    if swaps.lines().any(|line| line.split_whitespace().next() == Some(device.as_str())) {
        said(Command::new("swapoff").arg(&device))?;
    }
    if !Path::new(&format!("/sys/block/zram{id}")).exists() {
        return Ok(());
    }
    std::fs::write("/sys/class/zram-control/hot_remove", id.to_string())
        .with_context(|| format!("cannot remove `{device}`"))
}

fn gone(outcome: std::io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// What a program prints; an error says what it said.
pub(super) fn said(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output =
        command.output().with_context(|| format!("cannot run {name}; is it installed?"))?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_up_to_what_was_not_written() {
        let maker = Thing::Maker { pid: 1, start_ticks: 2 };
        let group = Thing::Group { path: PathBuf::from("/g") };
        let line = |thing| serde_json::to_string(thing).unwrap();
        let text = format!("{}\n{}\n{{\"loop\":{{\"fi", line(&maker), line(&group));
        assert_eq!(listed(&text), [maker, group]);
    }

    #[test]
    fn a_maker_with_another_start_is_gone() {
        let pid = std::process::id();
        let start = start_ticks(pid).unwrap();
        assert!(is_there(&Thing::Maker { pid, start_ticks: start }));
        assert!(!is_there(&Thing::Maker { pid, start_ticks: start + 1 }));
    }
}
