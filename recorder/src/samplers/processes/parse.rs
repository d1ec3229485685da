//! The texts of `/proc/PID/*`: bytes in, cells out.
//!
//! A field that is missing or no number leaves its cell absent. Which files are read, and when, is
//! not known here.

use ks_vocabulary::model::{Process, ProcessCell as Cell, ProcessName};

use crate::text::{lines, parse_i64, parse_u64};

/// Sets the cells of `/proc/PID/stat`. The name of the process may hold blanks and parentheses:
/// it ends at the last one. `None` says that this is no such text.
pub(in crate::samplers) fn stat(text: &[u8], row: &mut Process) -> Option<()> {
    let open = text.iter().position(|byte| *byte == b'(')?;
    let close = text.iter().rposition(|byte| *byte == b')').filter(|close| *close > open)?;
    row.set_name(ProcessName::comm, text.get(open + 1..close)?);
    let mut rest = text.get(close + 1..)?.trim_ascii().split(|byte| *byte == b' ');
    // Fields are numbered from 1 in proc(5); the state is number 3.
    let state = rest.next()?;
    row.set(Cell::state, u64::from(*state.first()?));
    let mut next = 4;
    let mut field = |number: usize| {
        let found = rest.nth(number - next);
        next = number + 1;
        found
    };
    row.set_some(Cell::ppid, field(4).and_then(parse_u64));
    row.set_some(Cell::minflt, field(10).and_then(parse_u64));
    row.set_some(Cell::majflt, field(12).and_then(parse_u64));
    row.set_some(Cell::utime_ticks, field(14).and_then(parse_u64));
    row.set_some(Cell::stime_ticks, field(15).and_then(parse_u64));
    row.set_some(Cell::nice, field(19).and_then(parse_i64));
    row.set_some(Cell::threads, field(20).and_then(parse_u64));
    row.set(Cell::start_ticks, field(22).and_then(parse_u64)?);
    row.set_some(Cell::policy, field(41).and_then(parse_u64));
    row.set_some(Cell::delayacct_blkio_ticks, field(42).and_then(parse_u64));
    Some(())
}

/// Cells that [`status`] sets.
pub(super) const STATUS: [Cell; 7] = [
    Cell::rss_bytes,
    Cell::rss_anon_bytes,
    Cell::rss_file_bytes,
    Cell::rss_shmem_bytes,
    Cell::swap_bytes,
    Cell::leader_voluntary_switches,
    Cell::leader_involuntary_switches,
];

/// Sets the cells of `/proc/PID/status`. A process without memory of its own (a kernel thread, a
/// zombie) has no `Vm` lines.
pub(super) fn status(text: &[u8], row: &mut Process) {
    for line in lines(text) {
        // The first byte rules out most lines.
        let (cell, rest, unit) = match line.first() {
            Some(b'V') => {
                if let Some(rest) = line.strip_prefix(b"VmRSS:") {
                    (Cell::rss_bytes, rest, 1024)
                } else if let Some(rest) = line.strip_prefix(b"VmSwap:") {
                    (Cell::swap_bytes, rest, 1024)
                } else {
                    continue;
                }
            }
            Some(b'R') => {
                if let Some(rest) = line.strip_prefix(b"RssAnon:") {
                    (Cell::rss_anon_bytes, rest, 1024)
                } else if let Some(rest) = line.strip_prefix(b"RssFile:") {
                    (Cell::rss_file_bytes, rest, 1024)
                } else if let Some(rest) = line.strip_prefix(b"RssShmem:") {
                    (Cell::rss_shmem_bytes, rest, 1024)
                } else {
                    continue;
                }
            }
            Some(b'v') => match line.strip_prefix(b"voluntary_ctxt_switches:") {
                Some(rest) => (Cell::leader_voluntary_switches, rest, 1),
                None => continue,
            },
            Some(b'n') => match line.strip_prefix(b"nonvoluntary_ctxt_switches:") {
                Some(rest) => (Cell::leader_involuntary_switches, rest, 1),
                None => continue,
            },
            Some(_) | None => continue,
        };
        let number = rest.trim_ascii().strip_suffix(b" kB").unwrap_or(rest.trim_ascii());
        let value = parse_u64(number.trim_ascii()).and_then(|value| value.checked_mul(unit));
        row.set_some(cell, value);
    }
}

/// Cells that [`io`] sets.
pub(super) const IO: [Cell; 3] = [Cell::read_bytes, Cell::write_bytes, Cell::cancelled_write_bytes];

/// Sets the cells of `/proc/PID/io`.
pub(super) fn io(text: &[u8], row: &mut Process) {
    for line in lines(text) {
        for (cell, prefix) in [
            (Cell::read_bytes, b"read_bytes: ".as_slice()),
            (Cell::write_bytes, b"write_bytes: "),
            (Cell::cancelled_write_bytes, b"cancelled_write_bytes: "),
        ] {
            if let Some(rest) = line.strip_prefix(prefix) {
                row.set_some(cell, parse_u64(rest.trim_ascii()));
            }
        }
    }
}

