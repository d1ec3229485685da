//! CPUs that a thread may use, as the kernel lists them: those that are offline among them.

use std::fmt;
use std::fs;
use std::io;

use ks_vocabulary::action::CpuSet as Listed;
use rustix::thread::{CpuSet, sched_setaffinity};
use serde::{Deserialize, Serialize};

use crate::syscalls::id;

/// The line of `status` that lists them.
const LINE: &str = "Cpus_allowed_list:";

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask(String);

impl Mask {
    /// Those of a list.
    pub fn listed(list: &Listed) -> Self {
        Self(list.to_string())
    }

    /// Every CPU that there can be.
    pub fn all() -> Self {
        Self(format!("0-{}", CpuSet::MAX_CPU - 1))
    }

    /// Those of a thread. `sched_getaffinity` would leave out what is offline.
    pub fn of(tid: u64) -> io::Result<Self> {
        let text = fs::read_to_string(format!("/proc/{tid}/status"))?;
        let list = text.lines().find_map(|line| line.strip_prefix(LINE));
        list.map(|list| Self(list.trim().to_owned())).ok_or(io::ErrorKind::InvalidData.into())
    }

    /// Whether each of them is among others.
    pub fn is_within(&self, others: &Self) -> bool {
        let sets = self.set().and_then(|own| Ok((own, others.set()?)));
        sets.is_ok_and(|(own, others)| {
            (0..CpuSet::MAX_CPU).all(|cpu| !own.is_set(cpu) || others.is_set(cpu))
        })
    }

    /// Gives them to a thread.
    pub fn give(&self, tid: u64) -> io::Result<()> {
        Ok(sched_setaffinity(Some(id(tid)?), &self.set()?)?)
    }

    fn set(&self) -> io::Result<CpuSet> {
        let mut set = CpuSet::new();
        for part in self.0.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.parse().map_err(|_| io::ErrorKind::InvalidData);
            let (first, last): (usize, usize) = (number(first)?, number(last)?);
            if last >= CpuSet::MAX_CPU {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            (first..=last).for_each(|cpu| set.set(cpu));
        }
        Ok(set)
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::Child;

    #[test]
    fn what_is_given_is_what_it_has_and_all_is_what_it_had() {
        let child = Child::sleeping();
        let before = Mask::of(child.pid()).unwrap();
        Mask("0".to_owned()).give(child.pid()).unwrap();
        assert_eq!(Mask::of(child.pid()).unwrap(), Mask("0".to_owned()));
        Mask::all().give(child.pid()).unwrap();
        assert_eq!(Mask::of(child.pid()).unwrap(), before);
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let own = u64::from(std::process::id());
        for text in ["", "a", "1-", "0-1024", "0-99999999999999999999"] {
            assert!(Mask(text.to_owned()).give(own).is_err(), "{text}");
        }
        assert!(Mask("1000".to_owned()).give(own).is_err(), "no such CPU");
    }
}
