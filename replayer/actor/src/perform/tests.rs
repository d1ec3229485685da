//! What is done, undone, and found after a kill at any step.

use std::time::Duration;

use ks_vocabulary::decision::Signal;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use rustix::process::{Pid, getpriority_process};

use super::*;
use crate::child::{Child, may_put_back};
use crate::writes::Direct;

fn performer(folder: &tempfile::TempDir) -> Performer {
    let notes = Notes::open(folder.path(), Duration::from_secs(5)).unwrap();
    Performer::new(notes, Box::new(Direct)).unwrap()
}

fn recover(performer: &Performer) -> Vec<Left> {
    let found = performer.unfinished().unwrap().into_iter();
    found.map(|one| performer.finish(one)).collect()
}

fn nice_of(child: &Child) -> i32 {
    let pid = Pid::from_raw(i32::try_from(child.pid()).unwrap());
    getpriority_process(pid).unwrap()
}

fn oom_of(child: &Child) -> String {
    fs::read_to_string(format!("/proc/{}/oom_score_adj", child.pid())).unwrap()
}

fn order(child: &Child, adj: i64) -> Order {
    let process = || Exact(Entity::Process(child.pid(), child.start()));
    let effects = vec![
        Effect::Nice { process: process(), nice: 7 },
        Effect::OomScore { process: process(), adj },
    ];
    Order { request: 3, action: "two things".to_owned(), effects, lasts_s: None }
}

#[test]
fn what_is_asked_for_is_done_and_undone_once() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let performer = performer(&folder);
    assert_eq!(performer.perform(order(&child, 400)), Done::applied());
    assert_eq!((nice_of(&child), oom_of(&child).as_str()), (7, "400\n"));
    let again = performer.perform(order(&child, 400));
    assert_eq!(again.outcome, Outcome::NotApplied, "a request is performed once");
    assert_eq!(performer.undo(3), Done::applied());
    assert_eq!((nice_of(&child), oom_of(&child).as_str()), (0, "0\n"));
    assert_eq!(performer.undo(3).outcome, Outcome::NotApplied);
}

#[test]
fn where_a_part_fails_nothing_of_it_stands() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let performer = performer(&folder);
    // What comes last fails when what comes first is done: its owner has changed meanwhile.
    let order = order(&child, 400);
    let mut deeds: Vec<Deed> =
        order.effects.iter().map(|one| performer.look(one).unwrap()).collect();
    if let Deed::ProcessFile { prior, .. } = &mut deeds[1] {
        prior.written = 1001;
    }
    let note = Note::new(order.request, performer.boot_id.clone(), order.action, deeds);
    performer.notes.put(&note).unwrap();
    let done = performer.carry_out(note);
    assert_eq!(done.outcome, Outcome::NotApplied);
    assert!(done.reason.unwrap().contains("1001 to `oom_score_adj`"));
    assert_eq!((nice_of(&child), oom_of(&child).as_str()), (0, "0\n"));
    assert!(performer.notes.all().unwrap().is_empty());
}

/// Wherever one is killed, the next one finds what is to be undone, and nothing stays by halves.
#[test]
fn after_a_kill_at_any_step_the_next_one_undoes_it() {
    if !may_put_back() {
        return;
    }
    let child = Child::sleeping();
    for (applied, standing) in
        [(0, Standing::Meant), (1, Standing::Meant), (2, Standing::Meant), (2, Standing::Done)]
    {
        let folder = tempfile::tempdir().unwrap();
        let killed = performer(&folder);
        let Order { request, action, effects, .. } = order(&child, 400);
        let deeds: Vec<Deed> =
            effects.iter().map(|effect| Deed::of(effect, &Direct).unwrap()).collect();
        let mut note = Note::new(request, killed.boot_id.clone(), action, deeds);
        killed.notes.put(&note).unwrap();
        note.deeds.iter_mut().take(applied).for_each(|deed| deed.apply(&Direct).unwrap());
        killed.notes.put(&note.at(standing)).unwrap();
        drop(killed);
        let next = performer(&folder);
        let left = recover(&next);
        assert_eq!(left.len(), 1, "{applied} {standing:?}");
        assert_eq!((left[0].request, &left[0].done), (Some(3), &Done::applied()));
        assert_eq!((nice_of(&child), oom_of(&child).as_str()), (0, "0\n"), "{applied}");
        assert!(recover(&next).is_empty());
    }
}

