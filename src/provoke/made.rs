//! What is made on the host, so that it can be removed: by its maker, or by the next one.
//!
//! Each thing stands in a file before it is made, with the process that made it. Only a zram device
//! has no name before it is there: one whose maker is killed in that very moment stays, empty.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::things::{Thing, is_there, listed, remove, said, start_ticks};
use crate::render;

/// Beginning of the names of all that is made.
const NAME: &str = "ks-provoke-";
/// Where the lists are kept: where only root writes, since what stands in one is removed by root.
const LISTS: &str = "/run";
const CGROUP: &str = "/sys/fs/cgroup";

/// See the module.
#[derive(Debug)]
pub(crate) struct Made {
    list: PathBuf,
    file: File,
    things: Vec<Thing>,
}

impl Made {
    /// Begins a list of this process.
    pub(super) fn begin() -> anyhow::Result<Self> {
        let pid = std::process::id();
        let list = Path::new(LISTS).join(format!("{NAME}{pid}.jsonl"));
        let cannot = || format!("cannot write `{}`", list.display());
        let file = OpenOptions::new().create(true).append(true).open(&list);
        let file = file.with_context(cannot)?;
        let start_ticks = start_ticks(pid).context("this process has no start")?;
        let mut made = Self { list, file, things: Vec::new() };
        made.note(Thing::Maker { pid, start_ticks })?;
        Ok(made)
    }

    fn note(&mut self, thing: Thing) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(&thing).context("a thing cannot be described")?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .with_context(|| format!("cannot write `{}`", self.list.display()))?;
        self.things.push(thing);
        Ok(())
    }

    /// A new folder in which to keep `bytes`, where there is room for them.
    pub(super) fn folder(&mut self, bytes: u64) -> anyhow::Result<PathBuf> {
        let within = std::env::temp_dir();
        let space = rustix::fs::statvfs(&within)?;
        let free = space.f_bavail.saturating_mul(space.f_frsize);
        if free / 2 < bytes {
            bail!(
                "`{}` has no room for {} MB: name another in TMPDIR",
                within.display(),
                bytes >> 20
            );
        }
        let path = within.join(format!("{NAME}{}", std::process::id()));
        self.note(Thing::Folder { path: path.clone() })?;
        std::fs::create_dir(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        Ok(path)
    }

    /// A control group whose memory is limited; with or without swap.
    pub(super) fn memory_group(&mut self, bytes: u64, swaps: bool) -> anyhow::Result<PathBuf> {
        let path = self.group("memory")?;
        let write = |name: &str, value: u64| {
            let file = path.join(name);
            std::fs::write(&file, value.to_string())
                .with_context(|| format!("cannot write `{}`", file.display()))
        };
        if path.join("memory.limit_in_bytes").exists() {
            write("memory.limit_in_bytes", bytes)?;
            if !swaps {
                write("memory.swappiness", 0)?;
            }
        } else {
            write("memory.max", bytes)?;
            if !swaps {
                write("memory.swap.max", 0)?;
            }
        }
        Ok(path)
    }

    /// A control group that gets a small share of CPUs where others want them too.
    pub(super) fn modest_group(&mut self) -> anyhow::Result<PathBuf> {
        let path = self.group("cpu")?;
        let first = path.join("cpu.shares");
        let (file, share) =
            if first.exists() { (first, "256") } else { (path.join("cpu.weight"), "25") };
        std::fs::write(&file, share)
            .with_context(|| format!("cannot write `{}`", file.display()))?;
        Ok(path)
    }

    fn group(&mut self, controller: &str) -> anyhow::Result<PathBuf> {
        let path = hierarchy(controller)?.join(format!("{NAME}{}", std::process::id()));
        self.note(Thing::Group { path: path.clone() })?;
        std::fs::create_dir(&path)
            .with_context(|| format!("cannot make the control group `{}`", path.display()))?;
        Ok(path)
    }

    /// A loop device over a file.
    pub(super) fn loop_device(&mut self, file: &Path) -> anyhow::Result<PathBuf> {
        self.note(Thing::Loop { file: file.to_owned() })?;
        let device = said(Command::new("losetup").args(["--find", "--show"]).arg(file))?;
        Ok(PathBuf::from(device.trim()))
    }

    /// Swap on a compressed device in memory, which takes `bytes` of it at most.
    pub(super) fn zram_swap(&mut self, bytes: u64) -> anyhow::Result<()> {
        let id = std::fs::read_to_string("/sys/class/zram-control/hot_add")
            .context("no zram device can be made: the kernel needs CONFIG_ZRAM")?;
        let id: u32 = id.trim().parse().context("hot_add gives no number")?;
        self.note(Thing::Zram { id })?;
        let folder = PathBuf::from(format!("/sys/block/zram{id}"));
        std::fs::write(folder.join("disksize"), bytes.to_string()).context("disksize")?;
        std::fs::write(folder.join("mem_limit"), bytes.to_string()).context("mem_limit")?;
        let device = format!("/dev/zram{id}");
        said(Command::new("mkswap").arg(&device))?;
        said(Command::new("swapon").arg(&device))?;
        Ok(())
    }

    /// Removes all of it, the last first.
    pub(super) fn remove(mut self) -> anyhow::Result<()> {
        remove(&self.things)?;
        self.things.clear();
        std::fs::remove_file(&self.list)
            .with_context(|| format!("cannot remove `{}`", self.list.display()))
    }
}

/// Removes what killed provokers left, and says how many things.
pub(super) fn clean_up() -> anyhow::Result<usize> {
    let mut removed = 0;
    let cannot = || format!("cannot list `{LISTS}`");
    for entry in std::fs::read_dir(LISTS).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.starts_with(NAME) || path.extension().is_none_or(|end| end != "jsonl") {
            continue;
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        let things = listed(&text);
        if things.first().is_none_or(is_there) {
            continue;
        }
        remove(&things)?;
        std::fs::remove_file(&path)
            .with_context(|| format!("cannot remove `{}`", path.display()))?;
        removed += things.len() - 1;
    }
    Ok(removed)
}

/// Where groups of a controller are made.
fn hierarchy(controller: &str) -> anyhow::Result<PathBuf> {
    let first = Path::new(CGROUP).join(controller);
    if first.is_dir() {
        return Ok(first);
    }
    let given = std::fs::read_to_string(Path::new(CGROUP).join("cgroup.subtree_control"));
    if given.is_ok_and(|given| given.split_whitespace().any(|one| one == controller)) {
        return Ok(PathBuf::from(CGROUP));
    }
    bail!(
        "no control groups for {controller}: write +{controller} to \
         `{CGROUP}/cgroup.subtree_control` where that is yours to do"
    )
}

impl Drop for Made {
    fn drop(&mut self) {
        if self.things.is_empty() {
            return;
        }
        match remove(&self.things) {
            Ok(()) => {
                let _ = std::fs::remove_file(&self.list);
            }
            Err(error) => render::note(&format!("{error:#}; `ks provoke --clean-up` tries again")),
        }
    }
}
