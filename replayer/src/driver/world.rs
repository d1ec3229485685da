//! Where inputs come from: a recording, a modelled host, or the host itself.

use ks_agent::guard::EffectRequest;
use ks_recorder::error::Error;
use ks_vocabulary::decision::ModelRequest;
use ks_vocabulary::input::{Body, Input, ModelReply, RequestId};
use ks_vocabulary::output::Request;
use ks_vocabulary::time::Timestamp;

/// What a world can do for the machine while it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wants {
    /// When the machine wants to be woken, whatever comes.
    pub until: Option<Timestamp>,
    /// The next sample should say everything.
    pub keyframe: bool,
    /// What is worth reading only while something stands.
    pub detail: bool,
}

/// What comes next.
#[derive(Debug)]
pub enum Arrival<'a> {
    /// Nothing does any more.
    Over,
    /// The time at which the machine wants to be woken.
    Due(Timestamp),
    /// Something was learned at this time. What is left in its place is of no use to the machine.
    Learned(Timestamp, &'a mut Body),
    /// An input of a recording, with what makes its run another one than was recorded. It comes
    /// again until it is taken.
    Recorded(&'a Input, &'a [String]),
}

/// See the module.
pub trait World {
    /// Waits for what comes next.
    fn wait(&mut self, wants: Wants) -> Result<Arrival<'_>, Error>;

    /// The recorded input that came last was taken.
    fn taken(&mut self) {}

    /// Takes what is asked for. A recording has its answers already, and a world in which nobody
    /// performs or answers anything leaves it alone: the machine's own time runs out.
    ///
    /// An effect is handed on once, and only to a world that can perform it ([`Performs`]).
    fn ask(&mut self, _request: &Request) {}

    /// Whoever performs effects in this world; nobody does in a recording.
    fn performer(&mut self) -> Option<&mut dyn Performs> {
        None
    }

    /// Whoever asks a model in this world. Where nobody does, the rules take over in time.
    fn thinker(&mut self) -> Option<&mut dyn Thinks> {
        None
    }
}

/// Asks a model. It never makes who asks wait: the reply is an input of the world that it is part
/// of.
pub trait Thinks {
    /// Takes what is asked at a time.
    fn think(&mut self, at: Timestamp, request: RequestId, question: &ModelRequest);
}

/// A model that answers at once, in virtual time: that of a run which is replayed or modelled.
pub trait Answers {
    /// The reply, or why there is none.
    fn answer(&mut self, request: RequestId, question: &ModelRequest) -> ModelReply;

    /// Why what was asked cannot be what was to be asked, once nothing more is.
    fn problem(&mut self) -> Option<String> {
        None
    }
}

/// What can be done to a world. A recording is over, so nothing can be done to one:
///
/// ```compile_fail
/// fn needs(world: &dyn ks_replayer::driver::Performs) {}
/// fn replayed(recording: &ks_replayer::driver::Recorded<'_>) {
///     needs(recording);
/// }
/// ```
pub trait Performs {
    /// Does what was approved of, or puts it back; says what became of it by an answer to the
    /// request.
    fn perform(&mut self, request: RequestId, effect: &EffectRequest);
}
