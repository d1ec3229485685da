//! The program that a target runs. A process may become another one between the decision and the
//! act and keep its start time; in its sandbox the actor does not see that, so it is looked at from
//! here, right before and right after.

use ks_agent::guard::EffectRequest;
use ks_recorder::executable;
use ks_vocabulary::kind::Entity;

/// What a target ran when it was decided.
#[derive(Debug, Clone, Copy)]
pub(super) struct Program {
    pid: u64,
    exe: (u64, u64),
    /// What is done to it can be put back.
    pub(super) can_undo: bool,
}

impl Program {
    /// That of what a request is about; `None` where that is no process, or what it runs is not
    /// known.
    pub(super) fn of(request: &EffectRequest) -> Option<Self> {
        let Entity::Process(pid, _) = request.target() else { return None };
        Some(Self { pid: *pid, exe: request.exe()?, can_undo: request.can_undo() })
    }

    /// Whether the process runs another one now. Of one that is gone nothing can be said here.
    pub(super) fn is_another(self) -> bool {
        executable::of(self.pid).is_some_and(|exe| exe != self.exe)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_process_that_becomes_another_program_is_told_by_its_executable() {
        let mut command = Command::new("sh");
        let script = ["-c", "read go && exec sleep 1000"];
        let mut child = command.args(script).stdin(Stdio::piped()).spawn().unwrap();
        let pid = child.id().into();
        let program = Program { pid, exe: executable::of(pid).unwrap(), can_undo: true };
        assert!(!program.is_another());
        writeln!(child.stdin.as_mut().unwrap(), "go").unwrap();
        let is_another = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            program.is_another()
        });
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(is_another, "it becomes another one within 5 s");
        assert!(!program.is_another(), "of one that is gone nothing can be said");
    }
}
