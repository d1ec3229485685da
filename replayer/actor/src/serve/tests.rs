//! An actor and its daemon in one process.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::Duration;

use ks_vocabulary::decision::{Effect, Signal};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};

use super::*;
use crate::audit::{self, Paths};
use crate::child::{Child, may_put_back};
use crate::failure::Failure;
use crate::held::Held;
use crate::message::Origin;
use crate::notes::Notes;
use crate::place::Place;
use crate::process_file::ProcessFile;
use crate::writes::{Direct, Writes};

fn actor(folder: &Path) -> Actor {
    let notes = Notes::open(&folder.join("undo"), Duration::from_secs(5)).unwrap();
    let (audit, _) = Audit::open(Paths::of(folder)).unwrap();
    let performer = Performer::new(notes, Box::new(Direct)).unwrap();
    Actor::new(performer, audit, folder.join("stopped"), 0).unwrap()
}

fn pair() -> (File, File) {
    let flags = SocketFlags::CLOEXEC;
    let (own, other): (OwnedFd, OwnedFd) =
        socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).unwrap();
    (own.into(), other.into())
}

fn hear(socket: &mut File) -> Said {
    let mut bytes = vec![0; MESSAGE_BYTES_MAX];
    let len = socket.read(&mut bytes).unwrap();
    serde_json::from_slice(&bytes[..len]).unwrap()
}

fn tell(socket: &mut File, ask: &Ask) {
    socket.write_all(&serde_json::to_vec(ask).unwrap()).unwrap();
}

fn order(child: &Child, request: u64, effect: fn(Exact) -> Effect) -> Order {
    let process = Exact(Entity::Process(child.pid(), child.start()));
    let effects = vec![effect(process)];
    Order { request, action: "one thing".to_owned(), effects, lasts_s: None }
}

fn nice(process: Exact) -> Effect {
    Effect::Nice { process, nice: 7 }
}

fn stop(process: Exact) -> Effect {
    Effect::Signal { process, signal: Signal::Stop }
}

fn done(said: Said) -> Done {
    match said {
        Said::Done { done, .. } | Said::Over { done, .. } => done,
        other @ (Said::Ready { .. }
        | Said::Sealed { .. }
        | Said::Failed { .. }
        | Said::Refused { .. }) => {
            unreachable!("{other:?}")
        }
    }
}

fn whats(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("audit.jsonl")).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.map(|line| line["entry"]["what"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_asked_for_is_audited_done_and_told() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let (mut own, other) = pair();
    let path = folder.path().to_owned();
    let serving = thread::spawn(move || actor(&path).serve(other).unwrap());
    assert_eq!(hear(&mut own), Said::Ready { left: vec![], kept: vec![], last: 0 });
    let perform = Ask::Perform { order: order(&child, 1, nice), origin: Origin::Agent };
    tell(&mut own, &perform);
    assert_eq!(done(hear(&mut own)).outcome, Outcome::Applied);
    tell(&mut own, &Ask::Undo { request: 1 });
    assert_eq!(done(hear(&mut own)).outcome, Outcome::Applied);
    own.write_all(b"nonsense").unwrap();
    assert!(matches!(hear(&mut own), Said::Refused { .. }));
    drop(own);
    serving.join().unwrap();
    assert_eq!(whats(folder.path()), ["asked", "came", "undoing", "undone"]);
    audit::verify(&Paths::of(folder.path())).unwrap();
}

#[test]
fn what_is_done_for_a_time_ends_by_itself_though_nobody_asks() {
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let (mut own, other) = pair();
    let path = folder.path().to_owned();
    let serving = thread::spawn(move || actor(&path).serve(other).unwrap());
    hear(&mut own);
    let order = Order { lasts_s: Some(1), ..order(&child, 1, stop) };
    tell(&mut own, &Ask::Perform { order, origin: Origin::Agent });
    assert_eq!(done(hear(&mut own)).outcome, Outcome::Applied);
    child.wait_for(b'T');
    child.wait_for(b'S');
    drop(own);
    serving.join().unwrap();
    assert_eq!(whats(folder.path()), ["asked", "came", "undoing", "undone"]);
}

#[test]
fn where_nobody_is_there_to_judge_it_what_was_done_is_undone() {
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let (mut own, other) = pair();
    let path = folder.path().to_owned();
    let serving = thread::spawn(move || actor(&path).serve(other).unwrap());
    hear(&mut own);
    let order = Order { lasts_s: Some(60), ..order(&child, 1, stop) };
    tell(&mut own, &Ask::Perform { order, origin: Origin::Agent });
    assert_eq!(done(hear(&mut own)).outcome, Outcome::Applied);
    child.wait_for(b'T');
    drop(own);
    serving.join().unwrap();
    child.wait_for(b'S');
    assert_eq!(whats(folder.path()), ["asked", "came", "recovering", "left"]);
}

#[test]
fn while_acting_is_stopped_nothing_is_done_and_everything_can_be_undone() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let mut actor = actor(folder.path());
    let ask = |ask: &Ask| serde_json::to_vec(ask).unwrap();
    let perform = |request| {
        ask(&Ask::Perform { order: order(&child, request, nice), origin: Origin::Person })
    };
    assert_eq!(done(actor.answer(&perform(1)).unwrap()).outcome, Outcome::Applied);
    std::fs::write(folder.path().join("stopped"), "").unwrap();
    let refused = done(actor.answer(&perform(2)).unwrap());
    assert_eq!(refused.outcome, Outcome::NotApplied);
    assert!(refused.reason.unwrap().starts_with("acting is stopped: "));
    let undone = done(actor.answer(&ask(&Ask::Undo { request: 1 })).unwrap());
    assert_eq!(undone.outcome, Outcome::Applied);
    std::fs::remove_file(folder.path().join("stopped")).unwrap();
    assert_eq!(done(actor.answer(&perform(3)).unwrap()).outcome, Outcome::Applied);
    let expected = ["asked", "came", "stopped", "undoing", "undone", "asked", "came"];
    assert_eq!(whats(folder.path()), expected);
}

