//! The place of an agent on the desk: what an answer comes to there, told by few words, so that
//! equal ways through the code are told alike.

use ks_vocabulary::decision::{AgentConfig, Effect, Execution, Reply, ToolCall};
use ks_vocabulary::kind::{Entity, Group};
use serde_json::Value;

use crate::actions::tests::checks::assert_sound;
use crate::candidates::Candidate;
use crate::desk::{ALONE, BATCH, Desk, HOG, PAUSED, PEER, RECORDER, SESSION, SOLO};
use crate::guard::Guard;
use crate::guard::tests::bench::{Bench, INCIDENT, TEXTS};
use crate::guard::tests::generated::assert_unprotected;
use crate::handles::Handles;
use crate::reasoner::parse;
use crate::tools::Tools;

/// An answer of a tool has at most so many bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// A reason that is kept.
const REASON_CHARS_MAX: usize = 1_000;

/// Who has a handle, in the order in which it was issued.
const PROCESSES: [(u64, u64); 9] =
    [HOG, PEER, SOLO, PAUSED, RECORDER, (1, 1), (50, 5), (850, 85), (77, 7)];
const GROUPS: [&[u8]; 5] =
    [BATCH, ALONE, SESSION, b"/system.slice/kernelsight.service", b"/gone.slice"];

/// See the module.
pub(super) struct Seat {
    bench: Bench,
    handles: Handles,
    /// What effects are held against.
    held_against: Desk,
}

impl Default for Seat {
    fn default() -> Self {
        let bench = Bench::default();
        let mut handles = Handles::default();
        for (pid, start) in PROCESSES {
            handles.of(&Entity::Process(pid, start));
        }
        for path in GROUPS {
            handles.of(&Entity::Cgroup(Group::at(path)));
        }
        handles.of(&Entity::Disk(b"sda".to_vec()));
        handles.of(&Entity::Nic(b"eth0".to_vec()));
        for mount in [&b"/"[..], b"/var"] {
            handles.of(&Entity::Filesystem(mount.to_vec()));
        }
        let held_against = bench.desk.clone();
        Self { bench, handles, held_against }
    }
}

/// A parameter of a form with the handle of what it names.
pub(super) fn handle_of(value: Value) -> Value {
    let Some(text) = value.as_str() else { return value };
    let process =
        PROCESSES.iter().position(|(pid, start)| text == format!("process:{pid}:{start}"));
    let group = GROUPS.iter().position(|path| text.as_bytes() == *path);
    match (process, group) {
        (Some(at), _) => format!("proc#{}", at + 1).into(),
        (None, Some(at)) => format!("cg#{}", at + 1).into(),
        (None, None) if text == "8:0" => "disk#1".into(),
        (None, None) => value,
    }
}

impl Seat {
    /// Takes an answer. The return value says what it came to.
    pub(super) fn take(&mut self, input: &[u8]) -> String {
        let Ok(text) = core::str::from_utf8(input) else { return "no text".into() };
        match parse(text) {
            Err(error) => format!("not read: {}", shape(&error)),
            Ok(Reply::Next) => "next".into(),
            Ok(Reply::Finish(finish)) => {
                assert!(finish.reason.chars().count() <= REASON_CHARS_MAX);
                assert!(!finish.reason.contains(char::is_control));
                format!("finish {}", finish.ending)
            }
            Ok(Reply::Call(ToolCall::ExecuteRemediation(asked))) => self.asked(&asked),
            Ok(Reply::Call(call)) => self.answered(&call),
        }
    }

    /// Holds effects against another desk than they are judged on.
    pub(super) fn judged_otherwise(&mut self, change: impl FnOnce(&mut Desk)) {
        change(&mut self.held_against);
    }

    fn tools<T>(&mut self, ask: impl FnOnce(&mut Tools<'_>) -> T) -> T {
        let Bench { desk, config, forbidden, limits, outcomes, ledger, .. } = &self.bench;
        let config: &AgentConfig = config;
        ask(&mut Tools {
            facts: desk,
            wall: self.bench.wall,
            ledger,
            handles: &mut self.handles,
            config,
            texts: &TEXTS,
            forbidden,
            limits,
            outcomes,
            guard: &mut Guard::default(),
            stopped: false,
            incident: INCIDENT,
            seed: 1,
        })
    }

    /// What a tool answers is bounded, and names nobody but by handles.
    fn answered(&mut self, call: &ToolCall) -> String {
        let tool = call.tool();
        match self.tools(|tools| tools.answer(call)) {
            Err(error) => format!("{tool} errs: {}", shape(&error)),
            Ok(answer) => {
                let text = serde_json::to_string(&answer).unwrap();
                assert!(text.len() <= ANSWER_BYTES_MAX, "{} bytes", text.len());
                for name in ["batch.service", "process:1000", "kernelsight", "session-3"] {
                    assert!(!text.contains(name), "`{name}` is told: {text}");
                }
                format!("{tool} answers")
            }
        }
    }

    /// What is asked for is judged as the agent has it judged, with the culprit that it is done to
    /// and with another; an operator says yes to everything.
    fn asked(&mut self, asked: &Execution) -> String {
        let name = asked.action.name();
        let action = match self.handles.resolve(&asked.action, &self.bench.desk) {
            Ok(action) => action,
            Err(error) => return format!("{name} is not resolved: {}", shape(&error)),
        };
        let target = match self.handles.target(&asked.action) {
            Ok(target) => target,
            Err(error) => return format!("{name} has no target: {}", shape(&error)),
        };
        let mount = if let Entity::Filesystem(path) = &target { Some(path.clone()) } else { None };
        let mode = self.bench.proposal.failure_mode;
        let own = (target != Entity::Host).then(|| target.clone());
        let candidate = Candidate { action, target };
        let hog = Some(Entity::Process(HOG.0, HOG.1));
        let came_to = [(own.clone(), false), (hog, false), (own, true)].map(|(diagnosed, bare)| {
            self.lay(bare);
            let mut proposal = self.tools(|tools| tools.proposal(mode, diagnosed, &candidate));
            proposal.evidence.clone_from(&asked.evidence);
            proposal.mount.clone_from(&mount);
            self.bench.proposal = proposal;
            self.approved(name)
        });
        came_to.join(", ")
    }

    /// Lays the desk, the bare one with a group that has no CPU controller: there the nice levels
    /// of sessions count.
    fn lay(&mut self, bare: bool) {
        for desk in [&mut self.bench.desk, &mut self.held_against] {
            let usual = crate::desk::group(BATCH).controllers;
            desk.batch().controllers = if bare { Some(b"memory pids") } else { usual };
        }
    }

    fn approved(&mut self, name: &str) -> String {
        let plan = match self.bench.approve(true) {
            Ok(plan) => plan,
            Err(judged) => return format!("refused by {}", judged.rule),
        };
        assert_sound(plan.plan(), &self.held_against);
        let request = plan.request(1);
        assert_eq!(request.target(), &self.bench.proposal.target);
        let effects: Vec<&Effect> = request.effects();
        effects.into_iter().for_each(assert_unprotected);
        format!("approved {name}")
    }
}

/// An error up to what it quotes, without what it counts.
fn shape(error: &str) -> String {
    let begin = error.split(['`', '"']).find(|part| !part.is_empty()).unwrap_or_default();
    begin.chars().filter(|letter| !letter.is_ascii_digit()).take(50).collect()
}
