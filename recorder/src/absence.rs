//! Why a source or a file gave nothing: cheap to carry each tick, put into words when it changes.

use std::fmt;

use ks_ebpf::LoadError;
use rustix::io::Errno;

/// Why nothing was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    /// The kernel or the root has no such file.
    NotFound,
    /// `/proc` is mounted so that it shows processes and nothing of the host.
    PidsOnly,
    /// Permission was refused.
    Denied,
    /// The file exists and the kernel does not support it here.
    Unsupported,
    /// Another error of the system.
    System(Errno),
    /// The file is empty.
    Empty,
    /// The file is far larger than it can be.
    TooLarge,
    /// The content is not in the format known.
    Malformed(Malformed),
    /// With a root other than `/` only files below it are read.
    Root,
    /// Switched off by an option or by what the host lacks; the text says which.
    Off(&'static str),
    /// The kernel does not take the tracer.
    Tracer(LoadError),
}

/// Where a text departs from its format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// Line, from 1.
    pub line: usize,
    /// What should stand there.
    pub expected: &'static str,
}

impl From<Errno> for Absence {
    fn from(error: Errno) -> Self {
        match error {
            Errno::NOENT | Errno::NOTDIR | Errno::SRCH | Errno::NODEV => Self::NotFound,
            Errno::ACCESS | Errno::PERM => Self::Denied,
            Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL => Self::Unsupported,
            other => Self::System(other),
        }
    }
}

impl From<Malformed> for Absence {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => out.write_str("no such file"),
            Self::PidsOnly => out.write_str("/proc shows processes only (subset=pid)"),
            Self::Denied => out.write_str("permission denied"),
            Self::Unsupported => out.write_str("not supported by this kernel"),
            Self::System(error) => write!(out, "{error}"),
            Self::Empty => out.write_str("empty"),
            Self::TooLarge => out.write_str("implausibly large"),
            Self::Malformed(at) => write!(out, "line {}: expected {}", at.line, at.expected),
            Self::Root => out.write_str("--root"),
            Self::Off(why) => out.write_str(why),
            Self::Tracer(error) => write!(out, "{error}"),
        }
    }
}

impl Absence {
    /// What would make the source available.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => Some("a kernel built or booted with this file"),
            Self::PidsOnly => {
                Some("ProcSubset=all in the unit, or /proc mounted without subset=pid")
            }
            Self::Denied => Some("run as root, or with CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"),
            Self::Unsupported => Some("a kernel that supports it, or enabling it at boot"),
            Self::Root => Some("record the live host, without --root"),
            Self::Malformed(_) | Self::Empty | Self::TooLarge => {
                Some("report the file's content: this kernel writes a format we do not know")
            }
            Self::Tracer(LoadError::Denied) => Some("run as root, or with CAP_BPF and CAP_PERFMON"),
            Self::Tracer(LoadError::NoBtf) => Some("a kernel built with CONFIG_DEBUG_INFO_BTF"),
            Self::Tracer(LoadError::NoSys) => Some("sysfs, mounted at /sys"),
            Self::Tracer(LoadError::NoBpf) => {
                Some("a kernel built with CONFIG_BPF_SYSCALL, and no seccomp filter against bpf")
            }
            Self::Tracer(LoadError::NoMemory) => Some("more memory, or a higher limit of it"),
            Self::Tracer(_) => Some("a kernel from 5.10 on that has this hook"),
            Self::System(_) | Self::Off(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracer_that_cannot_be_loaded_needs_what_is_really_missing() {
        let needs = |error| Absence::Tracer(error).remedy().unwrap_or_default();
        assert_eq!(needs(LoadError::NoBtf), "a kernel built with CONFIG_DEBUG_INFO_BTF");
        assert_eq!(needs(LoadError::NoSys), "sysfs, mounted at /sys");
        assert!(needs(LoadError::NoBpf).contains("CONFIG_BPF_SYSCALL"));
        assert!(!needs(LoadError::NoMap(22)).contains("memory"));
    }
}
