//! A file that is written, read back, and put back.

use ks_vocabulary::decision::Sysctl;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::place::Place;
use crate::writes::Writes;

/// What a file held, and what is written to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    /// Which file.
    pub place: Place,
    /// What is written.
    pub written: String,
    /// What puts back what it held; nothing where it does not say.
    pub before: Option<Before>,
    /// What the kernel made of what is written, where it took something else: that is ours too.
    #[serde(default)]
    pub taken: Option<String>,
}

/// What is written to put something back, and where: of a pair of parameters only one is in force,
/// and writing the one makes the other 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Where.
    pub place: Place,
    /// What.
    pub text: String,
}

/// What became of putting it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It means what it meant.
    Restored,
    /// It cannot be put back, and has no need to be.
    NotKept,
    /// Someone else wrote this since, and it was left alone.
    Superseded(String),
}

/// Looks at what there is before `written` is.
pub fn capture(place: Place, written: String) -> Result<Prior, Failure> {
    capture_by(place, written, Place::text)
}

fn capture_by(
    place: Place,
    written: String,
    read: impl Fn(&Place) -> Result<Option<String>, Failure>,
) -> Result<Prior, Failure> {
    let mut before = before(&place, &written, &read)?;
    let is_off = before.as_ref().is_some_and(|before| before.text == OFF);
    if let Some(other) = other_of_pair(&place).filter(|_| is_off) {
        before = before_of_pair(&other, before, &read)?;
    }
    Ok(Prior { place, written, before, taken: None })
}

/// Of two that are both off the one that is written is put back.
fn before_of_pair(
    other: &Place,
    own: Option<Before>,
    read: &impl Fn(&Place) -> Result<Option<String>, Failure>,
) -> Result<Option<Before>, Failure> {
    let others = before(other, OFF, read)?;
    Ok(others.filter(|before| before.text != OFF).or(own))
}

fn before(
    place: &Place,
    written: &str,
    read: &impl Fn(&Place) -> Result<Option<String>, Failure>,
) -> Result<Option<Before>, Failure> {
    let Some(text) = read(place)? else { return Ok(None) };
    let prior = place.form().prior(&text, written);
    let text = prior.ok_or_else(|| strange(place, written, &text))?;
    Ok(Some(Before { place: place.clone(), text }))
}

/// What the one of a pair says that is not in force.
const OFF: &str = "0";

fn other_of_pair(place: &Place) -> Option<Place> {
    let is_one = *place == Place::Sysctl(Sysctl::DirtyBackgroundRatio);
    is_one.then_some(Place::Sysctl(Sysctl::DirtyBackgroundBytes))
}

/// Writes it, and reads it back. What is read and means something else is kept beside it.
pub fn apply(prior: &mut Prior, writes: &dyn Writes) -> Result<(), Failure> {
    prior.taken = write(&prior.place, &prior.written, writes)?;
    match &prior.taken {
        None => Ok(()),
        Some(found) => Err(strange(&prior.place, &prior.written, found)),
    }
}

/// Puts back what there was, where what was written stands still.
pub fn restore(prior: &Prior, writes: &dyn Writes) -> Result<Restored, Failure> {
    let Some(before) = &prior.before else { return Ok(Restored::NotKept) };
    let is = |place: &Place, wanted: &str| -> Result<(bool, String), Failure> {
        let text = place.text()?.unwrap_or_default();
        Ok((place.form().is_taken(&text, wanted), text))
    };
    if is(&before.place, &before.text)?.0 {
        return Ok(Restored::Restored);
    }
    let (stands, text) = is(&prior.place, &prior.written)?;
    let is_taken = prior.taken.as_deref().is_some_and(|taken| taken.trim() == text.trim());
    if !stands && !is_taken {
        return Ok(Restored::Superseded(text.trim().to_owned()));
    }
    match write(&before.place, &before.text, writes)? {
        None => Ok(Restored::Restored),
        Some(found) => Err(strange(&before.place, &before.text, &found)),
    }
}

/// Writes, and gives what is read then where it means something else.
fn write(place: &Place, text: &str, writes: &dyn Writes) -> Result<Option<String>, Failure> {
    writes.write_place(place, text)?;
    Ok(place.text()?.filter(|found| !place.form().is_taken(found, text)))
}

