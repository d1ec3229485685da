//! What the agent says of its work on the way to a decision.

use alloc::boxed::Box;
use alloc::string::String;

use ks_vocabulary::decision::{DiagnosisSaid, Ending, StepSaid, ToolCall};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::output::Said;

use super::Agent;
use super::case::Case;
use crate::facts::Facts;

impl Agent {
    pub(super) fn step(
        &mut self,
        case: &mut Case,
        call: Option<ToolCall>,
        answer: Option<String>,
        error: Option<String>,
        ending: Option<Ending>,
    ) {
        let turn = self.spent.get(&case.incident).map_or(0, |spent| spent.turns);
        let (incident, phase) = (case.incident, case.phase);
        let diagnosis = self.supposed(case, call.as_ref(), ending);
        let model = case.used.take();
        let said =
            StepSaid { incident, phase, turn, call, answer, error, model, diagnosis, ending };
        self.said.push_back(Said::Step(Box::new(said)));
    }

    /// What whoever asks for candidates supposes, or what the work ends with.
    fn supposed(
        &self,
        case: &Case,
        call: Option<&ToolCall>,
        ending: Option<Ending>,
    ) -> Option<DiagnosisSaid> {
        if let Some(ToolCall::ProposeAction { failure_mode, target, .. }) = call {
            let culprit = target.as_ref().and_then(|handle| self.handles.entity(handle)).cloned();
            return Some(DiagnosisSaid { failure_mode: *failure_mode, culprit });
        }
        let (failure_mode, culprit) = case.diagnosis.clone().filter(|_| ending.is_some())?;
        Some(DiagnosisSaid { failure_mode, culprit })
    }

    /// A name that people know a target by.
    pub(super) fn comm_of(target: &Entity, facts: &dyn Facts) -> Option<String> {
        let Entity::Process(pid, start) = target else { return None };
        let process = facts.process((*pid, *start))?;
        process.comm.map(ks_vocabulary::kind::text)
    }
}
