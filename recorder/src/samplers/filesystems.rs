//! Mounted filesystems and their free space.
//!
//! Which there are is read from `/proc/self/mountinfo`; space is asked with `statvfs` under a
//! deadline, and only where no other host and no process has to answer. Below a root other than
//! `/` nothing is reported: the paths would lead to our own filesystems.

mod btrfs;
mod mountinfo;
mod space;

use std::time::Duration;

use ks_vocabulary::model::{Filesystem, FilesystemCell, FilesystemName, ReadTimes, Rows, Sample};
use ks_vocabulary::time::SECOND_NS;

use self::mountinfo::{Mount, parse_mountinfo};
use self::space::{Prober, Space};
use crate::absence::Absence;
use crate::host_fs::HostFile;
use crate::sampler::{Cadence, Context, Sampler, State};

/// Reads mounts and asks for their space.
#[derive(Debug)]
pub(super) struct Filesystems {
    mountinfo: HostFile,
    /// What the file said when `mounts` was made of it.
    text: Vec<u8>,
    mounts: Vec<Mount>,
    prober: Prober,
}

impl Default for Filesystems {
    fn default() -> Self {
        Self {
            mountinfo: HostFile::new("proc/self/mountinfo"),
            text: Vec::new(),
            mounts: Vec::new(),
            prober: Prober::default(),
        }
    }
}

/// What is said where some filesystems are not asked.
const UNASKED: &str = "space of filesystems by a process (fuse, fuseblk) or by a server (nfs, \
                       cifs) is not asked: one that does not answer would hold the caller";

/// How long all filesystems together may take to answer: half a tick of one second.
const DEADLINE: Duration = Duration::from_millis(500);

impl Sampler for Filesystems {
    fn sources(&self) -> &'static [&'static str] {
        &["filesystems"]
    }

    fn cadence(&self) -> Cadence {
        Cadence::AtMostEvery { ns: 5 * SECOND_NS }
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        if !context.host.is_live() {
            context.states.absent("filesystems", Absence::Root);
            return;
        }
        let begin_ns = context.elapsed_ns();
        if let Err(absence) = self.read_mounts(context) {
            context.states.absent("filesystems", absence);
            return;
        }
        let asked_ns = context.elapsed_ns();
        let left = || {
            let spent_ns = context.elapsed_ns().saturating_sub(asked_ns);
            DEADLINE.saturating_sub(Duration::from_nanos(spent_ns.unsigned_abs()))
        };
        let outcome = self.fill(&mut sample.filesystems, left);
        for row in sample.filesystems.as_mut_slice() {
            if row.fstype() == Some(b"btrfs") {
                let device = row.device().unwrap_or_default().to_vec();
                btrfs::fill(context.host, context.buffer, &device, row);
            }
        }
        sample.filesystems.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
        match outcome {
            Ok(()) if self.mounts.iter().any(|mount| !mount.may_be_asked) => {
                context.states.set("filesystems", State::Limited(UNASKED));
            }
            Ok(()) => context.states.on("filesystems"),
            Err(absence) => context.states.absent("filesystems", absence),
        }
    }
}

impl Filesystems {
    /// Mounts seldom change, and the text is parsed only when it did.
    fn read_mounts(&mut self, context: &mut Context<'_>) -> Result<(), Absence> {
        let text = self.mountinfo.read(context.host, context.buffer)?;
        if text.is_empty() {
            return Err(Absence::Empty);
        }
        if text != self.text {
            self.mounts = parse_mountinfo(text)?;
            self.text.clear();
            self.text.extend_from_slice(text);
        }
        Ok(())
    }

