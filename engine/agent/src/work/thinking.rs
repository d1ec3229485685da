//! What is asked of a model: it answers by a message, which is an input like any other. Until then
//! the work rests, and what it was asked stays at hand for whoever takes the message there.

use alloc::format;
use alloc::string::String;

use ks_vocabulary::decision::{AgentConfig, Ending, Finish, ModelRequest, Reply};
use ks_vocabulary::input::{Asks, ModelReply, RequestId};
use ks_vocabulary::time::SECOND_NS;

use super::case::Case;
use super::{Agent, Ask};
use crate::facts::Facts;
use crate::reasoner::parse;

/// A question that is not answered yet, or was not taken up again.
#[derive(Debug)]
pub(super) struct Thought {
    case: Case,
    request: ModelRequest,
    id: RequestId,
    came: Option<Came>,
}

/// What came of a question.
#[derive(Debug)]
enum Came {
    Reply(ModelReply),
    Late,
}

impl Agent {
    /// Asks elsewhere; the work rests.
    pub(super) fn ask_elsewhere(
        &mut self,
        case: Case,
        request: ModelRequest,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        let reply_s = self.config.reply_s.min(AgentConfig::REPLY_S_MAX);
        let id = ask(Asks::Model, facts.now().plus_ns(reply_s * SECOND_NS));
        self.thought = Some(Thought { case, request, id, came: None });
    }

    /// What a model is asked.
    pub fn question(&self, request: RequestId) -> Option<&ModelRequest> {
        self.thought.as_ref().filter(|thought| thought.id == request).map(|one| &one.request)
    }

    /// A model answered.
    pub fn replied(&mut self, reply: &ModelReply, facts: &dyn Facts, ask: &mut Ask<'_>) {
        self.came(reply.request, Came::Reply(reply.clone()));
        self.think(facts, ask);
    }

    /// A model did not answer in time; false where none was asked by this number.
    pub(super) fn is_late(&mut self, request: RequestId) -> bool {
        self.came(request, Came::Late)
    }

    fn came(&mut self, request: RequestId, came: Came) -> bool {
        match &mut self.thought {
            Some(thought) if thought.id == request => {
                thought.came = Some(came);
                true
            }
            Some(_) | None => false,
        }
    }

    /// Takes the next incident up, or goes on with what was answered.
    pub(super) fn go_on(&mut self, facts: &dyn Facts, ask: &mut Ask<'_>) {
        match self.thought.take() {
            None => self.take_up(facts, ask),
            Some(Thought { case, request, came: Some(came), .. }) => {
                self.resume_work(case, &request, came, facts, ask);
            }
            waiting => self.thought = waiting,
        }
    }

    fn resume_work(
        &mut self,
        mut case: Case,
        request: &ModelRequest,
        came: Came,
        facts: &dyn Facts,
        ask: &mut Ask<'_>,
    ) {
        if !self.ledger.open().any(|incident| incident.id == case.incident) {
            let reason = "the incident was over before the model answered".into();
            return self.close(&mut case, facts, Finish::new(Ending::NothingToDo, reason));
        }
        if let Some(reply) = self.taken(&mut case, came)
            && !self.follow(&mut case, reply, request, facts, ask)
        {
            return;
        }
        self.work(case, facts, ask);
    }

    /// What a message says, where it is an answer. One that none will follow has the rules take
    /// over at once: whoever sent it has tried what can be tried.
    fn taken(&mut self, case: &mut Case, came: Came) -> Option<Reply> {
        let Came::Reply(ModelReply { text, problem, used, .. }) = came else {
            let reply_s = self.config.reply_s;
            self.fall_back(case, &format!("the model did not answer within {reply_s} s"));
            return None;
        };
        if let Some(used) = used {
            self.spent.entry(case.incident).or_default().model.count(&used);
            case.used = Some(used);
        }
        let Some(text) = text else {
            let why = problem.unwrap_or_else(|| String::from("the model sent nothing"));
            self.fall_back(case, &why);
            return None;
        };
        self.checked(case, parse(&text))
    }

    /// From here on the rules advise, until this incident is over.
    pub(super) fn fall_back(&mut self, case: &mut Case, why: &str) {
        self.step(case, None, Some(format!("{why}: the rules take over")), None, None);
        self.spent.entry(case.incident).or_default().fallen_back = true;
        case.begin_again();
    }
}
