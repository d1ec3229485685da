//! Settings of the host that actions change or rest on: a number in each file.

use ks_vocabulary::model::{ReadTimes, Sample, Sysctls as Row, SysctlsCell as Cell};

use crate::host_fs::HostFile;
use crate::sampler::Context;
use crate::text::parse_only_u64;

/// Each file with its cell. What a kernel has no file for stays absent.
static FILES: [(&str, Cell); 10] = [
    ("proc/sys/vm/swappiness", Cell::swappiness),
    ("proc/sys/vm/dirty_ratio", Cell::dirty_ratio),
    ("proc/sys/vm/dirty_background_ratio", Cell::dirty_background_ratio),
    ("proc/sys/vm/dirty_background_bytes", Cell::dirty_background_bytes),
    ("proc/sys/net/ipv4/tcp_fin_timeout", Cell::tcp_fin_timeout),
    ("proc/sys/net/ipv4/tcp_tw_reuse", Cell::tcp_tw_reuse),
    ("proc/sys/net/ipv4/tcp_syncookies", Cell::tcp_syncookies),
    ("proc/sys/net/netfilter/nf_conntrack_max", Cell::nf_conntrack_max),
    ("proc/sys/net/core/netdev_max_backlog", Cell::netdev_max_backlog),
    ("proc/sys/kernel/sched_autogroup_enabled", Cell::sched_autogroup_enabled),
];

/// Reads the settings.
#[derive(Debug)]
pub(super) struct Sysctls {
    files: [HostFile; FILES.len()],
    last: Row,
}

impl Default for Sysctls {
    fn default() -> Self {
        let files = FILES.each_ref().map(|(path, _)| HostFile::single(*path));
        Self { files, last: Row::default() }
    }
}

impl Sysctls {
    /// Gives a row for a keyframe, and when any of it differs from the last row.
    pub(super) fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        let row = sample.sysctls.push();
        for (file, (_, cell)) in self.files.iter_mut().zip(&FILES) {
            let text = file.read(context.host, context.buffer);
            row.set_some(*cell, text.ok().and_then(parse_only_u64));
        }
        let is_news = *row != self.last;
        if is_news || (context.keyframe && *row != Row::default()) {
            self.last.clone_from(row);
            sample.sysctls.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
        } else {
            sample.sysctls.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::States;
    use ks_vocabulary::time::Timestamp;
    use std::path::Path;

    fn ask(sysctls: &mut Sysctls, root: &Path, keyframe: bool) -> Option<Row> {
        let host = HostFs::new(root);
        let mut context = Context {
            host: &host,
            buffer: &mut Buffer::default(),
            states: &mut States::default(),
            tick: Timestamp(0),
            keyframe,
            detail: false,
            budget: &mut crate::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        let mut sample = Sample::default();
        sysctls.sample(&mut context, &mut sample);
        assert_eq!(sample.sysctls.read().is_some(), sample.sysctls.first().is_some());
        sample.sysctls.first().cloned()
    }

    fn write(root: &Path, path: &str, text: &[u8]) {
        let path = root.join("proc/sys").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_row_is_given_at_first_when_a_value_changes_and_for_a_keyframe() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let mut sysctls = Sysctls::default();
        assert_eq!(ask(&mut sysctls, root, true), None, "a host without any");
        write(root, "vm/swappiness", b"60\n");
        write(root, "vm/dirty_background_bytes", b"0\n");
        write(root, "net/ipv4/tcp_tw_reuse", b"2\n");
        write(root, "net/ipv4/tcp_syncookies", b"");
        write(root, "net/core/netdev_max_backlog", b"garbage\n");
        write(root, "net/ipv4/tcp_fin_timeout", b"99999999999999999999\n");
        let first = ask(&mut sysctls, root, false).unwrap();
        assert_eq!((first.swappiness(), first.tcp_tw_reuse()), (Some(60), Some(2)));
        assert_eq!((first.dirty_background_bytes(), first.dirty_ratio()), (Some(0), None));
        let none = (first.tcp_syncookies(), first.netdev_max_backlog(), first.tcp_fin_timeout());
        assert_eq!(none, (None, None, None), "empty, garbage, and more than 64 bits");
        assert_eq!((first.nf_conntrack_max(), first.sched_autogroup_enabled()), (None, None));
        assert_eq!(ask(&mut sysctls, root, false), None);
        assert_eq!(ask(&mut sysctls, root, true), Some(first));
        write(root, "vm/swappiness", b"10\n");
        assert_eq!(ask(&mut sysctls, root, false).unwrap().swappiness(), Some(10));
        assert_eq!(ask(&mut sysctls, root, false), None);
    }
}
