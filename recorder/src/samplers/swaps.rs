//! `/proc/swaps`: swap areas and how full they are.

use ks_vocabulary::model::{Rows, Sample, Swap, SwapCell, SwapName};
use ks_vocabulary::time::SECOND_NS;

use crate::absence::Malformed;
use crate::host_fs::HostFile;
use crate::sampler::{Cadence, Context, Sampler};
use crate::text::{fields, lines, parse_i64, parse_u64, unescape};

/// Reads `/proc/swaps`.
#[derive(Debug)]
pub(super) struct Swaps {
    file: HostFile,
}

impl Default for Swaps {
    fn default() -> Self {
        Self { file: HostFile::new("proc/swaps") }
    }
}

impl Sampler for Swaps {
    fn sources(&self) -> &'static [&'static str] {
        &["swaps"]
    }

    fn cadence(&self) -> Cadence {
        Cadence::AtMostEvery { ns: 10 * SECOND_NS }
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.read_table("swaps", &mut self.file, &mut sample.swaps, parse_swaps);
    }
}

/// Parses `/proc/swaps`. Sizes are in KiB. A header alone says that there is no swap area.
pub(super) fn parse_swaps(text: &[u8], rows: &mut Rows<Swap>) -> Result<(), Malformed> {
    let mut numbered = (1..).zip(lines(text));
    if numbered.next().is_none_or(|(_, header)| !header.starts_with(b"Filename")) {
        return Err(Malformed { line: 1, expected: "the header, from `Filename`" });
    }
    for (line, area) in numbered {
        let mut parts = fields(area);
        let Some(name) = parts.next() else { continue };
        let Some(size_bytes) = parts.nth(1).and_then(parse_kilobytes) else {
            return Err(Malformed { line, expected: "name, type and size" });
        };
        let row = rows.push();
        row.set_name(SwapName::name, &unescape(name));
        row.set(SwapCell::size_bytes, size_bytes);
        row.set_some(SwapCell::used_bytes, parts.next().and_then(parse_kilobytes));
        row.set_some(SwapCell::priority, parts.next().and_then(parse_i64));
    }
    rows.sort();
    Ok(())
}

/// Kilobytes of 1,024 bytes, in bytes.
fn parse_kilobytes(field: &[u8]) -> Option<u64> {
    parse_u64(field)?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &[u8] = b"Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";

    fn read(areas: &[u8]) -> Result<Rows<Swap>, Malformed> {
        let mut rows = Rows::default();
        parse_swaps(&[HEADER, areas].concat(), &mut rows).map(|()| rows)
    }

    #[test]
    fn areas_of_old_and_recent_kernels_are_read() {
        let old = read(b"/dev/dm-1                               partition\t8388604\t51200\t-2\n");
        let old = old.unwrap();
        let swap = old.first().unwrap();
        assert_eq!(swap.name(), Some(b"/dev/dm-1".as_slice()));
        assert_eq!(swap.size_bytes(), Some(8_388_604 * 1024));
        assert_eq!((swap.used_bytes(), swap.priority()), (Some(51_200 * 1024), Some(-2)));
        let recent = read(
            b"/dev/zram0                              partition\t4194300\t\t1024\t\t100\n\
            /a\\040swap\\134file                        file\t\t1048572\t\t0\t\t-2\n",
        );
        let recent = recent.unwrap();
        let names: Vec<_> = recent.iter().map(|swap| swap.name().unwrap()).collect();
        assert_eq!(names, [b"/a swap\\file".as_slice(), b"/dev/zram0".as_slice()]);
        assert_eq!(recent.as_slice()[1].used_bytes(), Some(1024 * 1024));
        assert_eq!(recent.as_slice()[1].priority(), Some(100));
    }

    #[test]
    fn a_header_alone_is_an_empty_table() {
        assert!(read(b"").unwrap().as_slice().is_empty());
    }

    #[test]
    fn a_truncated_line_leaves_the_rest_absent() {
        let rows = read(b"/swapfile file 2048").unwrap();
        assert_eq!(rows.first().unwrap().size_bytes(), Some(2048 * 1024));
        assert_eq!(rows.first().unwrap().used_bytes(), None);
        let cut = Malformed { line: 2, expected: "name, type and size" };
        assert_eq!(read(b"/swapfile file").unwrap_err(), cut);
        assert_eq!(read(b"/swapfile file 18446744073709551615\n").unwrap_err(), cut);
    }

    #[test]
    fn a_text_without_the_header_is_malformed() {
        assert!(parse_swaps(b"", &mut Rows::default()).is_err());
        assert!(parse_swaps(b"garbage\n", &mut Rows::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = (parse_swaps(&bytes, &mut Rows::default()), read(&bytes));
        }
    }
}
