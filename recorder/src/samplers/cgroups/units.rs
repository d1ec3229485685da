//! The files of systemd's services: which of them count for a unit, and in what order.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::unit_text::Service;
use crate::host_fs::HostFs;

/// Where units are, the first that has one first (`systemd.unit(5)`, and what
/// `systemd-analyze unit-paths` prints).
const FOLDERS: [&str; 11] = [
    "etc/systemd/system.control",
    "run/systemd/system.control",
    "run/systemd/transient",
    "run/systemd/generator.early",
    "etc/systemd/system",
    "run/systemd/system",
    "run/systemd/generator",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
    "run/systemd/generator.late",
];
/// How long what they say is taken to hold.
const AGE_NS: u64 = 60 * SECOND_NS;
/// Of longer files the rest is not read, and of more drop-ins only so many.
const FILE_BYTES: u64 = 256 * 1024;
const DROP_INS: usize = 64;
const SUFFIX: &[u8] = b".service";

/// What is known of each unit, and since when.
#[derive(Debug, Default)]
pub(super) struct Units(BTreeMap<Vec<u8>, (Timestamp, Option<Service>)>);

impl Units {
    /// What the files of the service `unit` say; `None` where it has none.
    pub(super) fn of(&mut self, host: &HostFs, tick: Timestamp, unit: &[u8]) -> Option<Service> {
        if let Some((read, service)) = self.0.get(unit)
            && tick.since_ns(*read) < AGE_NS
        {
            return *service;
        }
        let service = read(host, unit);
        self.0.insert(unit.to_vec(), (tick, service));
        service
    }

    /// Forgets those that nobody asked for lately.
    pub(super) fn forget_old(&mut self, tick: Timestamp) {
        self.0.retain(|_, (read, _)| tick.since_ns(*read) < 3 * AGE_NS);
    }
}

fn read(host: &HostFs, unit: &[u8]) -> Option<Service> {
    let stem = unit.strip_suffix(SUFFIX).filter(|stem| !stem.is_empty())?;
    let template = template(stem);
    let names = [Some(unit.to_vec()), template.clone()];
    let found = names.iter().flatten().find_map(|name| {
        FOLDERS.iter().find_map(|folder| read_file(host, &Path::new(folder).join(path(name))))
    })?;
    let mut service = Service::default();
    service.apply(&found);
    for drop_in in drop_ins(host, unit, stem, template).values().take(DROP_INS) {
        if let Some(text) = read_file(host, drop_in) {
            service.apply(&text);
        }
    }
    Some(service)
}

fn path(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

/// The name of the file that all instances share: `x@.service` for `x@y.service`.
fn template(stem: &[u8]) -> Option<Vec<u8>> {
    let at = stem.iter().position(|byte| *byte == b'@')?;
    Some([&stem[..=at], SUFFIX].concat())
}

/// The drop-ins of a unit by name, which is their order: of two with one name that of the folder
/// that comes first counts.
fn drop_ins(
    host: &HostFs,
    unit: &[u8],
    stem: &[u8],
    template: Option<Vec<u8>>,
) -> BTreeMap<Vec<u8>, PathBuf> {
    let prefix = stem.split(|byte| *byte == b'@').next().unwrap_or(stem);
    let dashes = (0..prefix.len()).rev().filter(|at| prefix[*at] == b'-');
    let prefixes = dashes.map(|at| [&prefix[..=at], SUFFIX].concat());
    let names: Vec<Vec<u8>> =
        [unit.to_vec()].into_iter().chain(template).chain(prefixes).take(DROP_INS).collect();
    let of_unit =
        FOLDERS.iter().flat_map(|folder| names.iter().map(move |name| (*folder, &**name)));
    let of_all = FOLDERS.iter().map(|folder| (*folder, &b"service"[..]));
    let mut found = BTreeMap::new();
    for (folder, name) in of_unit.chain(of_all) {
        let folder = Path::new(folder).join(path(&[name, b".d"].concat()));
        let Ok(entries) = std::fs::read_dir(host.root().join(&folder)) else { continue };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name.as_bytes().ends_with(b".conf") {
                found.entry(name.as_bytes().to_vec()).or_insert_with(|| folder.join(&name));
            }
        }
    }
    found
}

