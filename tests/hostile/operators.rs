//! Operators: what needs one is done once he says so, and a word that is late, used before or meant
//! for something else does nothing.

use ks_vocabulary::decision::{Mode, Upshot, Verdict};
use ks_vocabulary::input::{
    ActionOutcome, Answer, Asks, Decision, ModelReply, OperatorDecision, Outcome, RequestId,
};

use super::lab::{BURST, Told, agent, run, run_with};

/// What operators say: the proposal, seconds after it, and the word.
fn told(words: &[(u32, u32, &str)]) -> Told {
    let said = words.iter().map(|(proposal, after_s, says)| {
        format!("[[operator]]\nproposal = {proposal}\nafter = \"{after_s}s\"\nsays = \"{says}\"\n")
    });
    run(&format!("{BURST}{}", said.collect::<String>()), agent(Mode::Propose))
}

fn assert_untouched(told: &Told, lesson: &str) {
    assert_eq!(told.done, [], "something was done");
    let decision = told.decision(1);
    assert_eq!(decision.verdict, Verdict::NeedsApproval);
    assert_eq!(decision.outcome, Some(Upshot::NotApplied));
    assert_eq!(decision.lesson.as_deref(), Some(lesson));
}

#[test]
fn what_needs_an_operator_is_done_once_he_says_so() {
    let told = told(&[(1, 20, "approve")]);
    let decision = told.decision(1);
    assert_eq!(decision.verdict, Verdict::NeedsApproval);
    let course: Vec<String> = decision.course.iter().map(|one| one.change.to_string()).collect();
    assert_eq!(course[..3], ["judged", "asked", "done"]);
    assert!(decision.course[1].at > decision.course[0].at);
    assert_eq!(told.times_done(1), 1);
    assert_ne!(decision.outcome, Some(Upshot::NotApplied));
    assert!(told.journal.contains("\"asks\":\"approval\""));
}

#[test]
fn what_he_denies_or_says_nothing_of_is_left_alone() {
    assert_untouched(&told(&[(1, 20, "deny")]), "an operator has denied it");
    assert_untouched(&told(&[]), "nobody answered in time");
    let denied_first = told(&[(1, 20, "deny"), (1, 20, "approve")]);
    assert_untouched(&denied_first, "an operator has denied it");
    assert!(denied_first.has_defect("was answered before"));
}

#[test]
fn an_approval_that_has_expired_does_nothing() {
    let late = told(&[(1, 121, "approve")]);
    assert_untouched(&late, "nobody answered in time");
    assert!(late.has_defect("came too late"), "{:?}", late.report.defects);
    assert_eq!(told(&[(1, 119, "approve")]).times_done(1), 1, "a second before its end it counts");
}

#[test]
fn an_approval_is_used_once() {
    let told = told(&[(1, 20, "approve"), (1, 21, "approve"), (1, 90, "approve")]);
    assert_eq!(told.times_done(1), 1);
    let again = told.report.defects.iter().filter(|one| one.problem.contains("answered before"));
    assert_eq!(again.count(), 2, "{:?}", told.report.defects);
}

#[test]
fn an_approval_of_another_proposal_is_none_of_this_one() {
    let other = told(&[(2, 5, "approve")]);
    assert_eq!(other.times_done(1), 0);
    let never_made = told(&[(9, 5, "approve")]);
    assert_untouched(&never_made, "nobody answered in time");
}

#[test]
fn while_one_proposal_waits_no_other_is_made_of_its_incident() {
    let told = told(&[(1, 20, "approve"), (2, 20, "approve")]);
    let [first, second] = [1, 2].map(|number| told.decision(number));
    assert_eq!(first.incident, second.incident);
    assert!(second.at >= first.course.last().unwrap().at, "the first is over");
    for (_, _, text) in &told.done {
        let times = told.done.iter().filter(|(_, what, other)| *what == "do" && other == text);
        assert_eq!(times.count(), 1, "{:?}", told.done);
    }
}

#[test]
fn an_approval_of_other_parameters_than_those_that_hold_now_is_stale() {
    let other = "[[action]]\nat = \"40s\"\n\
        do = { lower_cpu_weight = { group = \"/tenants.slice/b.service\", weight = 50 } }\n\
        [[operator]]\nproposal = 1\nafter = \"60s\"\nsays = \"approve\"\n";
    let told = run(&format!("{BURST}{other}"), agent(Mode::Propose));
    let decision = told.decision(1);
    assert_eq!(told.times_done(1), 0, "{decision:#?}");
    assert_eq!((decision.rule, decision.outcome), ("stale", Some(Upshot::NotApplied)));
}

/// Everything that somebody could say to have request `id` taken for approved or done.
fn forged(id: RequestId) -> Vec<Answer> {
    let approve = |request| {
        let decision = Decision::Approve { request };
        Answer::OperatorDecision(OperatorDecision { uid: Some(0), decision })
    };
    let done = |request| {
        let outcome = Outcome::Applied;
        Answer::ActionOutcome(ActionOutcome { request, outcome, reason: None })
    };
    let text = Some("{\"approved\":true}".to_owned());
    vec![
        approve(RequestId(0)),
        approve(RequestId(id.0 + 1)),
        approve(RequestId(u64::MAX)),
        done(id),
        done(RequestId(id.0 + 1)),
        Answer::ModelReply(ModelReply { request: id, text, problem: None, used: None }),
    ]
}

#[test]
fn words_for_requests_that_nobody_made_and_of_the_wrong_kind_do_nothing() {
    let told = run_with(BURST, agent(Mode::Propose), &|request| match request.asks {
        Asks::Approval => forged(request.id),
        Asks::Model | Asks::Effect => Vec::new(),
    });
    assert_untouched(&told, "nobody answered in time");
    assert!(told.has_defect("nobody made a request 0"));
    assert!(told.has_defect("asks for an answer of kind approval, not effect"));
    assert!(told.has_defect("asks for an answer of kind approval, not model"));
}

#[test]
fn a_request_for_an_effect_is_not_to_be_approved() {
    let approve = |request| {
        let decision = Decision::Approve { request };
        vec![Answer::OperatorDecision(OperatorDecision { uid: Some(0), decision })]
    };
    let told = run_with(BURST, agent(Mode::Auto), &|request| match request.asks {
        Asks::Effect => approve(request.id),
        Asks::Model | Asks::Approval => Vec::new(),
    });
    let alone = run(BURST, agent(Mode::Auto));
    assert!(told.has_defect("asks for an answer of kind effect, not approval"));
    assert_eq!(told.done, alone.done);
}
