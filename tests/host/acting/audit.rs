//! An audit log that somebody changed.
use std::path::{Path, PathBuf};

use super::victim::Victim;
use super::{act, ks, said, succeeded, undo, unfit, verify};

/// Every so many bytes one is changed.
const STEP: usize = 7;

struct Log {
    folder: PathBuf,
    log: PathBuf,
    whole: Vec<u8>,
}

impl Log {
    fn of(folder: &Path) -> Self {
        let log = folder.join("acting/actor/audit.jsonl");
        let whole = std::fs::read(&log).unwrap();
        Self { folder: folder.to_owned(), log, whole }
    }

    fn lines(&self) -> Vec<&[u8]> {
        self.whole.split_inclusive(|byte| *byte == b'\n').collect()
    }

    /// What is told names the line, from 1.
    fn broken(&self, bytes: &[u8], line: usize, what: &str) {
        std::fs::write(&self.log, bytes).unwrap();
        let told = ks(&["audit", "verify"], &self.folder);
        let words = said(&told);
        assert_eq!(told.status.code(), Some(1), "{what}: {words}");
        assert!(words.contains(&format!("line {line}:")), "{what}: line {line}: {words}");
    }
}

#[test]
fn whatever_is_changed_in_the_log_is_told_with_its_line() {
    if unfit() {
        return;
    }
    let Some(victim) = Victim::begin() else { return };
    let (folder, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let recording = scratch.path().join("x.parquet");
    let more = ["--set", "nice=10", "-o", recording.to_str().unwrap()];
    succeeded(&act(folder, "lower_process_priority", victim.pid(), &more));
    let anchor = folder.join("acting/actor/audit.anchor");
    let (early, early_anchor) = (Log::of(folder).whole, std::fs::read(&anchor).unwrap());
    succeeded(&undo(folder, 1));
    let log = Log::of(folder);
    let lines = log.lines();
    assert!(lines.len() >= 10, "{}", lines.len());
    for place in (0..log.whole.len()).step_by(STEP) {
        let mut bytes = log.whole.clone();
        bytes[place] ^= 1;
        let line = log.whole[..place].split(|byte| *byte == b'\n').count();
        log.broken(&bytes, line, &format!("byte {place} is another"));
    }
    for at in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        log.broken(&fewer.concat(), at + 1, "a line is gone");
        let mut twice = lines.clone();
        twice.insert(at, lines[at]);
        log.broken(&twice.concat(), at + 2, "a line stands twice");
    }
    for at in 1..lines.len() {
        let mut swapped = lines.clone();
        swapped.swap(at - 1, at);
        log.broken(&swapped.concat(), at, "two lines are swapped");
        log.broken(&lines[..at].concat(), at + 1, "the end is cut off");
    }
    let half = log.whole.len() - lines.last().unwrap().len() / 2;
    log.broken(&log.whole[..half], lines.len(), "half a line is cut off");
    nobody_goes_on_with_it(&log);
    std::fs::write(&log.log, &log.whole).unwrap();
    verify(folder);
    let kept = scratch.path().join("kept.anchor");
    std::fs::rename(&anchor, &kept).unwrap();
    std::fs::write(&anchor, early_anchor).unwrap();
    std::fs::write(&log.log, early).unwrap();
    verify(folder);
    let told = ks(&["audit", "verify", "--anchor", kept.to_str().unwrap()], folder);
    assert_eq!(told.status.code(), Some(1), "{}", said(&told));
    assert!(said(&told).contains("the end is cut off"), "{}", said(&told));
}

/// An actor does not append to a log that is not whole.
fn nobody_goes_on_with_it(log: &Log) {
    let mut changed = log.whole.clone();
    changed[20] ^= 1;
    log.broken(&changed, 1, "the first line is another");
    let refused = undo(&log.folder, 1);
    assert_eq!(refused.status.code(), Some(3), "{}", said(&refused));
    assert!(said(&refused).contains("line 1:"), "{}", said(&refused));
    assert_eq!(std::fs::read(&log.log).unwrap(), changed);
}
