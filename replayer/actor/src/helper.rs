//! Small processes beside an actor, for what it may not do itself.
//!
//! The **opener** may open what belongs to others (CAP_DAC_OVERRIDE) and write nothing: it opens
//! one of two files of a process, or a file of a control group or of a disk, and hands the
//! descriptor on. The **setter** is root without a capability, which is what `/proc/sys` asks for
//! at each write (`kernel.md`, section 3), and may write the files that the catalogue lists. The
//! **manager** is root without a capability too, and opens nothing: on a connection that it had
//! before its sandbox it asks systemd for the limits of [`crate::limit`].

use std::fs::File;
use std::io::{self, IoSlice, Read};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;

use ks_vocabulary::decision::Sysctl;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::thread::CapabilitySet;
use serde::{Deserialize, Serialize};

use crate::calls::Work;
use crate::failure::Failure;
use crate::held::Target;
use crate::limit::Limit;
use crate::place::Place;
use crate::process_file::{self, ProcessFile};
use crate::sandbox::{Sandbox, SandboxError};
use crate::settable::{self, Settable};
use crate::systemd::{Found, Manager};
use crate::unit::Unit;

/// A longer message is none.
pub(crate) const BYTES_MAX: usize = 16 << 10;
/// What a helper says by itself, when it is in its sandbox.
pub(crate) const READY: u64 = 0;

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// See the module.
    Opener,
    /// See the module.
    Setter,
    /// See the module.
    Manager,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Opener, Self::Setter, Self::Manager];

    /// Its word, by which a program is told to be one.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opener => "opener",
            Self::Setter => "setter",
            Self::Manager => "manager",
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
            Self::Manager => Sandbox {
                id: 0,
                capabilities: CapabilitySet::empty(),
                readable: Vec::new(),
                writable: Vec::new(),
                work: Work::Manage,
                weak,
            },
        }
    }
}

/// A question or an answer: which one it answers, it says by its number.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Numbered<T> {
    pub(crate) number: u64,
    pub(crate) said: T,
}

/// What a helper is asked for.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "want", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Want {
    ProcessFile { target: Target, file: ProcessFile },
    Place { place: Place },
    Set { key: Sysctl, text: String },
    UnitLimit { unit: Unit, like: Limit },
    SetUnit { unit: Unit, limit: Limit },
}

/// What it says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "had", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Had {
    Yes,
    Found { found: Found },
    Gone { what: String },
    No { reason: String },
}

/// What comes of something that it was asked for.
enum Given {
    Nothing,
    File(File),
    Found(Found),
}

/// Is one until the other end of the socket is gone.
pub(crate) fn serve(
    role: Role,
    id: u32,
    weak: bool,
    mut settable: Settable,
    mut socket: File,
) -> Result<(), SandboxError> {
    let no = |reason: String| answer(&socket, READY, Had::No { reason }, None);
    let mut manager = match role {
        Role::Opener | Role::Setter => None,
        Role::Manager => match Manager::connect() {
            Ok(manager) => Some(manager),
            Err(error) => {
                let _ = no(error.to_string());
                return Ok(());
            }
        },
    };
    if let Err(error) = role.sandbox(id, weak).enter() {
        let _ = no(error.to_string());
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
        let (said, file) = told(fulfil(role, manager.as_mut(), &mut settable, &said));
        goes_on = answer(&socket, number, said, file.as_ref()).is_ok();
    }
    Ok(())
}

fn fulfil(
    role: Role,
    manager: Option<&mut Manager>,
    settable: &mut Settable,
    want: &Want,
) -> Result<Given, Failure> {
    let other =
        || Failure::refused("it is not this one's", io::Error::from(io::ErrorKind::Unsupported));
    match (role, manager, want) {
        (Role::Opener, None, Want::ProcessFile { target, file }) => {
            let held = target.hold()?;
            held.during(|| process_file::open(&held, *file)).map(Given::File)
        }
        (
            Role::Opener,
            None,
            Want::Place { place: place @ (Place::Group { .. } | Place::ReadAhead(_)) },
        ) => place.to_write().map(Given::File),
        (Role::Setter, None, Want::Set { key, text }) => {
            if !settable.has(*key, text) {
                return Err(other());
            }
            let place = Place::Sysctl(*key);
            settable.look(*key)?;
            place.write_to(&place.to_write()?, text)?;
            Ok(Given::Nothing)
        }
        (Role::Manager, Some(manager), Want::UnitLimit { unit, like }) => {
            manager.look(unit, like).map(Given::Found)
        }
        (Role::Manager, Some(manager), Want::SetUnit { unit, limit }) => {
            manager.set(unit, limit).map(Given::Found)
        }
        (Role::Opener | Role::Setter | Role::Manager, _, _) => Err(other()),
    }
}

/// The same as it is said.
fn told(given: Result<Given, Failure>) -> (Had, Option<File>) {
    match given {
        Ok(Given::Nothing) => (Had::Yes, None),
        Ok(Given::File(file)) => (Had::Yes, Some(file)),
        Ok(Given::Found(found)) => (Had::Found { found }, None),
        Err(Failure::Gone { what }) => (Had::Gone { what }, None),
        Err(failure) => (Had::No { reason: failure.to_string() }, None),
    }
}

/// Answers by one call for both, with a descriptor where there is one: the opener may not write.
pub(crate) fn answer(socket: &File, number: u64, said: Had, file: Option<&File>) -> io::Result<()> {
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

#[cfg(test)]
mod tests;