fn strange(place: &Place, written: &str, found: &str) -> Failure {
    let (written, found) = (written.to_owned(), found.trim().to_owned());
    Failure::NotTaken { what: place.told(), written, found }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::fd::AsFd;

    use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

    use super::*;
    use crate::child::Child;
    use crate::held::Held;
    use crate::process_file::ProcessFile;
    use crate::writes::Direct;

    /// A parameter of a network namespace of this thread's own.
    fn in_own_namespace(test: impl FnOnce() + Send + 'static) {
        let Some(child) = Child::in_own_network() else { return };
        let thread = std::thread::spawn(move || {
            let own = File::open(format!("/proc/{}/ns/net", child.pid())).unwrap();
            move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            test();
        });
        thread.join().unwrap();
    }

    #[test]
    fn a_parameter_is_written_and_put_back_and_what_others_wrote_is_left() {
        in_own_namespace(|| {
            let place = || Place::Sysctl(Sysctl::IpLocalPortRange);
            let read = || place().text().unwrap().unwrap();
            let before = read();
            let mut prior = capture(place(), "15000 65000".to_owned()).unwrap();
            apply(&mut prior, &Direct).unwrap();
            assert_eq!(read(), "15000\t65000\n");
            assert_eq!(restore(&prior, &Direct).unwrap(), Restored::Restored);
            assert_eq!(read(), before);
            assert_eq!(restore(&prior, &Direct).unwrap(), Restored::Restored, "twice is once");
            apply(&mut prior, &Direct).unwrap();
            write(&place(), "20000 60000", &Direct).unwrap();
            let left = Restored::Superseded("20000\t60000".to_owned());
            assert_eq!(restore(&prior, &Direct).unwrap(), left);
            assert_eq!(read(), "20000\t60000\n");
        });
    }

    /// A kernel that takes one port less than what is written.
    #[derive(Debug)]
    struct Otherwise;

    impl Writes for Otherwise {
        fn open_process_file(&self, _: &Held, _: ProcessFile) -> Result<File, Failure> {
            unreachable!("it is a parameter")
        }

        fn write_place(&self, place: &Place, text: &str) -> Result<(), Failure> {
            Direct.write_place(place, &text.replace("65000", "64999"))
        }
    }

    #[test]
    fn what_the_kernel_took_instead_is_told_and_put_back() {
        in_own_namespace(|| {
            let place = Place::Sysctl(Sysctl::IpLocalPortRange);
            let read = || place.text().unwrap().unwrap();
            let before = read();
            let mut prior = capture(place.clone(), "15000 65000".to_owned()).unwrap();
            let told = apply(&mut prior, &Otherwise).unwrap_err();
            assert!(matches!(told, Failure::NotTaken { .. }), "{told}");
            assert_eq!(read(), "15000\t64999\n");
            assert_eq!(restore(&prior, &Direct).unwrap(), Restored::Restored);
            assert_eq!(read(), before);
        });
    }

    /// The kernel has one of the two in force, and the other says 0 (`kernel.md`, section 12).
    #[test]
    fn of_a_pair_the_one_that_was_in_force_is_put_back() {
        let captured = |ratio: &str, bytes: &str| {
            let read = |place: &Place| {
                let is_ratio = *place == Place::Sysctl(Sysctl::DirtyBackgroundRatio);
                Ok(Some(if is_ratio { ratio } else { bytes }.to_owned()))
            };
            let place = Place::Sysctl(Sysctl::DirtyBackgroundRatio);
            capture_by(place, "5".to_owned(), read).unwrap().before.unwrap()
        };
        let of = |key, text: &str| Before { place: Place::Sysctl(key), text: text.to_owned() };
        assert_eq!(captured("10\n", "0\n"), of(Sysctl::DirtyBackgroundRatio, "10"));
        let bytes = of(Sysctl::DirtyBackgroundBytes, "67108864");
        assert_eq!(captured("0\n", "67108864\n"), bytes);
        assert_eq!(captured("0\n", "0\n"), of(Sysctl::DirtyBackgroundRatio, "0"));
    }

    /// One number sets nothing, and the kernel says that it did (`kernel.md`, section 12).
    #[test]
    fn what_is_taken_in_silence_and_changes_nothing_is_told() {
        in_own_namespace(|| {
            let place = Place::Sysctl(Sysctl::IpLocalPortRange);
            let mut prior = capture(place, "15000".to_owned()).unwrap();
            let told = apply(&mut prior, &Direct).unwrap_err();
            assert!(matches!(told, Failure::NotTaken { .. }), "{told}");
        });
    }
}
