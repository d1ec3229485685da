//! What the recorder does with fewer rights, or with a kernel that offers less.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::recorded::Recorded;
use crate::{KS, Own, has, skipped, wait_until_begun};

/// The user `nobody` of every distribution.
const NOBODY: u32 = 65534;
const BTF: &str = "/sys/kernel/btf/vmlinux";
/// Bits of the capabilities that may stay: DAC_READ_SEARCH and SYS_PTRACE (capability.h).
const MAY_STAY: u64 = 1 << 2 | 1 << 19;

fn record(command: &mut Command, folder: &Path, seconds: u64) -> Recorded {
    let path = folder.join("x.parquet");
    let output = command
        .args(["record", "--duration", &format!("{seconds}s"), "-o"])
        .arg(&path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    Recorded::read(&path)
}

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        eprintln!("skipped: not root");
    }
    root
}

/// A folder of the user `nobody`, with a copy of `ks` that it may run.
fn folder_of_nobody() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let ks = folder.path().join("ks");
    std::fs::copy(KS, &ks).unwrap();
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    (folder, ks)
}

#[test]
fn two_capabilities_suffice_for_the_tracers_of_an_ordinary_user() {
    if skipped() || !is_root() || !has("setpriv") {
        return;
    }
    let (folder, ks) = folder_of_nobody();
    let user = NOBODY.to_string();
    let two = "+bpf,+perfmon";
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]);
    command.args(["--inh-caps", two, "--ambient-caps", two]).arg(ks);
    let recorded = record(&mut command, folder.path(), 4);
    for source in ["bpf/scheduler", "bpf/syscall", "bpf/tcp", "bpf/processes", "bpf/lifetime"] {
        let (state, reason) = recorded.state(source);
        assert_eq!(state, "on", "{source}: {reason}");
    }
    let (state, reason) = recorded.state("cost");
    assert_eq!((state.as_str(), reason.contains("run time")), ("on", true), "{reason}");
    let switches = recorded.grown(|sample| {
        let cpus = sample.bpf_scheduler.iter();
        cpus.filter_map(|cpu| Some(cpu.voluntary()? + cpu.involuntary()?)).reduce(|a, b| a + b)
    });
    assert!(switches > 0);
}

#[test]
fn without_rights_the_recording_goes_on_and_says_why() {
    if skipped() || !is_root() || !has("setpriv") {
        return;
    }
    let (folder, ks) = folder_of_nobody();
    let user = NOBODY.to_string();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).arg(ks);
    let recorded = record(&mut command, folder.path(), 2);
    for source in ["bpf/scheduler", "bpf/processes"] {
        assert_eq!(recorded.state(source), ("absent".into(), "permission denied".into()));
    }
    assert_eq!(recorded.state("processes").0, "on", "from /proc");
}

#[test]
fn once_it_has_begun_a_recorder_has_no_capability_but_for_proc() {
    if skipped() || !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(KS);
    command.args(["record", "--duration", "60s", "-o"]).arg(folder.path().join("x.parquet"));
    let child = Own(command.stderr(Stdio::null()).spawn().unwrap());
    wait_until_begun(folder.path());
    for task in std::fs::read_dir(format!("/proc/{}/task", child.0.id())).unwrap() {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        for set in ["CapEff:", "CapPrm:", "CapInh:", "CapAmb:"] {
            let line = status.lines().find_map(|line| line.strip_prefix(set)).unwrap();
            let bits = u64::from_str_radix(line.trim(), 16).unwrap();
            assert_eq!(bits & !MAY_STAY, 0, "{set} {bits:#x}");
        }
        assert!(status.contains("NoNewPrivs:\t1"));
    }
}

#[test]
fn a_folder_of_another_user_is_written_to_the_end() {
    if skipped() || !is_root() {
        return;
    }
    let (folder, _) = folder_of_nobody();
    let recorded = record(&mut Command::new(KS), folder.path(), 2);
    assert!(recorded.samples().len() >= 2, "it is sealed");
}

