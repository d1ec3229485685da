//! The helpers of an actor, as it sees them: it starts them, and asks each for what is its own.

use std::fs::File;
use std::io::{self, IoSliceMut, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SocketFlags, SocketType,
    recvmsg, socketpair,
};

use crate::failure::Failure;
use crate::held::Held;
use crate::helper::{BYTES_MAX, Had, Role, Want};
use crate::limit::Limit;
use crate::manager::{self, Found};
use crate::place::Place;
use crate::process_file::ProcessFile;
use crate::unit::Unit;
use crate::writes::Writes;

/// What one of them gives.
struct Answer {
    file: Option<File>,
    found: Option<Found>,
}

/// One of them, seen from the actor.
#[derive(Debug)]
struct Other {
    role: Role,
    socket: File,
}

impl Other {
    /// Starts it by a command, and waits until it is in its sandbox.
    fn start(role: Role, mut command: Command) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::refused(format!("the {}", role.word()), error);
        let flags = SocketFlags::CLOEXEC;
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
        let (own, other): (OwnedFd, OwnedFd) = pair.map_err(|error| failed(error.into()))?;
        command.env_clear().stdin(Stdio::from(other)).stdout(Stdio::null());
        command.spawn().map_err(failed)?;
        // It holds the other end as well: with it the end of a child would not be heard.
        drop(command);
        let other = Self { role, socket: own.into() };
        other.hear()?;
        Ok(other)
    }

    fn ask(&self, want: &Want) -> Result<Answer, Failure> {
        let bytes = serde_json::to_vec(want).map_err(|error| self.failed(error.into()))?;
        (&self.socket).write_all(&bytes).map_err(|error| self.failed(error))?;
        self.hear()
    }

    fn hear(&self) -> Result<Answer, Failure> {
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
        match serde_json::from_slice(&bytes[..len]) {
            Ok(Had::Yes) => Ok(Answer { file: file.map(File::from), found: None }),
            Ok(Had::Found { found }) => Ok(Answer { file: None, found: Some(found) }),
            Ok(Had::Gone { what }) => Err(Failure::Gone { what }),
            Ok(Had::No { reason }) => Err(self.failed(io::Error::other(reason))),
            Err(_) => Err(self.failed(io::ErrorKind::UnexpectedEof.into())),
        }
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
    manager: Option<Other>,
}

impl Helpers {
    /// Starts them.
    pub(crate) fn start(command: impl Fn(Role) -> Command) -> Result<Self, Failure> {
        Ok(Self {
            opener: Other::start(Role::Opener, command(Role::Opener))?,
            setter: Other::start(Role::Setter, command(Role::Setter))?,
            // Where systemd cannot be spoken to groups are written as without it, and watched.
            manager: manager::is_there()
                .then(|| Other::start(Role::Manager, command(Role::Manager)).ok())
                .flatten(),
        })
    }

    fn open(&self, want: &Want) -> Result<File, Failure> {
        let none = || self.opener.failed(io::ErrorKind::UnexpectedEof.into());
        self.opener.ask(want)?.file.ok_or_else(none)
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
        let Some(manager) = &self.manager else { return Ok(None) };
        let answer = manager.ask(&Want::UnitLimit { unit: unit.clone(), like: *like })?;
        let none = || manager.failed(io::ErrorKind::UnexpectedEof.into());
        answer.found.map(Some).ok_or_else(none)
    }

    fn set_unit(&self, unit: &Unit, limit: &Limit) -> Result<(), Failure> {
        let none = || Failure::refused(unit.to_string(), io::ErrorKind::NotConnected);
        let manager = self.manager.as_ref().ok_or_else(none)?;
        manager.ask(&Want::SetUnit { unit: unit.clone(), limit: *limit }).map(|_| ())
    }
}
