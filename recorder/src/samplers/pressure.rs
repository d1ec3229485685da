//! `/proc/pressure`: how long tasks of the host stalled for CPU, memory, I/O and interrupts.
//!
//! Each file is a source of its own, since kernels and boot options switch them separately; what
//! could be read makes the one row.

use ks_vocabulary::model::{Pressure, PressureCell, ReadTimes, Sample};

use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, lines, parse_f64, parse_u64};

/// Reads the files of `/proc/pressure`.
#[derive(Debug)]
pub(super) struct PressureStall {
    files: [HostFile; 4],
}

impl Default for PressureStall {
    fn default() -> Self {
        Self { files: RESOURCES.each_ref().map(|resource| HostFile::single(resource.path)) }
    }
}

impl Sampler for PressureStall {
    fn sources(&self) -> &'static [&'static str] {
        &["pressure/cpu", "pressure/memory", "pressure/io", "pressure/irq"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        let row = sample.pressure.push();
        let mut any = false;
        for (file, resource) in self.files.iter_mut().zip(&RESOURCES) {
            let parsed = file.read(context.host, context.buffer).and_then(|text| {
                if text.is_empty() {
                    return Err(Absence::Empty);
                }
                parse_pressure(text, resource, row).map_err(Absence::from)
            });
            match parsed {
                Ok(()) => {
                    any = true;
                    context.states.on(resource.source);
                }
                Err(absence) => context.states.absent(resource.source, absence),
            }
        }
        if any {
            sample.pressure.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
        } else {
            sample.pressure.clear();
        }
    }
}

/// One file, and the cells of its two lines.
#[derive(Debug)]
pub(super) struct Resource {
    source: &'static str,
    path: &'static str,
    some: Option<Line>,
    full: Option<Line>,
}

/// The cells of one line: the total, and the averages that are kept with their names.
#[derive(Debug)]
struct Line {
    total: PressureCell,
    averages: &'static [(&'static [u8], PressureCell)],
}

static RESOURCES: [Resource; 4] = [
    Resource {
        source: "pressure/cpu",
        path: "proc/pressure/cpu",
        some: Some(Line {
            total: PressureCell::cpu_some_total_us,
            averages: &[
                (b"avg10=", PressureCell::cpu_some_avg10),
                (b"avg60=", PressureCell::cpu_some_avg60),
                (b"avg300=", PressureCell::cpu_some_avg300),
            ],
        }),
        full: Some(Line { total: PressureCell::cpu_full_total_us, averages: &[] }),
    },
    Resource {
        source: "pressure/memory",
        path: "proc/pressure/memory",
        some: Some(Line {
            total: PressureCell::memory_some_total_us,
            averages: &[
                (b"avg10=", PressureCell::memory_some_avg10),
                (b"avg60=", PressureCell::memory_some_avg60),
                (b"avg300=", PressureCell::memory_some_avg300),
            ],
        }),
        full: Some(Line {
            total: PressureCell::memory_full_total_us,
            averages: &[(b"avg10=", PressureCell::memory_full_avg10)],
        }),
    },
    Resource {
        source: "pressure/io",
        path: "proc/pressure/io",
        some: Some(Line {
            total: PressureCell::io_some_total_us,
            averages: &[
                (b"avg10=", PressureCell::io_some_avg10),
                (b"avg60=", PressureCell::io_some_avg60),
                (b"avg300=", PressureCell::io_some_avg300),
            ],
        }),
        full: Some(Line {
            total: PressureCell::io_full_total_us,
            averages: &[(b"avg10=", PressureCell::io_full_avg10)],
        }),
    },
    Resource {
        source: "pressure/irq",
        path: "proc/pressure/irq",
        some: None,
        full: Some(Line { total: PressureCell::irq_full_total_us, averages: &[] }),
    },
];

/// Parses one file of `/proc/pressure` into its cells of `row`. A line without a total is left out
/// as a whole.
pub(super) fn parse_pressure(
    text: &[u8],
    resource: &Resource,
    row: &mut Pressure,
) -> Result<(), Malformed> {
    let mut any = false;
    for line in lines(text) {
        let cells = match fields(line).next() {
            Some(b"some") => &resource.some,
            Some(b"full") => &resource.full,
            _ => continue,
        };
        let Some(cells) = cells else { continue };
        let Some(total) = value_of(line, b"total=").and_then(parse_u64) else { continue };
        row.set(cells.total, total);
        for (name, cell) in cells.averages {
            row.set_some(*cell, value_of(line, name).and_then(parse_f64));
        }
        any = true;
    }
    if any {
        Ok(())
    } else {
        Err(Malformed { line: 1, expected: "`some` or `full` with `total=`" })
    }
}

