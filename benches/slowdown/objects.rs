//! What the kernel tells of the programs and maps that a process holds, by its descriptors.

use std::collections::BTreeMap;
use std::path::Path;

/// Sums a field over all objects of a kind, each counted once however often it is open.
pub(crate) fn sum_of_objects(pid: u32, kind: &str, id: &str, of: &str) -> u64 {
    let mut objects = BTreeMap::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap() {
        // A descriptor that is closed meanwhile is none of those that last.
        let Ok(path) = entry.map(|entry| entry.path()) else { continue };
        if !std::fs::read_link(&path).is_ok_and(|target| target == Path::new(kind)) {
            continue;
        }
        let number = path.file_name().expect("an entry has a name").to_string_lossy();
        let told = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}"));
        let told = told.unwrap_or_default();
        if let (Some(id), Some(value)) = (field(&told, id), field(&told, of)) {
            objects.insert(id, value);
        }
    }
    objects.values().sum()
}

/// The number after `name:`, whatever unit follows it.
pub(crate) fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.split_whitespace().next()?.parse().ok()
}
