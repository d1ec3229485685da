//! `/proc/net/softnet_stat`: how each CPU keeps up with received packets.
//!
//! The file has a line for each CPU that is online, and before Linux 5.10 no number in it: there
//! the numbers are those of `/proc/stat` of the same tick.

use ks_vocabulary::model::{CpuTimes, ReadTimes, Rows, Sample, Softnet, SoftnetCell};

use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, lines, parse_hex};

const SOURCE: &str = "net/softnet_stat";
const UNNUMBERED: &str = "its lines do not name their CPUs, and `/proc/stat` lists another number";

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
        &[SOURCE]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        let rows = &mut sample.softnet;
        let text = self.file.read(context.host, context.buffer);
        let outcome = text.and_then(|text| parse_softnet(text, rows).map_err(Absence::from));
        match outcome.and_then(|()| number(rows, &sample.cpus)) {
            Ok(()) => {
                rows.sort();
                rows.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
                context.states.on(SOURCE);
            }
            Err(absence) => {
                rows.clear();
                context.states.absent(SOURCE, absence);
            }
        }
    }
}

/// Parses `/proc/net/softnet_stat`. Since Linux 5.10 field 13 is the CPU; before, rows have none
/// and are in the order of their CPUs.
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
        row.set_some(SoftnetCell::cpu, parts.nth(9).and_then(parse_hex));
    }
    if rows.as_slice().is_empty() {
        return Err(Malformed { line: 1, expected: "a line for each CPU" });
    }
    Ok(())
}

/// Gives rows without a number those of the CPUs that are online. Where there are more or fewer of
/// them, a line may be that of any CPU: counters that change their owner would look like drops.
fn number(rows: &mut Rows<Softnet>, online: &Rows<CpuTimes>) -> Result<(), Absence> {
    if rows.iter().all(|row| row.cpu().is_some()) {
        return Ok(());
    }
    if online.as_slice().len() != rows.as_slice().len() {
        return Err(Absence::Off(UNNUMBERED));
    }
    for (row, cpu) in rows.as_mut_slice().iter_mut().zip(online.iter()) {
        row.set_some(SoftnetCell::cpu, cpu.cpu());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::{RunTimes, State, States};
    use ks_vocabulary::model::CpuTimesCell;
    use ks_vocabulary::time::Timestamp;
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

    /// The CPUs and packets of a reading while the CPUs of `online` are, and the state.
    fn read(text: &[u8], online: &[u64]) -> (Vec<[Option<u64>; 2]>, Option<State>) {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("proc/net")).unwrap();
        std::fs::write(root.path().join("proc/net/softnet_stat"), text).unwrap();
        let (mut states, mut sample) = (States::default(), Sample::default());
        for cpu in online {
            sample.cpus.push().set(CpuTimesCell::cpu, *cpu);
        }
        let mut context = Context {
            host: &HostFs::new(root.path()),
            buffer: &mut Buffer::default(),
            states: &mut states,
            tick: Timestamp(0),
            keyframe: false,
            detail: false,
            budget: &mut crate::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut RunTimes::new(),
            measures_run_time: false,
        };
        SoftnetStat::default().sample(&mut context, &mut sample);
        let rows: Vec<_> = sample.softnet.iter().map(|row| [row.cpu(), row.processed()]).collect();
        assert_eq!(sample.softnet.read().is_some(), !rows.is_empty());
        (rows, states.get(SOURCE))
    }

    #[test]
    fn lines_without_a_cpu_number_are_those_of_the_cpus_that_are_online() {
        let both = (LINUX_5_4, [0x0035_8fe3, 0x0095_3d1a]);
        let second = (&LINUX_5_4[LINUX_5_4.len() / 2..], [0x0095_3d1a]);
        let named = |cpus: &[u64], packets: &[u64]| {
            let rows = cpus.iter().zip(packets).map(|(cpu, count)| [Some(*cpu), Some(*count)]);
            (rows.collect(), Some(State::On))
        };
        assert_eq!(read(both.0, &[0, 1]), named(&[0, 1], &both.1));
        assert_eq!(read(second.0, &[1]), named(&[1], &second.1), "CPU 0 of two is offline");
        assert_eq!(read(both.0, &[0, 2]), named(&[0, 2], &both.1), "CPU 1 of three is offline");
    }

    #[test]
    fn lines_without_a_cpu_number_are_dropped_where_another_number_of_cpus_is_online() {
        let dropped = (Vec::new(), Some(State::Absent(Absence::Off(UNNUMBERED))));
        for online in [&[][..], &[1], &[0, 1, 2]] {
            assert_eq!(read(LINUX_5_4, online), dropped, "{online:?}");
        }
        assert_eq!(read(LINUX_6_18, &[]).0.len(), 2, "these name their CPUs");
    }

    #[test]
    fn the_cpu_number_is_read_where_there_is_one() {
        let expected =
            [[Some(0), Some(9), Some(0), Some(0)], [Some(2), Some(0x6ac), Some(1), Some(2)]];
        assert_eq!(check(LINUX_6_18), expected);
    }

    #[test]
    fn a_truncated_line_leaves_the_rest_absent() {
        assert_eq!(check(b"000000ff 00000001"), [[None, Some(255), Some(1), None]]);
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
