//! Groups of systemd's units: systemd is asked for their limits, and holds them over a reload.
//!
//! Where no systemd runs one is played, on a real bus and on a socket of its own, in a mount
//! namespace where it has `/run` and the groups for itself.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};

use ks_actor::hand::Hand;
use ks_actor::message::Ask;
use ks_vocabulary::decision::{Effect, GroupFile};
use ks_vocabulary::input::Outcome;
use ks_vocabulary::kind::{Entity, Group};
use ks_vocabulary::lasting::Exact;
use rustix::mount::{MountFlags, mount};

use crate::lab::{order, perform, start, wait};
use crate::played::{self, NONE, Unit};

/// By what this program is told to be where a systemd is played, and where one runs.
pub(crate) const PLAYED: &str = "systemd-played";
pub(crate) const RUNNING: &str = "systemd-running";
const BOOTED: &str = "/run/systemd/system";
const BUS: &str = "/run/dbus/system_bus_socket";
const OWN_SOCKET: &str = "/run/systemd/private";
const PATH: &str = "/system.slice/ks-actor-test.service";
const MANAGER_STATUS: [&str; 6] = [
    "Uid:\t0\t0\t0\t0",
    "Threads:\t1",
    "NoNewPrivs:\t1",
    "Seccomp:\t2",
    "CapEff:\t0000000000000000",
    "CapBnd:\t0000000000000000",
];

pub(crate) fn is_there() -> bool {
    Path::new(BOOTED).is_dir()
}

fn mount_of_groups() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let line = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    Some(line.split(' ').nth(4)?.into())
}

fn exact(path: &str) -> Exact {
    let folder = mount_of_groups().unwrap().join(&path[1..]);
    let inode = Some(fs::metadata(folder).unwrap().ino());
    Exact(Entity::Cgroup(Group { inode, ..Group::at(path.as_bytes()) }))
}

fn effect(path: &str, file: GroupFile, text: &str) -> Effect {
    Effect::GroupFile { group: exact(path), file, text: text.to_owned() }
}

/// Limits a unit, whose group has this path, by an actor of its own, and puts it back. Each limit
/// is in force after a reload too. It is all that a host with a systemd has to call.
pub(crate) fn limits_hold(folder: &Path, path: &str, reload: &dyn Fn()) {
    let group = mount_of_groups().unwrap().join(&path[1..]);
    let read = |file: GroupFile| fs::read_to_string(group.join(file.word())).ok();
    let (mut hand, left) = start(folder).unwrap();
    assert!(left.is_empty());
    manager_is_in_its_sandbox(&hand);
    for (request, file, text) in [
        (1, GroupFile::PidsMax, "300"),
        (2, GroupFile::MemoryHigh, "1073741824"),
        (3, GroupFile::CpuWeight, "20"),
        (4, GroupFile::CpuMax, "50000 100000"),
    ] {
        let before = read(file);
        let done = perform(&mut hand, order(request, effect(path, file, text)));
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None), "{file}");
        assert_eq!(read(file).unwrap().trim(), text);
        reload();
        assert_eq!(read(file).unwrap().trim(), text, "{file} after a reload");
        let done = hand.ask(&Ask::Undo { request }).unwrap();
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None), "{file}");
        // Without a limit there may be no file, or one that says so.
        let is_back = || {
            before.as_ref().map_or_else(
                || read(file).is_none_or(|found| found.trim() != text),
                |before| read(file).as_ref() == Some(before),
            )
        };
        assert!(is_back(), "{file}: {:?}", read(file));
        reload();
        assert!(is_back(), "{file} after a reload: {:?}", read(file));
    }
}

/// A process that is an actor's helper for systemd.
fn manager_of(hand: &Hand) -> u64 {
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", hand.pid())).unwrap();
    let is_it = |pid: &&str| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap();
        line.split('\0').any(|word| word == "manager")
    };
    children.split_ascii_whitespace().find(is_it).unwrap().parse().unwrap()
}

fn manager_is_in_its_sandbox(hand: &Hand) {
    let pid = manager_of(hand);
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    for line in MANAGER_STATUS {
        assert!(status.lines().any(|one| one == line), "{line} in\n{status}");
    }
    let open = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    assert_eq!(open, 5, "the standard ones, the actor's socket and its connection");
}

