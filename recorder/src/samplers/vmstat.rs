//! `/proc/vmstat`: paging and reclaim counters, and the count of hung tasks beside them.
//!
//! Kernels split some counters by zone or kind, each generation in another way: the parts are
//! summed. Nothing else is derived here.

use ks_vocabulary::model::{Record, Rows, Sample, Vm, VmCell};

use crate::absence::Malformed;
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, lines, parse_only_u64, parse_u64};

/// Reads `/proc/vmstat`.
#[derive(Debug)]
pub(super) struct Vmstat {
    file: HostFile,
    hung_tasks: HostFile,
}

impl Default for Vmstat {
    fn default() -> Self {
        Self {
            file: HostFile::new("proc/vmstat"),
            hung_tasks: HostFile::single("proc/sys/kernel/hung_task_detect_count"),
        }
    }
}

impl Sampler for Vmstat {
    fn sources(&self) -> &'static [&'static str] {
        &["vmstat"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.read_table("vmstat", &mut self.file, &mut sample.vm, parse_vmstat);
        // The kernel may lack it: then the cell stays absent.
        if let Some(row) = sample.vm.as_mut_slice().first_mut()
            && let Ok(text) = self.hung_tasks.read(context.host, context.buffer)
        {
            row.set_some(VmCell::hung_tasks, parse_only_u64(text));
        }
    }
}

/// What a key's number is for.
#[derive(Debug, Clone, Copy)]
enum Role {
    /// It is the cell.
    Whole(VmCell),
    /// It is a part of the cell, and so is every key that goes on with `_`.
    Part(VmCell),
}

/// The keys of interest, in the order of their bytes.
const KEYS: &[(&[u8], Role)] = &[
    (b"allocstall", Role::Part(VmCell::allocstall)),
    (b"balloon_deflate", Role::Whole(VmCell::balloon_deflate)),
    (b"balloon_inflate", Role::Whole(VmCell::balloon_inflate)),
    (b"compact_stall", Role::Whole(VmCell::compact_stall)),
    (b"drop_pagecache", Role::Whole(VmCell::drop_pagecache)),
    (b"nr_dirtied", Role::Whole(VmCell::nr_dirtied)),
    (b"nr_dirty", Role::Whole(VmCell::nr_dirty)),
    (b"nr_dirty_background_threshold", Role::Whole(VmCell::nr_dirty_background_threshold)),
    (b"nr_dirty_threshold", Role::Whole(VmCell::nr_dirty_threshold)),
    (b"nr_writeback", Role::Whole(VmCell::nr_writeback)),
    (b"nr_written", Role::Whole(VmCell::nr_written)),
    (b"numa_miss", Role::Whole(VmCell::numa_miss)),
    (b"oom_kill", Role::Whole(VmCell::oom_kill)),
    (b"pgactivate", Role::Whole(VmCell::pgactivate)),
    (b"pgalloc", Role::Part(VmCell::pgalloc)),
    (b"pgdeactivate", Role::Whole(VmCell::pgdeactivate)),
    (b"pgfault", Role::Whole(VmCell::pgfault)),
    (b"pgfree", Role::Whole(VmCell::pgfree)),
    (b"pgmajfault", Role::Whole(VmCell::pgmajfault)),
    (b"pgpgin", Role::Whole(VmCell::pgpgin_kb)),
    (b"pgpgout", Role::Whole(VmCell::pgpgout_kb)),
    (b"pgscan_direct", Role::Part(VmCell::pgscan_direct)),
    (b"pgscan_kswapd", Role::Part(VmCell::pgscan_kswapd)),
    (b"pgsteal_direct", Role::Part(VmCell::pgsteal_direct)),
    (b"pgsteal_kswapd", Role::Part(VmCell::pgsteal_kswapd)),
    (b"pswpin", Role::Whole(VmCell::pswpin)),
    (b"pswpout", Role::Whole(VmCell::pswpout)),
    (b"thp_fault_alloc", Role::Whole(VmCell::thp_fault_alloc)),
    (b"workingset_activate", Role::Part(VmCell::activate)),
    // Up to Linux 5.8 only pages of files are counted here, under the name without a kind.
    (b"workingset_refault", Role::Whole(VmCell::refault_file)),
    (b"workingset_refault_anon", Role::Whole(VmCell::refault_anon)),
    (b"workingset_refault_file", Role::Whole(VmCell::refault_file)),
    (b"zswpin", Role::Whole(VmCell::zswpin)),
    (b"zswpout", Role::Whole(VmCell::zswpout)),
    (b"zswpwb", Role::Whole(VmCell::zswpwb)),
];

