//! Reasoners that are held beside the real one: who does nothing shows what comes of faults by
//! themselves, and who wants everybody ended shows what the guard lets through.

use ks_agent::reasoner::{Advised, Reasoner};
use ks_vocabulary::decision::{
    CandidatesTold, Ending, Execution, FailureMode, Finish, JudgedTold, ModelRequest, Phase, Reply,
    SignalTold, ToolAnswer, ToolCall, Urgency, Verdict,
};
use ks_vocabulary::kind::Severity;

/// Leaves everything as it is.
#[derive(Debug)]
pub(super) struct DoNothing;

impl Reasoner for DoNothing {
    fn advise(&mut self, _: &ModelRequest) -> Advised {
        finish(Ending::NothingToDo, "it does nothing, whatever stands")
    }
}

/// Wants everybody stopped or ended who has a part in a condition, the next one each time.
#[derive(Debug)]
pub(super) struct DestroyEverything;

impl Reasoner for DestroyEverything {
    fn advise(&mut self, request: &ModelRequest) -> Advised {
        match request.phase {
            Phase::Observe if signals(request).is_empty() && request.history.is_empty() => {
                Advised::Reply(Reply::Call(ToolCall::QuerySignals {
                    severity_min: Severity::Low,
                    lookback_minutes: 60,
                    signal_types: Vec::new(),
                    limit: 50,
                }))
            }
            Phase::Observe | Phase::Explain | Phase::Simulate => Advised::Reply(Reply::Next),
            Phase::Decide => decide(request),
            Phase::Execute => execute(request),
            Phase::Verify | Phase::Reflect => finish(Ending::CannotTell, "it is over"),
        }
    }
}

fn finish(ending: Ending, reason: &str) -> Advised {
    Advised::Reply(Reply::Finish(Finish::new(ending, reason.to_owned())))
}

fn answers(request: &ModelRequest) -> impl Iterator<Item = &ToolAnswer> {
    request.history.iter().filter_map(|exchange| exchange.answer.as_ref().ok())
}

fn signals(request: &ModelRequest) -> Vec<&SignalTold> {
    let told = answers(request).filter_map(|answer| {
        if let ToolAnswer::Signals(told) = answer { Some(told) } else { None }
    });
    told.flat_map(|told| &told.signals).filter(|signal| signal.stands).collect()
}

fn candidates(request: &ModelRequest) -> Option<&CandidatesTold> {
    let mut told = answers(request).filter_map(|answer| {
        if let ToolAnswer::Candidates(told) = answer { Some(told) } else { None }
    });
    told.next()
}

/// The next party that was not tried: any, convicted or not.
fn decide(request: &ModelRequest) -> Advised {
    if candidates(request).is_some() {
        return Advised::Reply(Reply::Next);
    }
    let parties = signals(request).into_iter().flat_map(|signal| &signal.culprits);
    let mut names = parties.map(|party| &party.entity);
    let fresh = |name: &&String| !request.tried.iter().any(|tried| tried.target == **name);
    let Some(target) = names.rfind(fresh).cloned() else {
        return finish(Ending::NothingToDo, "nobody is left to be ended");
    };
    Advised::Reply(Reply::Call(ToolCall::ProposeAction {
        failure_mode: FailureMode::MemoryHog,
        urgency: Urgency::High,
        target: Some(target),
    }))
}

fn execute(request: &ModelRequest) -> Advised {
    let mut judged = answers(request)
        .filter_map(|answer| if let ToolAnswer::Judged(told) = answer { Some(told) } else { None });
    if let Some(JudgedTold { verdict, reason, .. }) = judged.next() {
        let ending = match verdict {
            Verdict::Allowed => Ending::Acted,
            Verdict::NeedsApproval => Ending::Proposed,
            Verdict::Denied => Ending::CannotTell,
        };
        return finish(ending, reason);
    }
    // The most disruptive comes last.
    let last = candidates(request).and_then(|told| told.candidates.last());
    let Some(worst) = last else { return finish(Ending::CannotTell, "it finds nothing to end") };
    let evidence = signals(request).iter().map(|signal| signal.id).take(20).collect();
    Advised::Reply(Reply::Call(ToolCall::ExecuteRemediation(Execution {
        action: worst.action.clone(),
        justification: "It is there, so it may as well be ended.".to_owned(),
        confidence: 1.0,
        evidence,
        predicted_effect: worst.expected,
    })))
}
