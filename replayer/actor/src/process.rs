//! The process that acts: what it does before its sandbox, and that it goes into it.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use rustix::net::sockopt::socket_peercred;
use rustix::process::{getppid, getuid};
use rustix::stdio::dup2_stdin;
use rustix::thread::CapabilitySet;
use thiserror::Error;

use crate::audit::{Audit, AuditError, Paths};
use crate::calls::Work;
use crate::clock::wall_ns;
use crate::entry::Entry;
use crate::failure::Failure;
use crate::helper::{self, Role};
use crate::here;
use crate::message::Said;
use crate::notes::{Notes, NotesError};
use crate::perform::Performer;
use crate::sandbox::{Sandbox, SandboxError};
use crate::serve::{Actor, ServeError, say};
use crate::settable::Settable;
use crate::staff::Helpers;
use crate::syscalls;

/// Another actor that is about to end is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// How an actor is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The folder of its notes and of the audit log.
    pub state: PathBuf,
    /// Its user and group, which nobody else has; those of the opener are the next.
    pub id: u32,
    /// It acts also where the kernel lacks a part of its sandbox, which the audit log then says.
    pub weak: bool,
}

/// Why an actor ended.
#[derive(Debug, Error)]
pub enum ActorError {
    /// Whoever started it is not who may.
    #[error("it was not started by root: {0}")]
    Stranger(String),
    /// A file or folder of its own.
    #[error("`{path}`: {error}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The user that it would have is somebody's.
    #[error("process {pid} runs as user {id}, which has to be the actor's alone: set `actor_uid`")]
    IdInUse {
        /// The user.
        id: u32,
        /// Who has it.
        pid: u64,
    },
    /// Its notes.
    #[error(transparent)]
    Notes(#[from] NotesError),
    /// The audit log.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// One of its helpers.
    #[error(transparent)]
    Helper(#[from] Failure),
    /// Its sandbox.
    #[error("no sandbox: {0}")]
    Sandbox(#[from] SandboxError),
    /// Its work.
    #[error(transparent)]
    Serve(#[from] ServeError),
}

/// By what a program is told to be an actor.
const ACTOR: &str = "actor";
/// By what it is told how much of a sandbox it needs.
const WHOLE: &str = "whole";
const WEAK: &str = "weak";

impl Setup {
    /// What this program is told to be by four arguments, if it is: an actor or one of its helpers,
    /// with its folder, its user and how much of a sandbox it needs.
    pub fn called(arguments: &[impl AsRef<OsStr>]) -> Option<(Self, Option<Role>)> {
        let [word, state, id, sandbox] = arguments else { return None };
        let word = word.as_ref();
        let role = Role::ALL.into_iter().find(|role| word == role.word());
        let weak = sandbox.as_ref() == WEAK;
        let id = id.as_ref().to_str()?.parse().ok()?;
        let setup = Self { state: state.as_ref().into(), id, weak };
        (role.is_some() || word == ACTOR).then_some((setup, role))
    }

    /// The command that starts this program again, to be an actor.
    pub fn actor(&self) -> Command {
        self.command(ACTOR)
    }

    fn command(&self, word: &str) -> Command {
        let mut command = Command::new("/proc/self/exe");
        let sandbox = if self.weak { WEAK } else { WHOLE };
        command.arg(word).arg(&self.state).arg(self.id.to_string()).arg(sandbox);
        command
    }

    /// Is what it was told to be, until that is over.
    pub fn be(&self, role: Option<Role>) -> Result<(), ActorError> {
        role.map_or_else(|| self.act(), |role| self.help(role))
    }

    /// The file that stops all acting while it is there.
    pub fn stop(&self) -> PathBuf {
        Self::stop_in(&self.state)
    }

    /// The same, of whatever has this folder.
    pub fn stop_in(state: &Path) -> PathBuf {
        state.join("stopped")
    }

    /// Where its notes are, which only it may write.
    fn own(&self) -> PathBuf {
        self.state.join("actor")
    }

    /// The files of the audit log.
    pub fn audit(&self) -> Paths {
        Self::audit_in(&self.state)
    }

    /// The same, of whatever has this folder.
    pub fn audit_in(state: &Path) -> Paths {
        Paths::of(&state.join("actor"))
    }

    /// Acts until the other end of the socket is gone, which is the standard input. What is wrong
    /// before it can is said there. It is the first thing that a process does.
    fn act(&self) -> Result<(), ActorError> {
        let mut socket = take_socket().map_err(at(Path::new("/dev/stdin")))?;
        match self.ready(&socket) {
            Ok(mut actor) => Ok(actor.serve(socket)?),
            Err(error) => {
                let _ = say(&mut socket, &Said::Failed { problem: error.to_string() });
                Err(error)
            }
        }
    }

    /// Is one of an actor's helpers until that is gone.
    fn help(&self, role: Role) -> Result<(), ActorError> {
        let socket = take_socket().map_err(at(Path::new("/dev/stdin")))?;
        check_peer(&socket)?;
        // What is put back after a kill may be in no catalogue: the setter has to know it.
        let settable = Settable::noted(&self.own().join("undo"));
        Ok(helper::serve(role, self.id + 1, self.weak, settable, socket)?)
    }

    fn ready(&self, socket: &File) -> Result<Actor, ActorError> {
        check_peer(socket)?;
        self.make_folders()?;
        // Who has the lock of an actor that is about to end has its user as well.
        let notes = Notes::open(&self.own().join("undo"), PATIENCE)?;
        check_id(self.id)?;
        check_id(self.id + 1)?;
        let mut last = 0;
        let (mut audit, _) = Audit::open_and_tell(self.audit(), &mut |told| {
            last = last.max(numbered(told.entry));
        })?;
        let lacks = here::no_sandbox().unwrap_or("nothing");
        audit.append(wall_ns(), &Entry::Began { lacks })?;
        let helpers = Helpers::start(|role| self.command(role.word()))?;
        let performer = Performer::new(notes, Box::new(helpers));
        let performer = performer.map_err(at(Path::new("/proc/sys/kernel/random/boot_id")))?;
        let sandbox = Sandbox {
            id: self.id,
            capabilities: CapabilitySet::SYS_NICE | CapabilitySet::KILL,
            readable: vec!["/proc".into(), "/sys".into()],
            writable: vec![self.own().join("undo")],
            work: Work::Act,
            weak: self.weak,
        };
        // Whose key is read before nothing can be opened any more.
        let actor = Actor::new(performer, audit, self.stop(), last)
            .map_err(at(Path::new("/dev/urandom")))?;
        sandbox.enter()?;
        Ok(actor)
    }

    /// Others may look whether acting is stopped; what is the actor's own is for root and it.
    fn make_folders(&self) -> Result<(), ActorError> {
        let make = |path: &Path, mode| {
            DirBuilder::new().recursive(true).mode(mode).create(path).map_err(at(path))
        };
        make(&self.state, 0o755)?;
        for path in [self.own(), self.own().join("undo")] {
            make(&path, 0o700)?;
            chown(&path, Some(self.id), Some(self.id)).map_err(at(&path))?;
        }
        // Notes of an actor of another user are this one's now.
        for entry in fs::read_dir(self.own().join("undo")).map_err(at(&self.own()))? {
            let path = entry.map_err(at(&self.own()))?.path();
            chown(&path, Some(self.id), Some(self.id)).map_err(at(&path))?;
        }
        Ok(())
    }
}

/// The number of the request, or of the decision, that a line of the audit log is about. Whoever
/// wants something undone may name a number that nothing ever had.
fn numbered(entry: &str) -> u64 {
    #[derive(serde::Deserialize)]
    struct Numbers<'a> {
        what: &'a str,
        request: Option<u64>,
        decision: Option<u64>,
    }
    let numbers = serde_json::from_str::<Numbers<'_>>(entry).ok();
    let given = numbers.filter(|one| !matches!(one.what, "undoing" | "undone"));
    given.and_then(|one| one.request.max(one.decision)).unwrap_or(0)
}

/// The socket, and nothing else of what is open.
fn take_socket() -> io::Result<File> {
    syscalls::close_all_but_standard()?;
    let socket = io::stdin().as_fd().try_clone_to_owned()?;
    dup2_stdin(File::open("/dev/null")?)?;
    Ok(socket.into())
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> ActorError {
    let path = path.to_owned();
    move |error| ActorError::Io { path, error }
}

/// The other end is root, and who started this.
fn check_peer(socket: &File) -> Result<(), ActorError> {
    let peer = socket_peercred(socket.as_fd());
    let peer = peer.map_err(|error| ActorError::Stranger(format!("no socket: {error}")))?;
    if !peer.uid.is_root() || !getuid().is_root() {
        return Err(ActorError::Stranger(format!("user {}", peer.uid.as_raw())));
    }
    if Some(peer.pid) != getppid() {
        let pid = peer.pid.as_raw_nonzero();
        return Err(ActorError::Stranger(format!("process {pid} is not its parent")));
    }
    Ok(())
}

/// Nobody else runs as that user: he could end the actor, or be it. One that is about to end is
/// waited for.
fn check_id(id: u32) -> Result<(), ActorError> {
    let mut left = PATIENCE.as_millis() / PAUSE.as_millis();
    loop {
        match who_runs_as(id)? {
            None => return Ok(()),
            Some(pid) if left == 0 => return Err(ActorError::IdInUse { id, pid }),
            Some(_) => {
                left -= 1;
                sleep(PAUSE);
            }
        }
    }
}

fn who_runs_as(id: u32) -> Result<Option<u64>, ActorError> {
    let processes = fs::read_dir("/proc").map_err(at(Path::new("/proc")))?;
    Ok(processes.filter_map(Result::ok).find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        // One that ends meanwhile has no user, and one that nobody has reaped does nothing.
        let status = fs::read_to_string(entry.path().join("status")).ok()?;
        let line = |name| status.lines().find_map(|line| line.strip_prefix(name));
        let has_ended = line("State:")?.trim_start().starts_with('Z');
        let is_its = line("Uid:")?.split_ascii_whitespace().any(|uid| uid.parse() == Ok(id));
        (is_its && !has_ended).then_some(pid)
    }))
}

#[cfg(test)]
mod tests {
    use super::numbered;

    #[test]
    fn a_number_that_somebody_named_was_given_to_nothing() {
        assert_eq!(numbered(r#"{"what":"decided","decision":7,"change":"done"}"#), 7);
        assert_eq!(numbered(r#"{"what":"asked","request":8}"#), 8);
        for what in ["undoing", "undone"] {
            let line = format!(r#"{{"what":"{what}","request":{}}}"#, u64::MAX);
            assert_eq!(numbered(&line), 0);
        }
        assert_eq!(numbered("{}"), 0);
    }
}
