//! Workers that want memory.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyhow::Context;
use ks_vocabulary::random::Random;
use memmap2::{Advice, MmapOptions};

use super::{Rate, noise};

const PAGE_BYTES: usize = 4096;
const BLOCK_BYTES: usize = 64 * 1024;

/// Reads blocks of a file at random through the page cache, so many bytes a second.
pub(super) fn reread(path: &Path, per_s: f64) -> anyhow::Result<()> {
    let cannot = || format!("cannot read `{}`", path.display());
    let file = File::open(path).with_context(cannot)?;
    let mut block = vec![0; BLOCK_BYTES];
    // Without it the kernel reads ahead, and few blocks are missing.
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::Random).with_context(cannot)?;
    let blocks = file.metadata().with_context(cannot)?.len() / BLOCK_BYTES as u64;
    let mut random = Random::stream(4, "blocks");
    let mut rate = Rate::new(per_s / BLOCK_BYTES as f64);
    loop {
        for _ in 0..rate.wait() {
            let at = random.next_u64() % blocks.max(1) * BLOCK_BYTES as u64;
            file.read_exact_at(&mut block, at).with_context(cannot)?;
        }
    }
}

/// Takes memory by the MiB and keeps it.
pub(super) fn grow(bytes_per_s: f64) -> anyhow::Result<()> {
    const STEP: usize = 1 << 20;
    let mut kept = Vec::new();
    let mut rate = Rate::new(bytes_per_s / STEP as f64);
    loop {
        for _ in 0..rate.wait() {
            kept.push(noise(STEP));
        }
    }
}

/// Takes memory, then changes a byte of a page at random, so many times a second.
pub(super) fn touch(bytes: usize, per_s: f64) -> anyhow::Result<()> {
    let mut memory = noise(bytes);
    let mut random = Random::stream(2, "pages");
    let mut rate = Rate::new(per_s);
    loop {
        for _ in 0..rate.wait() {
            let page = page(&mut random, bytes);
            memory[page * PAGE_BYTES] = memory[page * PAGE_BYTES].wrapping_add(1);
        }
    }
}

/// Makes the pages of a mapped file present, one at random at a time: as a touch would.
pub(super) fn fault(path: &Path, per_s: f64) -> anyhow::Result<()> {
    let cannot = || format!("cannot map `{}`", path.display());
    let file = File::open(path).with_context(cannot)?;
    let map = MmapOptions::new().map_raw_read_only(&file).with_context(cannot)?;
    // Without it the kernel reads what lies around, and few pages are missing.
    map.advise(Advice::Random).with_context(cannot)?;
    let mut random = Random::stream(3, "pages");
    let mut rate = Rate::new(per_s);
    loop {
        for _ in 0..rate.wait() {
            let at = page(&mut random, map.len()) * PAGE_BYTES;
            map.advise_range(Advice::PopulateRead, at, PAGE_BYTES)
                .context("pages cannot be made present: the kernel needs MADV_POPULATE_READ")?;
        }
    }
}

fn page(random: &mut Random, bytes: usize) -> usize {
    let pages = (bytes / PAGE_BYTES) as u64;
    usize::try_from(random.next_u64() % pages).unwrap_or(0)
}
