//! Two small processes beside an actor, for what it may not do itself.
//!
//! The **opener** may open what belongs to others (CAP_DAC_OVERRIDE) and write nothing: it opens
//! one of two files of a process, or a file of a control group or of a disk, and hands the
//! descriptor on. The **setter** is root without a capability, which is what `/proc/sys` asks for
//! at each write (`kernel.md`, section 3), and may write the files that the catalogue lists.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use ks_vocabulary::decision::Sysctl;
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use rustix::thread::CapabilitySet;
use serde::{Deserialize, Serialize};

use crate::calls::Work;
use crate::failure::Failure;
use crate::held::{Held, Target};
use crate::place::Place;
use crate::process_file::{self, ProcessFile};
use crate::sandbox::{Sandbox, SandboxError};
use crate::writes::Writes;

/// A longer message is none.
const BYTES_MAX: usize = 16 << 10;

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
    fn sandbox(self, id: u32) -> Sandbox {
        match self {
            Self::Opener => Sandbox {
                id,
                capabilities: CapabilitySet::DAC_OVERRIDE,
                readable: Vec::new(),
                writable: vec!["/proc".into(), "/sys".into()],
                work: Work::Open,
            },
            Self::Setter => Sandbox {
                id: 0,
                capabilities: CapabilitySet::empty(),
                readable: vec!["/proc/sys".into()],
                writable: parameters(),
                work: Work::Set,
            },
        }
    }
}

/// The files of the parameters that this kernel has.
fn parameters() -> Vec<PathBuf> {
    let path = |key: &Sysctl| Path::new("/proc/sys").join(key.to_string().replace('.', "/"));
    Sysctl::ALL.iter().map(path).filter(|path| path.exists()).collect()
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
pub(crate) fn serve(role: Role, id: u32, mut socket: File) -> Result<(), SandboxError> {
    if let Err(error) = role.sandbox(id).enter() {
        let _ = answer(&socket, &Had::No { reason: error.to_string() }, None);
        return Err(error);
    }
    let mut bytes = vec![0; BYTES_MAX];
    let mut goes_on = answer(&socket, &Had::Yes, None).is_ok();
    while goes_on {
        let len = match socket.read(&mut bytes) {
            Ok(0) | Err(_) => return Ok(()),
            Ok(len) => len,
        };
        let done = serde_json::from_slice(&bytes[..len])
            .map_err(|error| error.to_string())
            .and_then(|want| fulfil(role, &want).map_err(|failure| failure.to_string()));
        goes_on = match done {
            Ok(file) => answer(&socket, &Had::Yes, file.as_ref()),
            Err(reason) => answer(&socket, &Had::No { reason }, None),
        }
        .is_ok();
    }
    Ok(())
}

fn fulfil(role: Role, want: &Want) -> Result<Option<File>, Failure> {
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
            let place = Place::Sysctl(*key);
            // What is put back is no action's, but it is numbers like what was there.
            let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b' ';
            if text.is_empty() || !text.bytes().all(is_plain) {
                return Err(other());
            }
            place.write_to(&place.to_write()?, text)?;
            Ok(None)
        }
        (Role::Opener | Role::Setter, _) => Err(other()),
    }
}

/// Answers by one call for both, with a descriptor where there is one: the opener may not write.
fn answer(socket: &File, had: &Had, file: Option<&File>) -> io::Result<()> {
    let bytes = serde_json::to_vec(had)?;
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
}

impl Other {
    /// Starts it by a command, and waits until it is in its sandbox.
    fn start(role: Role, mut command: Command) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::refused(format!("the {}", role.word()), error);
        let flags = SocketFlags::CLOEXEC;
        let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None);
        let (own, other): (OwnedFd, OwnedFd) = pair.map_err(|error| failed(error.into()))?;
        command.env_clear().stdin(Stdio::from(other)).stdout(Stdio::null());
        let child = command.spawn().map_err(failed)?;
        // It holds the other end as well: with it the end of a child would not be heard.
        drop(command);
        let other = Self { role, socket: own.into(), child };
        other.hear()?;
        Ok(other)
    }

    fn ask(&self, want: &Want) -> Result<Option<File>, Failure> {
        let bytes = serde_json::to_vec(want).map_err(|error| self.failed(error.into()))?;
        (&self.socket).write_all(&bytes).map_err(|error| self.failed(error))?;
        self.hear()
    }

    fn hear(&self) -> Result<Option<File>, Failure> {
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
            Ok(Had::Yes) => Ok(file.map(File::from)),
            Ok(Had::No { reason }) => Err(self.failed(io::Error::other(reason))),
            Err(_) => Err(self.failed(io::ErrorKind::UnexpectedEof.into())),
        }
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
            opener: Other::start(Role::Opener, command(Role::Opener))?,
            setter: Other::start(Role::Setter, command(Role::Setter))?,
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
