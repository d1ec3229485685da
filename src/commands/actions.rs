//! `ks actions`: the catalogue of what can be done, and what is known of each action.

use ks_actor::here::{Host, missing};
use ks_agent::actions::advice;
use ks_agent::policy::TextPolicy;
use ks_agent::tools::reads;
use ks_vocabulary::action::{Accepts, ActionKind, Blast, Field, Form, Risk, Undo};
use ks_vocabulary::kind::Kind;
use serde::Serialize;

use crate::cli::agent::Actions;
use crate::exit::Misused;
use crate::plain::Page;
use crate::render::Format;
use crate::stdout;

/// One action, for programs.
#[derive(Serialize)]
struct Told {
    name: &'static str,
    effect: &'static str,
    /// When it helps; nothing of what only looks.
    #[serde(skip_serializing_if = "Option::is_none")]
    helps: Option<&'static str>,
    /// When it cannot help, or does harm.
    #[serde(skip_serializing_if = "Option::is_none")]
    cannot: Option<&'static str>,
    /// What one that only looks is answered from.
    #[serde(skip_serializing_if = "Option::is_none")]
    reads: Option<&'static str>,
    text: &'static str,
    parameters: Vec<Parameter>,
    blast: Blast,
    risk: Risk,
    undo: Undo,
    answers: Vec<Kind>,
    allowed_as: Vec<&'static str>,
}

/// One parameter of an action.
#[derive(Serialize)]
struct Parameter {
    name: &'static str,
    accepts: Vec<String>,
}

pub(crate) fn run(arguments: &Actions) -> anyhow::Result<()> {
    let policy = TextPolicy::new();
    let forms: Vec<&Form> = ActionKind::ALL.iter().map(|kind| kind.form()).collect();
    let Some(name) = &arguments.name else {
        let forms = of_kind(&forms, arguments.kind.as_deref())?;
        if arguments.here {
            return here(&forms, arguments.format);
        }
        if arguments.format == Format::Json {
            let told: Vec<Told> = forms.iter().map(|form| told(form, &policy)).collect();
            return stdout::print_json(&told);
        }
        return stdout::print_page(&list(&forms));
    };
    let form = forms.iter().find(|form| form.name == name);
    let form = form.ok_or(Misused("no such action; `ks actions` names them all"))?;
    let told = told(form, &policy);
    match arguments.format {
        Format::Json => stdout::print_json(&told),
        Format::Text => stdout::print_page(&page(&told)),
    }
}

/// Whether this host offers an action, for programs.
#[derive(Serialize)]
struct Offered {
    name: &'static str,
    offered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Tells what of it this host offers; what only looks is answered from what was recorded.
fn here(forms: &[&Form], format: Format) -> anyhow::Result<()> {
    let host = Host::look();
    let changes = forms.iter().filter(|form| form.risk != Risk::Info);
    let told: Vec<Offered> = changes
        .map(|form| {
            let reason = missing(form.kind, &host);
            Offered { name: form.name, offered: reason.is_none(), reason }
        })
        .collect();
    if format == Format::Json {
        return stdout::print_json(&told);
    }
    let (can, cannot): (Vec<_>, Vec<_>) = told.iter().partition(|one| one.offered);
    let mut page = Page::of(format_args!("{} of {} can be done here:", can.len(), told.len()));
    for one in can {
        page.line(format_args!("  {}", one.name));
    }
    if !cannot.is_empty() {
        page.gap();
        page.line("not here:");
    }
    for one in cannot {
        page.line(format_args!("  {:26} {}", one.name, one.reason.as_deref().unwrap_or_default()));
    }
    stdout::print_page(&page)
}

fn of_kind<'a>(forms: &[&'a Form], kind: Option<&str>) -> anyhow::Result<Vec<&'a Form>> {
    let Some(kind) = kind else { return Ok(forms.to_vec()) };
    let known = Kind::ALL.iter().find(|known| known.word() == kind);
    let known =
        known.ok_or(Misused("no such condition; `ks replay` names them in its coverage"))?;
    Ok(forms.iter().filter(|form| form.answers.contains(known)).copied().collect())
}

