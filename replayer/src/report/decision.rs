//! Decisions of a report, and the steps that led to them.

use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{
    Actual, Decided, DecisionSaid, DiagnosisSaid, Direction, Ending, FailureMode, ModelUse, Phase,
    Plan, Predicted, Reasoner, StepSaid, Upshot, Verdict,
};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::metric::Metric;
use ks_vocabulary::unit::Unit;
use serde::Serialize;
use serde_json::Value;

/// One decision.
#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    /// Number within its run, from 1.
    pub id: u64,
    /// Which run of the stream, from 1.
    pub run: u64,
    /// When it was made.
    pub at: String,
    /// The incident.
    pub incident: u64,
    /// The phase that it has come to.
    pub phase: Phase,
    /// Who advised.
    pub reasoner: Reasoner,
    /// The diagnosis.
    pub failure_mode: FailureMode,
    /// What is supposed, for people.
    pub hypothesis: String,
    /// Numbers of the signals that it rests on.
    pub evidence: Vec<u64>,
    /// The word of the action.
    pub action: Option<&'static str>,
    /// To what.
    pub target: Option<Entity>,
    /// Name of the process.
    pub comm: Option<String>,
    /// Parameters of the action.
    pub params: Value,
    /// What it is expected to do.
    pub predicted: Option<Prediction>,
    /// How sure whoever advised is, as it was said.
    pub confidence_raw: Option<f64>,
    /// The same by what came of such actions before.
    pub confidence: Option<f64>,
    /// What the guard says.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: &'static str,
    /// Why.
    pub reason: String,
    /// What is done, in words.
    pub plan: Vec<String>,
    /// What puts it back, in words.
    pub undo: Vec<String>,
    /// What came of it; nothing while that is not known.
    pub outcome: Option<Upshot>,
    /// What was measured.
    pub actual: Option<Actual>,
    /// What was learned.
    pub lesson: Option<String>,
    /// When it went on, and how.
    pub course: Vec<Stage>,
    /// The text of the action, for people.
    #[serde(skip)]
    pub text: Option<String>,
}

/// A time at which a decision went on.
#[derive(Debug, Clone, Serialize)]
pub struct Stage {
    /// When.
    pub at: String,
    /// How far it had come.
    pub change: Decided,
}

/// What an action is expected to do.
#[derive(Debug, Clone, Serialize)]
pub struct Prediction {
    /// Which quantity.
    pub metric: Metric,
    /// Where.
    pub entity: Option<Entity>,
    /// Which way.
    pub direction: Direction,
    /// Least change.
    pub low: f64,
    /// Most change.
    pub high: f64,
    /// Unit of the quantity.
    pub unit: Unit,
    /// Seconds after which it shows.
    pub within_s: u64,
}

impl Prediction {
    /// That of a decision, with where it is measured.
    pub fn of(predicted: &Predicted, on: Option<&Entity>) -> Self {
        let Predicted { metric, direction, low, high, within_s } = *predicted;
        let entity = on.cloned();
        Self { metric, entity, direction, low, high, unit: metric.unit(), within_s }
    }
}

impl Decision {
    /// One as it was said first, and later; `at` is when.
    pub(super) fn of(said: &DecisionSaid, run: u64, at: String, before: Option<&Self>) -> Self {
        let mut course = before.map(|before| before.course.clone()).unwrap_or_default();
        course.push(Stage { at: at.clone(), change: said.change });
        let plan = said.plan.as_ref();
        Self {
            id: said.id,
            run,
            at: before.map_or(at, |before| before.at.clone()),
            incident: said.incident,
            phase: said.phase,
            reasoner: said.reasoner,
            failure_mode: said.failure_mode,
            hypothesis: said.hypothesis.clone(),
            evidence: said.evidence.clone(),
            action: said.action.as_ref().map(Action::name),
            target: said.target.clone(),
            comm: said.comm.clone(),
            params: said.action.as_ref().map_or(Value::Null, params),
            predicted: said.predicted.as_ref().map(|of| Prediction::of(of, said.on.as_ref())),
            confidence_raw: said.confidence_raw,
            confidence: said.confidence,
            verdict: said.verdict,
            rule: said.rule,
            reason: said.reason.clone(),
            plan: plan.map_or(Vec::new(), told),
            undo: plan.map_or(Vec::new(), undone),
            outcome: said.outcome,
            actual: said.actual.clone(),
            lesson: said.lesson.clone(),
            course,
            text: said.action.as_ref().and_then(|action| action.canonical().ok()),
        }
    }
}

fn told(plan: &Plan) -> Vec<String> {
    plan.effects.iter().map(ToString::to_string).collect()
}

fn undone(plan: &Plan) -> Vec<String> {
    plan.undo.iter().map(|step| step.restore.to_string()).collect()
}

/// The parameters of an action, as they are written.
fn params(action: &Action) -> Value {
    let written = serde_json::to_value(action).unwrap_or_default();
    let fields = written.as_object().and_then(|map| map.values().next()).cloned();
    fields.unwrap_or_else(|| Value::Object(serde_json::Map::new()))
}

/// One step on the way to a decision.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// When.
    pub at: String,
    /// The incident.
    pub incident: u64,
    /// Which run of the stream, from 1.
    pub run: u64,
    /// In which phase.
    pub phase: Phase,
    /// Number of the turn.
    pub turn: u32,
    /// What was called, with its arguments.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub call: Value,
    /// What was answered, or said.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub answer: Value,
    /// Why a call was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What the model's reply took, where one was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelUse>,
    /// What is supposed, where an answer to it is asked for or the work ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<DiagnosisSaid>,
    /// How the work ended, for now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

impl Step {
    pub(super) fn of(said: &StepSaid, run: u64, at: String) -> Self {
        let answer = said.answer.as_ref().map_or(Value::Null, |answer| {
            serde_json::from_str(answer).unwrap_or_else(|_| Value::String(answer.clone()))
        });
        Self {
            at,
            incident: said.incident,
            run,
            phase: said.phase,
            turn: said.turn,
            call: said
                .call
                .as_ref()
                .map_or(Value::Null, |call| serde_json::to_value(call).unwrap_or_default()),
            answer,
            error: said.error.clone(),
            model: said.model.clone(),
            diagnosis: said.diagnosis.clone(),
            ending: said.ending,
        }
    }
}
