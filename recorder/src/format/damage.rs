//! What of a recording could not be read, and was left out.

use std::path::PathBuf;

use serde::Serialize;

use crate::error::Error;

/// A part of a recording that is missing or damaged. The rest is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Damage {
    /// Which file; of segments that are not there, the directory or the file after them.
    pub path: PathBuf,
    /// At which byte of a log.
    pub offset: Option<u64>,
    /// Which row group of a sealed file, from 0.
    pub row_group: Option<usize>,
    /// What is wrong.
    pub problem: String,
    /// Inputs that are missing, where something after them says so.
    pub lost_inputs: Option<u64>,
    /// Time between the inputs around them.
    pub lost_ns: Option<u64>,
}

impl Damage {
    /// The same as an error, where nothing else can be read.
    pub(super) fn to_error(&self) -> Error {
        let group = self.row_group.map(|group| format!("row group {group}: "));
        let problem = group.unwrap_or_default() + &self.problem;
        Error::Damaged { path: self.path.clone(), offset: self.offset.unwrap_or(0), problem }
    }

    /// All of a file.
    pub fn of_file(path: PathBuf, problem: String) -> Self {
        Self { path, offset: None, row_group: None, problem, lost_inputs: None, lost_ns: None }
    }
}

impl std::fmt::Display for Damage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "`{}`", self.path.display())?;
        if let Some(offset) = self.offset {
            write!(out, " from byte {offset} on")?;
        }
        if let Some(group) = self.row_group {
            write!(out, ", row group {group}")?;
        }
        write!(out, ": {}; ", self.problem)?;
        match (self.lost_inputs, self.lost_ns) {
            (Some(inputs), Some(ns)) => {
                let seconds = ns.div_ceil(1_000_000_000);
                write!(out, "{inputs} inputs over {seconds} s are left out")
            }
            _ => write!(out, "it is left out"),
        }
    }
}
