//! `/proc/stat`: CPU time of the host and of each CPU, task counts.

use ks_vocabulary::model::{Cpu, CpuCell, CpuTimes, CpuTimesCell, ReadTimes, Rows, Sample};

use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, lines, parse_u64};

/// Reads `/proc/stat`.
#[derive(Debug)]
pub(super) struct Stat {
    file: HostFile,
}

impl Default for Stat {
    fn default() -> Self {
        Self { file: HostFile::single("proc/stat") }
    }
}

impl Sampler for Stat {
    fn sources(&self) -> &'static [&'static str] {
        &["stat"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        let parsed = self.file.read(context.host, context.buffer).and_then(|text| {
            parse_stat(text, &mut sample.cpu, &mut sample.cpus).map_err(Absence::from)
        });
        match parsed {
            Ok(()) => {
                let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
                sample.cpu.set_read(times);
                sample.cpus.set_read(times);
                context.states.on("stat");
            }
            Err(absence) => {
                sample.cpu.clear();
                sample.cpus.clear();
                context.states.absent("stat", absence);
            }
        }
    }
}

const HOST_TIMES: [CpuCell; 10] = [
    CpuCell::user_ticks,
    CpuCell::nice_ticks,
    CpuCell::system_ticks,
    CpuCell::idle_ticks,
    CpuCell::iowait_ticks,
    CpuCell::irq_ticks,
    CpuCell::softirq_ticks,
    CpuCell::steal_ticks,
    CpuCell::guest_ticks,
    CpuCell::guest_nice_ticks,
];

const CPU_TIMES: [CpuTimesCell; 8] = [
    CpuTimesCell::user_ticks,
    CpuTimesCell::nice_ticks,
    CpuTimesCell::system_ticks,
    CpuTimesCell::idle_ticks,
    CpuTimesCell::iowait_ticks,
    CpuTimesCell::irq_ticks,
    CpuTimesCell::softirq_ticks,
    CpuTimesCell::steal_ticks,
];

/// Parses `/proc/stat`.
pub(super) fn parse_stat(
    text: &[u8],
    host: &mut Rows<Cpu>,
    cpus: &mut Rows<CpuTimes>,
) -> Result<(), Malformed> {
    let row = host.push();
    let mut online = 0u64;
    for line in lines(text) {
        // `intr` has a number for each interrupt line of the machine: only the first is wanted.
        let mut parts = fields(line);
        let Some(key) = parts.next() else { continue };
        let cell = match key {
            b"cpu" => {
                for cell in HOST_TIMES {
                    row.set_some(cell, parts.next().and_then(parse_u64));
                }
                continue;
            }
            b"intr" => CpuCell::interrupts,
            b"softirq" => CpuCell::softirqs,
            b"ctxt" => CpuCell::context_switches,
            b"processes" => CpuCell::forks,
            b"procs_running" => CpuCell::procs_running,
            b"procs_blocked" => CpuCell::procs_blocked,
            _ => {
                if let Some(number) = key.strip_prefix(b"cpu").and_then(parse_u64) {
                    online += 1;
                    let times = cpus.push();
                    times.set(CpuTimesCell::cpu, number);
                    for cell in CPU_TIMES {
                        times.set_some(cell, parts.next().and_then(parse_u64));
                    }
                }
                continue;
            }
        };
        row.set_some(cell, parts.next().and_then(parse_u64));
    }
    if row.user_ticks().is_none() {
        return Err(Malformed { line: 1, expected: "`cpu` with its times" });
    }
    if online > 0 {
        row.set(CpuCell::cpus_online, online);
    }
    cpus.sort();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &[u8] = b"cpu  793 0 806 58825 90 0 9 10 0 0\n\
        cpu0 237 0 339 29686 4 0 2 4 0 0\ncpu1 555 0 466 29138 85 0 7 5 0 0\n\
        intr 121212 0 0 9\nctxt 987\nbtime 1700000000\nprocesses 4000\nprocs_running 2\n\
        procs_blocked 1\nsoftirq 555 1 2 3\n";

    #[test]
    fn the_host_and_each_cpu_are_read() {
        let (mut host, mut cpus) = (Rows::default(), Rows::default());
        parse_stat(TEXT, &mut host, &mut cpus).unwrap();
        let cpu = host.first().unwrap();
        assert_eq!(cpu.idle_ticks(), Some(58825));
        assert_eq!(cpu.interrupts(), Some(121_212));
        assert_eq!(cpu.cpus_online(), Some(2));
        assert_eq!(cpu.procs_blocked(), Some(1));
        assert_eq!(cpus.as_slice()[1].iowait_ticks(), Some(85));
    }

    #[test]
    fn a_kernel_without_steal_leaves_it_absent() {
        let (mut host, mut cpus) = (Rows::default(), Rows::default());
        parse_stat(b"cpu  1 2 3 4\n", &mut host, &mut cpus).unwrap();
        assert_eq!(host.first().unwrap().steal_ticks(), None);
        assert_eq!(host.first().unwrap().cpus_online(), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_stat(&bytes, &mut Rows::default(), &mut Rows::default());
        }
    }
}
