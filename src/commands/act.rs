//! `ks act`: a person's own action, through the same guard, actor, read-back and audit as an
//! agent's.

use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::bail;
use ks_vocabulary::action::{Action, ActionKind, Form, Risk};
use ks_vocabulary::decision::{Upshot, Verdict};
use ks_vocabulary::input::{Condition, OwnAction};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::live::alone;
use super::status;
use crate::cli::acting::Act;
use crate::control::{ControlError, Course, Proposed, Question, Reply, ask};
use crate::exit::{Misused, Unmet, Unsuited};
use crate::plain::Page;
use crate::progress;
use crate::render::Format;
use crate::stdout;

/// An action is performed within half a minute, and looked at for five minutes at most.
const LOOKS: u32 = 1_700;
const LOOK: Duration = Duration::from_millis(200);

/// What came of an action, for programs.
#[derive(Serialize)]
struct Came<'a> {
    judged: &'a Proposed,
    #[serde(skip_serializing_if = "Option::is_none")]
    came: Option<&'a Course>,
}

pub(crate) fn run(arguments: &Act) -> anyhow::Result<()> {
    let own = own(arguments)?;
    let (judged, came) = if by_daemon(&arguments.daemon)? {
        if arguments.output.is_some() {
            return Err(Misused("a daemon acts here, and records it: leave -o out").into());
        }
        told_to_daemon(&arguments.daemon, own)?
    } else {
        if arguments.output.is_none() && !own.rehearse {
            return Err(
                Misused("no daemon acts here: name a recording of it, -o FILE.parquet").into()
            );
        }
        alone::act(arguments, own)?
    };
    if arguments.format == Format::Json {
        stdout::print_json(&Came { judged: &judged, came: came.as_ref() })?;
    } else {
        stdout::print_page(&page(&judged, came.as_ref(), arguments.dry_run))?;
    }
    let is_done = came.is_none_or(|one| one.outcome.is_none_or(Upshot::stays));
    if judged.verdict != Verdict::Denied && is_done { Ok(()) } else { Err(Unmet.into()) }
}

fn page(judged: &Proposed, came: Option<&Course>, is_dry: bool) -> Page {
    let mut page = Page::default();
    let done = match came {
        Some(course) => {
            let outcome = course.outcome.map_or("done", |outcome| outcome.word());
            format!("decision {}: {outcome}: {}", judged.decision, course.told)
        }
        None if judged.verdict == Verdict::Denied => "nothing is done:".to_owned(),
        None if is_dry => "this would be done:".to_owned(),
        None => format!("decision {}:", judged.decision),
    };
    page.line(done);
    status::proposed(judged, &mut page);
    page
}

