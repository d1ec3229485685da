//! What a process that acts cannot do, whatever it is told: it has a user of its own, the
//! capabilities that it needs and no other, the files that it is given, and a list of system calls.
//!
//! It is entered once, by a process with one thread, and cannot be left. What it promises is looked
//! at afterwards, in the status that the kernel gives and by something that has to fail: a sandbox
//! that was asked for and is not there is no sandbox.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, PathFdError,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
};
use rustix::process::{Gid, Resource, Rlimit, Uid, chdir, setrlimit, umask};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, clear_ambient_capability_set,
    remove_capability_from_bounding_set, set_capabilities, set_capabilities_secure_bits,
    set_keep_capabilities, set_no_new_privs, set_thread_groups, set_thread_res_gid,
    set_thread_res_uid,
};
use thiserror::Error;

use crate::calls::{self, FilterError, Work};
use crate::clock;

/// Landlock up to here: what a kernel lacks of it is left out, but never all of it.
const LANDLOCK: ABI = ABI::V5;
/// A file that every process may read, and one in a sandbox may not.
const DENIED: &str = "/etc/passwd";
/// Descriptors that it may have open.
const FILES_MAX: u64 = 64;
/// Memory that it may have, in bytes: messages are short.
const MEMORY_BYTES_MAX: u64 = 256 << 20;

/// What a process may do.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// Its user and group: nobody else has them.
    pub id: u32,
    /// Its capabilities.
    pub capabilities: CapabilitySet,
    /// What it may read, and all below.
    pub readable: Vec<PathBuf>,
    /// What it may write as well.
    pub writable: Vec<PathBuf>,
    /// What it is there for, which says what it may call.
    pub work: Work,
    /// It may lack what the kernel lacks of it.
    pub weak: bool,
}

/// Why a sandbox is not there.
#[derive(Debug, Error)]
pub enum SandboxError {
    /// A step was refused.
    #[error("{step}: {error}")]
    Refused {
        /// Which.
        step: &'static str,
        /// What the kernel said.
        error: io::Error,
    },
    /// It has threads already, which would stay outside.
    #[error("it has {0} threads, and a sandbox is entered with one")]
    Threads(usize),
    /// Its environment may say things to the libraries that it uses.
    #[error("its environment is not empty")]
    Environment,
    /// Landlock is not there.
    #[error("the kernel has no Landlock, or it is switched off (`lsm=` of its command line)")]
    NoLandlock,
    /// A rule of Landlock cannot be made.
    #[error("Landlock: {0}")]
    Landlock(#[from] RulesetError),
    /// A path that it may use cannot be opened.
    #[error("Landlock: {0}")]
    Path(#[from] PathFdError),
    /// The filter of system calls.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The status of the process is not what was asked for.
    #[error("`{line}` of its status is `{found}`, and `{wanted}` was asked for")]
    Status {
        /// Which line.
        line: &'static str,
        /// What it says.
        found: String,
        /// What it should say.
        wanted: String,
    },
    /// What has to fail does not.
    #[error("`{DENIED}` can be read: the sandbox is none")]
    Leaks,
}

/// Whether this kernel has Landlock. Nothing is restricted by it.
pub(crate) fn has_landlock() -> bool {
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create);
    ruleset.is_ok()
}

fn step<T>(step: &'static str, done: rustix::io::Result<T>) -> Result<T, SandboxError> {
    done.map_err(|error| SandboxError::Refused { step, error: error.into() })
}

impl Sandbox {
    /// Goes into it. The caller has one thread, is root, and has opened what it needs.
    pub fn enter(&self) -> Result<(), SandboxError> {
        let threads = fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
        if threads != 1 {
            return Err(SandboxError::Threads(threads));
        }
        if std::env::vars_os().next().is_some() {
            return Err(SandboxError::Environment);
        }
        let status = File::open("/proc/self/status");
        let status = status.map_err(|error| SandboxError::Refused { step: "its status", error })?;
        limit()?;
        self.drop_privileges()?;
        let has_rules = has_landlock() || !self.weak;
        if has_rules {
            self.restrict_files()?;
        }
        self.check(status, has_rules)?;
        let _ = clock::boot_ns();
        match seccompiler::apply_filter(&calls::filter(self.work)?) {
            Err(_) if self.weak => Ok(()),
            done => Ok(done.map_err(FilterError::from)?),
        }
    }

