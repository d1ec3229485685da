//! `ks` on this very host. Run by `make test-host`; `make test` reads no host.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by it, and says why it skips"
)]

mod acting;
mod control;
mod facts;
mod faults;
mod fio;
mod full_maps;
mod hostile_names;
mod live;
mod long_block;
mod loop_device;
mod memory_group;
mod model;
mod processes;
mod provoke;
mod quiet_waits;
mod record;
mod recorded;
mod rights;
mod socket_owners;
mod starved_cpu;
mod trace;
mod tracers;

use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

const KS: &str = env!("CARGO_BIN_EXE_ks");

fn skipped() -> bool {
    let skip = std::env::var_os("KS_HOST_TESTS").is_none();
    if skip {
        eprintln!("skipped: reads this host (run `make test-host`)");
    }
    skip
}

/// Whether a program is installed.
fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Waits until a recorder has begun: until a log in `folder` holds a sample, whose first is far
/// larger than what stands before it. How long it takes to load the tracers depends on the load.
fn wait_until_begun(folder: &Path) {
    let holds_sample = |entry: std::io::Result<std::fs::DirEntry>| {
        entry.is_ok_and(|entry| {
            let is_log = entry.path().extension().is_some_and(|extension| extension == "log");
            is_log && entry.metadata().is_ok_and(|metadata| metadata.len() > 4096)
        })
    };
    let begun = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        std::fs::read_dir(folder).is_ok_and(|mut entries| entries.any(holds_sample))
    });
    assert!(begun, "no recorder has begun in {} within 10 s", folder.display());
}

/// A child that is killed when the test ends.
struct Own(Child);

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
