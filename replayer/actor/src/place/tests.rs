//! Control groups of ours, and paths that lead elsewhere.

use ks_vocabulary::decision::GroupFile;

use super::*;

const MOUNTS: &[u8] = b"\
28 22 0:24 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs rw,mode=755\n\
29 28 0:25 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n\
30 28 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
31 28 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n\
32 28 0:26 /below /elsewhere rw - cgroup cgroup rw,blkio\n";

#[test]
fn a_hierarchy_is_found_by_what_is_mounted() {
    let at = |hierarchy: &[u8]| mount_of(MOUNTS, hierarchy);
    assert_eq!(at(b"v2"), Some("/sys/fs/cgroup/unified".into()));
    assert_eq!(at(b"cpu,cpuacct"), Some("/sys/fs/cgroup/cpu,cpuacct".into()));
    assert_eq!(at(b"cpu"), Some("/sys/fs/cgroup/cpu,cpuacct".into()), "what of it is read");
    assert_eq!((at(b"memory"), at(b"blkio"), at(b"")), (None, None, None));
    assert_eq!((at(b"cpu,rw"), at(b"rw")), (None, None), "options are no controllers");
}

fn group(path: &str, inode: u64) -> Place {
    let group = Group { inode: Some(inode), ..Group::at(path.as_bytes()) };
    Place::Group { group: Exact(Entity::Cgroup(group)), file: GroupFile::CgroupFreeze }
}

/// A control group of ours, which ends with this.
struct Made(PathBuf);

impl Made {
    fn new(name: &str) -> Option<Self> {
        let mounts = fs::read("/proc/self/mountinfo").unwrap();
        let folder = mount_of(&mounts, b"v2")?.join(name);
        match fs::create_dir(&folder) {
            Ok(()) => Some(Self(folder)),
            Err(error) => {
                println!("skipped: no control group of version 2 can be made: {error}");
                None
            }
        }
    }

    fn inode(&self) -> u64 {
        fstat(File::open(&self.0).unwrap()).unwrap().st_ino
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_group_is_frozen_and_thawed_and_one_made_anew_is_another() {
    let Some(made) = Made::new("ks-actor-test-place") else { return };
    let place = group("/ks-actor-test-place", made.inode());
    let opened = place.to_write().unwrap();
    for text in ["1", "0"] {
        place.write_to(&opened, text).unwrap();
        assert_eq!(place.text().unwrap().unwrap(), format!("{text}\n"));
    }
    let other = group("/ks-actor-test-place", made.inode() + 1).to_write();
    assert!(matches!(other, Err(Failure::Gone { .. })), "{other:?}");
    drop(made);
    assert!(place.write_to(&opened, "1").is_err(), "it answers nothing once it is gone");
    assert!(matches!(place.to_write(), Err(Failure::Gone { .. })));
}

#[test]
fn no_path_leads_elsewhere() {
    for path in ["/", "", "/../..", "/a/../../../etc", "/nowhere-at-all"] {
        let opened = group(path, 1).to_write();
        assert!(opened.is_err(), "{path}");
    }
    let disk = |name: &str| Place::ReadAhead(Exact(Entity::Disk(name.as_bytes().to_vec())));
    for name in ["", "..", "../devices", "nothing"] {
        assert!(matches!(disk(name).to_write(), Err(Failure::Gone { .. })), "{name}");
    }
    assert!(Place::ReadAhead(Exact(Entity::Host)).to_write().is_err());
}

#[test]
fn what_the_kernel_refuses_is_told_with_its_file() {
    let Some(made) = Made::new("ks-actor-test-refused") else { return };
    let place = group("/ks-actor-test-refused", made.inode());
    let told = place.write_to(&place.to_write().unwrap(), "2").unwrap_err().to_string();
    assert!(told.starts_with("`2` to `cgroup.freeze` of cgroup:/ks-actor-test-refused"), "{told}");
}

#[test]
fn a_freezer_says_what_it_was_told_itself() {
    let Some(above) = crate::made::Made::new("freezer", "/ks-actor-test-freezer") else { return };
    let Some(made) = crate::made::Made::new("freezer", "/ks-actor-test-freezer/below") else {
        return;
    };
    let place = Place::Group { group: made.exact(), file: GroupFile::FreezerState };
    let told = || place.text().unwrap().unwrap();
    let write = |text: &str| place.write_to(&place.to_write().unwrap(), text).unwrap();
    above.write("freezer.state", "FROZEN");
    assert_eq!((told().as_str(), made.text("freezer.state").trim()), ("THAWED", "FROZEN"));
    write("FROZEN");
    above.write("freezer.state", "THAWED");
    assert_eq!((told().as_str(), made.text("freezer.state").trim()), ("FROZEN", "FROZEN"));
    write("THAWED");
    assert_eq!((told().as_str(), made.text("freezer.state").trim()), ("THAWED", "THAWED"));
}
