//! `/proc/meminfo`: memory use of the host.

use ks_vocabulary::model::{Memory, MemoryCell, Rows, Sample};

use crate::absence::Malformed;
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, lines, parse_u64};

/// Reads `/proc/meminfo`.
#[derive(Debug)]
pub(super) struct Meminfo {
    file: HostFile,
}

impl Default for Meminfo {
    fn default() -> Self {
        Self { file: HostFile::single("proc/meminfo") }
    }
}

impl Sampler for Meminfo {
    fn sources(&self) -> &'static [&'static str] {
        &["meminfo"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.read_table("meminfo", &mut self.file, &mut sample.memory, parse_meminfo);
    }
}

const KEYS: &[(&[u8], MemoryCell)] = &[
    (b"MemTotal:", MemoryCell::total_bytes),
    (b"MemFree:", MemoryCell::free_bytes),
    (b"MemAvailable:", MemoryCell::available_bytes),
    (b"Buffers:", MemoryCell::buffers_bytes),
    (b"Cached:", MemoryCell::cached_bytes),
    (b"SwapCached:", MemoryCell::swap_cached_bytes),
    (b"Active:", MemoryCell::active_bytes),
    (b"Inactive:", MemoryCell::inactive_bytes),
    (b"Active(anon):", MemoryCell::active_anon_bytes),
    (b"Inactive(anon):", MemoryCell::inactive_anon_bytes),
    (b"Active(file):", MemoryCell::active_file_bytes),
    (b"Inactive(file):", MemoryCell::inactive_file_bytes),
    (b"Unevictable:", MemoryCell::unevictable_bytes),
    (b"Mlocked:", MemoryCell::mlocked_bytes),
    (b"SwapTotal:", MemoryCell::swap_total_bytes),
    (b"SwapFree:", MemoryCell::swap_free_bytes),
    (b"Zswap:", MemoryCell::zswap_bytes),
    (b"Dirty:", MemoryCell::dirty_bytes),
    (b"Writeback:", MemoryCell::writeback_bytes),
    (b"AnonPages:", MemoryCell::anon_bytes),
    (b"Mapped:", MemoryCell::mapped_bytes),
    (b"Shmem:", MemoryCell::shmem_bytes),
    (b"SReclaimable:", MemoryCell::slab_reclaimable_bytes),
    (b"SUnreclaim:", MemoryCell::slab_unreclaimable_bytes),
    (b"KernelStack:", MemoryCell::kernel_stack_bytes),
    (b"PageTables:", MemoryCell::page_tables_bytes),
    (b"CommitLimit:", MemoryCell::commit_limit_bytes),
    (b"Committed_AS:", MemoryCell::committed_bytes),
    (b"VmallocUsed:", MemoryCell::vmalloc_used_bytes),
    (b"Percpu:", MemoryCell::percpu_bytes),
    (b"AnonHugePages:", MemoryCell::anon_huge_pages_bytes),
    (b"Balloon:", MemoryCell::balloon_bytes),
    (b"HugePages_Total:", MemoryCell::huge_pages),
    (b"HugePages_Free:", MemoryCell::huge_pages_free),
    (b"HugePages_Rsvd:", MemoryCell::huge_pages_reserved),
    (b"Hugepagesize:", MemoryCell::huge_page_bytes),
    (b"Hugetlb:", MemoryCell::hugetlb_bytes),
];

/// Parses `/proc/meminfo`. Values with a unit are kB of 1,024 bytes.
pub(super) fn parse_meminfo(text: &[u8], rows: &mut Rows<Memory>) -> Result<(), Malformed> {
    let row = rows.push();
    // Both lists are in the kernel's order, so the next key is nearly always the next line's.
    let mut expected = 0;
    for line in lines(text) {
        let mut parts = fields(line);
        let Some(key) = parts.next() else { continue };
        let Some(found) = (expected..KEYS.len()).chain(0..expected).find(|at| KEYS[*at].0 == key)
        else {
            continue;
        };
        expected = found + 1;
        let value = parts.next().and_then(parse_u64);
        let scaled = match parts.next() {
            Some(b"kB") => value.and_then(|kilobytes| kilobytes.checked_mul(1024)),
            _ => value,
        };
        row.set_some(KEYS[found].1, scaled);
    }
    match row.total_bytes() {
        Some(_) => Ok(()),
        None => Err(Malformed { line: 1, expected: "`MemTotal:` with a number" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OLD: &[u8] =
        b"MemTotal:        2048 kB\nMemFree:  18446744073709551616 kB\nSwapFree:  0 kB\n\
        HugePages_Total:       3\n";

    #[test]
    fn kilobytes_become_bytes_and_missing_keys_stay_absent() {
        let mut rows = Rows::default();
        parse_meminfo(OLD, &mut rows).unwrap();
        let memory = rows.first().unwrap();
        assert_eq!(memory.total_bytes(), Some(2048 * 1024));
        assert_eq!(memory.free_bytes(), None, "beyond 64 bits");
        assert_eq!(memory.swap_free_bytes(), Some(0));
        assert_eq!(memory.available_bytes(), None, "not on this kernel");
        assert_eq!(memory.huge_pages(), Some(3));
    }

    #[test]
    fn huge_pages_of_all_sizes_and_those_promised_are_told_from_those_of_one_size() {
        let text = b"MemTotal: 4096 kB\nBalloon: 12 kB\nHugePages_Total: 2\nHugePages_Free: 1\n\
            HugePages_Rsvd: 1\nHugePages_Surp: 0\nHugepagesize: 2048 kB\nHugetlb: 1052672 kB\n";
        let mut rows = Rows::default();
        parse_meminfo(text, &mut rows).unwrap();
        let memory = rows.first().unwrap();
        assert_eq!((memory.huge_pages(), memory.huge_pages_reserved()), (Some(2), Some(1)));
        assert_eq!(memory.hugetlb_bytes(), Some(1_052_672 * 1024), "2 of 2 MiB and one of 1 GiB");
        assert_eq!(memory.balloon_bytes(), Some(12 * 1024));
    }

    #[test]
    fn a_text_without_total_is_malformed() {
        assert!(parse_meminfo(b"garbage\n", &mut Rows::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_meminfo(&bytes, &mut Rows::default());
        }
    }
}