/// Most of the two hundred lines are of no interest, so the list is in the order of bytes, and a
/// few comparisons tell: the only entry that can match is the last one not after `key`.
/// `pgscan_direct_throttle` counts the times a task was held up, not pages, so it is no part.
fn role_of(key: &[u8]) -> Option<Role> {
    let (name, role) = *KEYS[..KEYS.partition_point(|(name, _)| *name <= key)].last()?;
    let rest = key.strip_prefix(name)?;
    let matches = match role {
        Role::Whole(_) => rest.is_empty(),
        Role::Part(_) => rest.is_empty() || (rest.starts_with(b"_") && rest != b"_throttle"),
    };
    matches.then_some(role)
}

/// Parses `/proc/vmstat`. A part that is no number would make a sum jump, so it is an error.
pub(super) fn parse_vmstat(text: &[u8], rows: &mut Rows<Vm>) -> Result<(), Malformed> {
    let row = rows.push();
    for (at, line) in lines(text).enumerate() {
        let mut parts = fields(line);
        let Some(role) = parts.next().and_then(role_of) else { continue };
        let value = parts.next().and_then(parse_u64);
        match role {
            Role::Whole(cell) => row.set_some(cell, value),
            Role::Part(cell) => {
                let part = value.ok_or(Malformed { line: at + 1, expected: "a number" })?;
                let before = row.row().cell(cell as usize).unwrap_or(0);
                row.set(cell, before.wrapping_add(part));
            }
        }
    }
    if row.row().present == 0 {
        return Err(Malformed { line: 1, expected: "a counter of paging" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::{RunTimes, States};
    use ks_vocabulary::time::Timestamp;
    use proptest::prelude::*;

    const LINUX_6_18: &[u8] = b"nr_free_pages 1315596\nnuma_hit 23859886\nnuma_miss 3\n\
        nr_dirty 15380\nworkingset_nodes 18419\nworkingset_refault_anon 7\n\
        workingset_refault_file 992860\nworkingset_activate_anon 40\n\
        workingset_activate_file 153245\nworkingset_restore_file 0\nnr_writeback 2\n\
        nr_dirtied 1390681\nnr_written 901785\nnr_throttled_written 0\n\
        nr_dirty_threshold 1201173\nnr_dirty_background_threshold 599853\n\
        pgpgin 4907685\npgpgout 3605528\npswpin 0\npswpout 0\npgalloc_dma 1\npgalloc_dma32 20\n\
        pgalloc_normal 25096135\npgalloc_movable 0\npgalloc_device 0\nallocstall_dma 0\n\
        allocstall_dma32 4\nallocstall_normal 5\nallocstall_movable 6\npgskip_dma 0\n\
        pgfree 26434646\npgactivate 466602\npgdeactivate 0\npgfault 24468747\npgmajfault 3238\n\
        pgsteal_kswapd 11\npgsteal_direct 12\npgsteal_khugepaged 1000\npgscan_kswapd 21\n\
        pgscan_direct 22\npgscan_khugepaged 1000\npgscan_direct_throttle 1000\n\
        drop_pagecache 1\noom_kill 0\ncompact_stall 0\nthp_fault_alloc 0\n\
        thp_fault_fallback 9\nballoon_inflate 51\nballoon_deflate 50\nballoon_migrate 3\n\
        zswpin 61\nzswpout 62\nzswpwb 63\nnr_unstable 0\n";

    const LINUX_4_4: &[u8] = b"nr_free_pages 14070\nnr_dirty 12\nnr_writeback 0\n\
        nr_writeback_temp 5\nworkingset_refault 221551\nworkingset_activate 41733\n\
        nr_dirty_threshold 22336\nnr_dirty_background_threshold 11168\npgpgin 45284\n\
        pgalloc_dma 299007\npgalloc_dma32 24235925\npgalloc_normal 0\n\
        pgsteal_kswapd_dma 22463\npgsteal_kswapd_dma32 553340\npgsteal_kswapd_normal 0\n\
        pgsteal_direct_dma 3956\npgsteal_direct_dma32 220354\n\
        pgscan_kswapd_dma 22463\npgscan_kswapd_dma32 554313\npgscan_kswapd_movable 0\n\
        pgscan_direct_dma 3956\npgscan_direct_dma32 220397\npgscan_direct_movable 1\n\
        pgscan_direct_throttle 77\nallocstall 4004\n";

    fn check(text: &[u8]) -> Vm {
        let mut rows = Rows::default();
        parse_vmstat(text, &mut rows).unwrap();
        rows.first().unwrap().clone()
    }

    #[test]
    fn a_recent_kernel_is_read_and_its_parts_are_summed() {
        let vm = check(LINUX_6_18);
        assert_eq!(vm.pgpgin_kb(), Some(4_907_685));
        assert_eq!(vm.pgalloc(), Some(25_096_156));
        assert_eq!(vm.allocstall(), Some(15));
        assert_eq!(vm.activate(), Some(153_285));
        assert_eq!((vm.refault_anon(), vm.refault_file()), (Some(7), Some(992_860)));
        assert_eq!((vm.pgscan_kswapd(), vm.pgscan_direct()), (Some(21), Some(22)));
        assert_eq!((vm.pgsteal_kswapd(), vm.pgsteal_direct()), (Some(11), Some(12)));
        assert_eq!((vm.nr_dirty(), vm.nr_dirty_threshold()), (Some(15_380), Some(1_201_173)));
        assert_eq!((vm.pgfault(), vm.thp_fault_alloc()), (Some(24_468_747), Some(0)));
        assert_eq!((vm.zswpin(), vm.zswpout(), vm.zswpwb()), (Some(61), Some(62), Some(63)));
        assert_eq!((vm.balloon_inflate(), vm.balloon_deflate()), (Some(51), Some(50)));
        let of_file = |cell: &usize| *cell != VmCell::hung_tasks as usize;
        let mut cells = (0..Vm::CELLS.len()).filter(of_file);
        assert!(cells.all(|cell| vm.row().cell(cell).is_some()), "every cell");
    }

    #[test]
    fn counters_by_zone_are_summed_without_the_throttled_tasks() {
        let vm = check(LINUX_4_4);
        assert_eq!(vm.pgscan_kswapd(), Some(576_776));
        assert_eq!(vm.pgscan_direct(), Some(224_354));
        assert_eq!(vm.pgsteal_direct(), Some(224_310));
        assert_eq!(vm.allocstall(), Some(4004));
        assert_eq!((vm.refault_anon(), vm.refault_file()), (None, Some(221_551)));
        assert_eq!(vm.activate(), Some(41_733));
        assert_eq!(vm.nr_writeback(), Some(0));
        assert_eq!(vm.oom_kill(), None, "not on this kernel");
    }

    #[test]
    fn a_truncated_text_gives_what_is_there() {
        assert_eq!(check(&LINUX_6_18[..LINUX_6_18.len() - 220]).pgfault(), Some(24_468_747));
        assert_eq!(check(b"pgpgin 1\npgpgout").pgpgout_kb(), None);
        assert_eq!(check(b"pgpgin 18446744073709551616\npgfree 2\n").pgpgin_kb(), None);
    }

    #[test]
    fn a_text_without_counters_or_with_half_a_sum_is_malformed() {
        assert!(parse_vmstat(b"", &mut Rows::default()).is_err());
        assert!(parse_vmstat(b"garbage\npgpgin\n", &mut Rows::default()).is_err());
        let half = parse_vmstat(b"pgalloc_dma 1\npgalloc_normal\n", &mut Rows::default());
        assert_eq!(half, Err(Malformed { line: 2, expected: "a number" }));
    }

    #[test]
    fn hung_tasks_are_counted_where_the_kernel_does() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("proc/sys/kernel")).unwrap();
        std::fs::write(root.path().join("proc/vmstat"), LINUX_6_18).unwrap();
        let mut sampler = Vmstat::default();
        let mut hung_tasks = || {
            let mut sample = Sample::default();
            let mut context = Context {
                host: &HostFs::new(root.path()),
                buffer: &mut Buffer::default(),
                states: &mut States::default(),
                tick: Timestamp(0),
                keyframe: false,
                detail: false,
                budget: &mut crate::budget::Budget::default(),
                losses: &mut Vec::new(),
                run_times: &mut RunTimes::new(),
                measures_run_time: false,
            };
            sampler.sample(&mut context, &mut sample);
            sample.vm.first().unwrap().hung_tasks()
        };
        assert_eq!(hung_tasks(), None);
        let file = root.path().join("proc/sys/kernel/hung_task_detect_count");
        std::fs::write(file, "4\n").unwrap();
        assert_eq!(hung_tasks(), Some(4));
    }

    #[test]
    fn the_keys_are_in_order() {
        assert!(KEYS.is_sorted_by(|(before, _), (after, _)| before < after));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_vmstat(&bytes, &mut Rows::default());
        }

        #[test]
        fn any_key_is_found_as_a_full_search_finds_it(at in 0..KEYS.len(), rest in "[a-z_]{0,4}") {
            let key = [KEYS[at].0, rest.as_bytes()].concat();
            let exact = KEYS.iter().any(|(name, _)| *name == key);
            let part = KEYS.iter().any(|(name, role)| {
                let after = key.strip_prefix(*name);
                matches!(role, Role::Part(_)) && after.is_some_and(|after| after.starts_with(b"_"))
            });
            prop_assert_eq!(role_of(&key).is_some(), exact || part);
        }
    }
}
