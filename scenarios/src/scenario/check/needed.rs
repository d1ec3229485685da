//! What a scenario marks as needed must be there.

use super::{Checked, is_known};
use crate::background::residents;
use crate::scenario::error::Problem;
use crate::scenario::file::Scenario;

/// Each name is that of a process, or the path of a control group that has processes or limits.
pub(super) fn check(scenario: &Scenario) -> Checked {
    for name in &scenario.needed {
        let is_there = if name.starts_with('/') {
            paths(scenario).any(|path| is_within(&path, name))
        } else {
            is_known(scenario, name)
        };
        if !is_there {
            let text = format!("there is no process and no control group `{name}`");
            return Err(Problem::new("needed", text));
        }
    }
    Ok(())
}

/// Whether a group is another one, or below it.
fn is_within(path: &str, group: &str) -> bool {
    path.strip_prefix(group).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn paths(scenario: &Scenario) -> impl Iterator<Item = String> {
    let numbered = scenario.processes.iter().flat_map(|process| {
        (0..process.count).map(|number| process.group.replace("{}", &number.to_string()))
    });
    let limited = scenario.groups.iter().map(|limits| limits.path.clone());
    let residents = residents(scenario.background.mix);
    numbered.chain(limited).chain(residents.into_iter().map(|one| one.group.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(needed: &str) -> Result<Scenario, String> {
        let text = format!(
            "summary = \"s\"\nduration = \"5m\"\nneeded = {needed}\nprocess = [{{ name = \"db\", \
             group = \"/db-{{}}.slice\", count = 2 }}]\ngroup = [{{ path = \"/a.slice/b\" }}]"
        );
        Scenario::parse(&text, "a.toml").map_err(|error| error.to_string())
    }

    #[test]
    fn processes_and_groups_may_be_needed_if_they_are_there() {
        let all = r#"["db", "sshd", "/db-1.slice", "/a.slice", "/system.slice/ssh.service"]"#;
        assert_eq!(parse(all).unwrap().needed.len(), 5);
        assert!(parse("[]").unwrap().needed.is_empty());
        for name in ["nobody", "/db-2.slice", "/a", "/a.slice/b/c"] {
            let error = parse(&format!("[\"{name}\"]")).unwrap_err();
            assert!(error.starts_with("a.toml:3:"), "{error}");
            assert!(
                error.ends_with(&format!("no process and no control group `{name}`")),
                "{error}"
            );
        }
    }
}
