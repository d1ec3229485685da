//! The helpers of an actor, as it sees them: it starts them, and asks each for what is its own.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType,
    recvmsg, socketpair,
};
use rustix::time::Timespec;

use crate::failure::Failure;
use crate::held::Held;
use crate::helper::{BYTES_MAX, Had, Numbered, READY, Role, Want};
use crate::limit::Limit;
use crate::place::Place;
use crate::process_file::ProcessFile;
use crate::systemd::{self, Found};
use crate::unit::Unit;
use crate::writes::Writes;

/// An answer that takes longer is an error. It may come yet, and is told by its number then.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };

/// What one of them gives.
#[derive(Debug)]
struct Answer {
    file: Option<File>,
    found: Option<Found>,
}

/// One of them, seen from the actor.
#[derive(Debug)]
struct Other {
    role: Role,
    socket: File,
    child: Child,
    /// That of the last question.
    number: Cell<u64>,
    patience: Timespec,
}

impl Other {
    /// Starts it by a command, and waits until it is in its sandbox.
    fn start(role: Role, mut command: Command, patience: Timespec) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::refused(format!("the {}", role.word()), error);
        let flags = SocketFlags::CLOEXEC;
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
        let (own, other): (OwnedFd, OwnedFd) = pair.map_err(|error| failed(error.into()))?;
        command.env_clear().stdin(Stdio::from(other)).stdout(Stdio::null());
        let child = command.spawn().map_err(failed)?;
        // It holds the other end as well: with it the end of a child would not be heard.
        drop(command);
        let number = Cell::new(READY);
        let mut other = Self { role, socket: own.into(), child, number, patience };
        match other.hear() {
            Ok(_) => Ok(other),
            Err(failure) => {
                let _ = (other.child.kill(), other.child.wait());
                Err(failure)
            }
        }
    }

    fn ask(&self, want: &Want) -> Result<Answer, Failure> {
        let number = self.number.get() + 1;
        self.number.set(number);
        let bytes = serde_json::to_vec(&Numbered { number, said: want });
        let bytes = bytes.map_err(|error| self.failed(error.into()))?;
        (&self.socket).write_all(&bytes).map_err(|error| self.failed(error))?;
        self.hear()
    }

    /// The answer to the last question; what comes late to another one is left out.
    fn hear(&self) -> Result<Answer, Failure> {
        loop {
            let (Numbered { number, said }, file) = self.receive()?;
            match said {
                _ if number != self.number.get() => {}
                Had::Yes => return Ok(Answer { file, found: None }),
                Had::Found { found } => return Ok(Answer { file: None, found: Some(found) }),
                Had::Gone { what } => return Err(Failure::Gone { what }),
                Had::No { reason } => return Err(self.failed(io::Error::other(reason))),
            }
        }
    }

    fn receive(&self) -> Result<(Numbered<Had>, Option<File>), Failure> {
        let mut heard = [PollFd::new(&self.socket, PollFlags::IN)];
        let ready = loop {
            match poll(&mut heard, Some(&self.patience)) {
                Err(rustix::io::Errno::INTR) => {}
                polled => break polled.map_err(|error| self.failed(error.into()))?,
            }
        };
        if ready == 0 {
            return Err(self.failed(io::ErrorKind::TimedOut.into()));
        }
        let mut bytes = vec![0; BYTES_MAX];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut parts = [IoSliceMut::new(&mut bytes)];
        let heard = recvmsg(&self.socket, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC);
        let len = heard.map_err(|error| self.failed(error.into()))?.bytes;
        let file = control.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
            RecvAncillaryMessage::ScmCredentials(_) | _ => None,
        });
        let said = serde_json::from_slice(&bytes[..len]);
        let said = said.map_err(|_| self.failed(io::ErrorKind::UnexpectedEof.into()))?;
        Ok((said, file.map(File::from)))
    }

    fn failed(&self, error: io::Error) -> Failure {
        Failure::refused(format!("the {}", self.role.word()), error)
    }
}

/// All of them, for who acts beside them.
#[derive(Debug)]
pub(crate) struct Helpers {
    opener: Other,
    setter: Other,
    /// Nothing where no systemd is; what failed where it cannot be spoken to.
    manager: Option<Result<Other, Failure>>,
}

impl Helpers {
    /// Starts them.
    pub(crate) fn start(command: impl Fn(Role) -> Command) -> Result<Self, Failure> {
        let start = |role| Other::start(role, command(role), PATIENCE);
        Ok(Self {
            opener: start(Role::Opener)?,
            setter: start(Role::Setter)?,
            // Where systemd cannot be spoken to groups are written as without it, and watched.
            manager: systemd::is_there().then(|| start(Role::Manager)),
        })
    }

    fn open(&self, want: &Want) -> Result<File, Failure> {
        let none = || self.opener.failed(io::ErrorKind::UnexpectedEof.into());
        self.opener.ask(want)?.file.ok_or_else(none)
    }

    /// Asks systemd for something of a unit; nothing where it does not run.
    fn ask_manager(&self, unit: &Unit, want: &Want) -> Result<Option<Found>, Failure> {
        let manager = match &self.manager {
            None => return Ok(None),
            Some(Err(why)) => {
                return Err(Failure::refused(unit.to_string(), io::Error::other(why.to_string())));
            }
            Some(Ok(manager)) => manager,
        };
        let none = || manager.failed(io::ErrorKind::UnexpectedEof.into());
        manager.ask(want)?.found.map(Some).ok_or_else(none)
    }
}

impl Writes for Helpers {
    fn open_process_file(&self, held: &Held, file: ProcessFile) -> Result<File, Failure> {
        self.open(&Want::ProcessFile { target: held.target(), file })
    }

    fn write_place(&self, place: &Place, text: &str) -> Result<(), Failure> {
        if let Place::Sysctl(key) = place {
            return self.setter.ask(&Want::Set { key: *key, text: text.to_owned() }).map(|_| ());
        }
        let file = self.open(&Want::Place { place: place.clone() })?;
        place.write_to(&file, text)
    }

    fn unit_limit(&self, unit: &Unit, like: &Limit) -> Result<Option<Found>, Failure> {
        self.ask_manager(unit, &Want::UnitLimit { unit: unit.clone(), like: *like })
    }

    fn set_unit(&self, unit: &Unit, limit: &Limit) -> Result<Limit, Failure> {
        let none = || Failure::refused(unit.to_string(), io::ErrorKind::NotConnected);
        let found = self.ask_manager(unit, &Want::SetUnit { unit: unit.clone(), limit: *limit })?;
        found.map(|found| found.limit).ok_or_else(none)
    }

    fn processes(&self) -> Vec<u64> {
        let manager = self.manager.iter().flatten();
        let all = [&self.opener, &self.setter].into_iter().chain(manager);
        all.map(|other| other.child.id().into()).collect()
    }
}

#[cfg(test)]
mod tests;
