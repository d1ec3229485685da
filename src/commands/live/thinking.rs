//! The daemon's way to its model: a thread asks it, so that no tick waits for a reply. What came
//! comes back by a channel, and is an input like any other.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use ks_reasoner::Mind;
use ks_reasoner::cassette::Tape;
use ks_vocabulary::decision::ModelRequest;
use ks_vocabulary::input::{Answer, Body, Config, ModelReply, RequestId};

use crate::cli::agent::Advisor;
use crate::cli::live::Live;
use crate::exit::Misused;
use crate::inbox::{Inbox, Slot, inbox};
use crate::{model, render};

/// Questions that wait for the thread: the engine asks one at a time.
const WAITING: usize = 4;

/// See the module.
pub(super) struct Thinking {
    questions: SyncSender<(RequestId, Box<ModelRequest>)>,
    came: Inbox<ModelReply>,
    tape: Option<Tape>,
}

impl Thinking {
    /// The model of a configuration, where one advises.
    pub(super) fn of(arguments: &Live, config: Option<&Config>) -> anyhow::Result<Option<Self>> {
        if matches!(arguments.agent.reasoner, Some(Advisor::Cassette(_))) {
            let why = "a cassette answers what it was asked when it was recorded: it is for \
                       `ks replay` and `ks eval`";
            return Err(Misused(why).into());
        }
        let Some(config) = config else { return Ok(None) };
        let file = arguments.config.as_deref();
        let Some((mind, tape)) = model::mind(file, &arguments.agent, &config.agent)? else {
            return Ok(None);
        };
        let (questions, asked) = sync_channel(WAITING);
        let (came, slot) = inbox()?;
        let thread = std::thread::Builder::new().name("ks-model".to_owned());
        thread.spawn(move || answer(mind, &asked, &slot))?;
        Ok(Some(Self { questions, came, tape }))
    }

    /// Has a question answered. Where too many wait, nobody answers, and the rules take over.
    pub(super) fn ask(&self, request: RequestId, question: &ModelRequest) {
        drop(self.questions.try_send((request, Box::new(question.clone()))));
    }

    /// The next reply that came.
    pub(super) fn came(&self) -> Option<Body> {
        let reply = self.came.take()?;
        Some(Body::Answer(Box::new(Answer::ModelReply(reply))))
    }

    /// Ends what is recorded of it.
    pub(super) fn finish(&self) {
        if let Some(Err(error)) = self.tape.as_ref().map(Tape::finish) {
            render::note(&error.to_string());
        }
    }
}

impl AsFd for Thinking {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.came.as_fd()
    }
}

fn answer(
    mut mind: Mind,
    asked: &Receiver<(RequestId, Box<ModelRequest>)>,
    slot: &Slot<ModelReply>,
) {
    while let Ok((request, question)) = asked.recv() {
        if slot.send(mind.answer(request, &question)).is_err() {
            return;
        }
    }
}