    /// Fills a row for each filesystem. After one did not answer the rest is not asked, and it is
    /// asked last from then on, so that a slow one costs the others one round.
    fn fill(
        &mut self,
        rows: &mut Rows<Filesystem>,
        left: impl Fn() -> Duration,
    ) -> Result<(), Absence> {
        let mut silent = None;
        for (at, mount) in self.mounts.iter().enumerate() {
            let row = rows.push();
            describe(row, mount);
            if !mount.may_be_asked || silent.is_some() {
                continue;
            }
            match self.prober.ask(&mount.point, left()) {
                // Without a size it cannot be full before memory is.
                Ok(Some(space)) if space.blocks == 0 && mount.fstype == b"tmpfs" => rows.pop(),
                Ok(Some(space)) => set_space(row, space),
                Ok(None) => {}
                Err(absence) => silent = Some((at, absence)),
            }
        }
        rows.sort();
        let Some((at, absence)) = silent else { return Ok(()) };
        self.mounts[at..].rotate_left(1);
        Err(absence)
    }
}

fn describe(row: &mut Filesystem, mount: &Mount) {
    row.set_name(FilesystemName::mount, &mount.point);
    row.set_name(FilesystemName::fstype, &mount.fstype);
    row.set_name(FilesystemName::device, &mount.source);
    row.set(FilesystemCell::read_only, mount.read_only);
}

fn set_space(row: &mut Filesystem, space: Space) {
    let bytes = |blocks: u64| blocks.checked_mul(space.block_bytes);
    row.set_some(FilesystemCell::total_bytes, bytes(space.blocks));
    row.set_some(FilesystemCell::free_bytes, bytes(space.blocks_free));
    row.set_some(FilesystemCell::available_bytes, bytes(space.blocks_available));
    row.set(FilesystemCell::inodes, space.inodes);
    row.set(FilesystemCell::inodes_free, space.inodes_free);
    row.set(FilesystemCell::limited, space.blocks > 0);
    if space.read_only {
        row.set(FilesystemCell::read_only, true);
    }
}

#[cfg(test)]
mod tests {
    use super::space::tests::{prober, space};
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::{State, States};
    use ks_vocabulary::time::Timestamp;
    use std::path::Path;
    use std::sync::mpsc;

    const MOUNTS: &[u8] = b"10 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
        11 10 8:2 / /data rw - xfs /dev/sdb rw\n\
        12 10 0:40 / /run rw - tmpfs tmpfs rw\n\
        13 10 0:41 / /share ro - nfs4 server:/a rw\n";

    /// A sampler that knows the mounts, and whose filesystems answer by `call`.
    fn sampler(call: impl Fn(&[u8]) -> Option<Space> + Send + 'static) -> Filesystems {
        let mounts = parse_mountinfo(MOUNTS).unwrap();
        Filesystems { mounts, prober: prober(call), ..Filesystems::default() }
    }

    fn fill(sampler: &mut Filesystems, left: Duration) -> (Rows<Filesystem>, Result<(), Absence>) {
        let mut rows = Rows::default();
        let outcome = sampler.fill(&mut rows, || left);
        (rows, outcome)
    }

    fn inodes(rows: &Rows<Filesystem>) -> Vec<(&str, Option<u64>)> {
        rows.iter()
            .map(|row| (std::str::from_utf8(row.mount().unwrap()).unwrap(), row.inodes()))
            .collect()
    }

    const PATIENCE: Duration = Duration::from_mins(1);

    #[test]
    fn local_filesystems_are_asked_and_a_server_is_not() {
        let mut sampler = sampler(|point| {
            assert_ne!(point, b"/share");
            Some(space(7))
        });
        let (rows, outcome) = fill(&mut sampler, PATIENCE);
        assert_eq!(outcome, Ok(()));
        let expected = [("/", Some(7)), ("/data", Some(7)), ("/run", Some(7)), ("/share", None)];
        assert_eq!(inodes(&rows), expected);
        let root = rows.first().unwrap();
        assert_eq!(root.device(), Some(b"/dev/sda1".as_slice()));
        assert_eq!((root.total_bytes(), root.free_bytes()), (Some(409_600), Some(163_840)));
        assert_eq!((root.available_bytes(), root.inodes_free()), (Some(122_880), Some(1)));
        assert_eq!((root.read_only(), root.limited()), (Some(false), Some(true)));
        let share = rows.as_slice().last().unwrap();
        assert_eq!((share.read_only(), share.limited()), (Some(true), None));
        assert_eq!(share.total_bytes(), None);
    }

