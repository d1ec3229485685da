//! `/proc/net/softnet_stat`: how each CPU keeps up with received packets.

use ks_engine::model::{Rows, Sample, Softnet, SoftnetCell};

use crate::absence::Malformed;
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, lines, parse_hex};

/// Reads `/proc/net/softnet_stat`.
#[derive(Debug)]
pub(super) struct SoftnetStat {
    file: HostFile,
}

impl Default for SoftnetStat {
    fn default() -> Self {
        Self { file: HostFile::new("proc/net/softnet_stat") }
    }
}

impl Sampler for SoftnetStat {
    fn sources(&self) -> &'static [&'static str] {
        &["net/softnet_stat"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.read_table("net/softnet_stat", &mut self.file, &mut sample.softnet, parse_softnet);
    }
}

/// Parses `/proc/net/softnet_stat`. Since Linux 5.10 field 13 is the CPU; before, lines are
/// counted, which is right as long as every CPU is online.
pub(super) fn parse_softnet(text: &[u8], rows: &mut Rows<Softnet>) -> Result<(), Malformed> {
    for (at, line) in lines(text).enumerate() {
        let mut parts = fields(line);
        let Some(first) = parts.next() else { continue };
        let Some(processed) = parse_hex(first) else {
            return Err(Malformed { line: at + 1, expected: "hexadecimal numbers" });
        };
        let row = rows.push();
        row.set(SoftnetCell::processed, processed);
        row.set_some(SoftnetCell::dropped, parts.next().and_then(parse_hex));
        row.set_some(SoftnetCell::time_squeeze, parts.next().and_then(parse_hex));
        let cpu = match parts.nth(9) {
            Some(field) => parse_hex(field),
            None => u64::try_from(at).ok(),
        };
        row.set_some(SoftnetCell::cpu, cpu);
    }
    if rows.as_slice().is_empty() {
        return Err(Malformed { line: 1, expected: "a line for each CPU" });
    }
    rows.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINUX_5_4: &[u8] = b"\
        00358fe3 00006283 0000000a 00000000 00000000 00000000 00000000 00000000 \
        00000000 00000000 00000000\n\
        00953d1a 00000446 00000001 00000000 00000000 00000000 00000000 00000000 \
        00000000 00000000 00000000\n";

    /// CPU 1 of three is offline.
    const LINUX_6_18: &[u8] = b"\
        00000009 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 \
        00000000 00000000 00000000 00000000 00000000\n\
        000006ac 00000001 00000002 00000000 00000000 00000000 00000000 00000000 00000000 00000000 \
        00000000 00000000 00000002 00000000 00000000\n";

    fn check(text: &[u8]) -> Vec<[Option<u64>; 4]> {
        let mut rows = Rows::default();
        parse_softnet(text, &mut rows).unwrap();
        rows.iter()
            .map(|row| [row.cpu(), row.processed(), row.dropped(), row.time_squeeze()])
            .collect()
    }

    #[test]
    fn lines_without_a_cpu_number_are_counted() {
        let expected = [
            [Some(0), Some(0x0035_8fe3), Some(0x6283), Some(10)],
            [Some(1), Some(0x0095_3d1a), Some(0x446), Some(1)],
        ];
        assert_eq!(check(LINUX_5_4), expected);
    }

    #[test]
    fn the_cpu_number_is_read_where_there_is_one() {
        let expected =
            [[Some(0), Some(9), Some(0), Some(0)], [Some(2), Some(0x6ac), Some(1), Some(2)]];
        assert_eq!(check(LINUX_6_18), expected);
    }

    #[test]
    fn a_truncated_line_leaves_the_rest_absent() {
        assert_eq!(check(b"000000ff 00000001"), [[Some(0), Some(255), Some(1), None]]);
    }

    #[test]
    fn garbage_and_an_empty_text_are_malformed() {
        assert!(parse_softnet(b"", &mut Rows::default()).is_err());
        let second = parse_softnet(b"000000ff 00000001\ngarbage\n", &mut Rows::default());
        assert_eq!(second, Err(Malformed { line: 2, expected: "hexadecimal numbers" }));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_softnet(&bytes, &mut Rows::default());
        }
    }
}
