//! How each reference is named in the canonical text, once it is resolved: what is acted on by
//! its process id, path or device number; what is only looked at, an interface and a mount by
//! the handle that was issued.

use alloc::string::{String, ToString};

use super::{Accepts, Parameter};
use crate::action::risk::Risk;
use crate::action::target::{DiskRef, GroupRef, MountRef, NicRef, ProcessRef, Target};

impl Parameter for ProcessRef {
    const ACCEPTS: &'static [Accepts] = &[Accepts::Text {
        pattern: "^(proc#[1-9][0-9]{0,8}|process:[1-9][0-9]{0,6}:(0|[1-9][0-9]*)|[^:#]+)$",
        example: "process:5678:99",
    }];

    fn canonical(&self, risk: Risk) -> Option<String> {
        match self {
            Self::Handle(_) if risk == Risk::Info => Some(self.to_string()),
            Self::Exact { pid, .. } if risk != Risk::Info => Some(pid.get().to_string()),
            Self::Handle(_) | Self::Exact { .. } | Self::Name(_) => None,
        }
    }

    fn target(&self) -> Option<Target<'_>> {
        Some(Target::Process(self))
    }
}

impl Parameter for GroupRef {
    const ACCEPTS: &'static [Accepts] = &[Accepts::Text {
        pattern: "^(cg#[1-9][0-9]{0,8}|(cgroup:)?(/[A-Za-z0-9_@:][A-Za-z0-9_@:.-]*)+)$",
        example: "/work.slice/batch.service",
    }];

    fn canonical(&self, risk: Risk) -> Option<String> {
        match self {
            Self::Handle(_) if risk == Risk::Info => Some(self.to_string()),
            Self::Path(path) if risk != Risk::Info => Some(path.as_str()[1..].into()),
            Self::Handle(_) | Self::Path(_) => None,
        }
    }

    fn target(&self) -> Option<Target<'_>> {
        Some(Target::Group(self))
    }
}

impl Parameter for DiskRef {
    const ACCEPTS: &'static [Accepts] = &[Accepts::Text {
        pattern: "^(disk#[1-9][0-9]{0,8}|[1-9][0-9]{0,3}:(0|[1-9][0-9]{0,6})|(disk:)?[^:#]+)$",
        example: "8:0",
    }];

    fn canonical(&self, _: Risk) -> Option<String> {
        match self {
            Self::Device(_) => Some(self.to_string()),
            Self::Handle(_) | Self::Name(_) => None,
        }
    }

    fn target(&self) -> Option<Target<'_>> {
        Some(Target::Disk(self))
    }
}

impl Parameter for NicRef {
    const ACCEPTS: &'static [Accepts] =
        &[Accepts::Text { pattern: "^(if#[1-9][0-9]{0,8}|(nic:)?[^:#]+)$", example: "if#1" }];

    fn canonical(&self, _: Risk) -> Option<String> {
        match self {
            Self::Handle(_) => Some(self.to_string()),
            Self::Name(_) => None,
        }
    }

    fn target(&self) -> Option<Target<'_>> {
        Some(Target::Nic(self))
    }
}

impl Parameter for MountRef {
    const ACCEPTS: &'static [Accepts] =
        &[Accepts::Text { pattern: "^(mnt#[1-9][0-9]{0,8}|(filesystem:)?/.*)$", example: "mnt#2" }];

    fn canonical(&self, _: Risk) -> Option<String> {
        match self {
            Self::Handle(_) => Some(self.to_string()),
            Self::Path(_) => None,
        }
    }

    fn target(&self) -> Option<Target<'_>> {
        Some(Target::Mount(self))
    }
}