    #[test]
    fn refusals_leave_space_absent_and_memory_without_a_size_is_left_out() {
        let mut sampler = sampler(|point| match point {
            b"/data" => None,
            b"/run" => Some(Space { blocks: 0, ..space(7) }),
            _ => Some(Space { block_bytes: u64::MAX, read_only: true, ..space(7) }),
        });
        let (rows, outcome) = fill(&mut sampler, PATIENCE);
        assert_eq!(outcome, Ok(()));
        assert_eq!(inodes(&rows), [("/", Some(7)), ("/data", None), ("/share", None)]);
        let root = rows.first().unwrap();
        assert_eq!(root.total_bytes(), None, "beyond 64 bits");
        assert_eq!(root.read_only(), Some(true), "gone read-only");
    }

    #[test]
    fn after_a_silent_filesystem_nothing_is_asked_and_it_is_the_last_from_then_on() {
        let (release, gate) = mpsc::channel::<()>();
        let mut sampler = sampler(move |_| {
            gate.recv().ok()?;
            Some(space(7))
        });
        let (rows, outcome) = fill(&mut sampler, Duration::ZERO);
        let late = Absence::Off("statvfs did not answer within 500 ms");
        assert_eq!(outcome, Err(late));
        let silent = [("/", None), ("/data", None), ("/run", None), ("/share", None)];
        assert_eq!(inodes(&rows), silent);
        assert_eq!(sampler.mounts.last().unwrap().point, b"/run");
        assert_eq!(fill(&mut sampler, PATIENCE).1, Err(late), "the call hangs");
        drop(release);
    }

    #[test]
    fn below_another_root_nothing_is_asked() {
        let host = HostFs::new(Path::new("/nowhere"));
        let mut states = States::default();
        let mut context = Context {
            host: &host,
            buffer: &mut Buffer::default(),
            states: &mut states,
            tick: Timestamp(0),
            keyframe: true,
            detail: false,
            budget: &mut crate::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        let mut sample = Sample::default();
        Filesystems::default().sample(&mut context, &mut sample);
        assert_eq!(sample.filesystems.read(), None);
        assert_eq!(states.get("filesystems"), Some(State::Absent(Absence::Root)));
    }

    #[test]
    fn mounts_are_parsed_again_only_when_the_text_differs() {
        let root = tempfile::tempdir().unwrap();
        let host = HostFs::new(root.path());
        let folder = root.path().join("proc/self");
        std::fs::create_dir_all(&folder).unwrap();
        let mut states = States::default();
        let mut context = Context {
            host: &host,
            buffer: &mut Buffer::default(),
            states: &mut states,
            tick: Timestamp(0),
            keyframe: false,
            detail: false,
            budget: &mut crate::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        let mut sampler = Filesystems::default();
        assert_eq!(sampler.read_mounts(&mut context), Err(Absence::NotFound));
        std::fs::write(folder.join("mountinfo"), MOUNTS).unwrap();
        assert_eq!(sampler.read_mounts(&mut context), Ok(()));
        assert_eq!(sampler.mounts.len(), 4);
        sampler.mounts.clear();
        assert_eq!(sampler.read_mounts(&mut context), Ok(()));
        assert!(sampler.mounts.is_empty(), "the same text");
        std::fs::write(folder.join("mountinfo"), &MOUNTS[..36]).unwrap();
        assert_eq!(sampler.read_mounts(&mut context), Ok(()));
        assert_eq!(sampler.mounts.len(), 1);
        std::fs::write(folder.join("mountinfo"), b"garbage\n").unwrap();
        assert!(matches!(sampler.read_mounts(&mut context), Err(Absence::Malformed(_))));
    }
}
