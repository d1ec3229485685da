//! The rules: the reasoner that needs no model. It takes the likeliest cause, asks what becomes of
//! it, and chooses the mildest action that is expected to help by most for its risk. It waits where
//! waiting costs nothing, and leaves alone what is ambiguous, protected or meant to be so.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::action::Risk;
use ks_vocabulary::decision::{
    CandidateTold, CandidatesTold, Ending, Exchange, Execution, FailureMode, Finish, ModelRequest,
    PartyTold, Phase, Reply, SignalTold, SignalsTold, SimulatedTold, ToolAnswer, ToolCall, Urgency,
    Verdict,
};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::subtype::Subtype;

use super::{Advised, Reasoner};
use crate::diagnosis;

/// Minutes of signals that are looked at, and of the future.
const LOOKBACK_MIN: u64 = 60;
const HORIZON_MIN: u64 = 30;
/// An end that is further away than this may be waited for, in seconds: time for an approval and
/// for whatever takes effect slowly (our judgement).
const PATIENT_S: f64 = 1_800.0;
/// What an action that disrupts has to gain over one that does not.
const RISK_WEIGHT: f64 = 4.0;
/// Share below which a culprit of an ambiguous condition is not even considered.
const SURE_SHARE: f64 = 0.4;

/// See the module.
#[derive(Debug, Default)]
pub struct Rules;

impl Reasoner for Rules {
    fn advise(&mut self, request: &ModelRequest) -> Advised {
        Advised::Reply(match request.phase {
            Phase::Observe => observe(request),
            Phase::Explain => explain(request),
            Phase::Simulate => simulate(request),
            Phase::Decide => decide(request),
            Phase::Execute => execute(request),
            Phase::Verify | Phase::Reflect => Reply::Next,
        })
    }
}

/// What is wrong, and who is to blame.
struct Diagnosis<'a> {
    mode: FailureMode,
    signal: &'a SignalTold,
    culprit: Option<&'a PartyTold>,
}

fn finish(ending: Ending, reason: String) -> Reply {
    Reply::Finish(Finish::new(ending, reason))
}

fn answers(history: &[Exchange], phase: Phase) -> impl Iterator<Item = &ToolAnswer> {
    let own = history.iter().filter(move |exchange| exchange.phase == phase);
    own.filter_map(|exchange| exchange.answer.as_ref().ok())
}

fn signals(request: &ModelRequest) -> Option<&SignalsTold> {
    answers(&request.history, Phase::Observe).find_map(|answer| match answer {
        ToolAnswer::Signals(told) => Some(told),
        ToolAnswer::Trends(_)
        | ToolAnswer::Simulated(_)
        | ToolAnswer::Candidates(_)
        | ToolAnswer::Judged(_)
        | ToolAnswer::Looked(_) => None,
    })
}

fn observe(request: &ModelRequest) -> Reply {
    if signals(request).is_some() {
        return Reply::Next;
    }
    Reply::Call(all_signals())
}

/// What the rules look at first.
pub fn all_signals() -> ToolCall {
    ToolCall::QuerySignals {
        severity_min: Severity::Low,
        lookback_minutes: LOOKBACK_MIN,
        signal_types: Vec::new(),
        limit: 50,
    }
}

/// The signal to act on: that of the likeliest cause, else the worst, the oldest of equals.
fn diagnose(request: &ModelRequest) -> Option<Diagnosis<'_>> {
    let told = signals(request)?;
    let own = || told.signals.iter().filter(|signal| signal.of_incident && signal.stands);
    let worst = own()
        .max_by_key(|signal| (signal.severity, signal.age_s, core::cmp::Reverse(signal.id)))?;
    let cause = request.incident.causes.first();
    let is_of_cause = |signal: &&SignalTold| {
        cause.is_some_and(|cause| {
            let blames =
                signal.culprits.iter().any(|one| one.convicted && one.entity == cause.entity);
            signal.kind == cause.kind && (blames || signal.entity == cause.entity)
        })
    };
    let signal = own()
        .filter(|signal| signal.severity >= Severity::Medium)
        .filter(is_of_cause)
        .max_by_key(|signal| (signal.severity, signal.age_s, core::cmp::Reverse(signal.id)))
        .unwrap_or(worst);
    let (mode, culprit) = diagnosis::of_signal(signal);
    Some(Diagnosis { mode, signal, culprit })
}

fn explain(request: &ModelRequest) -> Reply {
    let Some(found) = diagnose(request) else {
        return finish(Ending::NothingToDo, "nothing of the incident stands any more".into());
    };
    let left = leave_alone(&found).or_else(|| own_doing(&found, request));
    if let Some(reply) = left.or_else(|| harmless(&found, request)) {
        return reply;
    }
    if answers(&request.history, Phase::Explain).next().is_some() {
        return Reply::Next;
    }
    Reply::Call(ToolCall::SummarizeTrends {
        signal_type: found.signal.kind,
        analysis_window: LOOKBACK_MIN,
        entity: None,
    })
}

