//! `/proc/zoneinfo`: free pages of each memory zone against the watermarks of reclaim.

use ks_vocabulary::model::{Rows, Sample, Zone, ZoneCell, ZoneName};
use ks_vocabulary::time::SECOND_NS;

use crate::absence::Malformed;
use crate::host_fs::HostFile;
use crate::sampler::{Cadence, Context, Sampler};
use crate::text::{fields, lines, parse_u64};

/// Reads `/proc/zoneinfo`.
#[derive(Debug)]
pub(super) struct Zoneinfo {
    file: HostFile,
}

impl Default for Zoneinfo {
    fn default() -> Self {
        Self { file: HostFile::new("proc/zoneinfo") }
    }
}

impl Sampler for Zoneinfo {
    fn sources(&self) -> &'static [&'static str] {
        &["zoneinfo"]
    }

    fn cadence(&self) -> Cadence {
        Cadence::AtMostEvery { ns: 10 * SECOND_NS }
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.read_table("zoneinfo", &mut self.file, &mut sample.zones, parse_zoneinfo);
    }
}

/// Parses `/proc/zoneinfo`: the levels of each zone. Its counters and the lists of each CPU have
/// keys that are not asked for. A zone that manages no page never has one free, and is left out.
pub(super) fn parse_zoneinfo(text: &[u8], rows: &mut Rows<Zone>) -> Result<(), Malformed> {
    let mut zones = 0usize;
    let mut inside = false;
    for line in lines(text) {
        let mut parts = fields(line);
        let Some(mut key) = parts.next() else { continue };
        if key == b"Node" {
            drop_unmanaged(rows);
            inside = begin_zone(parts, rows);
            zones += usize::from(inside);
            continue;
        }
        if key == b"pages" {
            key = parts.next().unwrap_or_default();
        }
        let cell = match key {
            b"free" => ZoneCell::free_pages,
            b"min" => ZoneCell::min_pages,
            b"low" => ZoneCell::low_pages,
            b"high" => ZoneCell::high_pages,
            b"managed" => ZoneCell::managed_pages,
            _ => continue,
        };
        if let Some(row) = rows.as_mut_slice().last_mut().filter(|_| inside) {
            row.set_some(cell, parts.next().and_then(parse_u64));
        }
    }
    drop_unmanaged(rows);
    if zones == 0 {
        return Err(Malformed { line: 1, expected: "`Node` with its number and a zone" });
    }
    rows.sort();
    Ok(())
}

/// Begins the row of a zone from what follows `Node`: the number with a comma, `zone`, the name.
fn begin_zone<'t>(mut parts: impl Iterator<Item = &'t [u8]>, rows: &mut Rows<Zone>) -> bool {
    let node = parts.next().and_then(|field| field.strip_suffix(b",")).and_then(parse_u64);
    let (Some(node), Some(zone)) = (node, parts.nth(1)) else { return false };
    let row = rows.push();
    row.set(ZoneCell::node, node);
    row.set_name(ZoneName::zone, zone);
    true
}

fn drop_unmanaged(rows: &mut Rows<Zone>) {
    if rows.as_slice().last().is_some_and(|zone| zone.managed_pages() == Some(0)) {
        rows.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINUX_6_18: &[u8] = b"Node 0, zone      DMA\n\
        \x20 per-node stats\n      nr_inactive_anon 71421\n      nr_mapped    14533\n\
        \x20 pages free     3840\n        boost    0\n        min      39\n\
        \x20       low      48\n        high     57\n        promo    66\n\
        \x20       spanned  4095\n        present  3998\n        managed  3840\n\
        \x20       cma      0\n        protection: (0, 3019, 6347, 6347, 6347)\n\
        \x20     nr_free_pages 3840\n  pagesets\n    cpu: 0\n              count:    0\n\
        \x20             high:     5011\n              batch:    1\n\
        \x20 vm stats threshold: 4\n  node_unreclaimable:  0\n  start_pfn:           1\n\
        Node 0, zone   Normal\n  pages free     538839\n        boost    0\n\
        \x20       min      8838\n        low      11047\n        high     13256\n\
        \x20       promo    15465\n        managed  851968\n\
        Node 0, zone  Movable\n  pages free     0\n        boost    0\n        min      32\n\
        \x20       low      32\n        high     32\n        promo    32\n\
        \x20       spanned  0\n        present  0\n        managed  0\n\
        \x20       protection: (0, 0, 0, 0, 0)\n";

    const LINUX_4_4: &[u8] = b"Node 0, zone   Normal\n  pages free     17164\n\
        \x20       min      5965\n        low      7456\n        high     8947\n\
        \x20       scanned  0\n        spanned  196607\n        present  196607\n\
        \x20       managed  178491\n    nr_free_pages 17164\n    nr_alloc_batch 519\n\
        \x20       protection: (0, 0, 0, 0)\n  pagesets\n    cpu: 0\n\
        \x20             count: 132\n              high:  186\n  all_unreclaimable: 0\n\
        \x20 inactive_ratio:    5\n\
        Node 1, zone   Normal\n  pages free     1\n        min      2\n";

    type Levels<'a> = (&'a [u8], Option<u64>, [Option<u64>; 5]);

    fn check(text: &[u8], expected: &[Levels<'_>]) {
        let mut rows = Rows::default();
        parse_zoneinfo(text, &mut rows).unwrap();
        let levels = |row: &Zone| {
            [
                row.free_pages(),
                row.min_pages(),
                row.low_pages(),
                row.high_pages(),
                row.managed_pages(),
            ]
        };
        let found: Vec<_> =
            rows.iter().map(|row| (row.zone().unwrap(), row.node(), levels(row))).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn zones_of_a_recent_kernel_are_read_and_the_empty_one_is_left_out() {
        let dma = [Some(3840), Some(39), Some(48), Some(57), Some(3840)];
        let normal = [Some(538_839), Some(8838), Some(11047), Some(13256), Some(851_968)];
        check(LINUX_6_18, &[(b"DMA", Some(0), dma), (b"Normal", Some(0), normal)]);
    }

    #[test]
    fn zones_of_an_old_kernel_are_read_for_each_node() {
        let first = [Some(17164), Some(5965), Some(7456), Some(8947), Some(178_491)];
        let cut = [Some(1), Some(2), None, None, None];
        check(LINUX_4_4, &[(b"Normal", Some(0), first), (b"Normal", Some(1), cut)]);
    }

    #[test]
    fn levels_outside_of_a_zone_belong_to_none() {
        let text =
            b"min 1\nNode 0, zone DMA\n  pages free 7\nNode x, zone Normal\n  pages free 8\n";
        check(text, &[(b"DMA", Some(0), [Some(7), None, None, None, None])]);
    }

    #[test]
    fn a_text_without_zones_is_malformed() {
        assert!(parse_zoneinfo(b"", &mut Rows::default()).is_err());
        assert!(parse_zoneinfo(b"garbage\nNode 0\n", &mut Rows::default()).is_err());
        assert!(parse_zoneinfo(b"Node 0, zone", &mut Rows::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_zoneinfo(&bytes, &mut Rows::default());
        }
    }
}
