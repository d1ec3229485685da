//! What a site forbids on top, as a file: what `--policy` reads. It can only tighten.
//!
//! ```toml
//! name = "production"
//! deny = ["clear_page_cache"]        # never
//! approve = ["limit_cgroup_cpu"]     # only if an operator says so
//! forbid = ['cgset -r cpu\.max=[0-9]{1,4}:100000 .*']   # texts, each pattern of all of one
//! protect = [{ unit = "postgresql.service" }, { cgroup = "/payments.slice" }]
//!
//! [budgets]                          # no higher than the product's
//! actions = 1
//! ```

use std::path::Path;

use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::{Budgets, ModelBudget, Scope, SitePolicy};
use regex::Regex;
use serde::Deserialize;
use toml::Spanned;

use crate::config_file::{ConfigFileError, Text};

/// A longer pattern is none that a person can read.
const PATTERN_BYTES_MAX: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    name: String,
    #[serde(default)]
    deny: Vec<ActionKind>,
    #[serde(default)]
    approve: Vec<ActionKind>,
    #[serde(default)]
    forbid: Vec<Spanned<String>>,
    #[serde(default)]
    protect: Vec<Spanned<Scope>>,
    budgets: Option<Spanned<Lower>>,
}

/// Budgets of which each may be lowered by itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Lower {
    turns: Option<u32>,
    tool_calls: Option<u32>,
    model: Option<ModelBudget>,
    tokens: Option<u64>,
    micro_dollars: Option<u64>,
    seconds: Option<u64>,
    actions: Option<u32>,
    disruptive: Option<u32>,
    reversible_per_hour: Option<u32>,
    disruptive_per_day: Option<u32>,
    per_target_per_hour: Option<u32>,
    info_per_minute: Option<u32>,
}

impl Lower {
    fn budgets(&self) -> Budgets {
        let usual = Budgets::default();
        Budgets {
            turns: self.turns.unwrap_or(usual.turns),
            tool_calls: self.tool_calls.unwrap_or(usual.tool_calls),
            model: self.model.unwrap_or(usual.model),
            tokens: self.tokens.unwrap_or(usual.tokens),
            micro_dollars: self.micro_dollars.unwrap_or(usual.micro_dollars),
            seconds: self.seconds.unwrap_or(usual.seconds),
            actions: self.actions.unwrap_or(usual.actions),
            disruptive: self.disruptive.unwrap_or(usual.disruptive),
            reversible_per_hour: self.reversible_per_hour.unwrap_or(usual.reversible_per_hour),
            disruptive_per_day: self.disruptive_per_day.unwrap_or(usual.disruptive_per_day),
            per_target_per_hour: self.per_target_per_hour.unwrap_or(usual.per_target_per_hour),
            info_per_minute: self.info_per_minute.unwrap_or(usual.info_per_minute),
        }
    }
}

/// Reads a file.
pub fn load(path: &Path) -> Result<SitePolicy, ConfigFileError> {
    let text = Text::load(path)?;
    let file: File = text.parse()?;
    parsed(file, &text)
}

fn parsed(file: File, text: &Text) -> Result<SitePolicy, ConfigFileError> {
    let forbid = file.forbid.into_iter().map(|pattern| {
        let at = pattern.span().start;
        let pattern = pattern.into_inner();
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(text.problem(at, "a pattern has 200 bytes at most"));
        }
        match Regex::new(&format!(r"\A(?:{pattern})\z")) {
            Ok(_) => Ok(pattern),
            Err(_) => Err(text.problem(at, "this is no regular expression")),
        }
    });
    let protect = file.protect.into_iter().map(|scope| {
        let at = scope.span().start;
        let scope = scope.into_inner();
        let problem = "write `{ unit = \"x.service\" }` or `{ cgroup = \"/x.slice\" }`: whole \
                       names, no patterns";
        if scope.is_sound() { Ok(scope) } else { Err(text.problem(at, problem)) }
    });
    let budgets = file.budgets.map(|lower| {
        let at = lower.span().start;
        let asked = lower.into_inner().budgets();
        if asked == asked.tightened(Budgets::default()) {
            return Ok(asked);
        }
        Err(text
            .problem(at, "a policy can only lower a budget: see the product's in `ks policy show`"))
    });
    Ok(SitePolicy {
        name: file.name,
        deny: file.deny,
        approve: file.approve,
        protect: protect.collect::<Result<_, _>>()?,
        forbid: forbid.collect::<Result<_, _>>()?,
        budgets: budgets.transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(toml: &str) -> Result<SitePolicy, String> {
        let text = Text::of(Path::new("site.toml"), toml.as_bytes()).unwrap();
        let file = text.parse().map_err(|error| error.to_string())?;
        parsed(file, &text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_site_forbids_is_read() {
        let policy = parse(
            "name = \"x\"\ndeny = [\"clear_page_cache\"]\nforbid = ['kill -STOP [0-9]+']\n\
             protect = [{ unit = \"db.service\" }, { cgroup = \"/pay.slice\" }]\n\
             [budgets]\nactions = 1\n",
        );
        let policy = policy.unwrap();
        assert_eq!(policy.protect.len(), 2);
        assert_eq!(policy.budgets.unwrap().actions, 1);
        assert_eq!(policy.budgets.unwrap().turns, Budgets::default().turns);
        assert_eq!(parse("").unwrap(), SitePolicy::default());
    }

    #[test]
    fn what_loosens_or_makes_no_sense_is_refused_at_its_place() {
        for (toml, expected) in [
            ("[budgets]\nactions = 4", "site.toml:1:1: a policy can only lower"),
            ("allow = [\"x\"]", "site.toml:1:1: unknown field `allow`"),
            ("protect = [{ unit = \"db\" }]", "site.toml:1:12: write `{ unit"),
            ("protect = [{ cgroup = \"/db.slice/\" }]", "site.toml:1:12: write `{ unit"),
            ("protect = [{ cgroup = \"/db.slice/*\" }]", "site.toml:1:12: write `{ unit"),
            ("deny = [\"reboot\"]", "site.toml:1:9: unknown variant `reboot`"),
            ("forbid = ['ok', '(']", "site.toml:1:17: this is no regular expression"),
            ("protect = [{ cgroup = \"/\" }]", "site.toml:1:12: write `{ unit"),
            ("[budgets]\nactions = -1", "site.toml:2:11: "),
        ] {
            let error = parse(toml).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
        let secret = parse("deny = [\"$6$secret\"]").unwrap_err();
        assert!(secret.contains("site.toml:1:9"), "{secret}");
    }
}