/// `ks` in a mount namespace of its own, in which `types` stands for what the kernel tells of its
/// types; `None` where that cannot be had.
fn with_types(types: &Path) -> Option<Command> {
    if !has("unshare") {
        return None;
    }
    let script = format!("mount --bind \"$0\" {BTF} && exec \"$@\"");
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(types);
    if !command.arg("true").output().unwrap().status.success() {
        eprintln!("skipped: nothing can be mounted over {BTF}");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", &script]).arg(types).arg(KS);
    Some(command)
}

#[test]
fn without_types_of_the_kernel_every_tracer_says_so() {
    if skipped() || !is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("types");
    std::fs::write(&empty, "").unwrap();
    let Some(mut command) = with_types(&empty) else { return };
    let recorded = record(&mut command, folder.path(), 2);
    for source in ["bpf/scheduler", "bpf/memory", "bpf/processes"] {
        assert_eq!(recorded.state(source), ("absent".into(), "no BTF of the kernel".into()));
    }
    assert!(recorded.samples().len() >= 2);
}

#[test]
fn without_sys_every_tracer_says_that_it_is_not_mounted() {
    if skipped() || !is_root() || !has("unshare") {
        return;
    }
    let script = "mount -t tmpfs none /sys && exec \"$0\" \"$@\"";
    let hidden = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, program]);
        command
    };
    if !hidden("true").output().unwrap().status.success() {
        eprintln!("skipped: nothing can be mounted over /sys");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let recorded = record(&mut hidden(KS), folder.path(), 2);
    for source in ["bpf/scheduler", "bpf/memory", "bpf/processes"] {
        assert_eq!(recorded.state(source), ("absent".into(), "`/sys` is not mounted".into()));
    }
}

#[test]
fn a_missing_hook_takes_its_own_tracer_and_no_other() {
    if skipped() || !is_root() {
        return;
    }
    let Ok(mut types) = std::fs::read(BTF) else {
        eprintln!("skipped: no {BTF}");
        return;
    };
    // The kernel's own types stay; only the name by which the hook is found is another.
    let hook = b"btf_trace_sched_switch\0";
    let at = types.windows(hook.len()).position(|name| name == hook).unwrap();
    types[at..at + 3].copy_from_slice(b"xxx");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("types");
    std::fs::write(&path, types).unwrap();
    let Some(mut command) = with_types(&path) else { return };
    let recorded = record(&mut command, folder.path(), 2);
    let missing = "this kernel has no hook sched_switch";
    assert_eq!(recorded.state("bpf/scheduler"), ("absent".into(), missing.into()));
    for source in ["bpf/syscall", "bpf/tcp"] {
        assert_eq!(recorded.state(source).0, "on", "{source}");
    }
}

/// Makes system calls as fast as it can until it is dropped.
fn storm() -> Own {
    let mut command = Command::new("dd");
    command.args(["if=/dev/zero", "of=/dev/null", "bs=1"]);
    Own(command.stderr(Stdio::null()).spawn().unwrap())
}

#[test]
fn over_its_share_of_a_cpu_it_sheds_what_costs_in_order_and_says_so() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let _storm = storm();
    let mut command = Command::new(KS);
    command.args(["record", "--max-cpu", "0.001", "--duration", "18s", "-o"]);
    let path = folder.path().join("x.parquet");
    assert!(command.arg(&path).stderr(Stdio::null()).status().unwrap().success());
    let recorded = Recorded::read(&path);
    if !recorded.has("bpf/tcp") {
        return;
    }
    let steps: Vec<u64> = recorded
        .samples()
        .into_iter()
        .filter_map(|sample| sample.cost.first()?.shed_steps())
        .collect();
    assert!(steps.is_sorted() && steps[0] == 0 && steps.last() >= Some(&2), "{steps:?}");
    let (state, reason) = recorded.state("bpf/syscall");
    let begins = "the recorder took more than --max-cpu; this cost ";
    assert_eq!((state.as_str(), reason.starts_with(begins)), ("shed", true), "{reason}");
    let shed = |sample: &&&ks_vocabulary::model::Sample| sample.bpf_syscall.read().is_none();
    assert!(recorded.samples().iter().filter(shed).count() >= 2);
}
