//! Reasoners that note how long what they ask for takes.

use std::sync::{Arc, Mutex};

use ks_agent::reasoner::rules::{self, Rules};
use ks_agent::reasoner::{Advised, Reasoner};
use ks_recorder::clock;
use ks_vocabulary::action::Action;
use ks_vocabulary::decision::{
    Ending, Execution, Finish, ModelRequest, Phase, Reply, ToolAnswer, ToolCall,
};

/// Nanoseconds of CPU time.
pub(crate) type Spans = Arc<Mutex<Vec<u64>>>;

/// What was asked for took so long, and a rule of this name refused it.
pub(crate) type Refusals = Arc<Mutex<Vec<(String, u64)>>>;

/// Asks for one action after the other, whatever the guard says.
#[derive(Debug)]
pub(crate) struct Insists {
    refusals: Refusals,
    /// It names no signal that it rests on: the guard looks no further.
    is_bare: bool,
    asked_ns: Option<u64>,
    next: usize,
}

/// Forms on a group, and on a process, each of which a guard has to look at as a whole.
const ON_GROUPS: [&str; 8] = [
    r#"{"lower_cpu_weight":{"group":"$","weight":20}}"#,
    r#"{"limit_cgroup_cpu":{"group":"$","percent":60}}"#,
    r#"{"freeze_cgroup":{"group":"$","lasts":30}}"#,
    r#"{"limit_cgroup_pids":{"group":"$","max":4000}}"#,
    r#"{"lower_cpu_weight":{"group":"$","weight":70}}"#,
    r#"{"limit_cgroup_cpu":{"group":"$","percent":30}}"#,
    r#"{"freeze_cgroup":{"group":"$","lasts":5}}"#,
    r#"{"limit_cgroup_pids":{"group":"$","max":900}}"#,
];
const ON_PROCESSES: [&str; 6] = [
    r#"{"set_cpu_affinity":{"process":"$","cpus":"0-1"}}"#,
    r#"{"pause_process":{"process":"$","lasts":30}}"#,
    r#"{"terminate_process":{"process":"$"}}"#,
    r#"{"set_cpu_affinity":{"process":"$","cpus":"0"}}"#,
    r#"{"pause_process":{"process":"$","lasts":5}}"#,
    r#"{"throttle_cpu":{"process":"$","percent":50}}"#,
];

impl Insists {
    pub(crate) fn new(refusals: Refusals, is_bare: bool) -> Self {
        Self { refusals, is_bare, asked_ns: None, next: 0 }
    }

    fn execute(&mut self, request: &ModelRequest) -> Reply {
        let reason = "it has asked for everything".to_owned();
        let finish = Reply::Finish(Finish::new(Ending::CannotTell, reason));
        let Some(culprit) = rules::diagnosed(request).1 else { return finish };
        let forms = if culprit.starts_with("cg#") { &ON_GROUPS[..] } else { &ON_PROCESSES };
        let Some(form) = forms.get(self.next) else {
            self.next = 0;
            return finish;
        };
        self.next += 1;
        let action: Action = serde_json::from_str(&form.replace('$', &culprit)).unwrap();
        Reply::Call(ToolCall::ExecuteRemediation(Execution {
            action,
            justification: "It takes the CPUs that the others want.".to_owned(),
            confidence: 0.9,
            evidence: if self.is_bare { Vec::new() } else { evidence(request) },
            predicted_effect: None,
        }))
    }
}

fn answers(request: &ModelRequest) -> impl DoubleEndedIterator<Item = &ToolAnswer> {
    request.history.iter().filter_map(|exchange| exchange.answer.as_ref().ok())
}

fn evidence(request: &ModelRequest) -> Vec<u64> {
    let told = answers(request).filter_map(|answer| match answer {
        ToolAnswer::Signals(told) => Some(&told.signals),
        ToolAnswer::Trends(_)
        | ToolAnswer::Simulated(_)
        | ToolAnswer::Candidates(_)
        | ToolAnswer::Looked(_)
        | ToolAnswer::Judged(_) => None,
    });
    told.flatten().filter(|one| one.of_incident && one.stands).map(|one| one.id).take(20).collect()
}

/// The rule that decided on what was asked for last.
fn rule(request: &ModelRequest) -> Option<String> {
    match answers(request).next_back()? {
        ToolAnswer::Judged(told) => Some(told.rule.clone()),
        ToolAnswer::Signals(_)
        | ToolAnswer::Trends(_)
        | ToolAnswer::Simulated(_)
        | ToolAnswer::Candidates(_)
        | ToolAnswer::Looked(_) => None,
    }
}

impl Reasoner for Insists {
    fn advise(&mut self, request: &ModelRequest) -> Advised {
        let now_ns = clock::thread_cpu_ns();
        if let Some(asked_ns) = self.asked_ns.take()
            && let Some(rule) = rule(request)
        {
            self.refusals.lock().unwrap().push((rule, now_ns - asked_ns));
        }
        let reply = match request.phase {
            Phase::Observe => return Rules.advise(request),
            Phase::Execute => self.execute(request),
            Phase::Explain | Phase::Simulate | Phase::Decide | Phase::Verify | Phase::Reflect => {
                return Advised::Reply(Reply::Next);
            }
        };
        self.asked_ns = Some(clock::thread_cpu_ns());
        Advised::Reply(reply)
    }
}

/// The rules, from the first look at an incident to what they ask for.
#[derive(Debug)]
pub(crate) struct Timed {
    spans: Spans,
    began_ns: u64,
}

impl Timed {
    pub(crate) fn new(spans: Spans) -> Self {
        Self { spans, began_ns: 0 }
    }
}

impl Reasoner for Timed {
    fn advise(&mut self, request: &ModelRequest) -> Advised {
        if request.history.is_empty() {
            self.began_ns = clock::thread_cpu_ns();
        }
        let advised = Rules.advise(request);
        if let Advised::Reply(Reply::Call(ToolCall::ExecuteRemediation(_))) = &advised {
            self.spans.lock().unwrap().push(clock::thread_cpu_ns() - self.began_ns);
        }
        advised
    }
}
