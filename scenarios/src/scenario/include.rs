//! Files that a scenario includes: what they say stands before what it says itself.
//!
//! Tables are joined, lists of tables one after the other, and of anything else the file's own
//! value counts. Each file is checked by itself first, so that what is wrong in it is told with its
//! own name, line and column.

use toml::{Table, Value};

use super::{Scenario, ScenarioError};

/// Includes within includes, at most.
const DEPTH_MAX: usize = 16;

/// Finds the text of a file that another includes: given the other's path and the name it uses,
/// the text and the path; or why there is none.
pub type Find<'a> = dyn FnMut(&str, &str) -> Result<(String, String), String> + 'a;

/// All that a file says, with what it includes.
pub(super) fn gathered(
    text: &str,
    path: &str,
    find: &mut Find<'_>,
) -> Result<Table, ScenarioError> {
    let mut stack = vec![path.to_owned()];
    gather(text, path, find, &mut stack)
}

fn gather(
    text: &str,
    path: &str,
    find: &mut Find<'_>,
    stack: &mut Vec<String>,
) -> Result<Table, ScenarioError> {
    let syntax = |error| ScenarioError::syntax(path, text, &error);
    let own: Scenario = toml::from_str(text).map_err(syntax)?;
    let mut table: Table = toml::from_str(text).map_err(syntax)?;
    table.remove("include");
    let mut all = Table::new();
    for name in &own.include {
        let bad = |problem: String| {
            let offset = text.find(&format!("\"{name}\"")).unwrap_or(0);
            ScenarioError::at(path, text, offset, problem)
        };
        let (other, from) = find(path, name).map_err(bad)?;
        if stack.contains(&from) {
            return Err(bad(format!("it includes itself: {} -> {from}", stack.join(" -> "))));
        }
        if stack.len() >= DEPTH_MAX {
            return Err(bad(format!("more than {DEPTH_MAX} files include one another")));
        }
        stack.push(from.clone());
        join(&mut all, gather(&other, &from, find, stack)?);
        stack.pop();
    }
    join(&mut all, table);
    Ok(all)
}

fn join(all: &mut Table, other: Table) {
    for (key, value) in other {
        match (all.get_mut(&key), value) {
            (Some(Value::Table(one)), Value::Table(other)) => join(one, other),
            (Some(Value::Array(one)), Value::Array(other)) if one.iter().all(Value::is_table) => {
                one.extend(other);
            }
            (_, value) => {
                all.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "[host]\ncpus = 8\nswap = \"0B\"\n[[process]]\nname = \"base\"\n";

    fn parse(text: &str) -> Result<Scenario, ScenarioError> {
        Scenario::parse_with(text, "top.toml", &mut |_, name| match name {
            "host.toml" => Ok((HOST.to_owned(), name.to_owned())),
            "circle.toml" => Ok(("include = [\"top.toml\"]".to_owned(), name.to_owned())),
            "top.toml" => Ok((text.to_owned(), name.to_owned())),
            "bad.toml" => Ok(("[host]\ncpsu = 8\n".to_owned(), name.to_owned())),
            _ => Err(format!("there is no file `{name}`")),
        })
    }

    #[test]
    fn what_is_included_stands_before_what_the_file_says() {
        let text = "include = [\"host.toml\"]\nsummary = \"x\"\nduration = \"5m\"\n[host]\ncpus = \
                    2\n[[process]]\nname = \"own\"\n";
        let scenario = parse(text).unwrap();
        assert_eq!((scenario.host.cpus, scenario.host.swap.bytes), (2, 0));
        let names: Vec<_> = scenario.processes.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["base", "own"]);
    }

    #[test]
    fn circles_missing_files_and_mistakes_in_them_are_told_with_their_place() {
        let error = |text: &str| parse(text).unwrap_err().to_string();
        let circle = error("summary = \"x\"\ninclude = [\"circle.toml\"]");
        assert_eq!(
            circle,
            "circle.toml:1:12: it includes itself: top.toml -> circle.toml -> top.toml"
        );
        let missing = error("include = [\"none.toml\"]");
        assert_eq!(missing, "top.toml:1:12: there is no file `none.toml`");
        let bad = error("include = [\"bad.toml\"]");
        assert!(bad.starts_with("bad.toml:2:1: unknown field `cpsu`"), "{bad}");
        let nothing = error("include = [\"host.toml\"]\nduration = \"5m\"");
        assert!(nothing.contains("a scenario has a `summary`"), "{nothing}");
    }
}
