//! A task that sleeps uninterruptibly for long is an event, with where it sleeps.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::recorded::Recorded;
use crate::{KS, Own, skipped};

/// The parent of a vfork sleeps uninterruptibly until its child ends or executes another program;
/// this child does neither.
const VFORK: &str = "import ctypes, time
if ctypes.CDLL(None).vfork() == 0:
    time.sleep(60)
";

/// A process and its children, which end with the test.
struct Family(Child);

impl Family {
    fn children(&self) -> Vec<Pid> {
        let pid = self.0.id();
        let listed = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        let listed = listed.unwrap_or_default();
        let pids = listed.split_whitespace().filter_map(|pid| pid.parse().ok());
        pids.filter_map(Pid::from_raw).collect()
    }

    fn state(&self) -> Option<char> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).ok()?;
        text.rsplit_once(") ")?.1.chars().next()
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        let children = self.children();
        // Only fatal signals reach the parent, which would go on with a stack that its child used.
        let _ = self.0.kill();
        for child in children {
            let _ = kill_process(child, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

#[test]
fn a_long_uninterruptible_sleep_is_told_once_with_where_it_sleeps() {
    if skipped() {
        return;
    }
    let Ok(child) = Command::new("python3").args(["-c", VFORK]).stdin(Stdio::null()).spawn() else {
        eprintln!("skipped: no python3");
        return;
    };
    let family = Family(child);
    let sleeps = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        family.state() == Some('D')
    });
    assert!(sleeps, "the parent of a vfork is in state D");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut command = Command::new(KS);
    command.args(["record", "--duration", "9s", "-o"]).arg(&path);
    let mut recorder = Own(command.stderr(Stdio::null()).spawn().unwrap());
    assert!(recorder.0.wait().unwrap().success());
    let recorded = Recorded::read(&path);
    let pid = u64::from(family.0.id());
    let samples = recorded.samples();
    let asleep = |sample: &&&ks_vocabulary::model::Sample| {
        sample.blocked.iter().any(|row| row.pid() == Some(pid))
    };
    assert!(samples.iter().filter(asleep).count() >= 8, "it sleeps at every tick");
    if !recorded.has("bpf/processes") {
        return;
    }
    let events = samples.iter().flat_map(|sample| sample.bpf_events.iter());
    let told: Vec<_> = events.filter(|event| event.pid() == Some(pid)).collect();
    assert_eq!(told.len(), 1);
    let event = told[0];
    assert_eq!(event.kind(), Some(b"long_block".as_slice()));
    assert_eq!((event.tid(), event.comm()), (Some(pid), Some(b"python3".as_slice())));
    assert!((5_000_000_000..7_000_000_000).contains(&event.blocked_ns().unwrap()));
    let hidden = std::fs::read(format!("/proc/{pid}/wchan")).is_ok_and(|wchan| wchan == b"0");
    assert!(hidden || event.wchan().is_some_and(|wchan| !wchan.is_empty()));
}
