//! A systemd that is played, on a real bus and on a socket of its own, in a mount namespace where
//! it has `/run` and the groups for itself.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};

use ks_actor::message::Ask;
use ks_vocabulary::decision::{Effect, GroupFile};
use ks_vocabulary::input::Outcome;
use rustix::mount::{MountFlags, mount};
use rustix::process::{Pid, Signal, kill_process};

use crate::lab::{order, perform, start, wait};
use crate::played::{self, NONE, Unit};
use crate::systemd::{BOOTED, PATH, effect, limits_hold, mount_of_groups};

const BUS: &str = "/run/dbus/system_bus_socket";
const OWN_SOCKET: &str = "/run/systemd/private";

/// A program that is ended with this.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn unit(group: &Path) -> Arc<Mutex<Unit>> {
    let unit = Unit {
        path: PATH.to_owned(),
        is_loaded: true,
        takes: true,
        is_closed: false,
        held: [("MemoryHigh".to_owned(), 2 << 30)].into(),
        disks: [].into(),
        asked: Vec::new(),
        folder: group.to_owned(),
    };
    unit.write_files();
    Arc::new(Mutex::new(unit))
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
    let own = unit(&group);
    played::on_own_socket(Path::new(OWN_SOCKET), Arc::clone(&own));
    limits_hold(&folder.join("own"), PATH, &|| own.lock().unwrap().write_files());
    assert_eq!(own.lock().unwrap().asked, EXPECTED);
    println!("  over its own socket: {EXPECTED:?}");
    let unit = unit(&group);
    with_bus(folder, &unit);
    // The rest is said over systemd's own socket.
    let _ = fs::remove_file(BUS);
    fs::remove_file(OWN_SOCKET).unwrap();
    played::on_own_socket(Path::new(OWN_SOCKET), Arc::clone(&unit));
    let state = || unit.lock().unwrap();
    what_systemd_does_not_take(&folder.join("refused"), &state);
    what_systemd_does_not_say(&folder.join("closed"), &state);
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

fn bus(folder: &Path) -> Option<Program> {
    let config = folder.join("bus.conf");
    let text = format!(
        "<busconfig><type>system</type><listen>unix:path={BUS}</listen><auth>EXTERNAL</auth>\
         <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/><allow send_type=\"*\"/>\
         <allow eavesdrop=\"true\"/></policy></busconfig>"
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new("dbus-daemon");
    command.arg("--nofork").arg(format!("--config-file={}", config.display()));
    command.stdin(Stdio::null()).spawn().ok().map(Program)
}

/// Over a real bus, which takes no message that is none. What `busctl` reads of it is what is
/// meant.
fn with_bus(folder: &Path, unit: &Arc<Mutex<Unit>>) {
    let Some(bus) = bus(folder) else {
        println!("  skipped: there is no dbus-daemon");
        return;
    };
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
        let data = format!(
            r#"["ks-actor-test.service",true,[["{property}",{{"type":"t","data":{most}}}]]]"#
        );
        let payload = format!(r#""payload":{{"type":"sba(sv)","data":{data}}}"#);
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

/// It does not say what it holds: its file is written directly, and that is told.
fn what_systemd_does_not_say(folder: &Path, state: State<'_>) {
    let (mut hand, _) = start(folder).unwrap();
    let file = state().folder.join("pids.max");
    state().asked.clear();
    state().is_closed = true;
    let done = perform(&mut hand, order(1, pids(PATH, "300")));
    assert_eq!(done.outcome, Outcome::Applied);
    let reason = done.reason.unwrap();
    println!("  {reason}");
    assert!(reason.starts_with("systemd did not take it (the manager: unit ks-actor"), "{reason}");
    assert!(reason.contains("Access denied (org.freedesktop.DBus.Error.AccessDenied)"), "{reason}");
    assert!(reason.ends_with("): written directly, and a daemon-reload resets it"), "{reason}");
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), "300");
    let done = hand.ask(&Ask::Undo { request: 1 }).unwrap();
    assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    assert_eq!(fs::read_to_string(&file).unwrap().trim(), "max");
    state().is_closed = false;
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
    // Who is killed leaves it to the next one.
    let pid = Pid::from_raw(i32::try_from(hand.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    assert!(hand.ask(&Ask::Undo { request: 1 }).is_err());
    assert_eq!(state().held["TasksMax"], 300);
    let (mut hand, left) = start(folder).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].done.outcome, Outcome::Applied, "{left:?}");
    assert_eq!(state().held["TasksMax"], NONE);
    let is_back = || fs::read_to_string(state().folder.join("pids.max")).unwrap() == "max\n";
    assert!(is_back());
    // Whose daemon is gone undoes it itself.
    assert_eq!(perform(&mut hand, order(2, pids(PATH, "300"))).outcome, Outcome::Applied);
    assert_eq!(state().held["TasksMax"], 300);
    drop(hand);
    wait(|| state().held["TasksMax"] == NONE);
    wait(is_back);
    assert_eq!(start(folder).unwrap().1, []);
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
