//! Notes that are put down, found again, and taken away; on disks that take none.

use std::process::Command;

use super::*;

/// A child of another test may have the lock for as long as it takes to become another program.
fn open(folder: &Path) -> Result<Notes, NotesError> {
    Notes::open(folder, Duration::from_secs(5))
}

fn note(request: u64) -> Note {
    Note::new(request, "boot".to_owned(), "renice -n 10 -p 5678".to_owned(), Vec::new())
}

#[test]
fn what_is_put_down_is_there_until_it_is_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let notes = open(&folder.path().join("deep/undo")).unwrap();
    assert_eq!(notes.get(7).unwrap(), None);
    for request in [10, 9, 7] {
        notes.put(&note(request)).unwrap();
    }
    notes.put(&note(9).at(Standing::Kept)).unwrap();
    assert_eq!(notes.get(9).unwrap().unwrap().standing, Standing::Kept);
    let all: Vec<u64> = notes.all().unwrap().into_iter().map(|one| one.unwrap().request).collect();
    assert_eq!(all, [7, 9, 10]);
    notes.take_away(9).unwrap();
    notes.take_away(9).unwrap();
    assert_eq!(notes.get(9).unwrap(), None);
}

#[test]
fn one_actor_has_a_folder_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    let second = Notes::open(folder.path(), Duration::ZERO);
    assert!(matches!(second, Err(NotesError::InUse { .. })));
    drop(first);
    open(folder.path()).unwrap();
}

#[test]
fn nobody_else_may_look_into_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("undo");
    let notes = open(&path).unwrap();
    notes.put(&note(1)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&notes.path(1))), (0o700, 0o600));
}

#[test]
fn a_note_that_is_damaged_is_told_and_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let notes = open(folder.path()).unwrap();
    notes.put(&note(1)).unwrap();
    notes.put(&note(3)).unwrap();
    let whole = fs::read(notes.path(1)).unwrap();
    let newer = String::from_utf8(whole.clone()).unwrap().replace("\"version\":1", "\"version\":2");
    let other = String::from_utf8(whole.clone()).unwrap().replace("request", "requests");
    for bad in [&whole[..whole.len() / 2], b"", b"{}", b"\xff", newer.as_bytes(), other.as_bytes()]
    {
        fs::write(notes.path(2), bad).unwrap();
        let all = notes.all().unwrap();
        assert_eq!(all.len(), 3);
        let told = all[1].as_ref().unwrap_err().to_string();
        assert!(told.contains("is damaged, and what it would put back is not known"), "{told}");
        assert!(all[0].is_ok() && all[2].is_ok());
    }
}

/// A disk that takes no more, for as long as this is there.
struct Full(tempfile::TempDir);

impl Full {
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8k", "none"]).arg(folder.path());
        if !mount.status().is_ok_and(|status| status.success()) {
            println!("skipped: no filesystem can be mounted");
            return None;
        }
        Some(Self(folder))
    }
}

impl Drop for Full {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_takes_no_note_and_loses_none() {
    let Some(full) = Full::new() else { return };
    let notes = open(full.0.path()).unwrap();
    notes.put(&note(1)).unwrap();
    let filled = fs::write(full.0.path().join("filler"), vec![0; 64 << 10]);
    assert!(filled.is_err(), "it is full");
    let told = notes.put(&note(2)).unwrap_err().to_string();
    assert!(told.contains("No space left"), "{told}");
    assert!(notes.put(&note(1).at(Standing::Kept)).is_err());
    let all: Vec<Note> = notes.all().unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(all, [note(1)]);
    notes.take_away(1).unwrap();
}