#[test]
fn what_stays_is_left_by_the_next_one_until_it_is_asked_for() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let first = performer(&folder);
    first.perform(order(&child, 400));
    first.keep(3).unwrap();
    drop(first);
    let next = performer(&folder);
    assert!(recover(&next).is_empty());
    assert_eq!(nice_of(&child), 7);
    assert_eq!(next.undo(3), Done::applied());
    assert_eq!(nice_of(&child), 0);
}

#[test]
fn what_another_hand_changed_is_told_and_left() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let performer = performer(&folder);
    performer.perform(order(&child, 400));
    fs::write(format!("/proc/{}/oom_score_adj", child.pid()), "123").unwrap();
    let undone = performer.undo(3);
    assert_eq!(undone.outcome, Outcome::Superseded);
    assert_eq!(undone.reason.unwrap(), "someone else changed it since: 123");
    assert_eq!((nice_of(&child), oom_of(&child).as_str()), (0, "123\n"));
}

#[test]
fn nothing_of_another_boot_is_touched() {
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let performer = performer(&folder);
    let effect = &order(&child, 400).effects[1];
    let mut deed = Deed::of(effect, &Direct).unwrap();
    deed.apply(&Direct).unwrap();
    let note = Note::new(3, "another boot".to_owned(), "one thing".to_owned(), vec![deed]);
    performer.notes.put(&note).unwrap();
    let left = recover(&performer);
    assert_eq!(left[0].done.reason.as_deref(), Some("a boot has undone it"));
    assert_eq!(oom_of(&child), "400\n", "who has its number now is not touched");
    assert!(performer.notes.all().unwrap().is_empty());
}

#[test]
fn a_note_that_says_nothing_is_told_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let performer = performer(&folder);
    fs::write(folder.path().join("00000000000000000009.undo.json"), "{").unwrap();
    for _ in 0..2 {
        let left = recover(&performer);
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].done.outcome, Outcome::Indeterminate);
        assert!(left[0].done.reason.as_ref().unwrap().contains("00009.undo.json` is damaged"));
    }
    let Order { effects, .. } = order(&Child::sleeping(), 1);
    let done =
        performer.perform(Order { request: 9, action: String::new(), effects, lasts_s: None });
    assert_eq!(done.outcome, Outcome::NotApplied, "a number that is taken is not used again");
}

#[test]
fn nothing_is_done_where_no_note_can_be_put_down() {
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let performer = performer(&folder);
    // The name under which notes are written is that of a folder.
    fs::create_dir(folder.path().join("part")).unwrap();
    let done = performer.perform(order(&child, 400));
    assert_eq!(done.outcome, Outcome::NotApplied);
    assert!(done.reason.unwrap().starts_with("nothing was done: "));
    assert_eq!((nice_of(&child), oom_of(&child).as_str()), (0, "0\n"));
}

#[test]
fn what_no_action_does_is_not_done_and_nor_is_what_would_give() {
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let performer = performer(&folder);
    let process = || Exact(Entity::Process(child.pid(), child.start()));
    let perform = |request, effect| {
        let order = Order { request, action: String::new(), effects: vec![effect], lasts_s: None };
        performer.perform(order).reason.unwrap()
    };
    let told = perform(1, Effect::Nice { process: process(), nice: -5 });
    assert!(told.starts_with("no action does this: nice -5 to process:"), "{told}");
    let long = performer.perform(Order { lasts_s: Some(3601), ..nicer(&child, 1, 5) });
    assert_eq!(long.reason.unwrap(), "no action does this: it lasts 3601 s");
    rustix::process::setpriority_process(Pid::from_raw(i32::try_from(child.pid()).unwrap()), 9)
        .unwrap();
    let told = perform(2, Effect::Nice { process: process(), nice: 5 });
    assert_eq!(told, "it has nice 9 already, and nice 5 would be more");
    assert_eq!(nice_of(&child), 9);
    assert!(performer.notes.all().unwrap().is_empty());
}

#[test]
fn one_that_is_gone_is_told_before_anything_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let performer = performer(&folder);
    let process = Exact(Entity::Process(1 << 30, 1));
    let effects = vec![Effect::Signal { process, signal: Signal::Stop }];
    let done =
        performer.perform(Order { request: 1, action: String::new(), effects, lasts_s: None });
    assert_eq!(done.outcome, Outcome::NotApplied);
    assert!(done.reason.unwrap().contains("is gone, or another has its place"));
    assert!(performer.notes.all().unwrap().is_empty());
}

fn nicer(child: &Child, request: u64, nice: i64) -> Order {
    let process = Exact(Entity::Process(child.pid(), child.start()));
    let effects = vec![Effect::Nice { process, nice }];
    Order { request, action: "a nice level".to_owned(), effects, lasts_s: None }
}

