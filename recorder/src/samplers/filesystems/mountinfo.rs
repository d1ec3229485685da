//! `/proc/self/mountinfo`: which filesystems there are, and where each is best seen.
//!
//! It asks no filesystem anything: that a mount may be asked is all it says.

use std::collections::{BTreeMap, BTreeSet};

use crate::absence::Malformed;
use crate::text::{lines, parse_u64, unescape};

/// A filesystem at the mount point that stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mount {
    /// Where it is mounted.
    pub(super) point: Vec<u8>,
    /// Its type.
    pub(super) fstype: Vec<u8>,
    /// What is mounted: a device, a share, a word.
    pub(super) source: Vec<u8>,
    /// Whether the mount or the whole filesystem is read-only.
    pub(super) read_only: bool,
    /// Whether `statvfs` may be called: no server and no process has to answer, and asking does
    /// not keep it mounted.
    pub(super) may_be_asked: bool,
}

/// Parses `/proc/self/mountinfo` into the filesystems that can fill up, one mount for each device:
/// not a bind mount if there is another, then the shortest mount point. Mounts that others cover
/// are left out, since a path leads to the covering one.
pub(super) fn parse_mountinfo(text: &[u8]) -> Result<Vec<Mount>, Malformed> {
    let mut all = Vec::new();
    for (at, line) in lines(text).enumerate() {
        let Some(entry) = parse_line(line) else {
            return Err(Malformed { line: at + 1, expected: "a mount, its type after ` - `" });
        };
        all.push(entry);
    }
    let tree = Tree::new(&all);
    let mut chosen: BTreeMap<&[u8], (&Entry<'_>, bool)> = BTreeMap::new();
    for entry in all.iter().filter(|entry| !entry.is_left_out()) {
        let Some(automounted) = tree.passes_automount(entry) else { continue };
        let better = chosen.get(entry.device).is_none_or(|(best, _)| entry.rank() < best.rank());
        if better {
            chosen.insert(entry.device, (entry, automounted));
        }
    }
    Ok(chosen.into_values().map(|(entry, automounted)| entry.to_mount(automounted)).collect())
}

/// One line, as it is written.
#[derive(Debug)]
struct Entry<'t> {
    id: u64,
    parent: u64,
    /// Major and minor number, which no two filesystems share.
    device: &'t [u8],
    root: &'t [u8],
    point: &'t [u8],
    options: &'t [u8],
    fstype: &'t [u8],
    source: &'t [u8],
    super_options: &'t [u8],
}

/// Single blanks separate the fields, and a source may be empty.
fn parse_line(line: &[u8]) -> Option<Entry<'_>> {
    let mut parts = line.split(|byte| *byte == b' ');
    let id = parse_u64(parts.next()?)?;
    let parent = parse_u64(parts.next()?)?;
    let device = parts.next()?;
    let root = parts.next()?;
    let point = parts.next()?;
    let options = parts.next()?;
    // Any number of optional fields ends with a lone dash.
    parts.find(|field| *field == b"-")?;
    let fstype = parts.next()?;
    let source = parts.next()?;
    let super_options = parts.next().unwrap_or_default();
    Some(Entry { id, parent, device, root, point, options, fstype, source, super_options })
}

/// Filesystems that hold no data of their own: views of the kernel, and triggers.
const PSEUDO: &[&[u8]] = &[
    b"anon_inodefs",
    b"autofs",
    b"bdev",
    b"binder",
    b"binfmt_misc",
    b"bpf",
    b"cgroup",
    b"cgroup2",
    b"configfs",
    b"cpuset",
    b"debugfs",
    b"devfs",
    b"devpts",
    b"devtmpfs",
    b"efivarfs",
    b"functionfs",
    b"fusectl",
    b"hugetlbfs",
    b"mqueue",
    b"nfsd",
    b"nsfs",
    b"pipefs",
    b"proc",
    b"pstore",
    b"ramfs",
    b"resctrl",
    b"rootfs",
    b"rpc_pipefs",
    b"securityfs",
    b"selinuxfs",
    b"smackfs",
    b"sockfs",
    b"sysfs",
    b"tracefs",
    b"usbfs",
    b"xenfs",
];

