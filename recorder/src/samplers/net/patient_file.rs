//! A file that may be missing for good: after a refusal it is left alone for a while.
//!
//! An attempt to open a file that does not exist costs as much as a reading, and many of these
//! files depend on modules that a host never loads. What is in the file is not known here.

use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::pace::is_due;
use crate::absence::Absence;
use crate::host_fs::{Buffer, HostFile, HostFs};

const PATIENCE_NS: u64 = 5 * SECOND_NS;

/// A [`HostFile`] that does not insist.
#[derive(Debug)]
pub(super) struct PatientFile {
    file: HostFile,
    refused: Option<(Absence, Timestamp)>,
}

impl PatientFile {
    /// Takes over `file`.
    pub(super) fn new(file: HostFile) -> Self {
        Self { file, refused: None }
    }

    /// The file's content, which is not empty. Below `/` a file that was refused is refused again,
    /// unasked, until 5 s have passed; a copied tree costs little to ask and may be replaced.
    pub(super) fn read<'b>(
        &mut self,
        host: &HostFs,
        buffer: &'b mut Buffer,
        tick: Timestamp,
    ) -> Result<&'b [u8], Absence> {
        if let Some((absence, at)) = self.refused
            && host.is_live()
            && !is_due(Some(at), tick, PATIENCE_NS)
        {
            return Err(absence);
        }
        let outcome = match self.file.read(host, buffer) {
            Ok([]) => Err(Absence::Empty),
            other => other,
        };
        self.refused = match outcome {
            Err(
                absence @ (Absence::NotFound
                | Absence::PidsOnly
                | Absence::Denied
                | Absence::Unsupported),
            ) => Some((absence, tick)),
            Ok(_) | Err(_) => None,
        };
        outcome
    }

    /// Asks at the next reading, whatever was refused.
    pub(super) fn forgive(&mut self) {
        self.refused = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_refusal_of_the_live_host_is_believed_for_five_seconds() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("late");
        let below_root = path.strip_prefix("/").unwrap().to_owned();
        let host = HostFs::new(Path::new("/"));
        let (mut file, mut buffer) =
            (PatientFile::new(HostFile::single(below_root)), Buffer::default());
        let at = |second: u64| Timestamp(second * SECOND_NS);
        assert_eq!(file.read(&host, &mut buffer, at(0)), Err(Absence::NotFound));
        std::fs::write(&path, "7\n").unwrap();
        assert_eq!(file.read(&host, &mut buffer, at(4)), Err(Absence::NotFound));
        assert_eq!(file.read(&host, &mut buffer, at(5)), Ok(&b"7\n"[..]));
        std::fs::write(&path, "").unwrap();
        assert_eq!(file.read(&host, &mut buffer, at(6)), Err(Absence::Empty));
    }

    #[test]
    fn a_forgiven_or_copied_file_is_asked_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("late");
        let below_root = path.strip_prefix("/").unwrap().to_owned();
        let (live, copy) = (HostFs::new(Path::new("/")), HostFs::new(folder.path()));
        let mut lives = PatientFile::new(HostFile::single(below_root));
        let mut copied = PatientFile::new(HostFile::single("late"));
        let mut buffer = Buffer::default();
        let tick = Timestamp(0);
        assert_eq!(lives.read(&live, &mut buffer, tick), Err(Absence::NotFound));
        assert_eq!(copied.read(&copy, &mut buffer, tick), Err(Absence::NotFound));
        std::fs::write(&path, "7\n").unwrap();
        lives.forgive();
        assert_eq!(lives.read(&live, &mut buffer, tick), Ok(&b"7\n"[..]));
        assert_eq!(copied.read(&copy, &mut buffer, tick), Ok(&b"7\n"[..]));
    }
}
