//! `/proc/schedstat`: how long tasks ran and waited on each CPU.
//!
//! The lines of scheduling domains are left alone: they say how the kernel balances, not how long
//! anybody waited.

use ks_vocabulary::model::{CpuSched, CpuSchedCell, Rows, Sample};

use crate::absence::Malformed;
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, lines, parse_u64};

/// Reads `/proc/schedstat`.
#[derive(Debug)]
pub(super) struct Schedstat {
    file: HostFile,
}

impl Default for Schedstat {
    fn default() -> Self {
        Self { file: HostFile::new("proc/schedstat") }
    }
}

impl Sampler for Schedstat {
    fn sources(&self) -> &'static [&'static str] {
        &["schedstat"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.read_table("schedstat", &mut self.file, &mut sample.sched, parse_schedstat);
    }
}

/// The format in which a CPU's line has its nine fields; later ones changed the domains only.
const FIRST_VERSION: u64 = 15;

/// The last three fields of a CPU's line.
const TIMES: [CpuSchedCell; 3] =
    [CpuSchedCell::running_ns, CpuSchedCell::wait_ns, CpuSchedCell::timeslices];

/// Parses `/proc/schedstat`.
pub(super) fn parse_schedstat(text: &[u8], rows: &mut Rows<CpuSched>) -> Result<(), Malformed> {
    let version = lines(text).next().and_then(version_of);
    if version.is_none_or(|version| version < FIRST_VERSION) {
        return Err(Malformed { line: 1, expected: "`version` 15 or later" });
    }
    for line in lines(text).skip(1) {
        let mut parts = fields(line);
        let number = parts.next().and_then(|key| key.strip_prefix(b"cpu")).and_then(parse_u64);
        let Some(number) = number else { continue };
        let row = rows.push();
        row.set(CpuSchedCell::cpu, number);
        let mut times = parts.skip(6);
        for cell in TIMES {
            row.set_some(cell, times.next().and_then(parse_u64));
        }
    }
    if rows.as_slice().is_empty() {
        return Err(Malformed { line: 2, expected: "a line for each CPU" });
    }
    rows.sort();
    Ok(())
}

fn version_of(line: &[u8]) -> Option<u64> {
    let mut parts = fields(line);
    let key = parts.next()?;
    if key == b"version" { parse_u64(parts.next()?) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LINUX_5_10: &[u8] = b"version 15\ntimestamp 4295347219\n\
        cpu0 0 0 0 0 0 0 3035466036 858375615 67578\n\
        domain0 00,00000003 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n\
        cpu1 0 0 0 0 0 0 2890383859 179902429 29632\n\
        domain0 00,00000003 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    const LINUX_6_17: &[u8] = b"version 17\ntimestamp 4502634507\n\
        cpu0 5 0 11 12 13 14 26911213445830 3582333561921 94465622\n\
        domain0 SMT 00010001 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n\
        cpu16 0 0 0 0 0 0 100000000000 50000000000 1000000\n";

    fn check(text: &[u8]) -> Vec<[Option<u64>; 4]> {
        let mut rows = Rows::default();
        parse_schedstat(text, &mut rows).unwrap();
        rows.iter()
            .map(|row| [row.cpu(), row.running_ns(), row.wait_ns(), row.timeslices()])
            .collect()
    }

    #[test]
    fn each_cpu_of_both_formats_is_read() {
        let old = [
            [Some(0), Some(3_035_466_036), Some(858_375_615), Some(67_578)],
            [Some(1), Some(2_890_383_859), Some(179_902_429), Some(29_632)],
        ];
        assert_eq!(check(LINUX_5_10), old);
        let new = [
            [Some(0), Some(26_911_213_445_830), Some(3_582_333_561_921), Some(94_465_622)],
            [Some(16), Some(100_000_000_000), Some(50_000_000_000), Some(1_000_000)],
        ];
        assert_eq!(check(LINUX_6_17), new);
    }

    #[test]
    fn a_truncated_line_leaves_its_last_cells_absent() {
        let text = b"version 15\ntimestamp 1\ncpu0 0 0 0 0 0 0 7 8";
        assert_eq!(check(text), [[Some(0), Some(7), Some(8), None]]);
        assert_eq!(check(b"version 15\ncpu0 0 0"), [[Some(0), None, None, None]]);
    }

    #[test]
    fn an_older_format_garbage_and_a_text_without_cpus_are_malformed() {
        let refused = |text: &[u8]| parse_schedstat(text, &mut Rows::default()).unwrap_err().line;
        assert_eq!(refused(b"version 14\ntimestamp 1\ncpu0 0 0 0 0 0 0 0 0 0 1 2 3\n"), 1);
        assert_eq!(refused(b"garbage 15\ncpu0 0 0 0 0 0 0 1 2 3\n"), 1);
        assert_eq!(refused(b""), 1);
        assert_eq!(refused(b"version 15\ntimestamp 1\ndomain0 3 0\n"), 2);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_schedstat(&bytes, &mut Rows::default());
            let after_version = [b"version 15\n".as_slice(), bytes.as_slice()].concat();
            let _ = parse_schedstat(&after_version, &mut Rows::default());
        }
    }
}