    /// Its own user, with its capabilities alone, for good.
    fn drop_privileges(&self) -> Result<(), SandboxError> {
        for capability in CapabilitySet::all().iter() {
            // One that this kernel does not know is nobody's.
            match remove_capability_from_bounding_set(capability) {
                Err(rustix::io::Errno::INVAL) => {}
                done => step("the bounding set", done)?,
            }
        }
        step("keeping capabilities", set_keep_capabilities(true))?;
        let (uid, gid) = (Uid::from_raw(self.id), Gid::from_raw(self.id));
        step("its groups", set_thread_groups(&[]))?;
        step("its group", set_thread_res_gid(gid, gid, gid))?;
        step("its user", set_thread_res_uid(uid, uid, uid))?;
        step("ambient capabilities", clear_ambient_capability_set())?;
        // What locks the bits is a capability of its own, which is given up with the others.
        let with_lock = self.capabilities | CapabilitySet::SETPCAP;
        step("its capabilities", set_capabilities(None, sets(with_lock)))?;
        let bits = CapabilitiesSecureBits::NO_ROOT
            | CapabilitiesSecureBits::NO_ROOT_LOCKED
            | CapabilitiesSecureBits::NO_SETUID_FIXUP
            | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
            | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
            | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
        step("locking capabilities", set_capabilities_secure_bits(bits))?;
        step("its capabilities", set_capabilities(None, sets(self.capabilities)))?;
        step("no new privileges", set_no_new_privs(true))
    }

    fn restrict_files(&self) -> Result<(), SandboxError> {
        let all = Ruleset::default()
            .handle_access(AccessFs::from_all(LANDLOCK))?
            .handle_access(AccessNet::from_all(LANDLOCK))?;
        let mut rules = all.create()?;
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        // Files are opened to write and not cut short: only what the actor keeps may be.
        let write = AccessFs::from_write(LANDLOCK) | read;
        for (paths, access) in [(&self.readable, read), (&self.writable, write)] {
            for path in paths {
                rules = rules.add_rule(PathBeneath::new(PathFd::new(path)?, access))?;
            }
        }
        let status = rules.restrict_self()?;
        if status.ruleset == RulesetStatus::NotEnforced {
            return Err(SandboxError::NoLandlock);
        }
        Ok(())
    }

    /// What was asked for is what there is.
    fn check(&self, status: File, has_rules: bool) -> Result<(), SandboxError> {
        let text = io::read_to_string(status);
        let text = text.map_err(|error| SandboxError::Refused { step: "its status", error })?;
        let id = self.id;
        let capabilities = format!("{:016x}", self.capabilities.bits());
        let ids = format!("{id}\t{id}\t{id}\t{id}");
        for (line, wanted) in [
            ("Uid:", ids.as_str()),
            ("Gid:", &ids),
            ("Groups:", ""),
            ("NoNewPrivs:", "1"),
            ("CapInh:", "0000000000000000"),
            ("CapPrm:", &capabilities),
            ("CapEff:", &capabilities),
            ("CapBnd:", "0000000000000000"),
            ("CapAmb:", "0000000000000000"),
            ("Threads:", "1"),
        ] {
            let found = text.lines().find_map(|one| one.strip_prefix(line)).unwrap_or_default();
            if found.trim() != wanted {
                let (found, wanted) = (found.trim().to_owned(), wanted.to_owned());
                return Err(SandboxError::Status { line, found, wanted });
            }
        }
        if has_rules && File::open(DENIED).is_ok() {
            return Err(SandboxError::Leaks);
        }
        Ok(())
    }
}

fn sets(capabilities: CapabilitySet) -> CapabilitySets {
    let inheritable = CapabilitySet::empty();
    CapabilitySets { effective: capabilities, permitted: capabilities, inheritable }
}

/// Where it is, and how much it may take.
fn limit() -> Result<(), SandboxError> {
    step("its directory", chdir(Path::new("/")))?;
    umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Nproc, 0),
        (Resource::Nofile, FILES_MAX),
        (Resource::As, MEMORY_BYTES_MAX),
    ] {
        let limit = Rlimit { current: Some(most), maximum: Some(most) };
        step("its limits", setrlimit(resource, limit))?;
    }
    Ok(())
}
