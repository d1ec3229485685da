//! `statistics/rx_missed_errors` and `rx_nohandler` of a device: packets lost before the kernel had
//! them, and those that nobody listens for.
//!
//! The drops of `net/dev` include what was missed (`dev_seq_printf_stats` in
//! `net/core/net-procfs.c`), and neither counter goes back: while their sum stands still, so does
//! each. So the file of what was missed is read when the sum moved. That of `rx_nohandler` moves
//! alone, and is read every 5 s.

use ks_vocabulary::model::{Nic, NicCell};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::devices::folder;
use super::pace::is_due;
use super::patient_file::PatientFile;
use crate::host_fs::HostFile;
use crate::sampler::Context;
use crate::text::parse_only_u64;

const NO_HANDLER_EVERY_NS: u64 = 5 * SECOND_NS;

/// See the module.
#[derive(Debug)]
pub(super) struct Losses {
    missed_file: PatientFile,
    no_handler_file: PatientFile,
    /// The drops of `net/dev`, and what was missed when they stood there.
    last: Option<(u64, u64)>,
    no_handler_at: Option<Timestamp>,
}

impl Losses {
    /// Of the interface `name`.
    pub(super) fn new(name: &[u8]) -> Self {
        let file = |file: &str| {
            PatientFile::new(HostFile::single(folder(name).join("statistics").join(file)))
        };
        Self {
            missed_file: file("rx_missed_errors"),
            no_handler_file: file("rx_nohandler"),
            last: None,
            no_handler_at: None,
        }
    }

    /// Adds them to the row of the interface, of which `net/dev` is known.
    pub(super) fn fill(&mut self, context: &mut Context<'_>, row: &mut Nic) {
        let drops = row.rx_dropped();
        if self.last.map(|(drops, _)| drops) != drops {
            self.last = drops.zip(read(&mut self.missed_file, context));
        }
        row.set_some(NicCell::rx_missed, self.last.map(|(_, missed)| missed));
        if is_due(self.no_handler_at, context.tick, NO_HANDLER_EVERY_NS) {
            self.no_handler_at = Some(context.tick);
            row.set_some(NicCell::rx_nohandler, read(&mut self.no_handler_file, context));
        }
    }
}

fn read(file: &mut PatientFile, context: &mut Context<'_>) -> Option<u64> {
    file.read(context.host, context.buffer, context.tick).ok().and_then(parse_only_u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::States;

    #[test]
    fn what_was_missed_is_read_when_the_drops_moved_and_holds_until_then() {
        let root = tempfile::tempdir().unwrap();
        let host = HostFs::new(root.path());
        let statistics = root.path().join("sys/class/net/eth0/statistics");
        std::fs::create_dir_all(&statistics).unwrap();
        let write = |file: &str, text: &str| std::fs::write(statistics.join(file), text).unwrap();
        let mut losses = Losses::new(b"eth0");
        let mut at = |second: u64, drops: Option<u64>| {
            let mut context = Context {
                host: &host,
                buffer: &mut Buffer::default(),
                states: &mut States::default(),
                tick: Timestamp(second * SECOND_NS),
                keyframe: false,
                detail: false,
                budget: &mut crate::budget::Budget::default(),
                losses: &mut Vec::new(),
                run_times: &mut crate::sampler::RunTimes::new(),
                measures_run_time: false,
            };
            let mut row = Nic::default();
            row.set_some(NicCell::rx_dropped, drops);
            losses.fill(&mut context, &mut row);
            (row.rx_missed(), row.rx_nohandler())
        };
        assert_eq!(at(0, Some(9)), (None, None), "no such files");
        write("rx_missed_errors", "4\n");
        write("rx_nohandler", "7\n");
        assert_eq!(at(1, Some(9)), (Some(4), None), "not due again");
        write("rx_missed_errors", "999\n");
        assert_eq!(at(2, Some(9)), (Some(4), None), "not read: the drops stand still");
        assert_eq!(at(5, Some(10)), (Some(999), Some(7)));
        assert_eq!(at(6, None), (None, None), "it may have moved");
        write("rx_missed_errors", "1000\n");
        assert_eq!(at(7, Some(10)), (Some(1000), None));
    }
}
