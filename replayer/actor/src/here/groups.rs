//! Control groups of a host, and what can be written to them.

use std::fs;
use std::path::{Path, PathBuf};

use ks_vocabulary::decision::GroupFile;
use ks_vocabulary::membership::is_hierarchy;

use super::Groups;

/// What is mounted, and the files that a group of it has.
pub(super) fn found(mounts: &str) -> Groups {
    let of = |wanted: &'static str| {
        mounts.lines().filter(move |line| {
            line.split_once(" - ").is_some_and(|(_, back)| back.starts_with(wanted))
        })
    };
    let at = |line: &str| line.split(' ').nth(4).map(PathBuf::from);
    let second = of("cgroup2 ").find_map(at);
    let mut files = second.as_deref().map(files_of_a_group).unwrap_or_default();
    let first: Vec<&str> = of("cgroup ").filter(|line| has_any(line)).collect();
    for line in &first {
        let mounted = at(line);
        files.extend(mounted.iter().flat_map(|mount| files_of_a_group(mount)));
        files.extend(mounted.iter().flat_map(|mount| names_in(mount)));
        // The topmost group has not these two, and may be the only one for now.
        files.extend(has(line, "freezer").then(|| GroupFile::FreezerState.to_string()));
        files.extend(has(line, "pids").then(|| GroupFile::PidsMax.to_string()));
    }
    files.sort_unstable();
    files.dedup();
    match (first.is_empty(), second) {
        (false, _) => Groups::First(files),
        (true, Some(_)) => Groups::Second(files),
        (true, None) => Groups::None,
    }
}

/// Whether a line of the mounts is of a hierarchy with a controller that is written; systemd has
/// one without any beside version 2.
fn has_any(line: &str) -> bool {
    ["cpu", "memory", "blkio", "pids", "freezer"].iter().any(|controller| has(line, controller))
}

fn has(line: &str, controller: &str) -> bool {
    let options = line.rsplit_once(' ').map_or("", |(_, options)| options);
    is_hierarchy(controller.as_bytes(), options.as_bytes())
}

/// Why a file is not there where version 1 has controllers, or nothing where it is, or what does
/// the same.
pub(super) fn without_first(file: GroupFile, files: &[String]) -> Option<String> {
    let of = counterparts(file);
    let has = |one: &GroupFile| files.iter().any(|name| name == one.word());
    if has(&file) || of.iter().any(has) {
        return None;
    }
    let Some(first) = of.first() else {
        return Some(format!(
            "controllers are those of version 1: nothing is written there for `{file}`"
        ));
    };
    Some(format!("controllers are those of version 1, and no group has `{first}`"))
}

/// What does the same in version 1 (`kernel.md`, section 13).
fn counterparts(file: GroupFile) -> &'static [GroupFile] {
    match file {
        GroupFile::CpuMax => &[GroupFile::CpuCfsQuota],
        GroupFile::CpuWeight => &[GroupFile::CpuShares],
        GroupFile::CgroupFreeze => &[GroupFile::FreezerState],
        GroupFile::IoMax => &[GroupFile::BlkioReadBps],
        GroupFile::PidsMax => &[GroupFile::PidsMax],
        GroupFile::BlkioReadBps
        | GroupFile::BlkioReadIops
        | GroupFile::BlkioWriteBps
        | GroupFile::BlkioWriteIops
        | GroupFile::CpuCfsQuota
        | GroupFile::CpuShares
        | GroupFile::FreezerState
        | GroupFile::IoBfqWeight
        | GroupFile::IoWeight
        | GroupFile::MemoryHigh
        | GroupFile::MemoryReclaim
        | GroupFile::MemorySwapMax => &[],
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let all = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    all.filter_map(|file| file.file_name().into_string().ok()).collect()
}

/// Files that any of the topmost groups has: the root has few.
fn files_of_a_group(mount: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for folder in fs::read_dir(mount).into_iter().flatten().filter_map(Result::ok) {
        files.extend(names_in(&folder.path()));
    }
    files.sort_unstable();
    files.dedup();
    files
}