/// With a systemd of this host, and a unit of ours.
fn of_this_host(folder: &Path) {
    let unit = "ks-actor-test.service";
    let run = |command: &str, arguments: &[&str]| {
        let status = Command::new(command).args(arguments).stdin(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    if !run("systemd-run", &["--quiet", "--unit", unit, "sleep", "1000"]) {
        println!("  skipped: systemd starts no unit");
        return;
    }
    running(folder, PATH);
    assert!(run("systemctl", &["stop", unit]));
}

/// The same with a unit that runs.
pub(crate) fn running(folder: &Path, path: &str) {
    limits_hold(folder, path, &|| {
        let status = Command::new("systemctl").arg("daemon-reload").status().unwrap();
        assert!(status.success());
    });
}

pub(crate) fn units(folder: &Path) {
    if is_there() {
        return of_this_host(folder);
    }
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private"]).arg(own).arg(PLAYED).arg(folder);
    let status = command.stdin(Stdio::null()).status().unwrap();
    if status.code() == Some(1) {
        println!("  skipped: no mount namespace can be made");
        return;
    }
    assert!(status.success(), "{status}");
}

/// A program that is ended with this.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// In a namespace of its own.
pub(crate) fn played(folder: &Path) {
    let Some(groups) = mount_of_groups() else {
        println!("  skipped: no control groups of version 2 are mounted");
        return;
    };
    for path in [Path::new("/run"), &groups] {
        mount("none", path, "tmpfs", MountFlags::empty(), None).unwrap();
    }
    let group = groups.join(&PATH[1..]);
    for path in [Path::new(BOOTED), Path::new("/run/dbus"), &group] {
        fs::create_dir_all(path).unwrap();
    }
    let unit = || {
        let unit = Unit {
            path: PATH.to_owned(),
            is_loaded: true,
            takes: true,
            held: [("MemoryHigh".to_owned(), 2 << 30)].into(),
            disks: [].into(),
            asked: Vec::new(),
            folder: group.clone(),
        };
        unit.write_files();
        Arc::new(Mutex::new(unit))
    };
    let own = unit();
    played::on_own_socket(Path::new(OWN_SOCKET), Arc::clone(&own));
    limits_hold(&folder.join("own"), PATH, &|| own.lock().unwrap().write_files());
    assert_eq!(own.lock().unwrap().asked, EXPECTED);
    println!("  over its own socket: {EXPECTED:?}");
    let unit = unit();
    with_bus(folder, &unit);
    // The rest is said over systemd's own socket.
    let _ = fs::remove_file(BUS);
    fs::remove_file(OWN_SOCKET).unwrap();
    played::on_own_socket(Path::new(OWN_SOCKET), Arc::clone(&unit));
    let state = || unit.lock().unwrap();
    what_systemd_does_not_take(&folder.join("refused"), &state);
    what_others_did(&folder.join("others"), &state);
    what_an_actor_left(&folder.join("left"), &state);
    a_disk(&folder.join("disk"), &state);
}

/// What a systemd is asked for by [`limits_hold`].
const EXPECTED: [&str; 8] = [
    "TasksMax=300",
    "TasksMax=18446744073709551615",
    "MemoryHigh=1073741824",
    "MemoryHigh=2147483648",
    "CPUWeight=20",
    "CPUWeight=18446744073709551615",
    "CPUQuotaPerSecUSec=500000",
    "CPUQuotaPerSecUSec=18446744073709551615",
];

/// Over a real bus, which takes no message that is none; what `busctl` reads of it is what is meant.
fn with_bus(folder: &Path, unit: &Arc<Mutex<Unit>>) {
    let config = folder.join("bus.conf");
    let text = format!(
        "<busconfig><type>system</type><listen>unix:path={BUS}</listen><auth>EXTERNAL</auth>\
         <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"*\"/>\
         <allow eavesdrop=\"true\"/></policy></busconfig>"
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new("dbus-daemon");
    command.arg("--nofork").arg(format!("--config-file={}", config.display()));
    let Ok(bus) = command.stdin(Stdio::null()).spawn() else {
        println!("  skipped: there is no dbus-daemon");
        return;
    };
    let bus = Program(bus);
    wait(|| Path::new(BUS).exists());
    played::on_bus(Path::new(BUS), Arc::clone(unit));
    let heard = folder.join("heard");
    let mut command = Command::new("busctl");
    command.arg(format!("--address=unix:path={BUS}")).args(["monitor", "--json=short"]);
    command.args(["--match", "member='SetUnitProperties'"]).stdin(Stdio::null());
    let monitor = command.stdout(File::create(&heard).unwrap()).stderr(Stdio::null()).spawn();
    let monitor = monitor.ok().map(Program);
    // It listens when it has no name on the bus any more.
    std::thread::sleep(std::time::Duration::from_millis(300));
    limits_hold(&folder.join("bus"), PATH, &|| unit.lock().unwrap().write_files());
    assert_eq!(unit.lock().unwrap().asked, EXPECTED);
    println!("  over a bus: the same");
    if monitor.is_none() {
        println!("  skipped: there is no busctl");
        return;
    }
    let text = || fs::read_to_string(&heard).unwrap();
    wait(|| text().lines().count() >= EXPECTED.len());
    for (line, expected) in text().lines().zip(EXPECTED) {
        let (property, most) = expected.split_once('=').unwrap();
        let payload = format!(
            r#""payload":{{"type":"sba(sv)","data":["ks-actor-test.service",true,[["{property}",{{"type":"t","data":{most}}}]]]}}"#
        );
        assert!(line.contains(&payload), "{payload} in {line}");
    }
    println!("  busctl read: {}", text().lines().next().unwrap());
    drop((monitor, bus));
}

type State<'a> = &'a dyn Fn() -> MutexGuard<'a, Unit>;

fn pids(path: &str, text: &str) -> Effect {
    effect(path, GroupFile::PidsMax, text)
}

fn what_systemd_does_not_take(folder: &Path, state: State<'_>) {
    let (mut hand, _) = start(folder).unwrap();
    let file = state().folder.join("pids.max");
    // Loaded when it was looked at, and gone when it is set.
    state().takes = false;
    let done = perform(&mut hand, order(1, pids(PATH, "300")));
    assert_eq!(done.outcome, Outcome::NotApplied, "{done:?}");
    let reason = done.reason.unwrap();
    assert!(reason.contains("unit ks-actor-test.service is gone"), "{reason}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "max\n");
    // Not loaded at all, and another one's of the same name: its file is written directly.
    state().takes = true;
    state().asked.clear();
    for (request, path, is_loaded) in [(2, PATH, false), (3, "/other/ks-actor-test.service", true)]
    {
        state().is_loaded = is_loaded;
        path.clone_into(&mut state().path);
        let done = perform(&mut hand, order(request, pids(PATH, "300")));
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
        assert_eq!(fs::read_to_string(&file).unwrap().trim(), "300");
        let done = hand.ask(&Ask::Undo { request }).unwrap();
        assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    }
    PATH.clone_into(&mut state().path);
    assert!(state().asked.is_empty(), "{:?}", state().asked);
    state().write_files();
}

fn what_others_did(folder: &Path, state: State<'_>) {
    let (mut hand, _) = start(folder).unwrap();
    let file = state().folder.join("pids.max");
    assert_eq!(perform(&mut hand, order(1, pids(PATH, "300"))).outcome, Outcome::Applied);
    state().held.insert("TasksMax".to_owned(), 50);
    state().write_files();
    let done = hand.ask(&Ask::Undo { request: 1 }).unwrap();
    assert_eq!(done.outcome, Outcome::Superseded);
    assert!(done.reason.unwrap().contains("TasksMax=50"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "50\n");
    // More than it has is nothing that an action gives.
    let more = perform(&mut hand, order(2, pids(PATH, "300")));
    assert_eq!(more.outcome, Outcome::NotApplied);
    // What somebody wrote to the file stays, and the unit is held as before.
    state().held.insert("TasksMax".to_owned(), NONE);
    state().write_files();
    assert_eq!(perform(&mut hand, order(3, pids(PATH, "300"))).outcome, Outcome::Applied);
    fs::write(&file, "77\n").unwrap();
    let done = hand.ask(&Ask::Undo { request: 3 }).unwrap();
    assert_eq!(done.outcome, Outcome::Superseded);
    assert_eq!(state().held["TasksMax"], NONE);
    assert!(fs::read_to_string(&file).unwrap().starts_with("77"));
    state().write_files();
}

fn what_an_actor_left(folder: &Path, state: State<'_>) {
    let (mut hand, _) = start(folder).unwrap();
    assert_eq!(perform(&mut hand, order(1, pids(PATH, "300"))).outcome, Outcome::Applied);
    drop(hand);
    assert_eq!(state().held["TasksMax"], 300);
    let (_hand, left) = start(folder).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].done.outcome, Outcome::Applied, "{left:?}");
    assert_eq!(state().held["TasksMax"], NONE);
    assert_eq!(fs::read_to_string(state().folder.join("pids.max")).unwrap(), "max\n");
}

/// A disk that the kernel has, by a node of it that is made here where there is none.
fn a_disk(folder: &Path, state: State<'_>) {
    let disks = fs::read_dir("/sys/dev/block").unwrap().filter_map(Result::ok);
    let with_node = disks.filter_map(|entry| {
        let number = entry.file_name().into_string().ok()?;
        let link = fs::read_link(entry.path()).ok()?;
        let node = Path::new("/dev").join(link.file_name()?);
        node.exists().then_some((number, node))
    });
    let Some((number, node)) = with_node.into_iter().next() else {
        println!("  skipped: no disk has a node in /dev");
        return;
    };
    let (mut hand, _) = start(folder).unwrap();
    let text = format!("{number} rbps=1048576");
    state().asked.clear();
    let done = perform(&mut hand, order(1, effect(PATH, GroupFile::IoMax, &text)));
    assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    let limits = vec![(node.to_str().unwrap().to_owned(), 1_048_576)];
    assert_eq!(state().disks["IOReadBandwidthMax"], limits);
    let done = hand.ask(&Ask::Undo { request: 1 }).unwrap();
    assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    assert!(state().disks["IOReadBandwidthMax"].is_empty());
    println!("  a disk: {:?}", state().asked);
}
