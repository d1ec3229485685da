//! Texts that a setter writes: those of the catalogue, and what stood there before.
//!
//! Who asks it may be an actor that somebody took over. What stood there is what it read itself
//! right before it wrote; and of an actor that was killed, what the notes say that it finds when it
//! starts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ks_vocabulary::decision::Sysctl;

use crate::bounds;
use crate::deed::Deed;
use crate::failure::Failure;
use crate::notes;
use crate::place::Place;
use crate::written::Before;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Settable(BTreeSet<(Sysctl, String)>);

impl Settable {
    /// What notes of a folder would put back. One that cannot be read is put back by nobody.
    pub(crate) fn noted(folder: &Path) -> Self {
        let deeds = notes::all_in(folder).unwrap_or_default().into_iter().flatten();
        let before = deeds.flat_map(|note| note.deeds).filter_map(|deed| match deed {
            Deed::File { prior, .. } => prior.before,
            Deed::Threads { .. }
            | Deed::ProcessFile { .. }
            | Deed::Unit { .. }
            | Deed::Signal { .. }
            | Deed::Sync { .. } => None,
        });
        Self(
            before
                .filter_map(|Before { place, text }| match place {
                    Place::Sysctl(key) => Some((key, text)),
                    Place::Group { .. } | Place::ReadAhead(_) => None,
                })
                .collect(),
        )
    }

    /// Whether a text may be written.
    pub(crate) fn has(&self, key: Sysctl, text: &str) -> bool {
        bounds::is_parameter(key, text) || self.0.contains(&(key, text.to_owned()))
    }

    /// Looks at what stands where something is about to be written: of a pair at both, since the
    /// one that is written makes the other 0.
    pub(crate) fn look(&mut self, key: Sysctl) -> Result<(), Failure> {
        for key in touched(key) {
            let place = Place::Sysctl(*key);
            let read = place.text()?;
            // What is no value of such a file is put back by nobody.
            let before = read.and_then(|read| place.form().prior(&read, ""));
            self.0.extend(before.map(|before| (*key, before)));
        }
        Ok(())
    }
}

/// The files of the parameters that this kernel has.
pub(crate) fn files() -> Vec<PathBuf> {
    let path = |key: &Sysctl| Path::new("/proc/sys").join(key.to_string().replace('.', "/"));
    Sysctl::ALL.iter().map(path).filter(|path| path.exists()).collect()
}

/// Parameters that a write to one changes.
fn touched(key: Sysctl) -> &'static [Sysctl] {
    match key {
        Sysctl::DirtyBackgroundRatio | Sysctl::DirtyBackgroundBytes => {
            &[Sysctl::DirtyBackgroundRatio, Sysctl::DirtyBackgroundBytes]
        }
        Sysctl::NetdevMaxBacklog => &[Sysctl::NetdevMaxBacklog],
        Sysctl::Somaxconn => &[Sysctl::Somaxconn],
        Sysctl::IpLocalPortRange => &[Sysctl::IpLocalPortRange],
        Sysctl::TcpFinTimeout => &[Sysctl::TcpFinTimeout],
        Sysctl::TcpMaxSynBacklog => &[Sysctl::TcpMaxSynBacklog],
        Sysctl::TcpTwReuse => &[Sysctl::TcpTwReuse],
        Sysctl::NfConntrackMax => &[Sysctl::NfConntrackMax],
        Sysctl::DropCaches => &[Sysctl::DropCaches],
        Sysctl::Swappiness => &[Sysctl::Swappiness],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notes::{Note, Notes};
    use crate::written::Prior;

    #[test]
    fn it_has_what_is_within_bounds_and_what_stood_there() {
        let mut settable = Settable::default();
        let key = Sysctl::IpLocalPortRange;
        let found = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap();
        let found = found.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let others = ["", "1 65535", "0", "99999999999999999999", "15000 65000\n", "-1", &found];
        assert!(settable.has(key, "15000 65000"));
        for text in others {
            assert!(!settable.has(key, text) || bounds::is_parameter(key, &found), "{text}");
        }
        settable.look(key).unwrap();
        for text in others {
            assert_eq!(settable.has(key, text), text == found, "{text}");
        }
        assert!(!settable.has(Sysctl::Swappiness, &found), "it stood elsewhere");
    }

    #[test]
    fn of_a_pair_both_are_looked_at() {
        let mut settable = Settable::default();
        if settable.look(Sysctl::DirtyBackgroundRatio).is_err() {
            println!("skipped: no such parameter");
            return;
        }
        let bytes = std::fs::read_to_string("/proc/sys/vm/dirty_background_bytes").unwrap();
        assert!(settable.has(Sysctl::DirtyBackgroundBytes, bytes.trim()));
        assert!(!settable.has(Sysctl::DirtyBackgroundBytes, "4097"));
    }

    #[test]
    fn what_a_note_would_put_back_it_has_too() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::open(folder.path(), std::time::Duration::ZERO).unwrap();
        let place = Place::Sysctl(Sysctl::TcpFinTimeout);
        let before = Some(Before { place: place.clone(), text: "61".to_owned() });
        let prior = Prior { place, written: "15".to_owned(), before, taken: None };
        let deeds = vec![Deed::File { prior, told: None }];
        notes.put(&Note::new(1, String::new(), String::new(), deeds)).unwrap();
        std::fs::write(folder.path().join("2.undo.json"), "{").unwrap();
        let settable = Settable::noted(folder.path());
        let has = |text| settable.has(Sysctl::TcpFinTimeout, text);
        assert_eq!((has("61"), has("60"), has("62")), (true, true, false));
        assert!(!Settable::noted(Path::new("/nowhere-at-all")).has(Sysctl::TcpFinTimeout, "61"));
    }
}
