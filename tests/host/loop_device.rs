//! Block devices of which only the test knows.

use std::path::Path;
use std::process::Command;

/// A loop device over a file of its own, which ends with the value.
pub(crate) struct Loop {
    pub(crate) device: String,
}

impl Loop {
    pub(crate) fn new(file: &Path) -> Option<Self> {
        std::fs::File::create(file).unwrap().set_len(64 << 20).unwrap();
        let output = Command::new("losetup").args(["-f", "--show"]).arg(file).output().ok()?;
        let device = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        output.status.success().then_some(Self { device })
    }

    /// Its name in the recording.
    pub(crate) fn name(&self) -> Vec<u8> {
        self.device.trim_start_matches("/dev/").as_bytes().to_vec()
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["-d", &self.device]).status();
    }
}
