//! Whether recordings that are named together can be read one after the other: each once, of one
//! host, and those of one boot in the order in which they were recorded.
//!
//! The engine would take a recording that is read twice for a host that went through everything
//! twice. Only the first input of what is named is looked at, so recordings that overlap pass.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use ks_recorder::format::listing::segments;
use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::{Body, Start};
use ks_vocabulary::time::Timestamp;

/// Why recordings cannot be read one after the other.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SequenceError {
    /// One file by two names, or twice by one.
    #[error("`{}` and `{}` are the same file", first.display(), second.display())]
    Twice {
        /// Its name.
        first: PathBuf,
        /// Its other name.
        second: PathBuf,
    },
    /// They are of different hosts.
    #[error("`{}` is of host `{host}`, and `{}` of host `{other}`", first.display(),
        second.display())]
    Hosts {
        /// What is named first.
        first: PathBuf,
        /// Its host.
        host: String,
        /// What is named after it.
        second: PathBuf,
        /// The host of that.
        other: String,
    },
    /// What comes later was recorded before.
    #[error("`{}` begins before `{}`, in the same boot of the same host", second.display(),
        first.display())]
    Order {
        /// What is named first.
        first: PathBuf,
        /// What is named after it and begins before it.
        second: PathBuf,
    },
}

impl SequenceError {
    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::Twice { .. } => "name each recording once, and no file beside its directory",
            Self::Hosts { .. } => {
                "name the recordings of one host at a time; baselines are one file for each host"
            }
            Self::Order { .. } => "name recordings in the order in which they were made",
        }
    }
}

/// Checks what is named. What cannot be read is left to who reads it.
pub fn check(paths: &[PathBuf]) -> Result<(), SequenceError> {
    if paths.len() < 2 {
        return Ok(());
    }
    check_names(paths)?;
    check_order(paths)
}

fn check_names(paths: &[PathBuf]) -> Result<(), SequenceError> {
    let mut known: BTreeMap<(u64, u64), PathBuf> = BTreeMap::new();
    for path in paths {
        // Each path by itself: one that is missing keeps none of the others from a look.
        for segment in segments(std::slice::from_ref(path)).unwrap_or_default() {
            let Ok(file) = std::fs::metadata(&segment.path) else { continue };
            if let Some(first) = known.insert((file.dev(), file.ino()), segment.path.clone()) {
                return Err(SequenceError::Twice { first, second: segment.path });
            }
        }
    }
    Ok(())
}

fn check_order(paths: &[PathBuf]) -> Result<(), SequenceError> {
    let mut begun: BTreeMap<String, (&PathBuf, Timestamp)> = BTreeMap::new();
    let mut named: Option<(&PathBuf, String)> = None;
    for path in paths {
        let Some((start, begin)) = beginning(path) else { continue };
        check_host(&mut named, path, &start.host.hostname)?;
        if !start.boot_id.is_empty()
            && let Some((first, at)) = begun.insert(start.boot_id, (path, begin))
            && begin < at
        {
            return Err(SequenceError::Order { first: first.clone(), second: path.clone() });
        }
    }
    Ok(())
}

/// What has no name may be of any host.
fn check_host<'a>(
    named: &mut Option<(&'a PathBuf, String)>,
    path: &'a PathBuf,
    host: &str,
) -> Result<(), SequenceError> {
    if host.is_empty() {
        return Ok(());
    }
    let (first, known) = named.get_or_insert_with(|| (path, host.to_owned()));
    if known == host {
        return Ok(());
    }
    let (first, second) = ((*first).clone(), path.clone());
    Err(SequenceError::Hosts { first, host: known.clone(), second, other: host.to_owned() })
}

/// How a recording begins, and when; nothing where that is not known.
fn beginning(path: &Path) -> Option<(Start, Timestamp)> {
    let mut reader = Reader::open_for_engine(&[path.to_owned()]).ok()?;
    let first = reader.next().ok()??;
    let Body::Start(start) = &first.body else { return None };
    Some(((**start).clone(), first.mono))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_recorder::format::writer::Writer;
    use ks_vocabulary::input::{HostFacts, Input};
    use ks_vocabulary::time::SECOND_NS;

    fn write(path: PathBuf, boot_id: &str, second: u64) -> PathBuf {
        write_of("", path, boot_id, second)
    }

    fn write_of(host: &str, path: PathBuf, boot_id: &str, second: u64) -> PathBuf {
        let host = HostFacts { hostname: host.to_owned(), ..HostFacts::default() };
        let start = Start { boot_id: boot_id.to_owned(), host, ..Start::default() };
        let mono = Timestamp(second * SECOND_NS);
        let mut writer = Writer::create(&path, false).unwrap();
        writer.append(&Input::recorded(0, mono, Body::Start(Box::new(start)))).unwrap();
        writer.seal().unwrap();
        path
    }

    #[test]
    fn a_file_that_is_named_twice_is_refused_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let a = write(folder.path().join("a.parquet"), "b", 1);
        let (link, hard) = (folder.path().join("link"), folder.path().join("hard"));
        std::os::unix::fs::symlink(&a, &link).unwrap();
        std::fs::hard_link(&a, &hard).unwrap();
        for other in [&a, &link, &hard] {
            let expected = SequenceError::Twice { first: a.clone(), second: other.clone() };
            assert_eq!(check(&[a.clone(), other.clone()]), Err(expected));
        }
        let with_folder = check(&[folder.path().to_owned(), a.clone()]);
        assert_eq!(with_folder, Err(SequenceError::Twice { first: a.clone(), second: a.clone() }));
        assert_eq!(check(&[a]), Ok(()));
    }

    #[test]
    fn recordings_of_one_host_are_read_together_and_those_of_two_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let of =
            |host: &str, name: &str, boot: &str| write_of(host, folder.path().join(name), boot, 1);
        let (first, second) = (of("db1", "a.parquet", "x"), of("db1", "b.parquet", "y"));
        let unnamed = of("", "c.parquet", "");
        assert_eq!(check(&[first.clone(), unnamed.clone(), second]), Ok(()));
        let other = of("db2", "d.parquet", "z");
        let expected = SequenceError::Hosts {
            first: first.clone(),
            host: "db1".into(),
            second: other.clone(),
            other: "db2".into(),
        };
        assert_eq!(check(&[unnamed, first, other]), Err(expected));
    }

    #[test]
    fn recordings_of_one_boot_are_named_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let early = write(path("early.parquet"), "b", 1);
        let late = write(path("late.parquet"), "b", 9);
        let other = write(path("other.parquet"), "c", 5);
        let unknown = [write(path("u.parquet"), "", 9), write(path("v.parquet"), "", 1)];
        assert_eq!(check(&[early.clone(), other.clone(), late.clone()]), Ok(()));
        assert_eq!(check(&[late.clone(), other.clone()]), Ok(()), "boots have no order");
        assert_eq!(check(&unknown), Ok(()));
        assert_eq!(check(&[late.clone(), path("none.parquet")]), Ok(()));
        let expected = SequenceError::Order { first: late.clone(), second: early.clone() };
        assert_eq!(check(&[late, other, early]), Err(expected));
    }
}
