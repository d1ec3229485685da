//! What is learned before a run: what untreated faults did, and what earlier actions came to.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::action::ActionKind;
use ks_vocabulary::input::{Body, CarriedOutcomes, Carry, Input, Start};
use serde_json::Value;

use super::{BY_RULES, Daemon, Fault};
use crate::KS;
use crate::acting::succeeded;
use crate::live::terminate;

/// So many are needed to tell an outcome by them.
const UNTREATED: usize = 19;
/// The windows of a trigger end 14 s after it.
const LOOKED_AT: Duration = Duration::from_secs(17);

/// What was learned, where it stays for another time.
pub(super) fn kept() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("end-to-end.json")
}

/// A recording of this host, likewise.
pub(super) fn first() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("end-to-end.parquet")
}

/// Lets the fault come and go while a daemon looks on, and keeps what was learned in a file. Each
/// episode is a run of its own: the next one need not wait until the one before is cleared.
pub(super) fn null(scratch: &Path) -> PathBuf {
    let mut build = Command::new(KS);
    build.args(["baseline", "build", "--force", "-o"]).arg(kept());
    for episode in 1..=UNTREATED {
        let folder = scratch.join(format!("untreated-{episode}"));
        let mut daemon = Daemon::begin(folder.clone(), "observe", BY_RULES, &[]);
        let fault = Fault::begin("hog_one_session", (6, 60));
        daemon.wait("the queue is full", 60, stands);
        std::thread::sleep(LOOKED_AT);
        drop(fault);
        terminate(&mut daemon.child.0);
        build.arg(folder);
        eprintln!("{episode} of {UNTREATED} untreated episodes");
    }
    succeeded(&build.output().unwrap());
    kept()
}

fn stands(status: &Value) -> bool {
    status["standing"].as_array().unwrap().iter().any(|one| one["kind"] == "tcp_exhaustion")
}

/// Begins the directory of a daemon with a run after which the agent has explored every action, and
/// may not think that any helps: three of ten resolved their incident.
pub(super) fn explored(folder: &Path) {
    let start = first_start();
    let effect = [1.0, 11.0, 6.0, 5.0];
    let of = |action| CarriedOutcomes { action, successes: 3.0, trials: 10.0, effect };
    let outcomes = ActionKind::ALL.into_iter().map(of).collect();
    let start = Start { carry: Some(Carry { outcomes, ..Carry::default() }), ..start };
    std::fs::create_dir(folder).unwrap();
    let mut writer = Writer::create(&folder.join("00000000.parquet"), false).unwrap();
    let mono = start.began_ns.unwrap_or_default();
    writer.append(&Input::recorded(0, mono, Body::Start(Box::new(start)))).unwrap();
    writer.seal().unwrap();
}

/// What a recording of this host begins with.
fn first_start() -> Start {
    let mut reader = Reader::open(&[first()]).unwrap();
    let first = reader.next().unwrap().unwrap();
    let Body::Start(start) = &first.body else { unreachable!("a recording begins so") };
    (**start).clone()
}
