//! An actor that is asked, and what a check can come to.

use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

use ks_actor::audit;
use ks_actor::hand::Hand;
use ks_actor::message::{Ask, Origin};
use ks_actor::perform::{Done, Order};
use ks_actor::process::Setup;
use ks_vocabulary::decision::Effect;
use ks_vocabulary::input::Outcome;

/// How many were started.
static ACTORS: AtomicU32 = AtomicU32::new(0);

/// Why a check did not come to its end.
#[derive(Debug)]
pub(crate) enum No {
    /// This kernel cannot do it, and the actor said why.
    Cannot(String),
    /// What it needs is not here.
    Skipped(String),
    /// It is not as it has to be.
    Failed(String),
}

impl<E: std::error::Error> From<E> for No {
    fn from(error: E) -> Self {
        Self::Failed(error.to_string())
    }
}

pub(crate) type Verdict<T = ()> = Result<T, No>;

pub(crate) fn failed<T>(why: impl Into<String>) -> Verdict<T> {
    Err(No::Failed(why.into()))
}

pub(crate) fn skipped<T>(why: impl Into<String>) -> Verdict<T> {
    Err(No::Skipped(why.into()))
}

#[expect(clippy::needless_pass_by_value, reason = "what was just read is compared with a literal")]
pub(crate) fn same<T: PartialEq + Debug>(what: &str, found: T, wanted: T) -> Verdict {
    if found == wanted {
        return Ok(());
    }
    failed(format!("{what} is {found:?}, not {wanted:?}"))
}

/// Waits for ten seconds at most.
pub(crate) fn wait(what: &str, mut is_so: impl FnMut() -> bool) -> Verdict {
    for _ in 0..2000 {
        if is_so() {
            return Ok(());
        }
        sleep(Duration::from_millis(5));
    }
    failed(format!("ten seconds are over: {what}"))
}

pub(crate) fn read(path: impl AsRef<Path>) -> Verdict<String> {
    let path = path.as_ref();
    fs::read_to_string(path).map_err(|error| No::Failed(format!("{}: {error}", path.display())))
}

/// Writes as somebody else would, who is not the actor.
pub(crate) fn write(path: impl AsRef<Path>, text: &str) -> Verdict {
    let path = path.as_ref();
    fs::write(path, text)
        .map_err(|error| No::Failed(format!("`{text}` to {}: {error}", path.display())))
}

/// An actor and its folder.
pub(crate) struct Lab {
    pub(crate) hand: Hand,
    /// This is the guest, and what is global may be changed.
    pub(crate) is_guest: bool,
    setup: Setup,
    _folder: tempfile::TempDir,
    requests: u64,
}

impl Lab {
    /// Starts an actor; where it does not start, what it says of that.
    pub(crate) fn new(is_guest: bool) -> Verdict<Self> {
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        // Users that nobody has, others than those of the other tests. Each actor has its own: one
        // that is about to end has its user still.
        let number = std::process::id() + ACTORS.fetch_add(1, Ordering::Relaxed);
        let id = 61_800 + 2 * (number % 90);
        let setup = Setup { state: folder.path().join("state"), id, weak: false };
        let (hand, _) =
            Hand::start(&mut setup.actor()).map_err(|error| No::Cannot(error.to_string()))?;
        Ok(Self { hand, is_guest, setup, _folder: folder, requests: 0 })
    }

    /// What is global to a host is changed in a guest alone.
    pub(crate) fn only_in_a_guest(&self) -> Verdict {
        if self.is_guest { Ok(()) } else { skipped("it is no guest (`--guest`)") }
    }

    pub(crate) fn ask(
        &mut self,
        effects: Vec<Effect>,
        lasts_s: Option<u64>,
    ) -> Verdict<(u64, Done)> {
        self.requests += 1;
        let (request, action) = (self.requests, "a test".to_owned());
        let order = Order { request, action, effects, lasts_s };
        Ok((request, self.hand.ask(&Ask::Perform { order, origin: Origin::Agent })?))
    }

    /// Has something done; where it is not, why.
    pub(crate) fn act(&mut self, effect: Effect) -> Verdict<u64> {
        let (request, done) = self.ask(vec![effect], None)?;
        match done.outcome {
            Outcome::Applied if done.reason.is_none() => Ok(request),
            Outcome::NotApplied => Err(No::Cannot(done.reason.unwrap_or_default())),
            Outcome::Applied | Outcome::Indeterminate | Outcome::Superseded | Outcome::Withheld => {
                failed(format!("{done:?}"))
            }
        }
    }

    /// Asks for what has to be refused with this reason.
    pub(crate) fn refuses(&mut self, effects: Vec<Effect>, why: &str) -> Verdict {
        let told: Vec<String> = effects.iter().map(ToString::to_string).collect();
        let (_, done) = self.ask(effects, None)?;
        let is_told = done.reason.as_ref().is_some_and(|reason| reason.contains(why));
        if done.outcome == Outcome::NotApplied && is_told {
            return Ok(());
        }
        failed(format!("{}: {done:?}, where `{why}` is the reason to refuse it", told.join(", ")))
    }

    pub(crate) fn undo(&mut self, request: u64) -> Verdict<Done> {
        Ok(self.hand.ask(&Ask::Undo { request })?)
    }

    /// Undoes something, and that once more, which is nothing.
    pub(crate) fn put_back(&mut self, request: u64) -> Verdict {
        let done = self.undo(request)?;
        same("undone", (done.outcome, done.reason), (Outcome::Applied, None))?;
        let again = self.undo(request)?;
        same("undone twice", again.outcome, Outcome::NotApplied)
    }

    /// Undoes what somebody else changed since.
    pub(crate) fn superseded(&mut self, request: u64) -> Verdict {
        let done = self.undo(request)?;
        if done.outcome == Outcome::Superseded {
            return Ok(());
        }
        failed(format!("another one wrote since, and the undo says {done:?}"))
    }

    /// Has something done, looks whether it is, has it undone, and looks whether all is as before.
    pub(crate) fn there_and_back<T: PartialEq + Debug>(
        &mut self,
        effect: Effect,
        look: impl Fn() -> Verdict<T>,
        wanted: T,
    ) -> Verdict {
        let before = look()?;
        if before == wanted {
            return failed(format!("it is {wanted:?} before anything is done"));
        }
        let request = self.act(effect)?;
        same("what was done", look()?, wanted)?;
        self.put_back(request)?;
        same("what was undone", look()?, before)
    }

    /// The log tells of all, and is whole.
    pub(crate) fn end(self) -> Verdict {
        drop(self.hand);
        let lines = audit::verify(&self.setup.audit())?.lines;
        // Of each request that it was asked for, and what came of it.
        if lines >= 2 * self.requests { Ok(()) } else { failed(format!("{lines} lines")) }
    }
}