#[test]
fn what_an_earlier_one_left_is_undone_and_told_first() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let mut killed = actor(folder.path());
    for (request, keeps) in [(1, false), (2, true)] {
        let order = order(&child, request, if keeps { score } else { nice });
        let ask = Ask::Perform { order, origin: Origin::Agent };
        killed.answer(&serde_json::to_vec(&ask).unwrap()).unwrap();
        if keeps {
            let keep = serde_json::to_vec(&Ask::Keep { request }).unwrap();
            killed.answer(&keep).unwrap();
        }
    }
    drop(killed);
    let (mut own, other) = pair();
    let path = folder.path().to_owned();
    let serving = thread::spawn(move || actor(&path).serve(other).unwrap());
    let Said::Ready { left, .. } = hear(&mut own) else { unreachable!() };
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].request, left[0].done.outcome), (Some(1), Outcome::Applied));
    drop(own);
    serving.join().unwrap();
    let expected = ["asked", "came", "asked", "came", "keeping", "kept", "recovering", "left"];
    assert_eq!(whats(folder.path()), expected);
}

fn score(process: Exact) -> Effect {
    Effect::OomScore { process, adj: 300 }
}

/// An audit log that takes no more: nothing is done that does not stand in it.
#[test]
fn nothing_is_done_that_cannot_be_audited() {
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let mut actor = actor(folder.path());
    actor.audit.spoil();
    let ask = Ask::Perform { order: order(&child, 1, nice), origin: Origin::Agent };
    assert!(actor.answer(&serde_json::to_vec(&ask).unwrap()).is_err());
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.pid()).unwrap());
    assert_eq!(rustix::process::getpriority_process(pid).unwrap(), 0);
}

fn nice_of(child: &Child) -> i32 {
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.pid()).unwrap());
    rustix::process::getpriority_process(pid).unwrap()
}

/// The same of what is undone, of what stays, and of what an earlier one left.
#[test]
fn nothing_is_undone_or_kept_that_cannot_be_audited() {
    if !may_put_back() {
        return;
    }
    let ask = |ask: &Ask| serde_json::to_vec(ask).unwrap();
    for asked in [Some(Ask::Undo { request: 1 }), Some(Ask::Keep { request: 1 }), None] {
        let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
        let mut first = actor(folder.path());
        let perform = Ask::Perform { order: order(&child, 1, nice), origin: Origin::Agent };
        assert_eq!(done(first.answer(&ask(&perform)).unwrap()).outcome, Outcome::Applied);
        let mut spoilt = first;
        spoilt.audit.spoil();
        let failed = match &asked {
            Some(asked) => spoilt.answer(&ask(asked)).is_err(),
            None => spoilt.recover().is_err(),
        };
        assert!(failed && nice_of(&child) == 7, "{asked:?}");
        drop(spoilt);
        // It stands as it stood: whoever comes next undoes it.
        assert_eq!(actor(folder.path()).recover().unwrap().len(), 1, "{asked:?}");
        assert_eq!(nice_of(&child), 0, "{asked:?}");
    }
}