/// Beginnings of the types whose answer comes from another host or from a process.
const REMOTE: &[&[u8]] = &[
    b"9p",
    b"acfs",
    b"afs",
    b"auristorfs",
    b"beegfs",
    b"ceph",
    b"cifs",
    b"coda",
    b"fuse",
    b"gfs2",
    b"glusterfs",
    b"gpfs",
    b"lustre",
    b"ncpfs",
    b"nfs",
    b"ocfs2",
    b"orangefs",
    b"prl_fs",
    b"smb",
    b"vboxsf",
    b"virtiofs",
    b"vmhgfs",
];

/// Filesystems that are read-only by their nature, whatever the options say.
const READ_ONLY: &[&[u8]] = &[b"cramfs", b"erofs", b"iso9660", b"romfs", b"squashfs"];

impl Entry<'_> {
    /// An overlay shows the space of its upper layer, which has a row itself: only the one that is
    /// the root of everything, in a container, is of interest.
    fn is_left_out(&self) -> bool {
        let overlay = self.fstype == b"overlay" || self.fstype == b"aufs";
        PSEUDO.contains(&self.fstype) || (overlay && self.point != b"/")
    }

    fn is_remote(&self) -> bool {
        REMOTE.iter().any(|begin| self.fstype.starts_with(begin))
    }

    /// The mount with the least rank stands for its device. A bind mount shows a part of its
    /// filesystem, which the root of a Btrfs subvolume is not.
    fn rank(&self) -> (bool, usize, &[u8]) {
        let subvolume = options(self.super_options).find_map(|one| one.strip_prefix(b"subvol="));
        let bind = self.root != b"/" && subvolume != Some(self.root);
        (bind && self.point != b"/", self.point.len(), self.point)
    }

    /// Ext4 that met an error says `emergency_ro` in place of `ro`, since Linux 6.15.
    fn is_read_only(&self) -> bool {
        let said = options(self.options).any(|one| one == b"ro");
        let gone = options(self.super_options).any(|one| one == b"ro" || one == b"emergency_ro");
        said || gone || READ_ONLY.contains(&self.fstype)
    }

    fn to_mount(&self, automounted: bool) -> Mount {
        Mount {
            point: unescape(self.point),
            fstype: unescape(self.fstype),
            source: unescape(self.source),
            read_only: self.is_read_only(),
            may_be_asked: !self.is_remote() && !automounted,
        }
    }
}

fn options(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',')
}

/// How mounts lie on each other.
struct Tree<'e, 't> {
    by_id: BTreeMap<u64, &'e Entry<'t>>,
    /// The mount point of each mount with the mount that the point is in.
    points: BTreeSet<(u64, &'t [u8])>,
}

impl<'e, 't> Tree<'e, 't> {
    fn new(all: &'e [Entry<'t>]) -> Self {
        let by_id = all.iter().map(|entry| (entry.id, entry)).collect();
        // The first root of a boot is said to be its own parent, and lies on nothing.
        let mounted = all.iter().filter(|entry| entry.id != entry.parent);
        Self { by_id, points: mounted.map(|entry| (entry.parent, entry.point)).collect() }
    }

    /// Whether the path of the mount point passes an automount; `None` where it does not lead to
    /// the mount, but to one that covers it.
    fn passes_automount(&self, entry: &Entry<'t>) -> Option<bool> {
        if self.points.contains(&(entry.id, entry.point)) {
            return None;
        }
        let (mut at, mut automounted) = (entry, false);
        // As many steps as there are mounts; only garbage has a cycle.
        for _ in 0..self.by_id.len() {
            if above(at.point).any(|point| self.points.contains(&(at.parent, point))) {
                return None;
            }
            match self.by_id.get(&at.parent) {
                Some(&parent) if parent.id != at.id => at = parent,
                _ => break,
            }
            automounted |= at.fstype == b"autofs";
        }
        Some(automounted)
    }
}

