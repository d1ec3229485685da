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
use std::path::{Path, PathBuf};

use ks_vocabulary::decision::Sysctl;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::thread::CapabilitySet;
use serde::{Deserialize, Serialize};

use crate::calls::Work;
use crate::failure::Failure;
use crate::held::Target;
use crate::limit::Limit;
use crate::manager::{Found, Manager};
use crate::place::Place;
use crate::process_file::{self, ProcessFile};
use crate::sandbox::{Sandbox, SandboxError};
use crate::unit::Unit;

/// A longer message is none.
pub(crate) const BYTES_MAX: usize = 16 << 10;

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
            Self::Manager => Sandbox {
                id: 0,
                capabilities: CapabilitySet::empty(),
                readable: Vec::new(),
                writable: Vec::new(),
                work: Work::Manage,
            },
        }
    }
}

/// The files of the parameters that this kernel has.
fn parameters() -> Vec<PathBuf> {
    let path = |key: &Sysctl| Path::new("/proc/sys").join(key.to_string().replace('.', "/"));
    Sysctl::ALL.iter().map(path).filter(|path| path.exists()).collect()
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
pub(crate) fn serve(role: Role, id: u32, mut socket: File) -> Result<(), SandboxError> {
    let mut manager = match role {
        Role::Opener | Role::Setter => None,
        Role::Manager => match Manager::connect() {
            Ok(manager) => Some(manager),
            Err(error) => {
                let _ = answer(&socket, &Had::No { reason: error.to_string() }, None);
                return Ok(());
            }
        },
    };
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
        let done = match serde_json::from_slice(&bytes[..len]) {
            Ok(want) => fulfil(role, manager.as_mut(), &want),
            Err(error) => Err(Failure::refused("no message", io::Error::from(error))),
        };
        goes_on = match done {
            Ok(Given::Nothing) => answer(&socket, &Had::Yes, None),
            Ok(Given::File(file)) => answer(&socket, &Had::Yes, Some(&file)),
            Ok(Given::Found(found)) => answer(&socket, &Had::Found { found }, None),
            Err(Failure::Gone { what }) => answer(&socket, &Had::Gone { what }, None),
            Err(failure) => answer(&socket, &Had::No { reason: failure.to_string() }, None),
        }
        .is_ok();
    }
    Ok(())
}

fn fulfil(role: Role, manager: Option<&mut Manager>, want: &Want) -> Result<Given, Failure> {
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
            let place = Place::Sysctl(*key);
            // What is put back is no action's, but it is numbers like what was there.
            let is_plain = |byte: u8| byte.is_ascii_digit() || byte == b' ';
            if text.is_empty() || !text.bytes().all(is_plain) {
                return Err(other());
            }
            place.write_to(&place.to_write()?, text)?;
            Ok(Given::Nothing)
        }
        (Role::Manager, Some(manager), Want::UnitLimit { unit, like }) => {
            manager.look(unit, like).map(Given::Found)
        }
        (Role::Manager, Some(manager), Want::SetUnit { unit, limit }) => {
            manager.set(unit, limit).map(|()| Given::Nothing)
        }
        (Role::Opener | Role::Setter | Role::Manager, _, _) => Err(other()),
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

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = r#""unit":"/system.slice/a.service""#;

    fn want(rest: &str) -> Result<Want, serde_json::Error> {
        serde_json::from_str(&format!("{{{rest}}}"))
    }

    #[test]
    fn no_other_property_and_no_other_unit_can_be_asked_for() {
        let set = |limit: &str| want(&format!(r#""want":"set_unit",{UNIT},"limit":{limit}"#));
        assert!(set(r#"{"tasks":300}"#).is_ok());
        for limit in
            [r#"{"ExecStart":"id"}"#, r#"{"TasksMax":1}"#, r#""tasks""#, r#"{"tasks":"1"}"#]
        {
            assert!(set(limit).is_err(), "{limit}");
        }
        for unit in ["/a.socket", "/a.mount", "/a.timer", "/", "a.service", "/a b.service"] {
            let text = format!(r#""want":"set_unit","unit":"{unit}","limit":{{"tasks":300}}"#);
            assert!(want(&text).is_err(), "{unit}");
        }
    }

    #[test]
    fn each_does_its_own_and_no_others_work() {
        let set = || want(&format!(r#""want":"set_unit",{UNIT},"limit":{{"tasks":300}}"#)).unwrap();
        let key = || want(r#""want":"set","key":"vm.swappiness","text":"x""#).unwrap();
        for (role, want) in [
            (Role::Opener, set()),
            (Role::Setter, set()),
            (Role::Opener, key()),
            (Role::Manager, key()),
            (Role::Setter, key()),
        ] {
            let done = fulfil(role, None, &want);
            assert!(matches!(done, Err(Failure::Refused { .. })), "{role:?} {want:?}");
        }
    }
}
