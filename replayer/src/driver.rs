//! The loop that every run goes through: an input in, what the engine says of it out.
//!
//! Live, replayed or modelled, a run is one machine and one [`World`]: the driver waits for what
//! comes next, gives it its place, has it logged, feeds what the log holds, and hands on what is
//! said. Inputs meet the engine here and nowhere else, so the same inputs give the same journal.

mod keeper;
mod machine;
mod modelled;
mod recorded;
mod words;
mod world;

use ks_engine::analysis::Knowledge;
use ks_engine::engine::Engine;
use ks_vocabulary::input::{
    Acceptance, ActionOutcome, Answer, Asks, Body, Class, Config, ENGINE_VERSION, Input, JUDGEMENT,
    Outcome, Position, RequestId, Stamp, Start,
};
use ks_vocabulary::journal::Journal;
use ks_vocabulary::output::{Request, Said};
use ks_vocabulary::time::Timestamp;

use crate::differences::Differences;
use crate::timings::Timings;

pub use keeper::{Keeper, Silent};
pub use machine::Machine;
pub use modelled::{Modelled, Stamped};
pub use recorded::{Recorded, Source};
pub use world::{Answers, Arrival, Performs, Thinks, Wants, World};

/// What ends a run early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// The recording cannot be read, or written.
    #[error(transparent)]
    Recording(#[from] ks_recorder::error::Error),
    /// The journal cannot be written.
    #[error("cannot write the journal: {0}")]
    Journal(#[from] std::io::Error),
}

/// A machine with its journal. See the module.
#[derive(Debug, Default)]
pub struct Driver<M = Engine> {
    machine: M,
    journal: Journal,
    stamp: Stamp,
    differences: Differences,
    knowledge: Option<Knowledge>,
    config: Option<Config>,
    /// What is called normal beside what the configuration says.
    accept: Vec<Acceptance>,
    timings: Option<Timings>,
    gathers: bool,
    began: bool,
    /// What is at hand of a recording was heard: whether a run begins with it.
    heard: Option<bool>,
    /// What was asked for, and not handed out yet.
    asked: Vec<Request>,
}

impl<M: Machine> Driver<M> {
    /// All runs differ from what was recorded, and why: recorded ticks are left out, and this
    /// engine's own fall due at virtual time.
    pub fn what_if(&mut self, difference: String) {
        self.differences.of_stream(difference);
    }

    /// A run that is over differs.
    pub fn departed(&mut self, difference: &str) {
        self.differences.of_last(difference);
    }

    /// Begins the run with other knowledge than was recorded; `name` says with which.
    pub fn know(&mut self, knowledge: Knowledge, name: &str) {
        self.what_if(format!("knowledge of {name}"));
        self.knowledge = Some(knowledge);
    }

    /// Begins each run with another configuration than was recorded; `name` says with which.
    pub fn configure(&mut self, config: Config, name: &str) {
        self.what_if(format!("configuration of {name}"));
        self.config = Some(config);
    }

    /// Judges as if an operator had called a condition normal from the start.
    pub fn accept(&mut self, acceptance: Acceptance) {
        let Acceptance { kind, entity, .. } = &acceptance;
        self.what_if(format!("{} on {entity} is called normal from the start", kind.word()));
        self.accept.push(acceptance);
    }

    /// Lets each run of the stream begin with what those before it learned.
    pub fn gather(&mut self) {
        self.gathers = true;
    }

    /// Measures what each stage costs.
    pub fn time(&mut self) {
        self.timings = Some(Timings::default());
    }

    /// What each stage cost, where that is measured.
    pub fn timings(&self) -> Option<&Timings> {
        self.timings.as_ref()
    }

    /// The machine, to look into.
    pub fn machine(&self) -> &M {
        &self.machine
    }

    /// The machine, to be told how to judge before the run begins.
    pub(crate) fn machine_mut(&mut self) -> &mut M {
        &mut self.machine
    }

    /// What differs from what was recorded; nothing where it is fed as recorded.
    pub fn differs(&self) -> &[String] {
        self.differences.told()
    }

    /// Drives until the world is over.
    pub fn run(
        &mut self,
        world: &mut dyn World,
        keeper: &mut dyn Keeper<M>,
    ) -> Result<(), DriveError> {
        while self.turn(world, keeper)? {}
        Ok(())
    }

    /// Waits for what comes next, and takes it; false where nothing comes any more. After an error
    /// in logging the machine has not seen what was to be logged.
    pub fn turn(
        &mut self,
        world: &mut dyn World,
        keeper: &mut dyn Keeper<M>,
    ) -> Result<bool, DriveError> {
        let wants = Wants {
            until: self.machine.next_deadline(),
            keyframe: keeper.wants_keyframe(),
            detail: self.machine.any_standing(),
        };
        let taken = match world.wait(wants)? {
            Arrival::Over => return Ok(false),
            Arrival::Due(at) => self.learn(at, &mut Body::Tick, keeper).map(|()| false)?,
            Arrival::Learned(at, body) => self.learn(at, body, keeper).map(|()| false)?,
            Arrival::Recorded(input, differs) => self.recorded(input, differs, keeper)?,
        };
        if taken {
            world.taken();
        }
        if !self.asked.is_empty() {
            self.hand_out(world, keeper)?;
        }
        Ok(true)
    }

    /// Hands on what was asked for, once a crash of the machine cannot make it forgotten: what was
    /// asked for and is not known of could be done twice.
    fn hand_out(
        &mut self,
        world: &mut dyn World,
        keeper: &mut dyn Keeper<M>,
    ) -> Result<(), DriveError> {
        let durable = keeper.sync();
        for request in std::mem::take(&mut self.asked) {
            match &durable {
                Err(error) if request.asks == Asks::Effect => {
                    let mut withheld = withheld(request.id, error);
                    self.learn(self.stamp.last().mono, &mut withheld, keeper)?;
                }
                Ok(()) | Err(_) => self.hand_on(&request, world),
            }
        }
        Ok(())
    }

    fn hand_on(&mut self, request: &Request, world: &mut dyn World) {
        if let Some(question) = self.machine.question(request.id)
            && let Some(thinker) = world.thinker()
        {
            return thinker.think(self.stamp.last().mono, request.id, question);
        }
        let effect = self.machine.take_effect(request.id);
        match (effect, world.performer()) {
            (Some(effect), Some(performer)) => performer.perform(request.id, &effect),
            (Some(_) | None, _) => world.ask(request),
        }
    }

    /// Takes an input of a recording, given to it until the return value says that it is taken: in
    /// another run than was recorded this machine's own ticks fall due before it.
    pub(crate) fn recorded(
        &mut self,
        input: &Input,
        differs: &[String],
        keeper: &mut dyn Keeper<M>,
    ) -> Result<bool, DriveError> {
        for why in differs {
            self.differences.of_next(why.clone());
        }
        let begins = match self.heard {
            Some(begins) => begins,
            None => *self.heard.insert(self.differences.hear(&input.body)),
        };
        let is_what_if = self.differences.is_what_if();
        let is_dropped = is_what_if && self.is_of_another_run(&input.body);
        if is_what_if && !is_dropped && !begins {
            // What a run waits for when it ends never comes.
            if let Some(at) = self.machine.next_deadline().filter(|at| *at < input.mono) {
                return self.learn(at, &mut Body::Tick, keeper).map(|()| false);
            }
        }
        self.heard = None;
        if is_dropped {
            return Ok(true);
        }
        keeper.hear(input, self.differences.told());
        let position = if is_what_if {
            self.stamp.place(input, begins)
        } else {
            self.stamp.follow(input);
            input.position()
        };
        let taught = self.taught(&input.body);
        let body = taught.as_ref().unwrap_or(&input.body);
        feed(&mut self.machine, position, body, &mut self.timings);
        self.say(keeper)?;
        keeper.fed(&self.machine, input);
        Ok(true)
    }

    /// Takes what is learned as it happens: it is logged, and what the log holds is fed.
    fn learn(
        &mut self,
        at: Timestamp,
        body: &mut Body,
        keeper: &mut dyn Keeper<M>,
    ) -> Result<(), DriveError> {
        if let Body::Start(start) = body {
            ENGINE_VERSION.clone_into(&mut start.engine_version);
            start.judgement = Some(JUDGEMENT);
            if start.segment > 0 {
                // Segments before it may be removed before the run is gone through again.
                start.carry = Some(self.machine.carry()).filter(|carry| !carry.is_empty());
            }
            self.teach(start);
        }
        self.differences.hear(body);
        let input = self.stamp.put(at, body);
        let input = keeper.log(input)?;
        feed(&mut self.machine, input.position(), &input.body, &mut self.timings);
        self.say(keeper)?;
        keeper.fed(&self.machine, self.stamp.last());
        Ok(())
    }

    /// What was recorded with other knowledge or configuration, where there is some.
    fn taught(&mut self, body: &Body) -> Option<Body> {
        // A change replaces the configuration as a whole, and what is called normal stays so.
        if let Body::ConfigChange(config) = body
            && !self.accept.is_empty()
        {
            let mut config = config.clone();
            config.accept.extend_from_slice(&self.accept);
            return Some(Body::ConfigChange(config));
        }
        let Body::Start(start) = body else { return None };
        if self.knowledge.is_none() && self.config.is_none() && self.accept.is_empty() {
            return None;
        }
        let mut start = start.clone();
        self.teach(&mut start);
        Some(Body::Start(start))
    }

    /// What the recorded run asked for, and what others answered it, is that run's. What an
    /// operator calls normal was asked for by none: it holds whoever judges.
    fn is_of_another_run(&self, body: &Body) -> bool {
        match body.class() {
            Class::Answer => matches!(body, Body::Answer(answer) if answer.answers().is_some()),
            Class::Control => *body == Body::Tick || self.config.is_some(),
            Class::Border | Class::Telemetry => false,
        }
    }

    /// Where knowledge is gathered, a later run begins with that of the earlier ones.
    fn teach(&mut self, start: &mut Start) {
        if let Some(config) = &self.config {
            start.config = Some(config.clone());
        }
        if !self.accept.is_empty() {
            let config = start.config.get_or_insert_default();
            config.accept.extend_from_slice(&self.accept);
        }
        let Some(knowledge) = &self.knowledge else { return };
        let gathered = (self.gathers && self.began).then(|| self.machine.knowledge());
        start.knowledge = Some(gathered.unwrap_or_else(|| knowledge.clone()).into());
        self.began = true;
    }

    fn say(&mut self, keeper: &mut dyn Keeper<M>) -> Result<(), DriveError> {
        while let Some(output) = self.machine.poll() {
            keeper.said(&output, self.journal.record(&output))?;
            if let Said::Request(request) = output.body {
                self.asked.push(request);
            }
        }
        Ok(())
    }

    /// Ends the run. The return value is the hash of its journal.
    pub fn finish(&mut self, keeper: &mut dyn Keeper<M>) -> Result<String, DriveError> {
        self.machine.finish();
        self.say(keeper)?;
        Ok(self.journal.sha256())
    }
}

fn withheld(request: RequestId, error: &std::io::Error) -> Body {
    let reason = Some(format!("its request cannot be made durable: {error}"));
    let outcome = ActionOutcome { request, outcome: Outcome::Withheld, reason };
    Body::Answer(Box::new(Answer::ActionOutcome(outcome)))
}

fn feed<M: Machine>(
    machine: &mut M,
    position: Position,
    body: &Body,
    timings: &mut Option<Timings>,
) {
    match timings {
        None => machine.handle(position, body, &mut |_| {}),
        Some(timings) => {
            timings.begin();
            machine.handle(position, body, &mut |stage| timings.done(stage));
        }
    }
}
