//! The table of mounts in the form of `mountinfo`, and what the mount of `/proc` says of it.
//!
//! A copied tree may lack `proc/self`, which is a link to whoever copied it.

use super::{Buffer, HostFile, HostFs};
use crate::absence::Absence;
use crate::text::{fields, lines};

/// Where it is, the best first.
const OWN: &str = "proc/self/mountinfo";
const OF_INIT: &str = "proc/1/mountinfo";
/// The same in an older form, without numbers.
const OLD: &str = "proc/mounts";

/// Reads the table.
#[derive(Debug)]
pub(crate) struct MountTable {
    own: HostFile,
}

impl Default for MountTable {
    fn default() -> Self {
        Self { own: HostFile::new(OWN) }
    }
}

impl MountTable {
    /// The table, a mount in each line. The live host has it in one place.
    pub(crate) fn read<'b>(
        &mut self,
        host: &HostFs,
        buffer: &'b mut Buffer,
    ) -> Result<&'b [u8], Absence> {
        if host.is_live() {
            return self.own.read(host, buffer);
        }
        let text = read_copied(host)?;
        Ok(buffer.fill(&text))
    }
}

fn read_copied(host: &HostFs) -> Result<Vec<u8>, Absence> {
    let is_there = |text: &Vec<u8>| !text.is_empty();
    for path in [OWN, OF_INIT] {
        if let Ok(text) = host.read_once(path)
            && is_there(&text)
        {
            return Ok(text);
        }
    }
    host.read_once(OLD).map(|text| numbered(&text))
}

/// Lines of `mounts` (source, mount point, type, options) as lines of `mountinfo`.
fn numbered(mounts: &[u8]) -> Vec<u8> {
    let mut table = Vec::new();
    for (at, line) in (1..).zip(lines(mounts)) {
        // Single blanks separate the fields, and a source may be empty.
        let mut parts = line.split(|byte| *byte == b' ');
        let [source, point, fstype, options] = [(); 4].map(|()| parts.next().unwrap_or_default());
        table.extend_from_slice(format!("{at} 0 0:{at} / ").as_bytes());
        table.extend_from_slice(&[point, options, b"-", fstype, source, options].join(&b' '));
        table.push(b'\n');
    }
    table
}

/// What the mount of `/proc` keeps from a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ProcView {
    /// Processes of other users (`hidepid=`, systemd's `ProtectProc=`), but for who may trace them.
    pub(super) hides_processes: bool,
    /// All but processes (`subset=pid`, systemd's `ProcSubset=pid`).
    pub(super) pids_only: bool,
}

impl ProcView {
    /// Reads it. A host that says nothing of it hides nothing.
    pub(super) fn read(host: &HostFs) -> Self {
        let mut buffer = Buffer::default();
        let text = MountTable::default().read(host, &mut buffer);
        text.map(Self::parse).unwrap_or_default()
    }

    /// The last mount on `/proc` covers those before it.
    fn parse(table: &[u8]) -> Self {
        let on_proc = |line: &&[u8]| fields(line).nth(4) == Some(b"/proc");
        let Some(line) = lines(table).filter(on_proc).last() else { return Self::default() };
        let mut options = line.split(|byte| matches!(byte, b' ' | b','));
        let hides = |option: &[u8]| {
            option.strip_prefix(b"hidepid=").is_some_and(|how| how != b"0" && how != b"off")
        };
        Self {
            hides_processes: options.clone().any(hides),
            pids_only: options.any(|option| option == b"subset=pid"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(files: &[(&str, &str)]) -> Result<String, Absence> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let (host, mut buffer) = (HostFs::new(root.path()), Buffer::default());
        let read = MountTable::default().read(&host, &mut buffer)?.to_vec();
        Ok(String::from_utf8(read).unwrap())
    }

    #[test]
    fn a_copied_tree_has_the_table_of_who_copied_it_of_init_or_the_old_one() {
        let (own, init) = ((OWN, "own\n"), (OF_INIT, "init\n"));
        let old = (OLD, "/dev/sda1 / ext4 rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,x 0 0\n");
        assert_eq!(table(&[own, init, old]).as_deref(), Ok("own\n"));
        assert_eq!(table(&[(OWN, ""), init, old]).as_deref(), Ok("init\n"));
        let numbered = "1 0 0:1 / / rw - ext4 /dev/sda1 rw\n\
            2 0 0:2 / /sys/fs/cgroup rw,x - cgroup2 cgroup2 rw,x\n";
        assert_eq!(table(&[old]).as_deref(), Ok(numbered));
        assert_eq!(table(&[]), Err(Absence::NotFound));
    }

    #[test]
    fn what_proc_hides_is_said_by_its_last_mount() {
        let view = |options: &str| {
            let first = "22 27 0:21 / /proc rw,hidepid=2 - proc proc rw,subset=pid\n";
            let last = format!("99 27 0:77 / /proc rw,nosuid shared:3 - proc proc {options}\n");
            let view = ProcView::parse(format!("{first}{last}").as_bytes());
            (view.hides_processes, view.pids_only)
        };
        assert_eq!(view("rw"), (false, false));
        assert_eq!(view("rw,hidepid=invisible,subset=pid"), (true, true));
        assert_eq!(view("rw,hidepid=2,gid=4"), (true, false));
        assert_eq!(view("rw,hidepid=ptraceable"), (true, false));
        assert_eq!(view("rw,hidepid=off"), (false, false));
        assert_eq!(ProcView::parse(b""), ProcView::default());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = (numbered(&bytes), ProcView::parse(&bytes));
        }
    }
}
