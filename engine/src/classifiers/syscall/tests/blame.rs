//! Who is named for a full filesystem.

use super::*;
use crate::lab::Meter;

/// Who writes to disks did not fill what is held in memory.
#[test]
fn nobody_who_writes_is_named_for_a_filesystem_in_memory() {
    let named = |fstype: &[u8]| {
        let (mut lab, mut written) = (Lab::new(), Meter::default());
        lab.run(90, |sample, second| {
            host(sample, 1);
            filesystem(sample, 9700 + second, 0);
            sample.filesystems.as_mut_slice()[0].set_name(FilesystemName::fstype, fstype);
            let row = sample.processes.push();
            row.set(ProcessCell::pid, 5u64);
            row.set(ProcessCell::start_ticks, 9u64);
            row.set(ProcessCell::write_bytes, written.add(UNIT as f64));
            sample.processes_complete = second == 0;
        });
        lab.signal(Syscall, DATA).expect("it is full").culprits.len()
    };
    assert_eq!(named(b"ext4"), 1);
    assert_eq!(named(b"tmpfs"), 0);
}
