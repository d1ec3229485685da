//! `/proc/loadavg`: load averages, for people.

use ks_vocabulary::model::{Load, LoadCell, Rows, Sample};

use crate::absence::Malformed;
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, parse_f64, parse_u64};

/// Reads `/proc/loadavg`.
#[derive(Debug)]
pub(super) struct Loadavg {
    file: HostFile,
}

impl Default for Loadavg {
    fn default() -> Self {
        Self { file: HostFile::single("proc/loadavg") }
    }
}

impl Sampler for Loadavg {
    fn sources(&self) -> &'static [&'static str] {
        &["loadavg"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.read_table("loadavg", &mut self.file, &mut sample.load, parse_loadavg);
    }
}

/// Parses `/proc/loadavg`.
pub(super) fn parse_loadavg(text: &[u8], rows: &mut Rows<Load>) -> Result<(), Malformed> {
    let row = rows.push();
    let mut parts = fields(text);
    for cell in [LoadCell::load1, LoadCell::load5, LoadCell::load15] {
        row.set_some(cell, parts.next().and_then(parse_f64));
    }
    let mut tasks = parts.next().unwrap_or_default().split(|byte| *byte == b'/');
    row.set_some(LoadCell::tasks_runnable, tasks.next().and_then(parse_u64));
    row.set_some(LoadCell::tasks, tasks.next().and_then(parse_u64));
    match row.load1() {
        Some(_) => Ok(()),
        None => Err(Malformed { line: 1, expected: "three load averages" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn averages_and_tasks_are_read() {
        let mut rows = Rows::default();
        parse_loadavg(b"0.14 0.06 0.02 2/79 1849\n", &mut rows).unwrap();
        let load = rows.first().unwrap();
        assert_eq!(load.load1(), Some(0.14));
        assert_eq!((load.tasks_runnable(), load.tasks()), (Some(2), Some(79)));
        assert!(parse_loadavg(b"", &mut Rows::default()).is_err());
        assert!(parse_loadavg(b"a b c\n", &mut Rows::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = parse_loadavg(&bytes, &mut Rows::default());
        }
    }
}
