//! Helpers that are slow, and a setter that is asked for more than it may.

use std::thread;

use super::*;
use crate::child::Child as Process;

const SOON: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

#[test]
fn one_that_never_answers_is_an_error() {
    let mut command = Command::new("sleep");
    command.arg("1000");
    let failed = Other::start(Role::Opener, command, SOON).unwrap_err();
    let Failure::Refused { what, error } = failed else { unreachable!("{failed}") };
    assert_eq!((&*what, error.kind()), ("the opener", io::ErrorKind::TimedOut));
}

/// The other end of one, which the test speaks for.
fn spoken_for() -> (Other, File) {
    let pair = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
    let (own, other): (OwnedFd, OwnedFd) = pair.unwrap();
    let child = Command::new("true").spawn().unwrap();
    let (role, number) = (Role::Setter, Cell::new(READY));
    (Other { role, socket: own.into(), child, number, patience: SOON }, other.into())
}

/// What was answered too late is no answer to the next question.
#[test]
fn an_answer_that_is_late_is_left_out() {
    let (mut asking, mut other) = spoken_for();
    let set = Want::Set { key: Sysctl::Swappiness, text: "10".to_owned() };
    assert!(asking.ask(&set).is_err(), "nobody answers");
    let answering = thread::spawn(move || {
        let mut bytes = vec![0; BYTES_MAX];
        answer(&other, 1, Had::Yes, None).unwrap();
        for _ in 0..2 {
            let len = other.read(&mut bytes).unwrap();
            assert!(len > 0);
        }
        answer(&other, 2, Had::No { reason: "no".to_owned() }, None).unwrap();
    });
    asking.patience = PATIENCE;
    let failed = asking.ask(&set).unwrap_err().to_string();
    assert_eq!(failed, "the setter: no");
    answering.join().unwrap();
    asking.child.wait().unwrap();
}

/// In a network namespace of its own: parameters of the host are not ours.
#[test]
fn a_setter_writes_what_the_catalogue_has_and_what_stood_there() {
    let Some(child) = Process::in_own_network() else { return };
    let tested = thread::spawn(move || {
        use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
        let own = File::open(format!("/proc/{}/ns/net", child.pid())).unwrap();
        move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        let (key, mut settable) = (Sysctl::TcpFinTimeout, Settable::default());
        let read = || Place::Sysctl(key).text().unwrap().unwrap().trim().to_owned();
        Place::Sysctl(key).write_to(&Place::Sysctl(key).to_write().unwrap(), "77").unwrap();
        let mut set = |text: &str| {
            let want = Want::Set { key, text: text.to_owned() };
            fulfil(Role::Setter, &want, &mut settable).is_ok()
        };
        assert!(!set("78") && !set("77") && !set("0"));
        assert_eq!(read(), "77");
        assert!(set("30") && read() == "30");
        assert!(!set("78") && read() == "30");
        assert!(set("77") && read() == "77", "it stood there");
    });
    tested.join().unwrap();
}
