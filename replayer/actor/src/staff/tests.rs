//! Helpers that are slow.

use std::io::Read;
use std::thread;

use ks_vocabulary::decision::Sysctl;

use super::*;
use crate::helper::answer;

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
        let limit = Limit::Tasks(1);
        let found = Had::Found { found: Found { limit, is_running: true } };
        answer(&other, 1, found, None).unwrap();
        answer(&other, 1, Had::Gone { what: "it".to_owned() }, None).unwrap();
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
