//! Control groups of version 1, whose hierarchies have a folder each for one group.

use std::fs;
use std::path::PathBuf;

use ks_vocabulary::decision::{Effect, GroupFile};
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;

use crate::child::Child;
use crate::files::disk;
use crate::lab::{Lab, No, Verdict, read, same, skipped, wait, write};

const NAME: &str = "ks-actor-first";

/// One of ours in one hierarchy; it ends with this, after its members.
struct Part {
    hierarchy: &'static str,
    path: String,
    folder: PathBuf,
}

/// Where the hierarchy of a controller is mounted, or version 2.
fn mount(hierarchy: &str) -> Verdict<PathBuf> {
    let mounts = read("/proc/self/mountinfo")?;
    let found = mounts.lines().find_map(|line| {
        let (front, back) = line.split_once(" - ")?;
        let options = back.rsplit(' ').next()?;
        let is_it = match hierarchy {
            "v2" => back.starts_with("cgroup2 "),
            one => back.starts_with("cgroup ") && options.split(',').any(|own| own == one),
        };
        is_it.then(|| front.split(' ').nth(4).map(PathBuf::from))?
    });
    found.map_or_else(|| skipped(format!("no hierarchy of version 1 with {hierarchy}")), Ok)
}

impl Part {
    fn new(hierarchy: &'static str) -> Verdict<Self> {
        Self::at(hierarchy, &format!("/{NAME}"))
    }

    fn at(hierarchy: &'static str, path: &str) -> Verdict<Self> {
        let folder = mount(hierarchy)?.join(path.trim_start_matches('/'));
        let not = |error| No::Skipped(format!("no control group can be made: {error}"));
        fs::create_dir(&folder).map_err(not)?;
        Ok(Self { hierarchy, path: path.to_owned(), folder })
    }

    /// In the hierarchy by which a process is said to be in a group.
    fn said() -> Verdict<Self> {
        let is_there = |name: &&str| mount(name).is_ok();
        let found = ["v2", "memory", "cpu"].into_iter().find(is_there);
        found.map_or_else(|| skipped("no control groups"), Self::new)
    }

    fn effect(&self, file: GroupFile, text: &str) -> Verdict<Effect> {
        use std::os::unix::fs::MetadataExt;
        let inode = Some(fs::metadata(&self.folder)?.ino());
        let (hierarchy, path) = (self.hierarchy.into(), self.path.clone().into());
        let group = Exact(Entity::Cgroup(Group { hierarchy, path, inode }));
        Ok(Effect::GroupFile { group, file, text: text.to_owned() })
    }

    fn text(&self, file: GroupFile) -> Verdict<String> {
        read(self.folder.join(file.word()))
    }

    fn write(&self, file: GroupFile, text: &str) -> Verdict {
        write(self.folder.join(file.word()), text)
    }

    fn add(&self, child: &Child) -> Verdict {
        write(self.folder.join("cgroup.procs"), &child.pid().to_string())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::write(self.folder.join("freezer.state"), "THAWED");
        let _ = wait("nobody is to be in the group", || fs::remove_dir(&self.folder).is_ok());
    }
}

/// -1 is what there is without a quota, and what is put back.
pub(crate) fn quota(lab: &mut Lab) -> Verdict {
    let file = GroupFile::CpuCfsQuota;
    let group = Part::new("cpu")?;
    let text = || group.text(file);
    same("the quota of a new group", text()?, "-1\n".to_owned())?;
    lab.there_and_back(group.effect(file, "50000")?, text, "50000\n".to_owned())?;
    group.write(file, "200000")?;
    lab.there_and_back(group.effect(file, "50000")?, text, "50000\n".to_owned())?;
    lab.refuses(vec![group.effect(file, "300000")?], "would be more")?;
    lab.refuses(vec![group.effect(file, "-1")?], "no action does this")?;
    // Who is below may not have more than who is above, and the kernel refuses it both ways.
    let below = Part::at("cpu", &format!("/{NAME}/below"))?;
    below.write(file, "150000")?;
    lab.refuses(vec![group.effect(file, "50000")?], "Invalid argument")?;
    same("the quota", text()?, "200000\n".to_owned())
}

pub(crate) fn shares(lab: &mut Lab) -> Verdict {
    let file = GroupFile::CpuShares;
    let group = Part::new("cpu")?;
    let text = || group.text(file);
    lab.there_and_back(group.effect(file, "205")?, text, "205\n".to_owned())
}

pub(crate) fn pids_max(lab: &mut Lab) -> Verdict {
    let file = GroupFile::PidsMax;
    let group = Part::new("pids")?;
    lab.there_and_back(group.effect(file, "10")?, || group.text(file), "10\n".to_owned())
}

/// A file for each key, with a line for each device that has a limit.
pub(crate) fn throttle(lab: &mut Lab) -> Verdict {
    let group = Part::new("blkio")?;
    let number = read(format!("/sys/block/{}/dev", disk(lab)?))?.trim().to_owned();
    for (file, limit, before) in [
        (GroupFile::BlkioReadBps, 1_048_576, 2_097_152),
        (GroupFile::BlkioWriteBps, 1_048_576, 2_097_152),
        (GroupFile::BlkioReadIops, 100, 200),
        (GroupFile::BlkioWriteIops, 100, 200),
    ] {
        let text = || group.text(file);
        let (line, old) = (format!("{number} {limit}"), format!("{number} {before}"));
        lab.there_and_back(group.effect(file, &line)?, text, format!("{line}\n"))?;
        same("a file without a limit", text()?, String::new())?;
        group.write(file, &old)?;
        lab.there_and_back(group.effect(file, &line)?, text, format!("{line}\n"))?;
        same("the limit that was", text()?, format!("{old}\n"))?;
    }
    Ok(())
}

/// Frozen by a file of its own hierarchy, and only with those who are said to be in the group.
pub(crate) fn freeze(lab: &mut Lab) -> Verdict {
    let file = GroupFile::FreezerState;
    // They end after their member.
    let (group, said) = (Part::new("freezer")?, Part::said()?);
    let child = Child::new()?;
    group.add(&child)?;
    let effect = group.effect(file, "FROZEN")?;
    lab.refuses(vec![effect.clone()], "which is in another group")?;
    same("the freezer", group.text(file)?, "THAWED\n".to_owned())?;
    said.add(&child)?;
    let request = lab.act(effect.clone())?;
    let is = |state: &str| group.text(file).is_ok_and(|text| text.trim() == state);
    wait("it is to be frozen", || is("FROZEN"))?;
    child.wait_for(b'D')?;
    lab.refuses(vec![effect], "not concluded yet")?;
    lab.put_back(request)?;
    wait("it is to be thawed", || is("THAWED"))?;
    same("stopped after the thaw", child.is_stopped()?, false)
}

/// What another one wrote since is his, whichever file of version 1 it is.
pub(crate) fn another_wrote(lab: &mut Lab) -> Verdict {
    let group = Part::new("cpu")?;
    let request = lab.act(group.effect(GroupFile::CpuCfsQuota, "50000")?)?;
    group.write(GroupFile::CpuCfsQuota, "60000")?;
    lab.superseded(request)?;
    same("the quota", group.text(GroupFile::CpuCfsQuota)?, "60000\n".to_owned())?;
    let freezer = Part::new("freezer")?;
    let request = lab.act(freezer.effect(GroupFile::FreezerState, "FROZEN")?)?;
    freezer.write(GroupFile::FreezerState, "THAWED")?;
    lab.put_back(request)?;
    same("the freezer", freezer.text(GroupFile::FreezerState)?, "THAWED\n".to_owned())
}
