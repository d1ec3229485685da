//! What a process made meanwhile, and an actor that has few descriptors.

use std::fs;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ks_actor::hand::Hand;
use ks_actor::message::Ask;
use ks_actor::stat::Stat;
use ks_vocabulary::decision::Effect;
use ks_vocabulary::input::Outcome;
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use rustix::process::{Pid, Signal, getpriority_process, kill_process_group};

use crate::lab::{Sleeper, id_of, order, perform, setup, start, wait};

/// An actor may have 64 files open.
const CHILDREN: usize = 80;

/// A process that makes many others when it is sent a line; they end with this.
struct Maker(Child);

impl Maker {
    fn new() -> Self {
        let script = format!(
            "read line; i=0; while [ $i -lt {CHILDREN} ]; do sleep 1000 & i=$((i+1)); done; wait"
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]).process_group(0).stdin(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    fn exact(&self) -> Exact {
        let stat = Stat::of(Path::new(&format!("/proc/{}", self.0.id()))).unwrap();
        Exact(Entity::Process(self.0.id().into(), stat.start_ticks))
    }

    /// Its children.
    fn made(&self) -> Vec<i32> {
        let all = fs::read_dir("/proc").unwrap().filter_map(|entry| {
            let entry = entry.unwrap();
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let stat = Stat::of(&entry.path()).ok()?;
            (stat.ppid == u64::from(self.0.id())).then_some(pid)
        });
        all.collect()
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.0), Signal::KILL);
        let _ = self.0.wait();
    }
}

pub(crate) fn more_than_descriptors(folder: &Path) {
    let (mut maker, (mut hand, _)) = (Maker::new(), start(folder).unwrap());
    let done = perform(&mut hand, order(1, Effect::Nice { process: maker.exact(), nice: 7 }));
    assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    maker.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    wait(|| maker.made().len() == CHILDREN);
    let with = |nice: i32| {
        let of = |pid| getpriority_process(Pid::from_raw(pid)).unwrap();
        maker.made().into_iter().filter(|pid| of(*pid) == nice).count()
    };
    assert_eq!(with(7), CHILDREN, "they inherit");
    let done = hand.ask(&Ask::Undo { request: 1 }).unwrap();
    assert_eq!((done.outcome, done.reason), (Outcome::Applied, None));
    assert_eq!((with(7), with(0)), (0, CHILDREN));
}

/// Whatever an actor cannot open any more, it says that something is undone where it is, and keeps
/// its note where it is not.
pub(crate) fn out_of_descriptors(folder: &Path) {
    let (child, (mut hand, _)) = (Sleeper::new(), start(folder).unwrap());
    perform(&mut hand, order(1, Effect::Nice { process: child.exact(), nice: 7 }));
    let note = setup(folder).state.join("actor/undo").join(format!("{:020}.undo.json", 1));
    // Nine are open: with none left it cannot read the note, then not hold the process, and so on.
    for files in 9..20 {
        if !may_open(&hand, folder, files) {
            println!("  skipped: no prlimit");
            return;
        }
        let done = hand.ask(&Ask::Undo { request: 1 }).unwrap();
        if done.outcome == Outcome::Applied {
            println!("  undone with {files} descriptors");
            assert!(child.nice() == 0 && !note.exists() && files > 11, "{done:?}");
            return;
        }
        assert!(note.exists(), "{files}: {done:?}");
    }
    unreachable!("with ten more it can");
}

/// Limits what an actor may have open; whoever has its user may.
fn may_open(hand: &Hand, folder: &Path, files: u64) -> bool {
    let (pid, limit) = (hand.pid().to_string(), format!("--nofile={files}:64"));
    let id = id_of(folder);
    let mut command = Command::new("prlimit");
    command.uid(id).gid(id).args(["--pid", &pid, &limit]).stdin(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
