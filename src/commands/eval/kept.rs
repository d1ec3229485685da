//! Grades that are kept while an evaluation goes on, a line each, so that one that was cut short
//! goes on where it was. A row is kept with who decided: another one's are not taken.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use ks_replayer::evaluation::{Player, Row};

/// See the module.
pub(super) struct Kept {
    rows: Vec<Row>,
    /// Scenarios of which all rows are there.
    scenarios: BTreeSet<String>,
    file: Option<Mutex<(File, Option<std::io::Error>)>>,
}

impl Kept {
    /// What is there of these, and where more is kept. A line that was cut is left out.
    pub(super) fn open(path: Option<&Path>, players: &[Player]) -> anyhow::Result<Self> {
        let Some(path) = path else {
            return Ok(Self { rows: Vec::new(), scenarios: BTreeSet::new(), file: None });
        };
        let told = || format!("cannot use the progress file `{}`", path.display());
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(told),
        };
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Row>(line).ok());
        let mut rows: Vec<Row> = lines.filter(|row| players.contains(&row.player)).collect();
        let is_whole = |name: &str| {
            let own = || rows.iter().filter(|row| row.scenario == name);
            players.iter().all(|player| own().any(|row| row.player == *player))
        };
        let names: BTreeSet<String> = rows.iter().map(|row| row.scenario.clone()).collect();
        let scenarios: BTreeSet<String> = names.into_iter().filter(|name| is_whole(name)).collect();
        rows.retain(|row| scenarios.contains(&row.scenario));
        let file = OpenOptions::new().create(true).append(true).open(path).with_context(told)?;
        Ok(Self { rows, scenarios, file: Some(Mutex::new((file, None))) })
    }

    pub(super) fn has(&self, scenario: &str) -> bool {
        self.scenarios.contains(scenario)
    }

    /// Keeps the rows of a scenario that is done.
    pub(super) fn keep(&self, rows: &[Row]) {
        let Some(file) = &self.file else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = String::new();
        for row in rows {
            lines.push_str(&serde_json::to_string(row).unwrap_or_default());
            lines.push('\n');
        }
        if let Err(error) = file.0.write_all(lines.as_bytes()) {
            file.1.get_or_insert(error);
        }
    }

    /// The error is why not all was kept.
    pub(super) fn finish(&self) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        let failed = file.lock().unwrap_or_else(PoisonError::into_inner).1.take();
        failed.map_or(Ok(()), |error| Err(error).context("cannot keep what was done"))
    }

    /// The rows that were there.
    pub(super) fn take(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.rows)
    }
}
