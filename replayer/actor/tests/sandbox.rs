//! What cannot be done in a sandbox, and can be without one: each thing is tried by a process of
//! its own, since some of them are its end.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};

use ks_actor::held::Held;
use ks_actor::sandbox::Sandbox;
use ks_actor::setting::{self, Setting};
use ks_actor::stat::Stat;
use rustix::thread::{CapabilitySet, CapabilitySets};

/// A user that nobody has.
const ID: u32 = 61_999;

type Try = fn(&Given) -> std::io::Result<()>;

/// What a process that tries something is told.
struct Given {
    pid: u64,
    folder: PathBuf,
}

/// What no process in a sandbox can do, and root can.
const FORBIDDEN: [(&str, Try); 15] = [
    ("a socket", |_| std::net::UdpSocket::bind("127.0.0.1:0").map(|_| ())),
    ("a local socket", |_| std::os::unix::net::UnixDatagram::unbound().map(|_| ())),
    ("reading elsewhere", |_| fs::read("/etc/passwd").map(|_| ())),
    ("writing elsewhere", |given| fs::write(given.folder.join("out"), "x")),
    ("removing elsewhere", |given| fs::remove_file(given.folder.join("there"))),
    ("another program", |_| Command::new("/bin/true").status().map(|_| ())),
    ("a thread", |_| std::thread::Builder::new().spawn(|| ()).map(|_| ())),
    ("the memory of another", |given| {
        let memory = OpenOptions::new().read(true).open(format!("/proc/{}/mem", given.pid))?;
        drop(memory);
        Ok(())
    }),
    ("the environment of another", |given| {
        fs::read(format!("/proc/{}/environ", given.pid)).map(|_| ())
    }),
    ("tracing another", |given| ptrace(given.pid)),
    ("more capabilities", |_| {
        let all = CapabilitySet::all();
        let known = rustix::thread::capabilities(None)?.permitted;
        let wanted = if known.contains(CapabilitySet::SYS_ADMIN) { known } else { all };
        let (effective, permitted) = (wanted, wanted);
        let inheritable = CapabilitySet::empty();
        let sets = CapabilitySets { effective, permitted, inheritable };
        Ok(rustix::thread::set_capabilities(None, sets)?)
    }),
    ("another user", |_| {
        let root = rustix::process::Uid::ROOT;
        Ok(rustix::thread::set_thread_res_uid(root, root, root)?)
    }),
    ("realtime", |given| ks_actor::syscalls::set_io_priority(given.pid, 1 << 13)),
    ("another root", |given| Ok(rustix::process::chroot(&given.folder)?)),
    ("a mount", |given| {
        let flags = rustix::mount::MountFlags::empty();
        Ok(rustix::mount::mount("none", &given.folder, "tmpfs", flags, None)?)
    }),
];

/// What it is there for.
const ALLOWED: [(&str, Try); 5] = [
    ("a nice level, and one that is put back", |given| {
        nice(given.pid, 5)?;
        nice(given.pid, -20)
    }),
    ("every thread, and back", |given| {
        let held = hold(given.pid);
        for written in [Setting::Nice(9), Setting::Policy(3), Setting::IoPriority(3 << 13)] {
            let mut prior = setting::capture(&held, written).map_err(std::io::Error::other)?;
            setting::apply(&held, &mut prior).map_err(std::io::Error::other)?;
            setting::restore(&held, &prior).map_err(std::io::Error::other)?;
        }
        Ok(())
    }),
    ("stopping and going on", |given| {
        use ks_vocabulary::decision::Signal;
        let held = hold(given.pid);
        held.signal(Signal::Stop).map_err(std::io::Error::other)?;
        held.signal(Signal::Continue).map_err(std::io::Error::other)
    }),
    ("its own files", |given| {
        let kept = given.folder.join("kept");
        let mut file = File::create(kept.join("part"))?;
        file.write_all(b"x")?;
        file.sync_all()?;
        fs::rename(kept.join("part"), kept.join("whole"))?;
        fs::read(kept.join("whole"))?;
        fs::remove_file(kept.join("whole"))
    }),
    ("a panic that is caught", |_| {
        let caught = std::panic::catch_unwind(|| std::hint::black_box(None::<u8>).unwrap());
        assert!(caught.is_err());
        Ok(())
    }),
];

