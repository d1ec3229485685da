//! systemd, asked for one limit of one unit: what it holds it at, and to hold it at another value
//! until the next boot.
//!
//! Whatever was written to a unit's group behind its back is written over at its next reload
//! (`kernel.md`, section 9). It is spoken to over the system bus, since such a connection outlives
//! a new start of systemd itself; where there is no bus, over systemd's own socket.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{major, minor};
use serde::{Deserialize, Serialize};
use zbus::{OwnedObjectPath, OwnedVariant, Variant};

use crate::bus::{Bus, BusError};
use crate::bus_message::Call;
use crate::failure::Failure;
use crate::limit::{Disk, Limit, NONE};
use crate::unit::Unit;

/// It is there where systemd runs (`sd_booted(3)`).
const BOOTED: &str = "/run/systemd/system";
const SYSTEM_BUS: &str = "/run/dbus/system_bus_socket";
const OWN_SOCKET: &str = "/run/systemd/private";

const SYSTEMD: &str = "org.freedesktop.systemd1";
const SYSTEMD_PATH: &str = "/org/freedesktop/systemd1";
const MANAGER: &str = "org.freedesktop.systemd1.Manager";
const ANY_UNIT: &str = "org.freedesktop.systemd1.Unit";
const NO_SUCH_UNIT: &str = "org.freedesktop.systemd1.NoSuchUnit";
const HELLO: Call<'static> = Call {
    destination: "org.freedesktop.DBus",
    path: "/org/freedesktop/DBus",
    interface: "org.freedesktop.DBus",
    member: "Hello",
};

const PING: Call<'static> = Call {
    destination: SYSTEMD,
    path: SYSTEMD_PATH,
    interface: "org.freedesktop.DBus.Peer",
    member: "Ping",
};

/// Whether systemd is who manages this host.
pub(crate) fn is_there() -> bool {
    Path::new(BOOTED).is_dir()
}

/// What a unit is held at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The limit.
    pub limit: Limit,
    /// The unit has the group now. One that was stopped keeps its limits for its next start.
    pub is_running: bool,
}

/// A connection to it.
#[derive(Debug)]
pub(crate) struct Manager(Bus);

impl Manager {
    /// Connects, before a sandbox.
    pub(crate) fn connect() -> Result<Self, BusError> {
        let by_bus = Bus::connect(Path::new(SYSTEM_BUS)).and_then(Self::greeted);
        by_bus.or_else(|_| {
            let mut bus = Bus::connect(Path::new(OWN_SOCKET))?;
            // What systemd (252) reads together with the end of the handshake lies there until more
            // comes.
            bus.greet(&PING)?;
            Ok(Self(bus))
        })
    }

    /// A bus wants to be greeted before anything else is said.
    fn greeted(mut bus: Bus) -> Result<Self, BusError> {
        let (_own_name,): (String,) = bus.call(&HELLO, &())?;
        Ok(Self(bus))
    }

    /// What a unit is held at, of the kind of a limit. One that is not loaded, or that does not own
    /// the group, is gone.
    pub(crate) fn look(&mut self, unit: &Unit, like: &Limit) -> Result<Found, Failure> {
        let object = self.load(unit)?;
        let refused = |error| failure(unit, error);
        let state = self.get(&object, ANY_UNIT, "LoadState").map_err(refused)?;
        let group = self.get(&object, unit.kind().interface(), "ControlGroup").map_err(refused)?;
        let (state, group): (String, String) = (text(&state), text(&group));
        let is_running = group == unit.path();
        if state != "loaded" || !(is_running || group.is_empty()) {
            return Err(Failure::Gone { what: unit.to_string() });
        }
        let limit = self.limit(&object, unit, like).map_err(refused)?;
        Ok(Found { limit, is_running })
    }