/// The text of a file, which is empty where it is masked by a link to `/dev/null`.
fn read_file(host: &HostFs, path: &Path) -> Option<Vec<u8>> {
    let mut path = host.root().join(path);
    if let Ok(target) = std::fs::read_link(&path)
        && let Ok(below) = target.strip_prefix("/")
    {
        if below == Path::new("dev/null") {
            return Some(Vec::new());
        }
        // A link of a copied tree leads from the root of that tree.
        path = host.root().join(below);
    }
    if !std::fs::metadata(&path).ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    File::open(path).ok()?.take(FILE_BYTES).read_to_end(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("[Service]\n{text}\n")).unwrap();
    }

    fn of(root: &Path, unit: &str) -> Option<(&'static str, u64)> {
        let service = read(&HostFs::new(root), unit.as_bytes())?;
        Some((service.restart, service.watchdog_us / 1_000_000))
    }

    #[test]
    fn the_first_folder_counts_and_drop_ins_come_by_name() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(root, "lib/systemd/system/web.service", "Restart=always\nWatchdogSec=5");
        assert_eq!(of(root, "web.service"), Some(("always", 5)));
        write(root, "etc/systemd/system/web.service", "Restart=no\nWatchdogSec=6");
        assert_eq!(of(root, "web.service"), Some(("no", 6)));
        write(root, "run/systemd/system/web.service.d/20.conf", "WatchdogSec=7");
        write(root, "usr/lib/systemd/system/web.service.d/30.conf", "WatchdogSec=8");
        assert_eq!(of(root, "web.service"), Some(("no", 8)));
        write(root, "etc/systemd/system/web.service.d/30.conf", "Restart=on-abort");
        assert_eq!(of(root, "web.service"), Some(("on-abort", 7)), "of one name the first counts");
        write(root, "etc/systemd/system/service.d/90.conf", "WatchdogSec=9");
        write(root, "etc/systemd/system/web.service.d/99.txt", "WatchdogSec=10");
        assert_eq!(of(root, "web.service"), Some(("on-abort", 9)));
        assert_eq!((of(root, "other.service"), of(root, ".service")), (None, None));
        assert_eq!(of(root, "web.slice"), None);
    }

    #[test]
    fn an_instance_has_its_template_and_drop_ins_of_its_prefixes() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(root, "lib/systemd/system/my-db@.service", "Restart=always");
        assert_eq!(of(root, "my-db@a-b.service"), Some(("always", 0)));
        write(root, "etc/systemd/system/my-db@.service.d/a.conf", "WatchdogSec=1");
        assert_eq!(of(root, "my-db@a-b.service"), Some(("always", 1)));
        write(root, "etc/systemd/system/my-.service.d/b.conf", "WatchdogSec=2");
        write(root, "etc/systemd/system/my-db@a-.service.d/c.conf", "WatchdogSec=3");
        assert_eq!(of(root, "my-db@a-b.service"), Some(("always", 2)));
        write(root, "run/systemd/transient/my-db@a-b.service", "Restart=no");
        assert_eq!(of(root, "my-db@a-b.service"), Some(("no", 2)), "its own stands above");
    }

    #[test]
    fn links_stay_below_the_root_and_a_masked_unit_says_nothing() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        write(root, "lib/systemd/system/real.service", "Restart=always");
        write(root, "etc/systemd/system/other.service", "");
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(target, root.join("etc/systemd/system").join(name)).unwrap();
        };
        link("/lib/systemd/system/real.service", "alias.service");
        assert_eq!(of(root, "alias.service"), Some(("always", 0)));
        link("/dev/null", "real.service");
        assert_eq!(of(root, "real.service"), Some(("no", 0)));
    }

    #[test]
    fn what_was_read_holds_for_a_minute() {
        let root = tempfile::tempdir().unwrap();
        let (host, mut units) = (HostFs::new(root.path()), Units::default());
        write(root.path(), "lib/systemd/system/web.service", "Restart=always");
        let mut at = |second: u64| {
            let tick = Timestamp(second * SECOND_NS);
            units.forget_old(tick);
            units.of(&host, tick, b"web.service").map(|service| service.restart)
        };
        assert_eq!(at(0), Some("always"));
        write(root.path(), "lib/systemd/system/web.service", "Restart=no");
        assert_eq!((at(59), at(60)), (Some("always"), Some("no")));
    }
}
