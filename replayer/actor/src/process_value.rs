//! A number in a file of a process that is written, read back, and put back.

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::held::Held;
use crate::process_file::{ProcessFile, read, told, write_to};
use crate::writes::Writes;

/// What a file held, and what is written to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prior {
    /// Which file.
    pub file: ProcessFile,
    /// What is written.
    pub written: i64,
    /// What it held.
    pub before: i64,
}

/// What became of putting it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// It holds what it held.
    Restored,
    /// Someone else wrote this since, and it was left alone.
    Superseded(i64),
}

/// Looks at what there is before `written` is.
pub fn capture(held: &Held, file: ProcessFile, written: i64) -> Result<Prior, Failure> {
    let before = held.during(|| read(held, file))?;
    Ok(Prior { file, written, before })
}

/// Writes it, and reads it back.
pub fn apply(held: &Held, prior: &Prior, writes: &dyn Writes) -> Result<(), Failure> {
    held.during(|| write(held, prior.file, prior.written, writes))
}

/// Writes what there was, where what was written stands still.
pub fn restore(held: &Held, prior: &Prior, writes: &dyn Writes) -> Result<Restored, Failure> {
    held.during(|| {
        let found = read(held, prior.file)?;
        if found == prior.before {
            return Ok(Restored::Restored);
        }
        if found != prior.written {
            return Ok(Restored::Superseded(found));
        }
        write(held, prior.file, prior.before, writes).map(|()| Restored::Restored)
    })
}

fn write(held: &Held, file: ProcessFile, value: i64, writes: &dyn Writes) -> Result<(), Failure> {
    let what = told(held, file);
    write_to(writes.open_process_file(held, file)?, value, &what)?;
    let found = read(held, file)?;
    if found == value {
        return Ok(());
    }
    Err(Failure::NotTaken { what, written: value.to_string(), found: found.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child::{Child, may_put_back};
    use crate::writes::Direct;

    #[test]
    fn what_was_written_is_put_back_and_what_others_wrote_is_left() {
        if !may_put_back() {
            return;
        }
        let child = Child::sleeping();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let prior = capture(&held, ProcessFile::OomScoreAdj, 500).unwrap();
        apply(&held, &prior, &Direct).unwrap();
        assert_eq!(read(&held, ProcessFile::OomScoreAdj).unwrap(), 500);
        assert_eq!(restore(&held, &prior, &Direct).unwrap(), Restored::Restored);
        assert_eq!(read(&held, ProcessFile::OomScoreAdj).unwrap(), prior.before);
        assert_eq!(restore(&held, &prior, &Direct).unwrap(), Restored::Restored, "twice is once");
        apply(&held, &prior, &Direct).unwrap();
        write(&held, ProcessFile::OomScoreAdj, 700, &Direct).unwrap();
        assert_eq!(restore(&held, &prior, &Direct).unwrap(), Restored::Superseded(700));
        assert_eq!(read(&held, ProcessFile::OomScoreAdj).unwrap(), 700);
    }

    #[test]
    fn what_the_kernel_refuses_is_told_with_its_place() {
        let child = Child::sleeping();
        let held = Held::open(child.pid(), child.start()).unwrap();
        let prior = Prior { file: ProcessFile::OomScoreAdj, written: 1001, before: 0 };
        let told = apply(&held, &prior, &Direct).unwrap_err().to_string();
        assert!(told.starts_with("1001 to `oom_score_adj` of process "), "{told}");
    }
}