#[test]
fn what_is_not_concluded_is_not_built_on() {
    if !may_put_back() {
        return;
    }
    let (folder, child, other) =
        (tempfile::tempdir().unwrap(), Child::sleeping(), Child::sleeping());
    let performer = performer(&folder);
    assert_eq!(performer.perform(nicer(&child, 1, 5)), Done::applied());
    let refused = performer.perform(nicer(&child, 2, 10));
    assert_eq!(refused.outcome, Outcome::NotApplied);
    assert_eq!(refused.reason.unwrap(), "request 1 is on it, and not concluded yet");
    assert_eq!(nice_of(&child), 5);
    assert_eq!(performer.perform(nicer(&other, 3, 10)), Done::applied(), "another process");
    assert_eq!(performer.undo(1), Done::applied());
    assert_eq!(performer.perform(nicer(&child, 4, 10)), Done::applied());
    assert_eq!(performer.undo(4), Done::applied());
    assert_eq!(nice_of(&child), 0);
}

#[test]
fn what_stays_is_built_on_and_undone_the_newest_first() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let first = performer(&folder);
    // The newer one has the lower number: it is no matter of numbers.
    for (request, nice) in [(9, 5), (8, 10)] {
        assert_eq!(first.perform(nicer(&child, request, nice)), Done::applied());
        first.keep(request).unwrap();
    }
    drop(first);
    let next = performer(&folder);
    let refused = next.undo(9);
    assert_eq!(refused.outcome, Outcome::NotApplied);
    assert_eq!(refused.reason.unwrap(), "request 8 changed it after this one: undo that first");
    assert_eq!(nice_of(&child), 10);
    assert_eq!(next.undo(8), Done::applied());
    assert_eq!(nice_of(&child), 5);
    assert_eq!(next.undo(9), Done::applied());
    assert_eq!(nice_of(&child), 0);
}

/// CPUs that are not there: the kernel takes others than what is written, and all of it is undone.
#[test]
fn what_the_kernel_took_otherwise_does_not_stand() {
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let performer = performer(&folder);
    let before = crate::mask::Mask::of(child.pid()).unwrap();
    let process = Exact(Entity::Process(child.pid(), child.start()));
    let effect = Effect::Affinity { process, cpus: Some("0,900".parse().unwrap()) };
    let deed = Deed::of(&effect, &Direct).unwrap();
    let note = Note::new(1, performer.boot_id.clone(), "CPUs".to_owned(), vec![deed]);
    performer.notes.put(&note).unwrap();
    let done = performer.carry_out(note);
    assert_eq!(done.outcome, Outcome::NotApplied, "{done:?}");
    assert_eq!(crate::mask::Mask::of(child.pid()).unwrap(), before);
    assert!(performer.notes.all().unwrap().is_empty());
}

/// Notes whether a note says that its mask is being put back, whenever something else is written.
#[derive(Debug, Clone)]
struct Looking {
    note: std::path::PathBuf,
    seen: std::rc::Rc<std::cell::RefCell<Vec<bool>>>,
}

impl Writes for Looking {
    fn open_process_file(
        &self,
        held: &crate::held::Held,
        file: crate::process_file::ProcessFile,
    ) -> Result<fs::File, Failure> {
        let text = fs::read_to_string(&self.note).unwrap();
        self.seen.borrow_mut().push(text.contains("\"is_begun\":true"));
        Direct.open_process_file(held, file)
    }

    fn write_place(&self, place: &crate::place::Place, text: &str) -> Result<(), Failure> {
        Direct.write_place(place, text)
    }
}

/// What tells a mask that was put back by halves is on disk before the first half is.
#[test]
fn that_a_mask_is_being_put_back_is_known_before_it_is() {
    if !may_put_back() {
        return;
    }
    let (folder, child) = (tempfile::tempdir().unwrap(), Child::sleeping());
    let note = folder.path().join(format!("{:020}.undo.json", 3));
    let looking = Looking { note, seen: std::rc::Rc::default() };
    let notes = Notes::open(folder.path(), Duration::from_secs(5)).unwrap();
    let performer = Performer::new(notes, Box::new(looking.clone())).unwrap();
    let mut order = order(&child, 400);
    let process = Exact(Entity::Process(child.pid(), child.start()));
    // The last is put back first.
    order.effects.insert(0, Effect::Affinity { process, cpus: Some("0".parse().unwrap()) });
    assert_eq!(performer.perform(order), Done::applied());
    assert_eq!(performer.undo(3), Done::applied());
    assert_eq!(*looking.seen.borrow(), [false, true]);
}
