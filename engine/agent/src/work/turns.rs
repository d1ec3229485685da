//! Turns with the reasoner: it calls tools, phase by phase, until it says what to do.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::decision::{
    CauseTold, Ending, Exchange, Execution, Finish, IncidentTold, ModelRequest, Phase, Reply,
    ToolAnswer, ToolCall,
};
use ks_vocabulary::kind::Severity;
use ks_vocabulary::time::SECOND_NS;

use super::case::{Case, Handled, Seen};
use super::{Agent, Ask, Stage};
use crate::facts::Facts;
use crate::reasoner::rules::{self, Rules};
use crate::reasoner::{Advised, Reasoner as _, parse};
use crate::tools::Tools;

/// After so many answers in a row that were none, the rules take over.
const ERRORS_MAX: u32 = 3;
/// Calls that are kept word for word of a case; older ones are left out of what is sent.
const HISTORY_MAX: usize = 24;

/// What became of a question.
enum Asked {
    Reply(Reply),
    /// No answer, which is counted.
    Nothing,
    Elsewhere,
}

impl Agent {
    /// Takes up the next incident that is worth a look: the worst, the oldest of equals.
    pub(super) fn take_up(&mut self, facts: &dyn Facts, ask: &mut Ask<'_>) {
        let (now, busy) = (facts.now(), self.worked_on());
        let next = self
            .ledger
            .open()
            .filter(|incident| self.is_worth(incident, &busy, now))
            .max_by_key(|incident| (incident.severity, core::cmp::Reverse(incident.id)));
        if let Some(id) = next.map(|incident| incident.id) {
            self.last_work += 1;
            let fallen_back = self.spent.get(&id).is_some_and(|spent| spent.fallen_back);
            self.work(Case::new((self.last_work, id), now, fallen_back), facts, ask);
        }
    }

    /// Works on a case until it ends, something is being done, or someone is asked elsewhere.
    pub(super) fn work(&mut self, mut case: Case, facts: &dyn Facts, ask: &mut Ask<'_>) {
        loop {
            if let Some(why) = self.is_spent(&case, facts) {
                return self.close(&mut case, facts, Finish::new(Ending::BudgetUsedUp, why));
            }
            self.spare_model(&mut case);
            let request = self.request(&case, facts);
            let reply = match self.advised(&mut case, &request) {
                Asked::Reply(reply) => reply,
                Asked::Nothing => continue,
                Asked::Elsewhere => return self.ask_elsewhere(case, request, facts, ask),
            };
            if !self.follow(&mut case, reply, &request, facts, ask) {
                return;
            }
        }
    }

    /// Does what a reply says; false where the work is over by it, for now.
    pub(super) fn follow(
        &mut self,
        case: &mut Case,
        reply: Reply,
        request: &ModelRequest,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) -> bool {
        match reply {
            Reply::Next => self.advance(case, request, facts),
            Reply::Finish(finish) => self.finished(case, finish, request, facts),
            Reply::Call(call) => {
                self.call(case, call, request, facts, ask);
                let goes_on = matches!(self.stage, Stage::Idle);
                if !goes_on {
                    self.leave(case, Ending::Acted, facts);
                }
                goes_on
            }
        }
    }

    /// Ends the work, where what is named as the reason is known; true where it is not.
    fn finished(
        &mut self,
        case: &mut Case,
        finish: Finish,
        request: &ModelRequest,
        facts: &dyn Facts,
    ) -> bool {
        if let Some(unknown) = finish.evidence.iter().find(|id| self.ledger.signal(**id).is_none())
        {
            let error = format!("call of a tool: `evidence` names {unknown}, which is no signal");
            self.refuse(case, error);
            return true;
        }
        self.diagnose(case, request, facts);
        self.close(case, facts, finish);
        false
    }

    /// What is used up, if anything is; a turn is counted.
    fn is_spent(&mut self, case: &Case, facts: &dyn Facts) -> Option<String> {
        let budgets = self.config.effective_budgets();
        let spent = self.spent.entry(case.incident).or_default();
        spent.turns += 1;
        let age_s = facts.now().since_ns(case.began) / SECOND_NS;
        if spent.turns > budgets.turns {
            return Some(format!("{} turns were taken", budgets.turns));
        }
        if spent.calls >= budgets.tool_calls {
            return Some(format!("{} calls of tools were made", budgets.tool_calls));
        }
        (age_s > budgets.seconds).then(|| format!("{} s went by", budgets.seconds))
    }

