//! A model is asked by a message and answers by one, late or never.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use ks_vocabulary::decision::{Ending, ModelUse, Phase, Reasoner as Named, StepSaid, ToolName};
use ks_vocabulary::input::{ModelReply, RequestId};
use serde_json::{Value, json};

use super::bench::{Bench, ended, query, remedy};

fn bench() -> Bench {
    let mut bench = Bench::default();
    bench.config.reasoner = Named::Gemini;
    bench.desk.level = Some(4.0);
    bench.begin_as_configured();
    bench
}

fn used(requests: u32) -> ModelUse {
    ModelUse {
        model: "m-1".into(),
        prompts: "p".into(),
        requests,
        prompt_tokens: 1_000,
        cached_tokens: 0,
        output_tokens: 10,
        micro_dollars: Some(5),
    }
}

/// The model answers what it was asked last.
fn reply(bench: &mut Bench, text: Option<String>, requests: u32) -> Vec<StepSaid> {
    let (request, _) = bench.question().expect("it is asked");
    let problem = text.is_none().then(|| "no network".into());
    let used = Some(used(requests));
    let reply = ModelReply { request, text, problem, used };
    bench.hear(1, |agent, desk, ask| agent.replied(&reply, desk, ask))
}

fn say(bench: &mut Bench, what: &Value) -> Vec<StepSaid> {
    reply(bench, Some(what.to_string()), 1)
}

fn took_over(steps: &[StepSaid]) -> Option<&str> {
    let all = steps.iter().filter_map(|step| step.answer.as_deref());
    all.into_iter().find(|answer| answer.ends_with("the rules take over"))
}

#[test]
fn the_work_rests_until_the_model_has_answered() {
    let mut bench = bench();
    assert!(bench.think(1).is_empty());
    let (first, question) = bench.question().unwrap();
    assert_eq!((question.phase, question.work), (Phase::Observe, 1));
    assert!(bench.think(5).is_empty(), "it waits");
    assert_eq!(bench.question().unwrap().0, first, "and asks nothing else meanwhile");
    let steps = say(&mut bench, &query());
    assert_eq!(steps.len(), 1);
    assert_eq!(steps[0].model.as_ref().unwrap().model, "m-1", "the journal says what it took");
    let (second, question) = bench.question().unwrap();
    assert!(second != first && question.history.len() == 1 && question.refused.is_none());
    // What nobody asked for changes nothing.
    let stray = ModelReply { request: RequestId(99), text: None, problem: None, used: None };
    assert!(bench.hear(0, |agent, desk, ask| agent.replied(&stray, desk, ask)).is_empty());
}

#[test]
fn a_model_goes_through_all_phases_and_what_it_asks_for_is_judged() {
    let mut bench = bench();
    bench.think(1);
    say(&mut bench, &query());
    for _ in 0..4 {
        say(&mut bench, &json!("next"));
    }
    assert_eq!(bench.question().unwrap().1.phase, Phase::Execute);
    let asked = json!({"process": "proc#1", "nice": 10});
    let steps = say(&mut bench, &remedy("lower_process_priority", &asked));
    // On this desk no quantity of the signal is read.
    let error = steps[0].error.as_deref();
    assert_eq!(error, Some("nothing stands that this could be verified by"));
}

#[test]
fn what_is_refused_is_told_to_the_model() {
    let mut bench = bench();
    bench.think(1);
    let out_of_phase = remedy("clear_page_cache", &json!({"level": 1}));
    let steps = say(&mut bench, &out_of_phase);
    assert!(steps[0].error.as_ref().unwrap().contains("no tool of the phase observe"));
    assert!(bench.question().unwrap().1.history[0].answer.is_err());
    let steps = say(&mut bench, &json!({"call": {"tool": "rm", "arguments": {}}}));
    assert!(steps[0].error.as_ref().unwrap().contains("no tool `rm`"));
    let question = bench.question().unwrap().1;
    assert!(question.refused.unwrap().contains("no tool `rm`"));
    assert_eq!(question.history.len(), 1, "what is no call is no part of the history");
}

#[test]
fn none_needs_signals_that_there_are() {
    let mut bench = bench();
    bench.think(1);
    say(&mut bench, &query());
    let none = |signal: u64| {
        let why = "Nobody but it waits for what it takes.";
        let arguments = json!({"action_type": "none", "justification": why, "evidence": [signal]});
        json!({"call": {"tool": ToolName::ExecuteRemediation.word(), "arguments": arguments}})
    };
    let steps = say(&mut bench, &none(4_711));
    assert!(steps[0].error.as_ref().unwrap().contains("4711, which is no signal"));
    let steps = say(&mut bench, &none(super::bench::SIGNAL));
    let (_, ending, reason) = ended(&steps).remove(0);
    assert_eq!(ending, Ending::NothingToDo);
    assert!(reason.ends_with("(signals 1)"), "{reason}");
}

#[test]
fn who_does_not_answer_in_time_or_at_all_is_replaced() {
    let mut late = bench();
    late.think(1);
    let (id, _) = late.question().unwrap();
    let steps = late.hear(60, |agent, desk, ask| agent.expired(id, desk, ask));
    assert_eq!(
        took_over(&steps),
        Some("the model did not answer within 60 s: the rules take over")
    );
    assert!(!ended(&steps).is_empty(), "the rules end the work at once: {steps:#?}");

    let mut dead = bench();
    dead.think(1);
    let steps = reply(&mut dead, None, 3);
    assert_eq!(took_over(&steps), Some("no network: the rules take over"));
    assert!(!ended(&steps).is_empty());
}

#[test]
fn what_a_model_may_take_is_bounded() {
    let mut requests = bench();
    requests.think(1);
    let steps = reply(&mut requests, Some(query().to_string()), 8);
    assert_eq!(took_over(&steps), Some("8 requests were made to the model: the rules take over"));

    let mut tokens = Bench::default();
    tokens.config.reasoner = Named::Gemini;
    tokens.config.budgets.tokens = 1_000;
    tokens.begin_as_configured();
    tokens.think(1);
    let steps = say(&mut tokens, &query());
    assert!(took_over(&steps).unwrap().starts_with("1010 tokens were used"));

    let mut money = Bench::default();
    money.config.reasoner = Named::Gemini;
    money.config.budgets.micro_dollars = 5;
    money.begin_as_configured();
    money.think(1);
    let steps = say(&mut money, &query());
    assert!(took_over(&steps).unwrap().contains("5 millionths of a dollar"));
}
