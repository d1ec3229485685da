//! Which interfaces of the own namespace have a device: hardware, or what a hypervisor gives.
//!
//! The others are bridges, tunnels and the ends of containers' links, of which a host can have
//! thousands.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ks_vocabulary::model::{Nic, NicCell, Rows};

use crate::host_fs::HostFs;

/// What is known of each interface by name.
#[derive(Debug, Default)]
pub(super) struct Devices(BTreeMap<Vec<u8>, Known>);

#[derive(Debug)]
struct Known {
    has_device: bool,
    /// Whether the rows at hand have the interface.
    seen: bool,
}

impl Devices {
    /// Tells the rows of namespace `own` which of their interfaces have one. It is asked once for
    /// as long as there is an interface of the name.
    pub(super) fn mark(&mut self, own: u64, host: &HostFs, rows: &mut Rows<Nic>) {
        for row in rows.as_mut_slice().iter_mut().filter(|row| row.netns() == Some(own)) {
            let Some(name) = row.name() else { continue };
            let has_device = if let Some(known) = self.0.get_mut(name) {
                known.seen = true;
                known.has_device
            } else {
                let has_device =
                    is_file_name(name) && host.open(&folder(name).join("device/uevent")).is_ok();
                self.0.insert(name.to_vec(), Known { has_device, seen: true });
                has_device
            };
            row.set(NicCell::has_device, has_device);
        }
        self.0.retain(|_, known| std::mem::take(&mut known.seen));
    }
}

/// The folder of an interface.
pub(super) fn folder(name: &[u8]) -> PathBuf {
    Path::new("sys/class/net").join(OsStr::from_bytes(name))
}

/// A name in a copied `net/dev` may be anything; it must not lead out of the folder.
pub(super) fn is_file_name(name: &[u8]) -> bool {
    !name.contains(&b'/') && name != b"." && name != b".."
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::NicName;

    #[test]
    fn a_device_is_looked_for_once_for_each_interface_of_the_own_namespace() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("sys/class/net/eth0/device");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("uevent"), "").unwrap();
        let (host, mut devices) = (HostFs::new(root.path()), Devices::default());
        let mut marked = |names: &[(&str, u64)]| -> Vec<Option<bool>> {
            let mut rows = Rows::default();
            for (name, netns) in names {
                let row: &mut Nic = rows.push();
                row.set_name(NicName::name, name.as_bytes());
                row.set(NicCell::netns, *netns);
            }
            devices.mark(7, &host, &mut rows);
            rows.iter().map(Nic::has_device).collect()
        };
        let all = [("eth0", 7), ("eth0", 8), ("cali1", 7), ("../net/eth0", 7)];
        assert_eq!(marked(&all), [Some(true), None, Some(false), Some(false)]);
        std::fs::remove_file(folder.join("uevent")).unwrap();
        assert_eq!(marked(&all)[0], Some(true), "it is the interface it was");
        marked(&[]);
        assert_eq!(marked(&all)[0], Some(false), "another one of its name");
    }
}