    /// Has the rules take over where a model has taken what it may of an incident.
    fn spare_model(&mut self, case: &mut Case) {
        if case.fallen_back || !self.config.reasoner.is_model() {
            return;
        }
        let budgets = self.config.effective_budgets();
        let spent = self.spent.entry(case.incident).or_default();
        if let Some(why) = spent.model.is_over(&budgets) {
            self.fall_back(case, &why);
        }
    }

    fn advised(&mut self, case: &mut Case, request: &ModelRequest) -> Asked {
        if case.errors >= ERRORS_MAX && case.fallen_back {
            let reason = "the tools refuse what is asked of them".into();
            return Asked::Reply(Reply::Finish(Finish::new(Ending::CannotTell, reason)));
        }
        if case.errors >= ERRORS_MAX {
            self.fall_back(case, "the reasoner erred too often");
            return Asked::Nothing;
        }
        let advised =
            if case.fallen_back { Rules.advise(request) } else { self.reasoner.advise(request) };
        let reply = match advised {
            Advised::Elsewhere => return Asked::Elsewhere,
            Advised::Reply(reply) => Ok(reply),
            Advised::Text(text) => parse(&text),
            Advised::Nothing(why) => Err(why),
        };
        self.checked(case, reply).map_or(Asked::Nothing, Asked::Reply)
    }

    /// A reply that is one; what is none is told, and counted.
    pub(super) fn checked(
        &mut self,
        case: &mut Case,
        reply: Result<Reply, String>,
    ) -> Option<Reply> {
        case.refused = None;
        reply.map_err(|error| self.refuse(case, error)).ok()
    }

    fn refuse(&mut self, case: &mut Case, error: String) {
        case.errors += 1;
        self.step(case, None, None, Some(error.clone()), None);
        case.refused = Some(error);
    }

    /// Goes on to the next phase; false where there is none.
    fn advance(&mut self, case: &mut Case, request: &ModelRequest, facts: &dyn Facts) -> bool {
        if case.phase == Phase::Explain {
            self.diagnose(case, request, facts);
        }
        case.phase = match case.phase {
            Phase::Observe => Phase::Explain,
            Phase::Explain => Phase::Simulate,
            Phase::Simulate => Phase::Decide,
            Phase::Decide => Phase::Execute,
            Phase::Execute | Phase::Verify | Phase::Reflect => {
                let reason = "the reasoner has nothing to propose".into();
                self.close(case, facts, Finish::new(Ending::CannotTell, reason));
                return false;
            }
        };
        true
    }

    /// What the rules make of it, from when on it is explained.
    fn diagnose(&mut self, case: &mut Case, request: &ModelRequest, facts: &dyn Facts) {
        if case.phase == Phase::Explain {
            let seen = self.seen_by_rules(case, request, facts);
            let (mode, culprit) = rules::diagnosed(&seen);
            let culprit = culprit.and_then(|handle| self.handles.entity(&handle).cloned());
            case.diagnosis = Some((mode, culprit));
        }
    }

    /// A question with what the rules would have looked at: what is diagnosed, and may thereby be
    /// acted on, is no matter of what a model chose to ask.
    fn seen_by_rules(
        &mut self,
        case: &Case,
        request: &ModelRequest,
        facts: &dyn Facts,
    ) -> ModelRequest {
        let mut seen = request.clone();
        if case.fallen_back || !self.config.reasoner.is_model() {
            return seen;
        }
        let call = rules::all_signals();
        let answer = self.tools(case.incident, facts).answer(&call);
        seen.history = alloc::vec![Exchange { phase: Phase::Observe, call, answer }];
        seen
    }

