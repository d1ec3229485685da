//! Files of control groups and of disks, and filesystems.

use std::fs;

use ks_vocabulary::decision::{Effect, GroupFile};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;

use crate::child::Child;
use crate::group::Group;
use crate::lab::{Lab, No, Verdict, failed, read, same, skipped, wait, write};

/// Has a file of a group of ours written. What the kernel has no file for, the actor has to say.
fn of_group(lab: &mut Lab, file: GroupFile, text: &str, wanted: &str) -> Verdict {
    let group = Group::new()?;
    let effect = group.effect(file, text)?;
    if !group.file(file.word()).exists() {
        lab.act(effect)?;
        return failed("it was done without a file");
    }
    // Of weights some kernels say whose they are.
    let text = || Ok(group.text(file)?.trim_start_matches("default ").to_owned());
    lab.there_and_back(effect, text, wanted.to_owned())
}

pub(crate) fn cpu_max(lab: &mut Lab) -> Verdict {
    of_group(lab, GroupFile::CpuMax, "50000 100000", "50000 100000\n")
}

pub(crate) fn cpu_weight(lab: &mut Lab) -> Verdict {
    of_group(lab, GroupFile::CpuWeight, "50", "50\n")
}

pub(crate) fn io_weight(lab: &mut Lab) -> Verdict {
    of_group(lab, GroupFile::IoWeight, "50", "50\n")
}

pub(crate) fn io_bfq_weight(lab: &mut Lab) -> Verdict {
    of_group(lab, GroupFile::IoBfqWeight, "50", "50\n")
}

pub(crate) fn memory_high(lab: &mut Lab) -> Verdict {
    // The kernel keeps pages.
    of_group(lab, GroupFile::MemoryHigh, "67108865", "67108864\n")
}

pub(crate) fn memory_swap_max(lab: &mut Lab) -> Verdict {
    of_group(lab, GroupFile::MemorySwapMax, "67108864", "67108864\n")
}

pub(crate) fn pids_max(lab: &mut Lab) -> Verdict {
    of_group(lab, GroupFile::PidsMax, "10", "10\n")
}

/// A disk of this host: the one of the guest, or any.
pub(crate) fn disk(lab: &Lab) -> Verdict<String> {
    if lab.is_guest {
        return Ok("vda".to_owned());
    }
    let mut all = fs::read_dir("/sys/block")?.filter_map(Result::ok);
    let first = all.next().and_then(|entry| entry.file_name().into_string().ok());
    first.map_or_else(|| skipped("no disk"), Ok)
}

pub(crate) fn io_max(lab: &mut Lab) -> Verdict {
    let group = Group::new()?;
    let number = read(format!("/sys/block/{}/dev", disk(lab)?))?.trim().to_owned();
    let effect = group.effect(GroupFile::IoMax, &format!("{number} riops=1000"))?;
    if !group.file("io.max").exists() {
        lab.act(effect)?;
        return failed("it was done without a file");
    }
    let text = || group.text(GroupFile::IoMax);
    let line = format!("{number} rbps=max wbps=max riops=1000 wiops=max\n");
    lab.there_and_back(effect.clone(), text, line)?;
    // What else the line limits stays.
    group.write(GroupFile::IoMax, &format!("{number} wbps=1048576 riops=5000"))?;
    let line = format!("{number} rbps=max wbps=1048576 riops=1000 wiops=max\n");
    lab.there_and_back(effect, text, line)
}

pub(crate) fn memory_reclaim(lab: &mut Lab) -> Verdict {
    const BYTES: u64 = 8 << 20;
    let group = Group::new()?;
    let effect = group.effect(GroupFile::MemoryReclaim, &BYTES.to_string())?;
    if !group.file("memory.reclaim").exists() {
        lab.act(effect)?;
        return failed("it was done without a file");
    }
    let mut child = Child::of_one_thread()?;
    group.add(&child)?;
    // The pages of the disk are the group's, and can be had back.
    child.tell(&format!("read /dev/{}", disk(lab)?))?;
    let used = || Ok::<u64, No>(read(group.file("memory.current"))?.trim().parse()?);
    let before = used()?;
    let request = lab.act(effect)?;
    let after = used()?;
    if after + BYTES / 2 > before {
        return failed(format!("{before} bytes before, and {after} after it"));
    }
    lab.put_back(request)
}

pub(crate) fn freeze(lab: &mut Lab) -> Verdict {
    let group = Group::new()?;
    let child = Child::new()?;
    group.add(&child)?;
    let look = || Ok::<_, No>((group.text(GroupFile::CgroupFreeze)?, group.is_frozen()?));
    let effect = group.effect(GroupFile::CgroupFreeze, "1")?;
    let request = lab.act(effect.clone())?;
    wait("it is to be frozen", || group.is_frozen().is_ok_and(|is| is))?;
    // Frozen by two, it would be thawed by either: the second waits for what comes of the first.
    lab.refuses(vec![effect], "not concluded yet")?;
    same("a group that is frozen", look()?, ("1\n".to_owned(), true))?;
    lab.put_back(request)?;
    wait("it is to be thawed", || group.is_frozen().is_ok_and(|is| !is))?;
    same("the group", look()?, ("0\n".to_owned(), false))
}

pub(crate) fn read_ahead(lab: &mut Lab) -> Verdict {
    lab.only_in_a_guest()?;
    let name = disk(lab)?;
    let path = format!("/sys/block/{name}/queue/read_ahead_kb");
    let disk = || Exact(Entity::Disk(name.clone().into_bytes()));
    let text = || read(&path);
    // The kernel keeps pages of 4 kB.
    let effect = Effect::ReadAhead { disk: disk(), kb: 66 };
    lab.there_and_back(effect, text, "64\n".to_owned())?;
    let request = lab.act(Effect::ReadAhead { disk: disk(), kb: 64 })?;
    write(&path, "32")?;
    lab.superseded(request)?;
    same("what another one wrote", text()?, "32\n".to_owned())
}

/// Every kernel can do it. What is on the disks of a host that is no guest is not ours.
pub(crate) fn sync_filesystem(lab: &mut Lab) -> Verdict {
    let path = if lab.is_guest { "/" } else { "/dev/shm" };
    if fs::metadata(path).is_err() {
        return skipped(format!("no `{path}`"));
    }
    let mount = Exact(Entity::Filesystem(path.into()));
    match lab.act(Effect::SyncFilesystem { mount }) {
        Ok(request) => lab.put_back(request),
        Err(No::Cannot(why)) => failed(why),
        Err(no) => Err(no),
    }
}
