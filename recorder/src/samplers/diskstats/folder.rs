//! Where `/sys` speaks of a device.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// The folder of a device; `/` in a name, as in `cciss/c0d0`, is `!` there.
pub(super) fn sysfs_folder(name: &[u8]) -> PathBuf {
    let name = name.iter().map(|byte| if *byte == b'/' { b'!' } else { *byte }).collect();
    Path::new("sys/block").join(OsString::from_vec(name))
}
