//! What the recorder may do once its tracers are loaded: as little as they and `/proc` need.

use std::fs::OpenOptions;
use std::path::Path;

use rustix::io::Errno;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// What reading `/proc` of other users' processes takes.
const PROC: CapabilitySet = CapabilitySet::SYS_PTRACE.union(CapabilitySet::DAC_READ_SEARCH);
/// What every use of a loaded program takes before Linux 5.19.
const BPF: CapabilitySet = CapabilitySet::BPF.union(CapabilitySet::PERFMON);

/// Every capability with its name, of those that can stay.
const NAMES: [(CapabilitySet, &str); 5] = [
    (CapabilitySet::BPF, "CAP_BPF"),
    (CapabilitySet::PERFMON, "CAP_PERFMON"),
    (CapabilitySet::SYS_PTRACE, "CAP_SYS_PTRACE"),
    (CapabilitySet::DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH"),
    (CapabilitySet::DAC_OVERRIDE, "CAP_DAC_OVERRIDE"),
];

/// Takes all capabilities from the calling thread but `keep`, and every way to get them back.
/// False where the kernel refuses.
pub(crate) fn keep_only(keep: CapabilitySet) -> bool {
    let kept = |sets: CapabilitySets| CapabilitySets {
        effective: sets.effective & keep,
        permitted: sets.permitted & keep,
        inheritable: CapabilitySet::empty(),
    };
    let set = capabilities(None).and_then(|sets| set_capabilities(None, kept(sets)));
    set.and_then(|()| rustix::thread::set_no_new_privs(true)).is_ok()
}

/// Gives up what is not needed any more, and names what stays.
///
/// `needs_bpf` says that there are programs in the kernel that were not seen to work in a thread
/// without capabilities. `folder` is where files are yet to be made. Capabilities belong to a
/// thread: this is to be called before there are others.
pub(crate) fn reduce(needs_bpf: bool, folder: Option<&Path>) -> Result<Vec<&'static str>, Errno> {
    let had = capabilities(None)?.permitted;
    let mut keep = PROC;
    if needs_bpf {
        keep |= BPF;
    }
    if folder.is_some_and(|folder| had.contains(CapabilitySet::DAC_OVERRIDE) && !is_ours(folder)) {
        keep |= CapabilitySet::DAC_OVERRIDE;
    }
    if !keep_only(keep) {
        return Err(Errno::PERM);
    }
    let kept = had & keep;
    Ok(NAMES.iter().filter(|(set, _)| kept.contains(*set)).map(|(_, name)| *name).collect())
}

/// Whether a thread without capabilities can make a file in `folder`.
fn is_ours(folder: &Path) -> bool {
    let path = folder.join(format!(".kernelsight-{}", std::process::id()));
    let made = || {
        keep_only(CapabilitySet::empty())
            && OpenOptions::new().write(true).create_new(true).open(&path).is_ok()
            && std::fs::remove_file(&path).is_ok()
    };
    std::thread::scope(|scope| scope.spawn(made).join().unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a thread of its own, whose capabilities are its own.
    fn apart<T: Send>(work: impl FnOnce() -> T + Send) -> T {
        std::thread::scope(|scope| scope.spawn(work).join().unwrap())
    }

    #[test]
    fn only_what_is_needed_stays() {
        let before = capabilities(None).unwrap().permitted;
        let folder = tempfile::tempdir().unwrap();
        let kept = apart(|| reduce(false, Some(folder.path())).unwrap());
        assert!(kept.iter().all(|name| ["CAP_SYS_PTRACE", "CAP_DAC_READ_SEARCH"].contains(name)));
        let kept = apart(|| {
            reduce(true, None).unwrap();
            capabilities(None).unwrap().permitted
        });
        assert_eq!(kept, before & (BPF | PROC));
        assert_eq!(capabilities(None).unwrap().permitted, before, "of this thread");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_of_another_user_needs_a_capability() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_ours(folder.path()));
        let other = rustix::fs::Uid::from_raw(65534);
        if rustix::fs::chown(folder.path(), Some(other), None).is_err() {
            return; // Not root: another user's folder cannot be had.
        }
        assert!(!is_ours(folder.path()));
        let kept = apart(|| reduce(false, Some(folder.path())).unwrap());
        assert!(kept.contains(&"CAP_DAC_OVERRIDE"));
    }
}
