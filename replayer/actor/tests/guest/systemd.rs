//! Limits of a group that systemd owns, which writes them when it likes (`kernel.md`, section 9).

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use ks_vocabulary::decision::{Effect, GroupFile};
use ks_vocabulary::lasting::Exact;

use crate::group::{exact, mount};
use crate::lab::{Lab, Verdict, failed, read, same, wait, write};

const UNIT: &str = "ks-actor-guest.service";
const DROP_IN: &str = "/run/systemd/system/ks-actor-guest.service.d";
/// What the unit is made with, and what it is given later.
const HIGH: &str = "536870912";
const OTHER_HIGH: &str = "268435456";
const PIDS: &str = "100";
const OTHER_PIDS: &str = "50";
/// What the actor writes.
const LOW_HIGH: &str = "134217728";
const FEW_PIDS: &str = "10";
/// Until then systemd has written what it writes.
const LATER: Duration = Duration::from_secs(2);

fn run(program: &str, arguments: &[&str]) -> Verdict<String> {
    let done = Command::new(program).args(arguments).output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    failed(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr)))
}

fn systemctl(arguments: &[&str]) -> Verdict {
    run("systemctl", arguments).map(drop)
}

/// A transient unit, which ends with this.
struct Unit(PathBuf);

impl Unit {
    fn new() -> Verdict<Self> {
        let (high, pids) = (format!("MemoryHigh={HIGH}"), format!("TasksMax={PIDS}"));
        let sleep = ["busybox", "sleep", "1000"];
        let options = ["--unit", UNIT, "-p", &high, "-p", &pids];
        run("systemd-run", &[&options[..], &sleep[..]].concat())?;
        let unit = Self(mount()?.join("system.slice").join(UNIT));
        wait("the limits are to be there", || {
            unit.limits().is_ok_and(|limits| limits == limits_of(HIGH, PIDS))
        })?;
        Ok(unit)
    }

    fn exact(&self) -> Verdict<Exact> {
        exact(&self.0, &format!("/system.slice/{UNIT}"))
    }

    fn effect(&self, file: GroupFile, text: &str) -> Verdict<Effect> {
        Ok(Effect::GroupFile { group: self.exact()?, file, text: text.to_owned() })
    }

    fn limits(&self) -> Verdict<(String, String)> {
        Ok((read(self.0.join("memory.high"))?, read(self.0.join("pids.max"))?))
    }

    /// Has both limits written by the actor.
    fn limit(&self, lab: &mut Lab) -> Verdict<[u64; 2]> {
        let high = lab.act(self.effect(GroupFile::MemoryHigh, LOW_HIGH)?)?;
        let pids = lab.act(self.effect(GroupFile::PidsMax, FEW_PIDS)?)?;
        same("limits", self.limits()?, limits_of(LOW_HIGH, FEW_PIDS))?;
        Ok([high, pids])
    }

    /// Waits until systemd has written its own.
    fn has(&self, high: &str, pids: &str) -> Verdict {
        let wanted = limits_of(high, pids);
        let mut found = self.limits()?;
        let done = wait("systemd is to write", || {
            found = self.limits().unwrap_or_default();
            found == wanted
        });
        done.or_else(|_| same("limits", found, wanted))
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(DROP_IN);
        let _ = systemctl(&["stop", UNIT]);
        let _ = systemctl(&["daemon-reload"]);
    }
}

fn limits_of(high: &str, pids: &str) -> (String, String) {
    (format!("{high}\n"), format!("{pids}\n"))
}

/// What systemd reads in its files at a reload is another's word, which stands: it is what the unit
/// is held at then, though systemd 257 leaves what is in force until it is told to write.
pub(crate) fn reload(lab: &mut Lab) -> Verdict {
    reads_again(lab, "daemon-reload")
}

pub(crate) fn reexec(lab: &mut Lab) -> Verdict {
    reads_again(lab, "daemon-reexec")
}

fn reads_again(lab: &mut Lab, command: &str) -> Verdict {
    let unit = Unit::new()?;
    let limited = unit.limit(lab)?;
    systemctl(&[command])?;
    sleep(LATER);
    for request in limited {
        lab.put_back(request)?;
    }
    same("limits", unit.limits()?, limits_of(HIGH, PIDS))?;
    let limited = unit.limit(lab)?;
    fs::create_dir_all(DROP_IN)?;
    let text = format!("[Service]\nMemoryHigh={OTHER_HIGH}\nTasksMax={OTHER_PIDS}\n");
    write(format!("{DROP_IN}/90-other.conf"), &text)?;
    systemctl(&[command])?;
    sleep(LATER);
    let shown = run("systemctl", &["show", "--property", "MemoryHigh", "--value", UNIT])?;
    same("the limit that systemd knows", shown.trim(), OTHER_HIGH)?;
    for request in limited {
        lab.superseded(request)?;
    }
    same("limits", unit.limits()?, limits_of(OTHER_HIGH, OTHER_PIDS))
}

pub(crate) fn set_property(lab: &mut Lab) -> Verdict {
    let unit = Unit::new()?;
    let limited = unit.limit(lab)?;
    let (high, pids) = (format!("MemoryHigh={OTHER_HIGH}"), format!("TasksMax={OTHER_PIDS}"));
    systemctl(&["set-property", "--runtime", UNIT, &high, &pids])?;
    unit.has(OTHER_HIGH, OTHER_PIDS)?;
    for request in limited {
        lab.superseded(request)?;
    }
    same("limits", unit.limits()?, limits_of(OTHER_HIGH, OTHER_PIDS))
}

/// The group is another one then, and the unit is held all the same, until that is put back.
pub(crate) fn restart(lab: &mut Lab) -> Verdict {
    let unit = Unit::new()?;
    let (old, limited) = (unit.effect(GroupFile::PidsMax, FEW_PIDS)?, unit.limit(lab)?);
    systemctl(&["restart", UNIT])?;
    unit.has(LOW_HIGH, FEW_PIDS)?;
    for request in limited {
        lab.put_back(request)?;
    }
    lab.refuses(vec![old], "is gone, or another has its place")?;
    same("limits", unit.limits()?, limits_of(HIGH, PIDS))
}
