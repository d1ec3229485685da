//! Files that a command writes beside what it prints. They are written anew by each run, so one
//! that an earlier run wrote is replaced; anything else that lies there is kept.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// How a journal begins: its lines are JSON objects.
pub(crate) const JOURNAL: &str = "{\"";
/// How results for CI begin.
pub(crate) const JUNIT: &str = "<?xml";
/// How a page about detection begins.
pub(crate) const REPORT: &str = "# Detection";
/// How a recording of a model's answers begins.
pub(crate) const CASSETTE: &str = "{\"chain\":\"";
/// How a page about decisions begins.
pub(crate) const EVALUATION: &str = "# Decisions";

/// Something else lies where a file is to be written.
#[derive(Debug, thiserror::Error)]
#[error("`{}` is there and no {what}: it stays as it is", path.display())]
pub(crate) struct Taken {
    path: PathBuf,
    what: &'static str,
}

/// Refuses a path at which another file lies than one that begins like those written there. Devices
/// and pipes keep nothing that could be lost.
pub(crate) fn check(path: &Path, begin: &str, what: &'static str) -> anyhow::Result<()> {
    if !fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0) {
        return Ok(());
    }
    let mut found = Vec::new();
    let is_ours = File::open(path)
        .and_then(|file| file.take(begin.len() as u64).read_to_end(&mut found))
        .is_ok_and(|_| found == begin.as_bytes());
    if is_ours { Ok(()) } else { Err(Taken { path: path.to_owned(), what }.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_earlier_run_wrote_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let check = || check(&path, JOURNAL, "journal");
        check().unwrap();
        for (content, is_ours) in
            [("", true), ("{\"seq\":1}\n", true), ("PAR1", false), ("{", false)]
        {
            fs::write(&path, content).unwrap();
            assert_eq!(check().is_ok(), is_ours, "{content}");
        }
        let told = check().unwrap_err().to_string();
        assert!(told.ends_with("is there and no journal: it stays as it is"), "{told}");
        super::check(Path::new("/dev/null"), JOURNAL, "journal").unwrap();
        super::check(folder.path(), JOURNAL, "journal").unwrap();
    }
}