    /// Has a unit held at a limit, and looks at what it is held at. When it says so it has written
    /// the files: what is queued comes before what is asked next.
    pub(crate) fn set(&mut self, unit: &Unit, limit: &Limit) -> Result<Found, Failure> {
        let Found { is_running, .. } = self.look(unit, limit)?;
        let object = self.load(unit)?;
        let refused = |error| failure(unit, error);
        let value = match limit {
            Limit::Io { disk, most, .. } => {
                let limits = self.limits_of_disks(&object, unit, limit).map_err(refused)?;
                let path = limits.into_iter().map(|(path, _)| path).find(|path| is_of(path, *disk));
                let path = path.or_else(|| path_of(*disk));
                let no_disk = || Failure::Gone { what: format!("disk {disk}") };
                Variant::from(vec![(path.ok_or_else(no_disk)?, *most)])
            }
            Limit::CpuQuota(most)
            | Limit::CpuWeight(most)
            | Limit::MemoryHigh(most)
            | Limit::Tasks(most)
            | Limit::IoWeight(most) => Variant::from(*most),
        };
        let at_runtime = true;
        let arguments = (unit.name(), at_runtime, vec![(limit.property(), value)]);
        self.0.order(&of_manager("SetUnitProperties"), &arguments).map_err(refused)?;
        let limit = self.limit(&object, unit, limit).map_err(refused)?;
        Ok(Found { limit, is_running })
    }

    fn load(&mut self, unit: &Unit) -> Result<OwnedObjectPath, Failure> {
        let loaded = self.0.call(&of_manager("LoadUnit"), &(unit.name(),));
        loaded.map(|(object,)| object).map_err(|error| failure(unit, error))
    }

    fn limit(
        &mut self,
        object: &OwnedObjectPath,
        unit: &Unit,
        like: &Limit,
    ) -> Result<Limit, BusError> {
        if let Limit::Io { disk, .. } = like {
            let limits = self.limits_of_disks(object, unit, like)?;
            let own = limits.into_iter().find(|(path, _)| is_of(path, *disk));
            return Ok(like.with(own.map_or(NONE, |(_, most)| most)));
        }
        let found = self.get(object, unit.kind().interface(), like.property())?;
        Ok(like.with(u64::try_from(found)?))
    }

    fn limits_of_disks(
        &mut self,
        object: &OwnedObjectPath,
        unit: &Unit,
        like: &Limit,
    ) -> Result<Vec<(String, u64)>, BusError> {
        let found = self.get(object, unit.kind().interface(), like.property())?;
        Ok(Vec::try_from(found)?)
    }

    fn get(
        &mut self,
        object: &OwnedObjectPath,
        interface: &str,
        property: &str,
    ) -> Result<OwnedVariant, BusError> {
        let call = Call {
            destination: SYSTEMD,
            path: object.as_str(),
            interface: "org.freedesktop.DBus.Properties",
            member: "Get",
        };
        let (found,) = self.0.call(&call, &(interface, property))?;
        Ok(found)
    }
}

fn of_manager(member: &str) -> Call<'_> {
    Call { destination: SYSTEMD, path: SYSTEMD_PATH, interface: MANAGER, member }
}

fn text(value: &OwnedVariant) -> String {
    <&str>::try_from(value).unwrap_or_default().to_owned()
}

fn failure(unit: &Unit, error: BusError) -> Failure {
    match error {
        BusError::Refused { name, .. } if name == NO_SUCH_UNIT => {
            Failure::Gone { what: unit.to_string() }
        }
        BusError::Io(error) => Failure::refused(unit.to_string(), error),
        error @ (BusError::Refused { .. } | BusError::Wire(_) | BusError::Strange(_)) => {
            Failure::refused(unit.to_string(), io::Error::other(error.to_string()))
        }
    }
}

/// Whether a path that a unit names is the disk.
fn is_of(path: &str, disk: Disk) -> bool {
    let is = |number: u64| (major(number), minor(number)) == (disk.major, disk.minor);
    fs::metadata(path).is_ok_and(|file| file.file_type().is_block_device() && is(file.rdev()))
}

/// The device that a disk has, by the name that the kernel gives it.
fn path_of(disk: Disk) -> Option<String> {
    let link = fs::read_link(format!("/sys/dev/block/{disk}")).ok()?;
    // The kernel writes a slash of a name so.
    let path = format!("/dev/{}", link.file_name()?.to_str()?.replace('!', "/"));
    is_of(&path, disk).then_some(path)
}
