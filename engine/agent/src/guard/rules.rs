//! The rules of the guard, in their order.

use alloc::format;
use alloc::string::{String, ToString};

use ks_vocabulary::action::Risk;
use ks_vocabulary::decision::{Effect, FailureMode, Mode, Plan};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::time::SECOND_NS;

use super::target::target;
use super::{Look, Proposal};
use crate::facts::Those;
use crate::limits::Ask;
use crate::protected::{self, Around, Site};
use crate::unfit::Unfit;

/// A decision is older than this: it is made again.
const DECISION_NS: u64 = 30 * SECOND_NS;
/// Samples may be so many intervals old.
const FRESH_INTERVALS: u64 = 3;
/// What decides rests on so many witnesses.
const WITNESSES: usize = 2;

type Objects = fn(&Proposal, &Look<'_>, &Result<Plan, Unfit>) -> Option<String>;

/// One rule.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its word.
    pub name: &'static str,
    /// What it asks, for people.
    pub asks: &'static str,
    /// It is about what speaks for an action: a person needs nothing that does.
    pub(super) is_of_evidence: bool,
    pub(super) objects: Objects,
}

impl Rule {
    /// Why it objects, without a word of the host.
    pub(super) fn plain(&self, planned: &Result<Plan, Unfit>) -> String {
        match planned {
            Err(unfit) if self.name == "preconditions" => unfit.plain(),
            Ok(_) | Err(_) => format!("it has to hold, and does not: {}", self.asks),
        }
    }

    /// Its word in a decision: what does not fit is told apart.
    pub(super) fn word(&self, planned: &Result<Plan, Unfit>) -> &'static str {
        match planned {
            Err(unfit) if self.name == "preconditions" => unfit.rule(),
            Ok(_) | Err(_) => self.name,
        }
    }
}

/// Every rule, in the order in which they are looked at.
pub const RULES: [Rule; 20] = [
    always("stopped", "no operator has stopped all acting", stopped),
    always("mode", "the mode lets it be proposed", mode),
    of_evidence("evidence", "its signals were issued, and stand", evidence),
    of_evidence("sources", "two independent sources speak for it", sources),
    of_evidence("diagnosis", "it answers what was diagnosed", diagnosis),
    always("target", "it is done to who is at fault", target),
    always("fresh", "the samples are at most three intervals old", fresh),
    always("protected", "nothing protected is touched", protected),
    always("preconditions", "it fits the host as it is", preconditions),
    always("stale", "nothing changed since it was decided", stale),
    always("text", "its text is allowed and not forbidden", text),
    always("site", "the site does not forbid it", site),
    always("in_flight", "no other action is in flight", in_flight),
    of_evidence("incident_budget", "the incident's budget is left", incident_budget),
    always("host_budget", "the host's and target's budget is left", host_budget),
    always("cool_down", "the same was not done to it lately", cool_down),
    always("failures", "it did not fail thrice in a row", failures),
    always("futile", "it was not in vain thrice on it", futile),
    always("oscillation", "it is not done and undone in turn", oscillation),
    always("blast", "one change of the whole host at a time", blast),
];

const fn always(name: &'static str, asks: &'static str, objects: Objects) -> Rule {
    Rule { name, asks, is_of_evidence: false, objects }
}

/// A person's own action is part of no incident, whose budget is one of the agent's.
const fn of_evidence(name: &'static str, asks: &'static str, objects: Objects) -> Rule {
    Rule { name, asks, is_of_evidence: true, objects }
}

fn ask<'a>(proposal: &Proposal, look: &Look<'_>, target: &'a str) -> Ask<'a> {
    let (incident, action) = (proposal.incident, proposal.action.kind());
    Ask { now: look.facts.now(), incident, action, target }
}

fn stopped(_: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    look.stopped.then(|| "an operator has stopped all acting".into())
}

fn mode(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    if proposal.action.kind().form().risk == Risk::Info {
        return Some("what only looks is a tool's business, and nobody carries it out".into());
    }
    (look.config.mode == Mode::Observe).then(|| "the mode is to observe".into())
}

fn evidence(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    if proposal.evidence.is_empty() {
        return Some("it rests on no signal".into());
    }
    let Some(incident) = look.ledger.incident(proposal.incident) else {
        return Some(format!("there is no incident {}", proposal.incident));
    };
    for id in &proposal.evidence {
        match look.ledger.signal(*id) {
            None => return Some(format!("no signal {id} was issued")),
            Some(_) if !incident.episodes.contains(id) => {
                return Some(format!("signal {id} belongs to another incident"));
            }
            Some(known) if !known.stands() => {
                return Some(format!("signal {id} does not stand any more"));
            }
            Some(_) => {}
        }
    }
    None
}

fn sources(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let witnesses = look.ledger.witnesses(&proposal.evidence);
    if witnesses.len() >= WITNESSES {
        return None;
    }
    Some("one source alone speaks for it".into())
}

fn diagnosis(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    if matches!(proposal.failure_mode, FailureMode::Unknown | FailureMode::BusyByDesign) {
        return Some(format!("nothing is to be done about {}", proposal.failure_mode));
    }
    let answers = proposal.action.kind().form().answers;
    let known = proposal.evidence.iter().filter_map(|id| look.ledger.signal(*id));
    let mut kinds = known.map(|known| known.signal.kind);
    if kinds.any(|kind| answers.contains(&kind)) {
        return None;
    }
    Some(format!("`{}` is no answer to what stands", proposal.action.name()))
}

