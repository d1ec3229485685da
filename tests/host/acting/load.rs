//! A server whose accept queue is full for a time, because one floods it, and that recovers by
//! itself; beside it one who has nothing to do with it. Each is in a network namespace of its own,
//! so that many of them recover side by side.
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::victim::{USER, leave_groups};
use crate::{Own, has};

/// Accepts ten connections a second; sixteen wait.
const SERVER: &str = "use Socket; use Time::HiRes qw(sleep);
    socket(my $on, PF_INET, SOCK_STREAM, 0) or die $!;
    bind($on, sockaddr_in(7000, INADDR_LOOPBACK)) or die $!;
    listen($on, 16) or die $!;
    while (1) { accept(my $peer, $on); close $peer; sleep 0.1; }";
/// Opens fifty a second for the time that it is told, and then none. Each is closed at once, so
/// that nothing of it goes on while it is paused.
const FLOOD: &str = "use Socket; use Fcntl; use Time::HiRes qw(time sleep);
    my $ends = <STDIN>; $ends += time;
    while (time < $ends) {
        socket(my $one, PF_INET, SOCK_STREAM, 0) or die $!;
        fcntl($one, F_SETFL, O_NONBLOCK);
        connect($one, sockaddr_in(7000, INADDR_LOOPBACK));
        close $one; sleep 0.02;
    }
    sleep 1000;";

/// See the module. All of it ends with this.
pub(crate) struct Load {
    flood: Own,
    bystander: Own,
    /// The namespace, as recordings name it.
    pub(super) entity: String,
    _server: Own,
}

/// Why none can be made here.
pub(crate) fn missing() -> Option<String> {
    let programs = ["perl", "unshare", "nsenter", "setpriv", "setsid"];
    let missing = programs.into_iter().find(|program| !has(program));
    // That of iproute2 knows no `--version`.
    let missing = missing.or_else(|| Command::new("ip").arg("-V").output().err().map(|_| "ip"));
    missing.map(|program| format!("{program} is not installed"))
}

impl Load {
    pub(crate) fn new() -> Self {
        let up = format!("ip link set lo up && exec {} perl -e '{SERVER}'", as_user());
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", &up]).stdin(Stdio::null());
        let server = Own(command.spawn().unwrap());
        let namespace = PathBuf::from(format!("/proc/{}/ns/net", server.0.id()));
        let is_up = (0..500).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            let sockets = std::fs::read_to_string(namespace.with_file_name("../net/tcp"));
            sockets.is_ok_and(|sockets| sockets.contains("0100007F:1B58"))
        });
        assert!(is_up, "the server listens within 5 s");
        let within = format!("nsenter --net={} {}", namespace.display(), as_user());
        let inode = std::fs::metadata(&namespace).unwrap().ino();
        let flood = running(&format!("exec {within} perl -e '{FLOOD}'"));
        let bystander = running(&format!("exec {} sleep 1000", as_user()));
        Self { flood, bystander, entity: format!("netns:{inode}"), _server: server }
    }

    /// It is full for so many seconds, less the one in which it fills.
    pub(crate) fn fill(&mut self, seconds: f64) {
        let told = self.flood.0.stdin.as_mut().unwrap();
        writeln!(told, "{seconds}").unwrap();
    }

    /// Who floods, and who does nothing.
    pub(crate) fn pids(&self) -> [u32; 2] {
        [self.flood.0.id(), self.bystander.0.id()]
    }
}

fn as_user() -> String {
    format!("setpriv --reuid={USER} --regid={USER} --clear-groups")
}

/// A process that may be acted on, in a session of its own.
fn running(script: &str) -> Own {
    let mut command = Command::new("setsid");
    let child = command.args(["sh", "-c", script]).current_dir("/").stdin(Stdio::piped()).spawn();
    let child = Own(child.unwrap());
    leave_groups(child.0.id()).unwrap();
    child
}