#[test]
fn a_long_text_is_cut_in_the_log() {
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let mut actor = actor(folder.path());
    let action = "\u{e9}".repeat(30_000);
    let order = Order { action, effects: vec![], ..order(&child, 1, nice) };
    let ask = Ask::Perform { order, origin: Origin::Agent };
    actor.answer(&serde_json::to_vec(&ask).unwrap()).unwrap();
    let left = actor.performer.finish(Err(NotesError::InUse { path: "x".repeat(2 << 20).into() }));
    actor.note(&Entry::Left { left: &left }).unwrap();
    drop(actor);
    let text = std::fs::read_to_string(folder.path().join("audit.jsonl")).unwrap();
    assert!(text.lines().all(|line| line.len() < 10_000) && text.contains('\u{2026}'));
    audit::verify(&Paths::of(folder.path())).unwrap();
}

/// One that fails for the first times.
#[derive(Debug)]
struct Failing(std::cell::Cell<usize>);

impl Writes for Failing {
    fn open_process_file(&self, held: &Held, file: ProcessFile) -> Result<File, Failure> {
        if std::fs::read_to_string(held.folder().join("oom_score_adj")).unwrap() == "300\n"
            && self.0.replace(self.0.get().saturating_sub(1)) > 0
        {
            return Err(Failure::refused("it", io::Error::from(io::ErrorKind::TimedOut)));
        }
        Direct.open_process_file(held, file)
    }

    fn write_place(&self, _: &Place, _: &str) -> Result<(), Failure> {
        unreachable!("it is a file of a process")
    }
}

/// It is told when it fails first, and when it is done; each time stands in the log.
#[test]
fn what_cannot_be_undone_in_time_is_tried_until_it_is() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let mut actor = actor(folder.path());
    actor.performer = {
        drop(actor.performer);
        let notes = Notes::open(&folder.path().join("undo"), Duration::from_secs(5)).unwrap();
        Performer::new(notes, Box::new(Failing(3.into()))).unwrap()
    };
    let order = Order { lasts_s: Some(1), ..order(&child, 1, score) };
    let ask = Ask::Perform { order, origin: Origin::Agent };
    let done = done(actor.answer(&serde_json::to_vec(&ask).unwrap()).unwrap());
    assert_eq!(done.outcome, Outcome::Applied);
    let mut told = Vec::new();
    for turn in 0..4 {
        let at_ns = actor.due.next_ns().unwrap();
        for item in actor.due.take(at_ns) {
            // Nobody waits in a test.
            actor.due.put(0, item);
        }
        for said in actor.undo_due().unwrap() {
            let Said::Over { done, .. } = said else { unreachable!() };
            told.push((turn, done.outcome));
        }
    }
    assert_eq!(told, [(0, Outcome::Indeterminate), (3, Outcome::Applied)]);
    assert_eq!(actor.due.next_ns(), None);
    let score = std::fs::read_to_string(format!("/proc/{}/oom_score_adj", child.pid())).unwrap();
    assert_eq!(score, "0\n");
    assert_eq!(whats(folder.path()).iter().filter(|what| *what == "undone").count(), 4);
}

#[test]
fn what_was_approved_of_is_done_once_and_nothing_else() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let mut actor = actor(folder.path());
    let mut ask = |ask: &Ask| actor.answer(&serde_json::to_vec(ask).unwrap()).unwrap();
    let until_ns = boot_ns() + 60 * SECOND_NS;
    let shown =
        |request| Shown { order: order(&child, request, nice), evidence: vec![1], until_ns };
    let Said::Sealed { token } = ask(&Ask::Seal { shown: shown(1) }) else { unreachable!() };
    let other = done(ask(&Ask::Approved { shown: shown(2), token: token.clone() }));
    assert_eq!(other.outcome, Outcome::NotApplied);
    assert!(other.reason.unwrap().starts_with("the approval is not of this"));
    let approved = Ask::Approved { shown: shown(1), token };
    assert_eq!(done(ask(&approved)).outcome, Outcome::Applied);
    assert_eq!(done(ask(&Ask::Undo { request: 1 })).outcome, Outcome::Applied);
    assert!(done(ask(&approved)).reason.unwrap().starts_with("the approval was used already"));
    let whats = whats(folder.path());
    assert_eq!(whats, ["not_approved", "asked", "came", "undoing", "undone", "not_approved"]);
}