/// The text after `name`, which ends with `=`.
fn value_of<'t>(line: &'t [u8], name: &[u8]) -> Option<&'t [u8]> {
    fields(line).find_map(|field| field.strip_prefix(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::{State, States};
    use ks_vocabulary::time::Timestamp;
    use proptest::prelude::*;

    const CPU: usize = 0;
    const MEMORY: usize = 1;
    const IRQ: usize = 3;

    fn parse(text: &[u8], resource: usize) -> Result<Pressure, Malformed> {
        let mut row = Pressure::default();
        parse_pressure(text, &RESOURCES[resource], &mut row).map(|()| row)
    }

    #[test]
    fn a_kernel_without_full_for_cpu_leaves_it_absent() {
        let row = parse(b"some avg10=1.23 avg60=0.50 avg300=0.09 total=37386254\n", CPU).unwrap();
        assert_eq!(row.cpu_some_total_us(), Some(37_386_254));
        assert_eq!(row.cpu_some_avg10(), Some(1.23));
        assert_eq!(row.cpu_some_avg300(), Some(0.09));
        assert_eq!(row.cpu_full_total_us(), None);
    }

    #[test]
    fn both_lines_of_a_recent_kernel_are_read() {
        let text = b"some avg10=0.57 avg60=0.38 avg300=0.15 total=7946344\n\
            full avg10=0.43 avg60=0.30 avg300=0.13 total=7202036\n";
        let row = parse(text, MEMORY).unwrap();
        assert_eq!(row.memory_some_total_us(), Some(7_946_344));
        assert_eq!(row.memory_full_total_us(), Some(7_202_036));
        assert_eq!(row.memory_full_avg10(), Some(0.43));
        assert_eq!(row.io_some_total_us(), None, "another file");
        let irq = parse(b"full avg10=0.00 avg60=0.00 avg300=0.00 total=12\n", IRQ).unwrap();
        assert_eq!(irq.irq_full_total_us(), Some(12));
    }

    #[test]
    fn a_line_without_its_total_is_left_out() {
        assert!(parse(b"some avg10=0.57 avg60=0.38", MEMORY).is_err());
        assert!(parse(b"", MEMORY).is_err());
        assert!(parse(b"garbage total=1\n", MEMORY).is_err());
        assert!(parse(b"some avg10=0.00 total=5\n", IRQ).is_err(), "irq has no `some`");
        let row = parse(b"some total=5\nfull avg10=0.43 total=", MEMORY).unwrap();
        assert_eq!(row.memory_some_total_us(), Some(5));
        assert_eq!((row.memory_full_total_us(), row.memory_full_avg10()), (None, None));
    }

    #[test]
    fn one_file_is_enough_and_each_has_its_state() {
        let root = tempfile::tempdir().unwrap();
        let host = HostFs::new(root.path());
        let (mut buffer, mut states) = (Buffer::default(), States::default());
        let mut context = Context {
            host: &host,
            buffer: &mut buffer,
            states: &mut states,
            tick: Timestamp(0),
            keyframe: false,
            detail: false,
            budget: &mut crate::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        let (mut sampler, mut sample) = (PressureStall::default(), Sample::default());
        sampler.sample(&mut context, &mut sample);
        assert_eq!(sample.pressure.read(), None);
        assert_eq!(sample.pressure.first(), None);
        let folder = root.path().join("proc/pressure");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("io"), b"some avg10=0.00 total=5\n").unwrap();
        std::fs::write(folder.join("irq"), b"").unwrap();
        sampler.sample(&mut context, &mut sample);
        assert!(sample.pressure.read().is_some());
        assert_eq!(sample.pressure.first().unwrap().io_some_total_us(), Some(5));
        assert_eq!(states.get("pressure/cpu"), Some(State::Absent(Absence::NotFound)));
        assert_eq!(states.get("pressure/io"), Some(State::On));
        assert_eq!(states.get("pressure/irq"), Some(State::Absent(Absence::Empty)));
    }

    #[test]
    fn every_file_has_its_source() {
        let sources: Vec<&str> = RESOURCES.iter().map(|resource| resource.source).collect();
        assert_eq!(PressureStall::default().sources(), sources);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, resource in 0..RESOURCES.len()) {
            let _ = parse(&bytes, resource);
        }
    }
}
