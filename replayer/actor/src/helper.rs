//! Two small processes beside an actor, for what it may not do itself.
//!
//! The **opener** may open what belongs to others (CAP_DAC_OVERRIDE) and write nothing: it opens
//! one of two files of a process, or a file of a control group or of a disk, and hands the
//! descriptor on. The **setter** is root without a capability, which is what `/proc/sys` asks for
//! at each write (`kernel.md`, section 3), and may write the files that the catalogue lists.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use ks_vocabulary::decision::Sysctl;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::thread::CapabilitySet;
use rustix::time::Timespec;
use serde::{Deserialize, Serialize};

use crate::calls::Work;
use crate::failure::Failure;
use crate::held::{Held, Target};
use crate::place::Place;
use crate::process_file::{self, ProcessFile};
use crate::sandbox::{Sandbox, SandboxError};
use crate::settable::{self, Settable};
use crate::writes::Writes;

/// A longer message is none.
const BYTES_MAX: usize = 16 << 10;
/// An answer that takes longer is an error. It may come yet, and is told by its number then.
const PATIENCE: Timespec = Timespec { tv_sec: 10, tv_nsec: 0 };
/// What a helper says by itself, when it is in its sandbox.
const READY: u64 = 0;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// See the module.
    Opener,
    /// See the module.
    Setter,
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Opener, Self::Setter];

    /// Its word, by which a program is told to be one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opener => "opener",
            Self::Setter => "setter",
        }
    }

    /// What it may do; `id` is the user that the opener has.
    fn sandbox(self, id: u32, weak: bool) -> Sandbox {
        match self {
            Self::Opener => Sandbox {
                id,
                capabilities: CapabilitySet::DAC_OVERRIDE,
                readable: Vec::new(),
                writable: vec!["/proc".into(), "/sys".into()],
                work: Work::Open,
                weak,
            },
            Self::Setter => Sandbox {
                id: 0,
                capabilities: CapabilitySet::empty(),
                readable: vec!["/proc/sys".into()],
                writable: settable::files(),
                work: Work::Set,
                weak,
            },
        }
    }
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Numbered<T> {
    number: u64,
    said: T,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "snake_case", deny_unknown_fields)]
enum Want {
    ProcessFile { target: Target, file: ProcessFile },
    Place { place: Place },
    Set { key: Sysctl, text: String },
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "had", rename_all = "snake_case", deny_unknown_fields)]
enum Had {
    Yes,
    No { reason: String },
}

/// Is one until the other end of the socket is gone.
pub(crate) fn serve(
    role: Role,
    id: u32,
    weak: bool,
    mut settable: Settable,
    mut socket: File,
) -> Result<(), SandboxError> {
    if let Err(error) = role.sandbox(id, weak).enter() {
        let _ = answer(&socket, READY, Had::No { reason: error.to_string() }, None);
        return Err(error);
    }
    let mut bytes = vec![0; BYTES_MAX];
    let mut goes_on = answer(&socket, READY, Had::Yes, None).is_ok();
    while goes_on {
        let len = match socket.read(&mut bytes) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(len) => len,
        };
        // What says nothing has no number, and no answer that anybody waits for.
        let Ok(Numbered { number, said }) = serde_json::from_slice(&bytes[..len]) else { continue };
        goes_on = match fulfil(role, &said, &mut settable) {
            Ok(file) => answer(&socket, number, Had::Yes, file.as_ref()),
            Err(failure) => answer(&socket, number, Had::No { reason: failure.to_string() }, None),
        }
        .is_ok();
    }
    Ok(())
}

fn fulfil(role: Role, want: &Want, settable: &mut Settable) -> Result<Option<File>, Failure> {
    let other =
        || Failure::refused("it is not this one's", io::Error::from(io::ErrorKind::Unsupported));
    match (role, want) {
        (Role::Opener, Want::ProcessFile { target, file }) => {
            let held = target.hold()?;
            held.during(|| process_file::open(&held, *file)).map(Some)
        }
        (
            Role::Opener,
            Want::Place { place: place @ (Place::Group { .. } | Place::ReadAhead(_)) },
        ) => place.to_write().map(Some),
        (Role::Setter, Want::Set { key, text }) => {
            if !settable.has(*key, text) {
                return Err(other());
            }
            let place = Place::Sysctl(*key);
            settable.look(*key)?;
            place.write_to(&place.to_write()?, text)?;
            Ok(None)
        }
        (Role::Opener | Role::Setter, _) => Err(other()),
    }
}

/// Answers by one call for both, with a descriptor where there is one: the opener may not write.
fn answer(socket: &File, number: u64, said: Had, file: Option<&File>) -> io::Result<()> {
    let bytes = serde_json::to_vec(&Numbered { number, said })?;
    let fds: Vec<_> = file.iter().map(|file| file.as_fd()).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(&fds));
    }
    sendmsg(socket, &[IoSlice::new(&bytes)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
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

    fn ask(&self, want: &Want) -> Result<Option<File>, Failure> {
        let number = self.number.get() + 1;
        self.number.set(number);
        let bytes = serde_json::to_vec(&Numbered { number, said: want });
        let bytes = bytes.map_err(|error| self.failed(error.into()))?;
        (&self.socket).write_all(&bytes).map_err(|error| self.failed(error))?;
        self.hear()
    }

    /// The answer to the last question; what comes late to another one is left out.
    fn hear(&self) -> Result<Option<File>, Failure> {
        loop {
            let (Numbered { number, said }, file) = self.receive()?;
            match said {
                _ if number != self.number.get() => {}
                Had::Yes => return Ok(file),
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

/// Both, for who acts beside them.
#[derive(Debug)]
pub(crate) struct Helpers {
    opener: Other,
    setter: Other,
}

impl Helpers {
    /// Starts them.
    pub(crate) fn start(command: impl Fn(Role) -> Command) -> Result<Self, Failure> {
        Ok(Self {
            opener: Other::start(Role::Opener, command(Role::Opener), PATIENCE)?,
            setter: Other::start(Role::Setter, command(Role::Setter), PATIENCE)?,
        })
    }

    fn open(&self, want: &Want) -> Result<File, Failure> {
        let none = || self.opener.failed(io::ErrorKind::UnexpectedEof.into());
        self.opener.ask(want)?.ok_or_else(none)
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

    fn processes(&self) -> Vec<u64> {
        [&self.opener, &self.setter].map(|other| other.child.id().into()).to_vec()
    }
}

#[cfg(test)]
mod tests;