/// Whether a daemon is there that can act. One that observes is left to that.
fn by_daemon(folder: &Path) -> anyhow::Result<bool> {
    match ask(folder, &Question::Status {}) {
        Ok(Reply::Status(status)) => Ok(status.acting.is_some()),
        Ok(Reply::Done | Reply::Judged(_) | Reply::Refused { .. })
        | Err(ControlError::Absent { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn told_to_daemon(folder: &Path, own: OwnAction) -> anyhow::Result<(Proposed, Option<Course>)> {
    let is_dry = own.rehearse;
    let Reply::Judged(judged) = ask(folder, &Question::Act { own: Box::new(own) })? else {
        bail!("the daemon answers something else than was asked");
    };
    if is_dry || judged.verdict == Verdict::Denied {
        return Ok((*judged, None));
    }
    let bar = progress::bar();
    bar.set_message("acting, and looking whether it helps");
    let decision = judged.decision;
    let mut came = None;
    for _ in 0..LOOKS {
        let Reply::Status(status) = ask(folder, &Question::Status {})? else { break };
        let decisions = status.acting.map(|acting| acting.decisions).unwrap_or_default();
        came = decisions.into_iter().find(|one| one.decision == decision);
        if came.as_ref().is_none_or(|one| one.is_settled) {
            break;
        }
        sleep(LOOK);
    }
    bar.finish_and_clear();
    Ok((*judged, came))
}

/// What is asked for, as the engine takes it.
fn own(arguments: &Act) -> anyhow::Result<OwnAction> {
    let kind = ActionKind::ALL.into_iter().find(|kind| kind.name() == arguments.action);
    let form = kind.ok_or(Misused("no such action; `ks actions` names them all"))?.form();
    if form.risk == Risk::Info {
        return Err(Misused("it only looks: `ks dump` and `ks replay` tell what it reads").into());
    }
    let target = target(arguments.target.as_deref())?;
    let action = action(form, &target, &arguments.set)?;
    let verify = arguments
        .verify
        .as_ref()
        .map(|wanted| Condition { kind: wanted.kind, entity: wanted.entity.clone() });
    Ok(OwnAction { action, target: Exact(target), verify, rehearse: arguments.dry_run })
}

/// The entity that was named; a process by its number is looked up at once.
fn target(text: Option<&str>) -> anyhow::Result<Entity> {
    let Some(text) = text else { return Ok(Entity::Host) };
    let text = match text.strip_prefix("pid:") {
        Some(pid) => exact(pid)?,
        None => text.to_owned(),
    };
    let wrong = || {
        Unsuited(format!(
            "`{text}` is no entity: write process:PID:START, pid:PID, cgroup:PATH, disk:NAME or \
             filesystem:PATH"
        ))
    };
    Ok(Exact::try_from(text.clone()).map_err(|_| wrong())?.0)
}

fn exact(pid: &str) -> anyhow::Result<String> {
    let number: u64 = pid.parse().map_err(|_| Unsuited(format!("`{pid}` is no process id")))?;
    let stat = ks_actor::stat::Stat::of(Path::new(&format!("/proc/{number}")));
    let stat = stat.map_err(|_| Unsuited(format!("there is no process {number}")))?;
    Ok(format!("process:{number}:{}", stat.start_ticks))
}

/// The action with its parameters. Its target is one of them.
fn action(form: &Form, target: &Entity, set: &[(String, String)]) -> anyhow::Result<Action> {
    let mut parameters = Map::new();
    for field in form.fields {
        if let Some(named) = named(field.name, target) {
            parameters.insert(field.name.to_owned(), json!(named));
        }
    }
    for (key, text) in set {
        if !form.fields.iter().any(|field| field.name == key) {
            let known: Vec<&str> = form.fields.iter().map(|field| field.name).collect();
            let told = format!("`{}` has no `{key}`: it has {}", form.name, known.join(", "));
            return Err(Unsuited(told).into());
        }
        parameters.insert(key.clone(), value(text));
    }
    let written = if form.fields.is_empty() {
        json!(form.name)
    } else {
        json!({ form.name: Value::Object(parameters) })
    };
    let wrong = |error: serde_json::Error| {
        let told = told_of(form, target, &error.to_string());
        Unsuited(format!("{told}; `ks actions {}` has its parameters", form.name))
    };
    Ok(serde_json::from_value(written).map_err(wrong)?)
}

/// What is missing, as it is written here: a target is no parameter.
fn told_of(form: &Form, target: &Entity, error: &str) -> String {
    let targets = ["process", "group", "disk", "mount", "nic"];
    let missing = form
        .fields
        .iter()
        .map(|field| field.name)
        .find(|name| targets.contains(name) && error == format!("missing field `{name}`"));
    match missing {
        Some(name) if *target == Entity::Host => format!("it is done to a {name}: add --target"),
        Some(name) => format!("it is done to a {name}, and `{target}` is none"),
        None => error.to_owned(),
    }
}

/// An entity as a parameter names it.
fn named(field: &str, target: &Entity) -> Option<String> {
    match (field, target) {
        ("process", Entity::Process(..)) => Some(target.to_string()),
        ("group", Entity::Cgroup(group)) => Some(String::from_utf8_lossy(&group.path).into_owned()),
        ("disk", Entity::Disk(name)) => Some(String::from_utf8_lossy(name).into_owned()),
        // These are known by the handle that they get.
        ("mount", Entity::Filesystem(_)) => Some("mnt#1".to_owned()),
        ("nic", Entity::Nic(_)) => Some("if#1".to_owned()),
        _ => None,
    }
}

/// A number where it is one.
fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}