fn told(form: &Form, policy: &TextPolicy) -> Told {
    let allowed = policy.allowed().iter().filter(|allowed| allowed.kind == form.kind);
    let parameter = |field: &Field| Parameter {
        name: field.name,
        accepts: field.accepts.iter().map(accepts).collect(),
    };
    Told {
        name: form.name,
        effect: form.effect,
        helps: advice(form.kind).map(|advice| advice.helps),
        cannot: advice(form.kind).map(|advice| advice.cannot),
        reads: reads(form.kind),
        text: form.grammar,
        parameters: form.fields.iter().map(parameter).collect(),
        blast: form.blast,
        risk: form.risk,
        undo: form.undo,
        answers: form.answers.to_vec(),
        allowed_as: allowed.map(|allowed| allowed.template).collect(),
    }
}

fn accepts(accepts: &Accepts) -> String {
    match accepts {
        Accepts::Whole { low, high } => format!("{low} to {high}"),
        Accepts::Numbers(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
            numbers.join(", ")
        }
        Accepts::Words(words) => words.join(", "),
        Accepts::Text { example, .. } => format!("text such as {example}"),
        Accepts::Keyed(keys) => {
            let each = keys.iter().map(|(key, of)| {
                let of: Vec<String> = of.iter().map(self::accepts).collect();
                format!("{key}: {}", of.join(" or "))
            });
            each.collect::<Vec<_>>().join("; ")
        }
    }
}

fn list(forms: &[&Form]) -> Page {
    let mut page = Page::of(format_args!(
        "{} actions; `ks actions --here` tells which can be done on this host",
        forms.len()
    ));
    for risk in [Risk::Reversible, Risk::Disruptive, Risk::Info] {
        let of_risk: Vec<&&Form> = forms.iter().filter(|form| form.risk == risk).collect();
        if of_risk.is_empty() {
            continue;
        }
        page.gap();
        page.line(match risk {
            Risk::Info => "they look, and are answered from what was recorded:",
            Risk::Reversible => "they can be undone:",
            Risk::Disruptive => "they disrupt, and need an approval:",
        });
        for form in of_risk {
            page.line(format_args!("  {:26} {}", form.name, form.effect));
        }
    }
    page
}

fn page(told: &Told) -> Page {
    let mut page = Page::of(format_args!("{}: {}", told.name, told.effect));
    page.gap();
    if let (Some(helps), Some(cannot)) = (told.helps, told.cannot) {
        page.line(format_args!("helps    where {helps}"));
        page.line(format_args!("cannot   {cannot}"));
    }
    if let Some(reads) = told.reads {
        page.line(format_args!("reads    {reads}"));
        page.line(
            "answered to a reasoner, from what was recorded, at the time of the engine; in the",
        );
        page.line(
            "         phases observe, explain, simulate and decide, at most 60 a minute unless",
        );
        page.line("         configured otherwise; nothing is carried out");
    }
    page.line(format_args!("text     {}", told.text));
    for parameter in &told.parameters {
        page.line(format_args!("         {}: {}", parameter.name, parameter.accepts.join(", or ")));
    }
    page.line(format_args!("reaches  {}", word(&told.blast)));
    page.line(format_args!("risk     {}", word(&told.risk)));
    page.line(format_args!(
        "undo     {}",
        match told.undo {
            Undo::Exact => "the value before is put back",
            Undo::None => "none",
        }
    ));
    let kinds: Vec<&str> = told.answers.iter().map(|kind| kind.word()).collect();
    if !kinds.is_empty() {
        page.line(format_args!("answers  {}", kinds.join(", ")));
    }
    for template in &told.allowed_as {
        page.line(format_args!("allowed  {template}"));
    }
    page
}

/// The word that JSON has for it.
fn word(of: &impl Serialize) -> String {
    let json = serde_json::to_value(of).unwrap_or_default();
    json.as_str().unwrap_or_default().to_owned()
}