/// What nobody should act on.
#[expect(clippy::wildcard_enum_match_arm, reason = "the others may be acted on")]
fn leave_alone(found: &Diagnosis<'_>) -> Option<Reply> {
    let Diagnosis { mode, signal, culprit } = found;
    let id = signal.id;
    if signal.severity == Severity::Low {
        let reason = format!("signal {id} is low: nobody suffers from it");
        return Some(finish(Ending::NothingToDo, reason));
    }
    match mode {
        FailureMode::BusyByDesign => {
            let reason = format!("signal {id}: the host does what it was told to do");
            Some(finish(Ending::NothingToDo, reason))
        }
        FailureMode::Unknown => {
            let most = signal.culprits.first().map_or(0.0, |party| party.share);
            let why = if most >= SURE_SHARE {
                "nobody is twice as far as the next"
            } else {
                "many take their part"
            };
            let reason = format!("signal {id}: nobody is convicted, {why}");
            Some(finish(Ending::CannotTell, reason))
        }
        FailureMode::GroupMemoryLimit => {
            let reason = format!(
                "signal {id}: the group is at its own limit, which is its owner's to change"
            );
            Some(finish(Ending::NothingToDo, reason))
        }
        FailureMode::CpuHog | FailureMode::NoisyNeighbour | FailureMode::IoHog
            if culprit.is_some_and(|party| party.serves == Some(true)) =>
        {
            let who = culprit.map_or("it", |party| party.entity.as_str());
            let reason = format!("signal {id}: {who} serves others, who would wait for it longer");
            Some(finish(Ending::NothingToDo, reason))
        }
        _ if culprit.is_none() && needs_culprit(*mode) => Some(finish(
            Ending::CannotTell,
            format!("signal {id}: {mode}, and nobody is convicted"),
        )),
        _ => None,
    }
}

/// A group that waits for CPUs since it was given a limit does what it is meant to.
fn own_doing(found: &Diagnosis<'_>, request: &ModelRequest) -> Option<Reply> {
    let Diagnosis { mode: FailureMode::CpuQuota, signal, .. } = found else { return None };
    let by = request.tried.iter().rev().find(|tried| tried.target == signal.entity)?;
    let reason = format!("signal {}: it is held back by what was done, {}", signal.id, by.action);
    Some(finish(Ending::NothingToDo, reason))
}

/// Who takes much of what nobody else wants does what the host is there for.
fn harmless(found: &Diagnosis<'_>, request: &ModelRequest) -> Option<Reply> {
    let Diagnosis { mode, signal, culprit: Some(culprit) } = found else { return None };
    let takes = [FailureMode::CpuHog, FailureMode::NoisyNeighbour, FailureMode::IoHog];
    let told = signals(request)?.signals.iter().filter(|signal| signal.stands);
    let is_other = |party: &PartyTold| {
        let is_one = party.entity.starts_with("proc#") && party.entity != culprit.entity;
        let group = party.group.as_ref();
        let is_its =
            group == Some(&culprit.entity) || (group.is_some() && group == culprit.group.as_ref());
        is_one && !is_its
    };
    let mut others = told.flat_map(|signal| {
        let behind = signal.culprits.iter();
        let behind = behind.filter(|_| signal.subtype == Some(Subtype::AcceptQueue));
        signal.victims.iter().chain(behind)
    });
    if !takes.contains(mode) || others.any(is_other) {
        return None;
    }
    let who = &culprit.entity;
    let reason = format!("signal {}: nobody but {who} waits for what it takes", signal.id);
    Some(finish(Ending::NothingToDo, reason))
}

/// Whether an answer is done to someone.
fn needs_culprit(mode: FailureMode) -> bool {
    matches!(
        mode,
        FailureMode::MemoryLeak
            | FailureMode::MemoryHog
            | FailureMode::CpuHog
            | FailureMode::NoisyNeighbour
            | FailureMode::ForkStorm
            | FailureMode::IoHog
    )
}

fn simulate(request: &ModelRequest) -> Reply {
    let Some(found) = diagnose(request) else { return Reply::Next };
    let waited = answers(&request.history, Phase::Simulate).find_map(simulated);
    let Some(wait) = waited else {
        return Reply::Call(ToolCall::SimulateScenario {
            signal_type: found.signal.kind,
            duration_minutes: HORIZON_MIN,
            action_type: None,
            target: None,
        });
    };
    // A forecast is not harm yet: where its end is far there is time for people.
    let is_forecast = found.signal.subtype == Some(Subtype::Predicted);
    if is_forecast && wait.eta_low_s.is_some_and(|eta| eta > PATIENT_S) {
        let reason = format!(
            "signal {}: the end is at least {:.0} min away, and waiting costs nothing",
            found.signal.id,
            wait.eta_low_s.unwrap_or(0.0) / 60.0
        );
        return finish(Ending::NothingToDo, reason);
    }
    Reply::Next
}