fn fresh(_: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let (now, most_ns) = (look.facts.now(), look.facts.interval_ns() * FRESH_INTERVALS);
    match look.facts.sampled() {
        None => Some("nothing was sampled".into()),
        Some(at) if now.since_ns(at) > most_ns => {
            Some(format!("the last sample is {} s old", now.since_ns(at) / SECOND_NS))
        }
        Some(_) => None,
    }
}

fn protected(
    proposal: &Proposal,
    look: &Look<'_>,
    planned: &Result<Plan, Unfit>,
) -> Option<String> {
    let site = Site { protect: &look.config.policy.protect, root_units: &look.config.root_units };
    match &proposal.target {
        Entity::Process(pid, start) => {
            // One that is gone is told by the preconditions.
            let process = look.facts.process((*pid, *start))?;
            let around = Around::of(look.facts);
            let own = around.process(&process, site);
            let is_session =
                proposal.action.kind().form().blast == ks_vocabulary::action::Blast::Session;
            own.or_else(|| if is_session { session(&process, site, &around) } else { None })
                .or_else(|| groups_of(planned, site, &around))
        }
        Entity::Cgroup(group) => protected::group(&group.path, site, look.facts),
        Entity::Host | Entity::Disk(_) | Entity::Filesystem(_) | Entity::Nic(_) => None,
        Entity::NicOf(..) | Entity::Netns(_) | Entity::ForkTree(..) | Entity::Executable(_) => {
            Some("it is nothing that an action can name".into())
        }
    }
}

/// What is done to a process may be written to its control group, where others are as well.
fn groups_of(planned: &Result<Plan, Unfit>, site: Site<'_>, around: &Around<'_>) -> Option<String> {
    let effects = planned.as_ref().map(|plan| &plan.effects[..]).unwrap_or_default();
    effects.iter().find_map(|effect| {
        let Effect::GroupFile { group, .. } = effect else { return None };
        let Entity::Cgroup(group) = &group.0 else { return None };
        around.group(&group.path, site)
    })
}

/// A protected member protects its session.
fn session(
    process: &crate::facts::ProcessFacts<'_>,
    site: Site<'_>,
    around: &Around<'_>,
) -> Option<String> {
    let session = process.session?;
    let (pid, why) = around.among(Those::Session(session), site)?;
    Some(format!("process {pid} is in its session: {why}"))
}

fn preconditions(_: &Proposal, _: &Look<'_>, planned: &Result<Plan, Unfit>) -> Option<String> {
    planned.as_ref().err().map(ToString::to_string)
}

fn stale(proposal: &Proposal, look: &Look<'_>, planned: &Result<Plan, Unfit>) -> Option<String> {
    let age_ns = look.facts.now().since_ns(proposal.decided);
    match (&proposal.planned, planned) {
        (Some(before), Ok(plan)) if before != plan => {
            Some("what it would change is not what it was when it was decided".into())
        }
        (Some(_), _) if Proposal::exe_of(&proposal.target, look.facts) != proposal.exe => {
            Some("it runs another program than when it was decided".into())
        }
        (None, _) if age_ns > DECISION_NS => Some("it was decided more than 30 s ago".into()),
        (Some(_) | None, Ok(_) | Err(_)) => None,
    }
}

fn text(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    look.texts.check(&proposal.action).err().map(|refusal| refusal.to_string())
}

fn site(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let policy = &look.config.policy;
    if policy.deny.contains(&proposal.action.kind()) {
        return Some(format!("the site forbids `{}`", proposal.action.name()));
    }
    let text = proposal.action.canonical().unwrap_or_default();
    let pattern = look.forbidden.iter().find(|pattern| pattern.is_match(&text))?;
    Some(format!("the site forbids texts such as `{}`", pattern.as_str()))
}

fn in_flight(_: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    look.limits.in_flight(look.facts.now()).err()
}

fn incident_budget(
    proposal: &Proposal,
    look: &Look<'_>,
    _: &Result<Plan, Unfit>,
) -> Option<String> {
    let target = proposal.target.to_string();
    look.limits.on_incident(&ask(proposal, look, &target), &look.config.effective_budgets()).err()
}

fn host_budget(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let target = proposal.target.to_string();
    look.limits.on_host(&ask(proposal, look, &target), &look.config.effective_budgets()).err()
}

fn cool_down(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let target = proposal.target.to_string();
    look.limits.cool_down(&ask(proposal, look, &target)).err()
}

fn failures(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let target = proposal.target.to_string();
    look.limits.failures(&ask(proposal, look, &target)).err()
}

fn futile(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let target = proposal.target.to_string();
    look.limits.futile(&ask(proposal, look, &target)).err()
}

fn oscillation(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let target = proposal.target.to_string();
    look.limits.oscillates(&ask(proposal, look, &target)).err()
}

fn blast(proposal: &Proposal, look: &Look<'_>, _: &Result<Plan, Unfit>) -> Option<String> {
    let target = proposal.target.to_string();
    look.limits.host_wide(&ask(proposal, look, &target)).err()
}