fn hold(pid: u64) -> Held {
    let start = Stat::of(Path::new(&format!("/proc/{pid}"))).unwrap().start_ticks;
    Held::open(pid, start).unwrap()
}

fn nice(pid: u64, nice: i32) -> std::io::Result<()> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap());
    Ok(rustix::process::setpriority_process(pid, nice)?)
}

/// `process_vm_readv` and `ptrace` have no wrapper here; a pidfd that gives descriptors of another
/// is refused by the same check.
fn ptrace(pid: u64) -> std::io::Result<()> {
    let number = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let held = rustix::process::pidfd_open(number, rustix::process::PidfdFlags::empty())?;
    let flags = rustix::process::PidfdGetfdFlags::empty();
    Ok(rustix::process::pidfd_getfd(held.as_fd(), 0, flags).map(|_| ())?)
}

fn tries() -> impl Iterator<Item = &'static (&'static str, Try)> {
    FORBIDDEN.iter().chain(&ALLOWED)
}

/// A process that tries one thing.
fn child(arguments: &[String]) -> ExitCode {
    let [mode, name, pid, folder] = arguments else { return ExitCode::from(9) };
    let given = Given { pid: pid.parse().unwrap(), folder: folder.into() };
    let (_, attempt) = tries().find(|(known, _)| known == name).unwrap();
    if mode == "manager" {
        let sandbox = Sandbox {
            id: 0,
            capabilities: CapabilitySet::empty(),
            readable: Vec::new(),
            writable: Vec::new(),
            work: ks_actor::calls::Work::Manage,
            weak: false,
        };
        if sandbox.enter().is_err() {
            return ExitCode::from(3);
        }
    }
    if mode == "inside" {
        let sandbox = Sandbox {
            id: ID,
            capabilities: CapabilitySet::SYS_NICE | CapabilitySet::KILL,
            readable: vec!["/proc".into()],
            writable: vec![given.folder.join("kept")],
            work: ks_actor::calls::Work::Act,
            weak: false,
        };
        if let Err(error) = sandbox.enter() {
            println!("no sandbox: {error}");
            return ExitCode::from(3);
        }
    }
    match attempt(&given) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::from(2)
        }
    }
}

struct Sleeper(Child);

impl Sleeper {
    fn new() -> Self {
        let mut command = Command::new("sleep");
        Self(command.arg("1000").stdin(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(mode: &str, name: &str) -> (ExitStatus, String) {
    let sleeper = Sleeper::new();
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("there"), "x").unwrap();
    let kept = folder.path().join("kept");
    fs::create_dir(&kept).unwrap();
    std::os::unix::fs::chown(&kept, Some(ID), Some(ID)).unwrap();
    let mut command = Command::new("/proc/self/exe");
    command.args([mode, name, &sleeper.0.id().to_string()]).arg(folder.path()).env_clear();
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().unwrap();
    let _ = Command::new("umount").arg(folder.path()).stderr(Stdio::null()).status();
    (output.status, String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.len() == 4 {
        return child(&arguments);
    }
    if !rustix::process::geteuid().is_root() {
        println!("skipped: not root, and a sandbox is entered by root");
        return ExitCode::SUCCESS;
    }
    let mut failed = 0;
    for (name, _) in tries() {
        let (outside, said) = run("outside", name);
        let (inside, told) = run("inside", name);
        let is_forbidden = FORBIDDEN.iter().any(|(known, _)| known == name);
        // Who speaks to systemd does nothing of this: it opens no file, and writes to none.
        let (manager, _) = run("manager", name);
        let is_so = inside.code() != Some(3)
            && outside.success()
            && inside.success() != is_forbidden
            && manager.code() != Some(3)
            && !manager.success();
        failed += usize::from(!is_so);
        let how = inside.signal().map_or(told, |signal| format!("killed by signal {signal}"));
        let verdict = if is_so { "ok" } else { "FAILED" };
        println!(
            "{verdict}: {name}: outside {outside} {said}; inside {inside} {how}; manager {manager}"
        );
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
