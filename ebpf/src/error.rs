//! Why a tracer cannot be loaded.

use std::error::Error;
use std::io;
use std::path::Path;

use aya::programs::ProgramError;
use aya::{BtfError, EbpfError};

/// See the module. Cheap to keep: the details are in the kernel's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The kernel does not describe its types.
    #[error("no BTF of the kernel")]
    NoBtf,
    /// The kernel's types cannot be looked for.
    #[error("`/sys` is not mounted")]
    NoSys,
    /// The system call does not exist for this process.
    #[error("this kernel has no bpf system call, or a filter refuses it")]
    NoBpf,
    /// The process may not load programs.
    #[error("permission denied")]
    Denied,
    /// The kernel has no such hook.
    #[error("this kernel has no hook {0}")]
    NoHook(&'static str),
    /// The verifier takes no variant of the program.
    #[error("this kernel refuses the program of hook {0}")]
    Refused(&'static str),
    /// There is no memory for a map.
    #[error("no memory for a map")]
    NoMemory,
    /// A map cannot be made, for another reason of the system.
    #[error("a map cannot be made: {}", io::Error::from_raw_os_error(*.0))]
    NoMap(i32),
    /// The kernel does not take the object.
    #[error("this kernel does not take the object")]
    Object,
}

/// What the system said, wherever in the chain of errors that is.
fn system_error(error: &(dyn Error + 'static)) -> Option<Errno> {
    let mut errors = std::iter::successors(Some(error), |error| (*error).source());
    let code = errors.find_map(|error| error.downcast_ref::<io::Error>())?.raw_os_error()?;
    Some(match code {
        libc::EPERM => Errno::Denied,
        libc::ENOSYS => Errno::NoCall,
        libc::ENOMEM => Errno::NoMemory,
        other => Errno::Other(other),
    })
}

/// What an error of the system means to who loads a tracer.
#[derive(Clone, Copy)]
enum Errno {
    Denied,
    NoCall,
    NoMemory,
    Other(i32),
}

impl LoadError {
    pub(crate) fn of_btf(error: &BtfError) -> Self {
        if let BtfError::FileError { error, .. } = error
            && error.kind() == io::ErrorKind::PermissionDenied
        {
            return Self::Denied;
        }
        Self::NoBtf
    }

    pub(crate) fn of_object(error: &EbpfError) -> Self {
        match (error, system_error(error)) {
            (_, Some(Errno::NoCall)) => Self::NoBpf,
            (EbpfError::MapError(_), Some(Errno::Denied)) => Self::Denied,
            (EbpfError::MapError(_), Some(Errno::NoMemory)) => Self::NoMemory,
            (EbpfError::MapError(_), Some(Errno::Other(code))) => Self::NoMap(code),
            (EbpfError::BtfError(error), _) => Self::of_btf(error),
            _ => Self::Object,
        }
    }

    pub(crate) fn of_program(error: &ProgramError, hook: &'static str) -> Self {
        match (error, system_error(error)) {
            (_, Some(Errno::NoCall)) => Self::NoBpf,
            (_, Some(Errno::Denied)) => Self::Denied,
            (ProgramError::Btf(_), _) => Self::NoHook(hook),
            _ => Self::Refused(hook),
        }
    }

    /// Why the kernel's types are not found, where that lies in what they rest on.
    pub(crate) fn or_deeper(self, has_bpf: bool, sys: &Path) -> Self {
        // A mounted sysfs always has this folder.
        let has_sys = sys.join("kernel").exists();
        match (self == Self::NoBtf, has_bpf, has_sys) {
            (true, false, _) => Self::NoBpf,
            (true, true, false) => Self::NoSys,
            (true, true, true) | (false, ..) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aya::maps::MapError;
    use aya::sys::SyscallError;

    fn map_error(code: i32) -> LoadError {
        let io_error = io::Error::from_raw_os_error(code);
        LoadError::of_object(&MapError::CreateError { name: "counts".into(), io_error }.into())
    }

    #[test]
    fn each_reason_for_which_a_map_cannot_be_made_is_told() {
        assert_eq!(map_error(libc::ENOSYS), LoadError::NoBpf);
        assert_eq!(map_error(libc::EPERM), LoadError::Denied);
        assert_eq!(map_error(libc::ENOMEM), LoadError::NoMemory);
        let other = map_error(libc::EINVAL).to_string();
        assert_eq!(other, "a map cannot be made: Invalid argument (os error 22)");
    }

    #[test]
    fn a_program_that_no_system_call_loads_is_not_refused_by_its_hook() {
        let of = |code| {
            let io_error = io::Error::from_raw_os_error(code);
            LoadError::of_program(&SyscallError { call: "bpf_prog_load", io_error }.into(), "x")
        };
        assert_eq!(of(libc::ENOSYS), LoadError::NoBpf);
        assert_eq!(of(libc::EPERM), LoadError::Denied);
        assert_eq!(of(libc::EACCES), LoadError::Refused("x"), "so the verifier answers");
    }

    #[test]
    fn types_that_are_not_found_are_blamed_on_what_they_rest_on() {
        let not_mounted = Path::new("/proc/self/fdinfo");
        assert_eq!(LoadError::NoBtf.or_deeper(true, not_mounted), LoadError::NoSys);
        assert_eq!(LoadError::NoBtf.or_deeper(false, not_mounted), LoadError::NoBpf);
        assert_eq!(LoadError::NoBtf.or_deeper(true, Path::new("/sys")), LoadError::NoBtf);
        assert_eq!(LoadError::Denied.or_deeper(true, not_mounted), LoadError::Denied);
    }
}
