//! `ks` on this very host. Run by `make test-host`; `make test` reads no host.
#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by it, and says why it skips"
)]

mod faults;
mod live;
mod record;
mod tracers;

use std::process::Child;

const KS: &str = env!("CARGO_BIN_EXE_ks");

fn skipped() -> bool {
    let skip = std::env::var_os("KS_HOST_TESTS").is_none();
    if skip {
        eprintln!("skipped: reads this host (run `make test-host`)");
    }
    skip
}

/// A child that is killed when the test ends.
struct Own(Child);

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
