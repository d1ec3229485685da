//! The texts that facts are read from: bytes in, values out.

use ks_vocabulary::model::{ProcessFacts, ProcessFactsCell as Cell, ProcessFactsName};

use crate::text::{fields, lines, parse_i64, parse_u64};

/// `PF_KTHREAD` in `include/linux/sched.h`.
const KERNEL_THREAD: u64 = 0x0020_0000;

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// Process id of who leads its session.
    pub(super) session: u64,
    /// It is a thread of the kernel.
    pub(super) is_kernel: bool,
    /// When it started, in clock ticks after boot.
    pub(super) start_ticks: u64,
}

/// `/proc/PID/stat`; `None` says that this is no whole text of it. The name may hold blanks and
/// parentheses: it ends at the last one.
pub(super) fn stat(text: &[u8]) -> Option<Stat> {
    let close = text.iter().rposition(|byte| *byte == b')')?;
    // Fields are numbered from 1 in proc(5); the state behind the name is number 3.
    let mut rest = fields(text.get(close + 1..)?);
    let session = rest.nth(6 - 3).and_then(parse_u64)?;
    let flags = rest.nth(9 - 7).and_then(parse_u64)?;
    let start_ticks = rest.nth(22 - 10).and_then(parse_u64)?;
    Some(Stat { session, is_kernel: flags & KERNEL_THREAD != 0, start_ticks })
}

/// Sets the cells of `/proc/PID/status`: the effective user, and the CPUs that are allowed.
pub(super) fn status(text: &[u8], row: &mut ProcessFacts) {
    for line in lines(text) {
        if let Some(users) = line.strip_prefix(b"Uid:") {
            row.set_some(Cell::uid, fields(users).nth(1).and_then(parse_u64));
        } else if let Some(cpus) = line.strip_prefix(b"Cpus_allowed_list:")
            && let Some(cpus) = fields(cpus).next()
        {
            row.set_name(ProcessFactsName::cpus_allowed, cpus);
        }
    }
}

/// Number and nice level in `/proc/PID/autogroup`, which is empty for a process outside of any.
pub(super) fn autogroup(text: &[u8]) -> Option<(u64, i64)> {
    let mut parts = fields(text);
    let id = parts.next()?.strip_prefix(b"/autogroup-").and_then(parse_u64)?;
    let nice = parts.nth(1).and_then(parse_i64)?;
    Some((id, nice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAT: &[u8] = b"42 (a) b (c)) S 7 42 41 0 -1 4194304 98 3 5 1 11 12 13 14 20 -5 3 0 \
        122404 3133440 362 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 5 8 0 0 0 0 0 0 0\n";
    const KTHREAD: &[u8] =
        b"2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 6 0 0 20 0 1 0 3 0 0 18446744073709551615\n";

    #[test]
    fn session_and_flags_are_read_by_field_number_whatever_the_name() {
        let expected = Stat { session: 41, is_kernel: false, start_ticks: 122_404 };
        assert_eq!(stat(STAT), Some(expected));
        assert_eq!(stat(KTHREAD), Some(Stat { session: 0, is_kernel: true, start_ticks: 3 }));
    }

    #[test]
    fn a_text_that_is_truncated_empty_or_garbage_is_none() {
        let until = STAT.iter().rposition(|byte| *byte == b')').unwrap();
        for text in [&STAT[..until], &STAT[..until + 30], b"", b"garbage", b"1 (a) S 1 1 x 0 0 0"] {
            assert_eq!(stat(text), None, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn the_effective_user_and_the_cpus_are_read() {
        let read = |text: &[u8]| {
            let mut row = ProcessFacts::default();
            status(text, &mut row);
            let cpus = row.cpus_allowed().map(|cpus| String::from_utf8_lossy(cpus).into_owned());
            (row.uid(), cpus)
        };
        let text = b"Name:\tx\nUid:\t0\t1000\t0\t0\nGid:\t5\t5\t5\t5\nCpus_allowed:\t3\n\
            Cpus_allowed_list:\t0-1,7\nMems_allowed_list:\t0\n";
        assert_eq!(read(text), (Some(1000), Some("0-1,7".to_owned())));
        assert_eq!(read(b"Uid:\t0"), (None, None));
        assert_eq!(read(b"Uid:\t0\t99999999999999999999\nCpus_allowed_list:\n"), (None, None));
        assert_eq!(read(b""), (None, None));
    }

    #[test]
    fn an_autogroup_has_a_number_and_a_nice_level() {
        assert_eq!(autogroup(b"/autogroup-50 nice 0\n"), Some((50, 0)));
        assert_eq!(autogroup(b"/autogroup-7 nice -11\n"), Some((7, -11)));
        for text in [&b""[..], b"/autogroup-7", b"/autogroup-7 nice", b"/autogroup-x nice 1", b"7"]
        {
            assert_eq!(autogroup(text), None);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = (stat(&bytes), autogroup(&bytes));
            status(&bytes, &mut ProcessFacts::default());
        }
    }
}
