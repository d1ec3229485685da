//! Limits configured below `/proc/sys` that rates and levels are held against.
//!
//! They seldom change, so a row is given for a keyframe and when a value differs from the last row.
//! Settings that are no limits are in `sysctls`.

mod sysctls;

use ks_vocabulary::model::{Limits, LimitsCell, ReadTimes, Sample};
use ks_vocabulary::time::SECOND_NS;

use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFile;
use crate::sampler::{Cadence, Context, Sampler};
use crate::text::{fields, parse_u64};
use sysctls::Sysctls;

/// Reads the limits.
#[derive(Debug)]
pub(super) struct SystemLimits {
    files: [HostFile; 8],
    last: Option<Limits>,
    sysctls: Sysctls,
}

impl Default for SystemLimits {
    fn default() -> Self {
        let files = FILES.each_ref().map(|(path, _)| HostFile::single(*path));
        Self { files, last: None, sysctls: Sysctls::default() }
    }
}

impl Sampler for SystemLimits {
    fn sources(&self) -> &'static [&'static str] {
        &["limits"]
    }

    fn cadence(&self) -> Cadence {
        Cadence::AtMostEvery { ns: 10 * SECOND_NS }
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        self.sample_limits(context, sample);
        self.sysctls.sample(context, sample);
    }
}

impl SystemLimits {
    fn sample_limits(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        let row = sample.limits.push();
        let mut first_failure = None;
        for (file, (_, cells)) in self.files.iter_mut().zip(&FILES) {
            let parsed = file
                .read(context.host, context.buffer)
                .and_then(|text| parse_limits(text, cells, row).map_err(Absence::from));
            if let Err(absence) = parsed {
                first_failure.get_or_insert(absence);
            }
        }
        // Other files depend on the kernel's options; the first one, `pid_max`, is always there.
        if row.pid_max().is_none()
            && let Some(absence) = first_failure
        {
            sample.limits.clear();
            context.states.absent("limits", absence);
            return;
        }
        context.states.on("limits");
        if context.keyframe || self.last.as_ref() != Some(&*row) {
            self.last = Some(row.clone());
            sample.limits.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
        } else {
            sample.limits.clear();
        }
    }
}

/// Each file with the cells of its numbers.
static FILES: [(&str, &[LimitsCell]); 8] = [
    ("proc/sys/kernel/pid_max", &[LimitsCell::pid_max]),
    ("proc/sys/kernel/threads-max", &[LimitsCell::threads_max]),
    (
        "proc/sys/net/ipv4/ip_local_port_range",
        &[LimitsCell::local_port_first, LimitsCell::local_port_last],
    ),
    ("proc/sys/net/ipv4/tcp_max_tw_buckets", &[LimitsCell::tcp_max_tw_buckets]),
    ("proc/sys/net/ipv4/tcp_max_orphans", &[LimitsCell::tcp_max_orphans]),
    (
        "proc/sys/net/ipv4/tcp_mem",
        &[
            LimitsCell::tcp_mem_low_pages,
            LimitsCell::tcp_mem_pressure_pages,
            LimitsCell::tcp_mem_max_pages,
        ],
    ),
    ("proc/sys/net/core/somaxconn", &[LimitsCell::somaxconn]),
    ("proc/sys/net/ipv4/tcp_max_syn_backlog", &[LimitsCell::tcp_max_syn_backlog]),
];

/// Parses the numbers of one file into their cells of `row`.
pub(super) fn parse_limits(
    text: &[u8],
    cells: &[LimitsCell],
    row: &mut Limits,
) -> Result<(), Malformed> {
    let mut numbers = fields(text);
    for cell in cells {
        let Some(number) = numbers.next().and_then(parse_u64) else {
            return Err(Malformed { line: 1, expected: "a number for each limit" });
        };
        row.set(*cell, number);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::{State, States};
    use ks_vocabulary::time::Timestamp;
    use proptest::prelude::*;
    use std::path::Path;

    fn write(root: &Path, path: &str, text: &[u8]) {
        let path = root.join("proc/sys").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Asks `sampler` once, and gives its row and the state of its source.
    fn ask(
        sampler: &mut SystemLimits,
        root: &Path,
        keyframe: bool,
    ) -> (Option<Limits>, Option<State>) {
        let host = HostFs::new(root);
        let (mut buffer, mut states) = (Buffer::default(), States::default());
        let mut context = Context {
            host: &host,
            buffer: &mut buffer,
            states: &mut states,
            tick: Timestamp(0),
            keyframe,
            detail: false,
            budget: &mut crate::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        let mut sample = Sample::default();
        sampler.sample(&mut context, &mut sample);
        assert_eq!(sample.limits.read().is_some(), sample.limits.first().is_some());
        (sample.limits.first().cloned(), states.get("limits"))
    }

    #[test]
    fn a_row_is_given_at_first_when_a_value_changes_and_for_a_keyframe() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "kernel/pid_max", b"4194304\n");
        write(root.path(), "net/ipv4/ip_local_port_range", b"32768\t60999\n");
        write(root.path(), "net/ipv4/tcp_mem", b"287901\t383868\t575802\n");
        let mut sampler = SystemLimits::default();
        let (first, state) = ask(&mut sampler, root.path(), false);
        let first = first.unwrap();
        assert_eq!(state, Some(State::On));
        assert_eq!(first.pid_max(), Some(4_194_304));
        assert_eq!((first.local_port_first(), first.local_port_last()), (Some(32768), Some(60999)));
        assert_eq!(first.tcp_mem_low_pages(), Some(287_901));
        assert_eq!(first.tcp_mem_max_pages(), Some(575_802));
        assert_eq!(first.somaxconn(), None, "not on this host");
        assert_eq!(ask(&mut sampler, root.path(), false), (None, Some(State::On)));
        assert_eq!(ask(&mut sampler, root.path(), true), (Some(first), Some(State::On)));
        write(root.path(), "net/core/somaxconn", b"4096\n");
        let (changed, _) = ask(&mut sampler, root.path(), false);
        assert_eq!(changed.unwrap().somaxconn(), Some(4096));
        assert_eq!(ask(&mut sampler, root.path(), false).0, None);
    }

    #[test]
    fn a_host_without_pid_max_has_no_limits() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), "net/core/somaxconn", b"4096\n");
        let absent = |absence| (None, Some(State::Absent(absence)));
        let mut sampler = SystemLimits::default();
        assert_eq!(ask(&mut sampler, root.path(), true), absent(Absence::NotFound));
        write(root.path(), "kernel/pid_max", b"garbage\n");
        let malformed = Malformed { line: 1, expected: "a number for each limit" };
        assert_eq!(ask(&mut sampler, root.path(), true), absent(Absence::Malformed(malformed)));
    }

    #[test]
    fn a_truncated_text_is_malformed() {
        let cells = [LimitsCell::local_port_first, LimitsCell::local_port_last];
        let check = |text: &[u8]| parse_limits(text, &cells, &mut Limits::default()).is_ok();
        assert!(check(b"32768\t60999\n"));
        assert!(check(b"1024 65535"));
        assert!(!check(b"32768\t"));
        assert!(!check(b""));
        assert!(!check(b"-1\t60999\n"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, file in 0..FILES.len()) {
            let _ = parse_limits(&bytes, FILES[file].1, &mut Limits::default());
        }
    }
}