/// Sets the cells of `/proc/PID/schedstat`.
pub(super) fn schedstat(text: &[u8], row: &mut Process) {
    let mut fields = text.trim_ascii().split(|byte| *byte == b' ');
    row.set_some(Cell::leader_cpu_ns, fields.next().and_then(parse_u64));
    row.set_some(Cell::leader_wait_ns, fields.next().and_then(parse_u64));
}

/// The number in the target of a link such as `net:[4026531840]`.
pub(super) fn namespace(target: &[u8]) -> Option<u64> {
    parse_u64(target.strip_prefix(b"net:[")?.strip_suffix(b"]")?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STAT: &[u8] = b"42 (a) b (c)) D 7 42 42 0 -1 4194304 98 3 5 1 11 12 13 14 20 -5 3 0 \
        122404 3133440 362 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 5 8 0 0 0 0 0 0 0\n";

    #[test]
    fn stat_is_read_by_field_number_whatever_the_name() {
        let mut row = Process::default();
        stat(STAT, &mut row).unwrap();
        assert_eq!(row.comm(), Some(b"a) b (c)".as_slice()));
        assert_eq!((row.state(), row.ppid()), (Some(u64::from(b'D')), Some(7)));
        assert_eq!((row.minflt(), row.majflt()), (Some(98), Some(5)));
        assert_eq!((row.utime_ticks(), row.stime_ticks()), (Some(11), Some(12)));
        assert_eq!((row.nice(), row.threads()), (Some(-5), Some(3)));
        assert_eq!(row.start_ticks(), Some(122_404));
        assert_eq!((row.policy(), row.delayacct_blkio_ticks()), (Some(5), Some(8)));
    }

    #[test]
    fn a_text_that_ends_before_the_start_time_is_none() {
        for text in [&STAT[..40], b"", b"1 (a", b"1 (a)", b"1 )a( S 1"] {
            assert_eq!(stat(text, &mut Process::default()), None);
        }
        let mut row = Process::default();
        stat(b"1 (a) S 99999999999999999999 1 1 0 0 0 1 0 x 0 1 1 0 0 20 0 1 0 77", &mut row)
            .unwrap();
        assert_eq!((row.ppid(), row.majflt(), row.policy()), (None, None, None));
    }

    #[test]
    fn status_of_a_process_and_of_a_kernel_thread() {
        let mut row = Process::default();
        status(
            b"Name:\tx\nVmRSS:\t    1448 kB\nRssAnon:\t     88 kB\nRssFile:\t 1 kB\n\
              VmSwap:\t       4 kB\nThreads:\t1\nvoluntary_ctxt_switches:\t12\n\
              nonvoluntary_ctxt_switches:\t3\n",
            &mut row,
        );
        assert_eq!((row.rss_bytes(), row.rss_anon_bytes()), (Some(1448 * 1024), Some(88 * 1024)));
        assert_eq!(row.swap_bytes(), Some(4096));
        assert_eq!(row.leader_voluntary_switches(), Some(12));
        assert_eq!(row.leader_involuntary_switches(), Some(3));
        let mut row = Process::default();
        status(b"Name:\tkthreadd\nThreads:\t1\nvoluntary_ctxt_switches:\t9\n", &mut row);
        assert_eq!((row.rss_bytes(), row.leader_voluntary_switches()), (None, Some(9)));
        status(b"VmRSS:\t18446744073709551615 kB\n", &mut row);
        assert_eq!(row.rss_bytes(), None, "more bytes than 64 bits");
    }

    #[test]
    fn io_and_schedstat() {
        let mut row = Process::default();
        io(b"rchar: 9\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n", &mut row);
        assert_eq!((row.read_bytes(), row.write_bytes()), (Some(4096), Some(8192)));
        assert_eq!(row.cancelled_write_bytes(), Some(1));
        schedstat(b"1121299 7 1\n", &mut row);
        assert_eq!((row.leader_cpu_ns(), row.leader_wait_ns()), (Some(1_121_299), Some(7)));
    }

    #[test]
    fn namespaces_are_numbers_in_brackets() {
        assert_eq!(namespace(b"net:[4026531840]"), Some(4_026_531_840));
        assert_eq!(namespace(b"mnt:[1]"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let mut row = Process::default();
            let _ = stat(&bytes, &mut row);
            status(&bytes, &mut row);
            io(&bytes, &mut row);
            schedstat(&bytes, &mut row);
            let _ = namespace(&bytes);
        }

        #[test]
        fn any_name_is_read(name: Vec<u8>) {
            let mut text = b"7 (".to_vec();
            text.extend(&name);
            text.extend(b") S 1 1 1 0 0 0 1 0 0 0 1 1 0 0 20 0 1 0 77 0");
            let mut row = Process::default();
            stat(&text, &mut row).unwrap();
            prop_assert_eq!(row.comm(), Some(name.as_slice()));
            prop_assert_eq!(row.start_ticks(), Some(77));
        }
    }
}
