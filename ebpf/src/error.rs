//! Why a tracer cannot be loaded.

use aya::maps::MapError;
use aya::programs::ProgramError;
use aya::{BtfError, EbpfError};

/// See the module. Cheap to keep: the details are in the kernel's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The kernel does not describe its types.
    #[error("no BTF of the kernel")]
    NoBtf,
    /// The process may not load programs.
    #[error("permission denied")]
    Denied,
    /// The kernel has no such hook.
    #[error("this kernel has no hook {0}")]
    NoHook(&'static str),
    /// The verifier takes no variant of the program.
    #[error("this kernel refuses the program of hook {0}")]
    Refused(&'static str),
    /// A map cannot be made.
    #[error("no memory for a map")]
    NoMemory,
    /// The kernel does not take the object.
    #[error("this kernel does not take the object")]
    Object,
}

fn is_denied(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(1)
}

impl LoadError {
    pub(crate) fn of_btf(error: &BtfError) -> Self {
        if let BtfError::FileError { error, .. } = error
            && error.kind() == std::io::ErrorKind::PermissionDenied
        {
            return Self::Denied;
        }
        Self::NoBtf
    }

    pub(crate) fn of_object(error: &EbpfError) -> Self {
        if let EbpfError::MapError(MapError::CreateError { io_error, .. }) = error {
            return if is_denied(io_error) { Self::Denied } else { Self::NoMemory };
        }
        if let EbpfError::BtfError(error) = error { Self::of_btf(error) } else { Self::Object }
    }

    pub(crate) fn of_program(error: &ProgramError, hook: &'static str) -> Self {
        if let ProgramError::LoadError { io_error, .. } = error
            && is_denied(io_error)
        {
            return Self::Denied;
        }
        if matches!(error, ProgramError::Btf(_)) { Self::NoHook(hook) } else { Self::Refused(hook) }
    }
}
