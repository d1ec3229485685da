//! Workers that keep a device busy.

use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use anyhow::Context;
use ks_vocabulary::random::Random;
use rustix::fs::OFlags;

/// Bytes of a request, and what its memory and its place must be multiples of.
const BLOCK_BYTES: usize = 64 * 1024;
const ALIGNED: usize = 4096;

/// Reads blocks at random past the page cache, each thread one at a time.
pub(super) fn read(device: &Path, bytes: u64, threads: u32) -> anyhow::Result<()> {
    let direct = i32::try_from(OFlags::DIRECT.bits()).context("O_DIRECT")?;
    let one = |seed: u64| -> anyhow::Result<()> {
        let cannot = || format!("cannot read `{}`", device.display());
        let file = OpenOptions::new().read(true).custom_flags(direct).open(device);
        let file = file.with_context(cannot)?;
        let mut memory = vec![0u8; BLOCK_BYTES + ALIGNED];
        let from = memory.as_ptr().align_offset(ALIGNED);
        let block = &mut memory[from..from + BLOCK_BYTES];
        let mut random = Random::stream(seed, "blocks");
        loop {
            let at = random.next_u64() % (bytes / BLOCK_BYTES as u64) * BLOCK_BYTES as u64;
            file.read_exact_at(block, at).with_context(cannot)?;
        }
    };
    std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..u64::from(threads)).map(|seed| scope.spawn(move || one(seed))).collect();
        readers.into_iter().try_for_each(|reader| match reader.join() {
            Ok(outcome) => outcome,
            Err(_) => anyhow::bail!("a reader has ended"),
        })
    })
}