    fn call(
        &mut self,
        case: &mut Case,
        call: ToolCall,
        request: &ModelRequest,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        let spent = self.spent.entry(case.incident).or_default();
        spent.calls += 1;
        if !case.fallen_back {
            spent.model.call();
        }
        let looped = case.breaker.take(&call);
        let answer = if call.is_of(case.phase) {
            looped.and_then(|()| self.answer(case, &call, request, facts, ask))
        } else {
            Err(format!("`{}` is no tool of the phase {}", call.tool(), case.phase))
        };
        match &answer {
            Ok(told) => {
                case.errors = 0;
                let text = serde_json::to_string(told).unwrap_or_default();
                self.step(case, Some(call.clone()), Some(text), None, None);
            }
            Err(error) => {
                case.errors += 1;
                self.step(case, Some(call.clone()), None, Some(error.clone()), None);
            }
        }
        case.history.push(Exchange { phase: case.phase, call, answer });
        if case.history.len() > HISTORY_MAX {
            case.history.remove(0);
        }
    }

    fn answer(
        &mut self,
        case: &mut Case,
        call: &ToolCall,
        request: &ModelRequest,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) -> Result<ToolAnswer, String> {
        let ToolCall::ExecuteRemediation(asked) = call else {
            return self.tools(case.incident, facts).answer(call);
        };
        if case.phase == Phase::Execute {
            return self.execute(case, asked, request, facts, ask).map(ToolAnswer::Judged);
        }
        self.room_to_look(case.incident, asked, facts)?;
        self.tools(case.incident, facts).answer(call)
    }

    /// Whether something may be looked at more closely: by the policy, and once more this minute.
    fn room_to_look(
        &mut self,
        incident: u64,
        asked: &Execution,
        facts: &dyn Facts,
    ) -> Result<(), String> {
        self.tools(incident, facts).may_look(asked)?;
        let budgets = self.config.effective_budgets();
        if self.limits.look(facts.now(), &budgets) {
            return Ok(());
        }
        Err(format!("{} looks were taken within the last minute", budgets.info_per_minute))
    }

    /// What the tools look at.
    pub(super) fn tools<'a>(&'a mut self, incident: u64, facts: &'a dyn Facts) -> Tools<'a> {
        Tools {
            facts,
            wall: self.clock.at(facts.now()),
            ledger: &self.ledger,
            handles: &mut self.handles,
            config: &self.config,
            texts: &self.texts,
            forbidden: &self.forbidden,
            limits: &self.limits,
            outcomes: &self.outcomes,
            guard: &mut self.guard,
            stopped: self.stopped,
            incident,
            seed: self.seed,
        }
    }

    fn request(&mut self, case: &Case, facts: &dyn Facts) -> ModelRequest {
        let budgets = self.config.effective_budgets();
        let spent = self.spent.get(&case.incident);
        let turns_left = budgets.turns.saturating_sub(spent.map_or(0, |spent| spent.turns));
        let tried = spent.map(|spent| spent.tried.clone()).unwrap_or_default();
        ModelRequest {
            work: case.work,
            refused: case.refused.clone(),
            incident: self.incident(case.incident, facts),
            phase: case.phase,
            turns_left,
            history: case.history.clone(),
            tried,
        }
    }

    fn incident(&mut self, id: u64, facts: &dyn Facts) -> IncidentTold {
        let Some(incident) = self.ledger.incident(id) else {
            return IncidentTold { id, severity: Severity::Low, age_s: 0, causes: Vec::new() };
        };
        let handles = &mut self.handles;
        let causes = incident.causes.iter().map(|cause| CauseTold {
            entity: handles.of(&cause.entity),
            kind: cause.kind,
            score: libm::round(cause.score * 1e3) / 1e3,
        });
        IncidentTold {
            id,
            severity: incident.severity.unwrap_or(Severity::Low),
            age_s: facts.now().since_ns(incident.start_ns) / SECOND_NS,
            causes: causes.collect(),
        }
    }

    /// Ends the work on a case, and says how.
    pub(super) fn close(&mut self, case: &mut Case, facts: &dyn Facts, finish: Finish) {
        let Finish { ending, mut reason, evidence } = finish;
        if !evidence.is_empty() {
            let numbers: Vec<String> = evidence.iter().map(ToString::to_string).collect();
            reason = format!("{reason} (signals {})", numbers.join(", "));
        }
        self.step(case, None, Some(reason), None, Some(ending));
        self.leave(case, ending, facts);
    }

    fn leave(&mut self, case: &Case, ending: Ending, facts: &dyn Facts) {
        if let Some(incident) = self.ledger.incident(case.incident) {
            let seen = Seen::of(incident, &self.ledger);
            let handled = Handled::new(seen, ending, facts.now());
            self.handled.insert(case.incident, handled);
        }
    }
}
