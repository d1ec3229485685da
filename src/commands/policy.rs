//! `ks policy`: the rules that the text of an action has to pass, and what they say of one.

use ks_agent::policy::{Allowed, Refusal, TextPolicy};
use ks_vocabulary::action::{Action, Risk};
use serde::Serialize;

use crate::cli::agent::{Policy, PolicyCheck, PolicyCommand, PolicyShow};
use crate::commands::policy_diff;
use crate::exit::Unmet;
use crate::plain::Page;
use crate::render::Format;
use crate::stdout;

/// What is said of one action.
#[derive(Serialize)]
struct Verdict {
    /// As it was given.
    given: String,
    /// The text that was judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// allowed or denied.
    verdict: &'static str,
    /// The action that it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    /// Number of the rule that decided, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<usize>,
    /// Why.
    reason: String,
}

/// One rule.
#[derive(Serialize)]
struct Rule {
    number: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    rule: String,
}

/// All rules.
#[derive(Serialize)]
struct Rules {
    allowed: Vec<Rule>,
    forbidden: Vec<Rule>,
}

pub(crate) fn run(arguments: &Policy) -> anyhow::Result<()> {
    match &arguments.command {
        PolicyCommand::Check(arguments) => check(arguments),
        PolicyCommand::Show(arguments) => show(arguments),
        PolicyCommand::Diff(arguments) => policy_diff::run(arguments),
    }
}

fn check(arguments: &PolicyCheck) -> anyhow::Result<()> {
    let policy = TextPolicy::new();
    let verdicts: Vec<Verdict> =
        arguments.actions.iter().map(|given| verdict(&policy, given)).collect();
    if arguments.format == Format::Json {
        stdout::print_json(&verdicts)?;
    } else {
        let mut page = Page::default();
        for Verdict { given, verdict, reason, .. } in &verdicts {
            page.line(format_args!("{verdict}: {given}: {reason}"));
        }
        stdout::print_page(&page)?;
    }
    if verdicts.iter().any(|verdict| verdict.verdict == "denied") {
        return Err(Unmet.into());
    }
    Ok(())
}

/// What begins with a brace is an action, everything else the text of one.
fn verdict(policy: &TextPolicy, given: &str) -> Verdict {
    let mut told = Verdict {
        given: given.to_owned(),
        text: None,
        verdict: "denied",
        action: None,
        rule: None,
        reason: String::new(),
    };
    let judged = if given.trim_start().starts_with('{') {
        match serde_json::from_str::<Action>(given) {
            Err(error) => {
                told.reason = format!("it is no action: {error}");
                return told;
            }
            Ok(action) => {
                told.text = action.canonical().ok();
                policy.check(&action)
            }
        }
    } else {
        told.text = Some(given.to_owned());
        policy.check_text(given)
    };
    match judged {
        Ok(Allowed { number, kind, template, .. }) => {
            told.verdict = "allowed";
            (told.action, told.rule) = (Some(kind.name()), Some(*number));
            let waits = if kind.form().risk == Risk::Disruptive {
                "; it disrupts, and needs a grant or an operator"
            } else {
                ""
            };
            told.reason = format!("{}, rule {number}: {template}{waits}", kind.name());
        }
        Err(refusal) => {
            if let Refusal::Forbidden(rule) = refusal {
                told.rule = Some(rule.number);
            }
            told.reason = refusal.to_string();
        }
    }
    told
}

fn show(arguments: &PolicyShow) -> anyhow::Result<()> {
    let policy = TextPolicy::new();
    let allowed = policy.allowed().iter().map(|allowed| Rule {
        number: allowed.number,
        action: Some(allowed.kind.name()),
        rule: allowed.template.to_owned(),
    });
    let forbidden = policy.forbidden().iter().map(|forbidden| Rule {
        number: forbidden.number,
        action: None,
        rule: forbidden.meaning.to_owned(),
    });
    let rules = Rules { allowed: allowed.collect(), forbidden: forbidden.collect() };
    if arguments.format == Format::Json {
        return stdout::print_json(&rules);
    }
    let mut page = Page::of(format_args!(
        "A text passes in which no forbidden rule finds anything, and which is one allowed form."
    ));
    page.gap();
    page.line("allowed:");
    for Rule { number, action, rule } in &rules.allowed {
        page.line(format_args!("  {number:3}  {:26} {rule}", action.unwrap_or_default()));
    }
    page.gap();
    page.line("forbidden:");
    for Rule { number, rule, .. } in &rules.forbidden {
        page.line(format_args!("  {number:3}  {rule}"));
    }
    stdout::print_page(&page)
}