/// The paths above `point`: `/` and `/a` for `/a/b`.
fn above(point: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = (0..point.len()).filter(move |at| point[*at] == b'/');
    slashes.map(move |at| &point[..at.max(1)]).filter(move |path| path.len() < point.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Linux 5.10 with systemd: what the initial ramdisk mounted comes before the root.
    const LINUX_5_10: &[u8] = b"22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n\
        23 28 0:21 / /proc rw,relatime shared:14 - proc proc rw\n\
        24 28 0:5 / /dev rw,nosuid shared:2 - devtmpfs udev rw,size=4012988k,mode=755\n\
        26 28 0:23 / /run rw,nosuid shared:5 - tmpfs tmpfs rw,size=807220k,mode=755\n\
        28 1 8:2 / / rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro\n\
        30 24 0:24 / /dev/shm rw,nosuid,nodev shared:4 - tmpfs tmpfs rw\n\
        35 22 0:29 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw\n\
        50 28 8:1 / /boot/efi ro,relatime shared:29 - vfat /dev/sda1 rw\n\
        61 28 7:0 / /snap/core/11 ro,nodev shared:30 - squashfs /dev/loop0 ro\n\
        62 28 8:2 /srv/www /w rw,relatime shared:1 - ext4 /dev/sda2 rw,errors=remount-ro\n\
        70 28 0:44 / /mnt/share\\040one rw shared:31 - nfs4 server:/a\\040b rw,vers=4.2\n\
        71 28 0:45 / /hom/u/cloud rw shared:32 master:1 - fuse.sshfs u@h: rw,user_id=1000\n";

    const LINUX_6_18: &[u8] = b"22 27 0:21 / /proc rw,relatime - proc proc rw\n\
        24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334492k\n\
        25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684092k\n\
        27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard,emergency_ro\n\
        30 25 0:27 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684092k\n\
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs  rw,mode=755\n";

    fn check(text: &[u8], expected: &[&str]) {
        let shown = |mount: &Mount| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let flags = match (mount.read_only, mount.may_be_asked) {
                (false, true) => "",
                (true, true) => " ro",
                (false, false) => " unasked",
                (true, false) => " ro unasked",
            };
            let (point, fstype, source) = (&mount.point, &mount.fstype, &mount.source);
            format!("{} {} {}{flags}", text(point), text(fstype), text(source))
        };
        let mut found: Vec<String> = parse_mountinfo(text).unwrap().iter().map(shown).collect();
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn filesystems_of_an_old_kernel_are_listed_once_each() {
        let expected = [
            "/ ext4 /dev/sda2",
            "/boot/efi vfat /dev/sda1 ro",
            "/dev/shm tmpfs tmpfs",
            "/hom/u/cloud fuse.sshfs u@h: unasked",
            "/mnt/share one nfs4 server:/a b unasked",
            "/run tmpfs tmpfs",
            "/snap/core/11 squashfs /dev/loop0 ro",
        ];
        check(LINUX_5_10, &expected);
    }

    #[test]
    fn a_covered_mount_is_left_out_and_an_empty_source_is_read() {
        let expected = ["/ ext4 /dev/vda ro", "/dev/shm tmpfs tmpfs", "/sys/fs/cgroup tmpfs "];
        check(LINUX_6_18, &expected);
        let parsed = parse_mountinfo(LINUX_6_18).unwrap();
        assert_eq!(parsed.iter().filter(|mount| mount.point == b"/dev/shm").count(), 1);
    }

    #[test]
    fn a_mount_below_a_covered_path_is_left_out() {
        let text = b"10 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            11 10 8:2 / /a/b rw - ext4 /dev/sda2 rw\n\
            12 11 8:3 / /a/b/c rw - ext4 /dev/sda3 rw\n\
            13 10 8:4 / /a rw - ext4 /dev/sda4 rw\n\
            14 10 8:5 / /a-b rw - ext4 /dev/sda5 rw\n\
            15 13 8:6 / /a/b rw - ext4 /dev/sda6 rw\n";
        let expected =
            ["/ ext4 /dev/sda1", "/a ext4 /dev/sda4", "/a-b ext4 /dev/sda5", "/a/b ext4 /dev/sda6"];
        check(text, &expected);
    }

    #[test]
    fn the_first_root_lies_on_nothing() {
        let text = b"1 1 0:2 / / rw - rootfs rootfs rw\n2 1 8:1 / /data rw - xfs /dev/sda1 rw\n";
        check(text, &["/data xfs /dev/sda1"]);
        let covered = b"1 1 0:2 / / rw - rootfs rootfs rw\n2 1 8:1 / / rw - xfs /dev/sda1 rw\n";
        check(covered, &["/ xfs /dev/sda1"]);
    }

    #[test]
    fn bind_mounts_yield_to_the_whole_filesystem_and_subvolumes_are_no_bind_mounts() {
        let bind = b"10 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            11 10 8:2 /x /x rw - ext4 /dev/sda2 rw\n\
            12 10 8:2 / /var/lib/data rw - ext4 /dev/sda2 rw\n";
        check(bind, &["/ ext4 /dev/sda1", "/var/lib/data ext4 /dev/sda2"]);
        let subvolumes = b"10 1 0:30 /@ / rw - btrfs /dev/sda1 rw,subvolid=256,subvol=/@\n\
            11 10 0:30 /@home /home rw - btrfs /dev/sda1 rw,subvolid=257,subvol=/@home\n\
            12 10 0:30 / /mnt/top rw - btrfs /dev/sda1 rw,subvolid=5,subvol=/\n";
        check(subvolumes, &["/ btrfs /dev/sda1"]);
        let only_bind = b"10 1 8:2 /deploy/1 / rw - xfs /dev/sda2 rw\n\
            11 10 8:2 / /sysroot ro - xfs /dev/sda2 rw\n";
        check(only_bind, &["/ xfs /dev/sda2"]);
    }

    #[test]
    fn an_overlay_is_listed_only_as_the_root_of_a_container() {
        let overlay = b"10 1 0:50 / / rw - overlay overlay rw,lowerdir=/l,upperdir=/u\n\
            11 10 0:51 / /var/lib/x/merged rw - overlay overlay rw,lowerdir=/l\n";
        check(overlay, &["/ overlay overlay"]);
    }

    #[test]
    fn what_was_mounted_on_demand_is_not_asked() {
        let text = b"10 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            11 10 0:40 / /boot rw - autofs systemd-1 rw,direct\n\
            12 11 8:2 / /boot rw - vfat /dev/sda2 rw\n";
        check(text, &["/ ext4 /dev/sda1", "/boot vfat /dev/sda2 unasked"]);
    }

    #[test]
    fn a_truncated_line_and_garbage_are_malformed() {
        let line = |text: &[u8]| parse_mountinfo(text).unwrap_err().line;
        assert_eq!(line(b""), 1);
        assert_eq!(line(b"garbage\n"), 1);
        assert_eq!(line(b"10 1 8:1 / / rw - ext4 /dev/sda1 rw\n11 10 8:2 / /a rw shared:1"), 2);
        check(b"10 1 8:1 / / rw - ext4 /dev/sda1", &["/ ext4 /dev/sda1"]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_mountinfo(&bytes);
        }

        #[test]
        fn any_tree_of_mounts_is_taken(
            mounts in prop::collection::vec((0u64..6, 0u64..6, "(/[ab]){0,3}"), 1..8)
        ) {
            let lines = mounts.iter().map(|(id, parent, point)| {
                format!("{id} {parent} 8:{id} / /{point} rw - ext4 /dev/sda{id} rw\n")
            });
            let text = lines.collect::<Vec<_>>().concat();
            prop_assert!(parse_mountinfo(text.as_bytes()).is_ok());
        }
    }
}
