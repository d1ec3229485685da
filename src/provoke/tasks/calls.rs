//! A worker whose calls are refused.

use std::fs::File;
use std::io::ErrorKind;

use anyhow::Context;
use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::Rate;

/// Descriptors that the worker may have.
const DESCRIPTORS: u64 = 64;

/// Opens files until no descriptor is left, and goes on to try, as a server does that cannot
/// accept.
pub(super) fn refused(per_s: f64) -> anyhow::Result<()> {
    let limit = Rlimit { current: Some(DESCRIPTORS), maximum: Some(DESCRIPTORS) };
    setrlimit(Resource::Nofile, limit).context("cannot limit the descriptors")?;
    let mut kept = Vec::new();
    let mut rate = Rate::new(per_s);
    loop {
        for _ in 0..rate.wait() {
            match File::open("/dev/null") {
                Ok(file) => kept.push(file),
                Err(error) if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot open `/dev/null`"),
            }
        }
    }
}
