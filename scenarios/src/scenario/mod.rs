//! A scenario: what a host is, what runs on it, what goes wrong, and what must be found.

mod check;
mod error;
mod fault;
mod file;
mod include;
mod operator;
mod placed;

pub use error::ScenarioError;
pub use fault::Fault;
pub use file::{Background, Extra, Knowledge, Limits, Planned, Scenario, Seeds, Weakened};
pub use include::Find;
pub use operator::{Operator, Says};

impl Scenario {
    /// Reads a scenario that includes no other; `path` names it in errors.
    pub fn parse(text: &str, path: &str) -> Result<Self, ScenarioError> {
        Self::parse_with(text, path, &mut |_, name| Err(format!("there is no file `{name}`")))
    }

    /// Reads a scenario with what it includes.
    pub fn parse_with(text: &str, path: &str, find: &mut Find<'_>) -> Result<Self, ScenarioError> {
        let table = include::gathered(text, path, find)?;
        let mut scenario: Self =
            table.try_into().map_err(|error| ScenarioError::syntax(path, text, &error))?;
        scenario.name = name_of(path);
        check::check(&scenario).map_err(|problem| problem.located(path, text))?;
        Ok(scenario)
    }

    /// The fault of this name, or the only one where no name is given.
    pub fn fault(&self, name: Option<&str>) -> Option<&Fault> {
        match name {
            Some(name) => self.faults.iter().find(|fault| fault.name == name),
            None => self.faults.first(),
        }
    }
}

/// The file's name without its folder and ending.
fn name_of(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.strip_suffix(".toml").unwrap_or(file).to_owned()
}