fn simulated(answer: &ToolAnswer) -> Option<&SimulatedTold> {
    if let ToolAnswer::Simulated(told) = answer { Some(told) } else { None }
}

fn candidates(request: &ModelRequest) -> Option<&CandidatesTold> {
    answers(&request.history, Phase::Decide).find_map(|answer| {
        if let ToolAnswer::Candidates(told) = answer { Some(told) } else { None }
    })
}

fn decide(request: &ModelRequest) -> Reply {
    let Some(found) = diagnose(request) else { return Reply::Next };
    let Some(told) = candidates(request) else {
        let urgency =
            if found.signal.severity >= Severity::High { Urgency::High } else { Urgency::Low };
        return Reply::Call(ToolCall::ProposeAction {
            failure_mode: found.mode,
            urgency,
            target: found.culprit.map(|party| party.entity.clone()),
        });
    };
    if choose(told, request).is_some() {
        return Reply::Next;
    }
    let id = found.signal.id;
    match told.candidates.iter().find(|one| one.rule == "protected") {
        _ if told.candidates.is_empty() => finish(
            Ending::NothingToDo,
            format!("signal {id}: {}, for which there is no action", found.mode),
        ),
        Some(one) => finish(
            Ending::NothingToDo,
            format!("signal {id}: who is at fault is protected: {}", one.reason),
        ),
        None => finish(Ending::CannotTell, format!("signal {id}: {}", refusals(told))),
    }
}

/// Why each of the candidates cannot be done.
fn refusals(told: &CandidatesTold) -> String {
    let each = told.candidates.iter().map(|one| format!("{}: {}", one.action.name(), one.reason));
    each.collect::<Vec<_>>().join("; ")
}

/// The candidate that is expected to help by most for its risk; of equals the mildest, which comes
/// first.
fn choose<'a>(told: &'a CandidatesTold, request: &ModelRequest) -> Option<&'a CandidateTold> {
    let possible = told.candidates.iter().filter(|one| one.verdict != Verdict::Denied);
    let fresh = possible.filter(|one| {
        let name = one.action.name();
        !request.tried.iter().any(|tried| tried.action == name)
    });
    let mut best: Option<(&CandidateTold, f64)> = None;
    for one in fresh {
        if one.expected.is_none() {
            continue;
        }
        let gain = one.gain * one.success_rate;
        let worth = if one.risk == Risk::Disruptive { gain / RISK_WEIGHT } else { gain };
        if best.is_none_or(|(_, most)| worth > most * 1.001) {
            best = Some((one, worth));
        }
    }
    best.map(|(one, _)| one)
}

fn execute(request: &ModelRequest) -> Reply {
    let judged = answers(&request.history, Phase::Execute)
        .find_map(|answer| if let ToolAnswer::Judged(told) = answer { Some(told) } else { None });
    if let Some(judged) = judged {
        let ending = match judged.verdict {
            Verdict::Allowed => Ending::Acted,
            Verdict::NeedsApproval => Ending::Proposed,
            Verdict::Denied => Ending::CannotTell,
        };
        return finish(ending, judged.reason.clone());
    }
    let (Some(found), Some(told)) = (diagnose(request), candidates(request)) else {
        return Reply::Next;
    };
    let Some(chosen) = choose(told, request) else { return Reply::Next };
    let evidence: Vec<u64> = signals(request)
        .into_iter()
        .flat_map(|told| &told.signals)
        .filter(|signal| signal.of_incident && signal.stands && signal.severity >= Severity::Medium)
        .map(|signal| signal.id)
        .chain([found.signal.id])
        .take(20)
        .collect();
    Reply::Call(ToolCall::ExecuteRemediation(Execution {
        action: chosen.action.clone(),
        justification: justification(&found, chosen),
        confidence: confidence(&found, request),
        evidence: unique(evidence),
        predicted_effect: chosen.expected,
    }))
}

fn unique(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn justification(found: &Diagnosis<'_>, chosen: &CandidateTold) -> String {
    let who = found.culprit.map_or_else(String::new, |party| {
        format!(", {:.0} % of {} by {}", party.share * 100.0, party.metric, party.entity)
    });
    format!(
        "Signal {}: {} on {}{who}. {}",
        found.signal.id,
        found.mode,
        found.signal.entity,
        chosen.action.kind().form().effect
    )
}

/// How sure the diagnosis is: the score of the likeliest cause, or the culprit's share.
fn confidence(found: &Diagnosis<'_>, request: &ModelRequest) -> f64 {
    let cause = request.incident.causes.first().map(|cause| cause.score);
    let share = found.culprit.map(|party| party.share);
    cause.or(share).unwrap_or(0.5).clamp(0.0, 1.0)
}

/// The diagnosis of a request, for who keeps the decision.
pub fn diagnosed(request: &ModelRequest) -> (FailureMode, Option<String>) {
    let found = diagnose(request);
    found.map_or((FailureMode::Unknown, None), |found| {
        (found.mode, found.culprit.map(|party| party.entity.clone()))
    })
}
