//! Facts of processes over a tree of files, and of a process of our own.

use std::path::Path;

use ks_vocabulary::model::{ProcessCell, ProcessName};

use super::*;
use ks_ebpf::layout::read;

fn process(pid: u64, start_ticks: u64, comm: &str) -> Process {
    let mut row = Process::default();
    row.set(ProcessCell::pid, pid);
    row.set(ProcessCell::start_ticks, start_ticks);
    row.set_name(ProcessName::comm, comm.as_bytes());
    row
}

fn write(root: &Path, pid: u64, start: u64, session: u64) {
    let folder = root.join(format!("proc/{pid}"));
    std::fs::create_dir_all(&folder).unwrap();
    let stat = format!("{pid} (x) S 1 1 {session} 0 -1 64 0 0 0 0 1 1 0 0 20 0 1 0 {start} 0 0\n");
    std::fs::write(folder.join("stat"), stat).unwrap();
    let status = "Uid:\t0\t33\t0\t0\nCpus_allowed_list:\t0-3\n";
    std::fs::write(folder.join("status"), status).unwrap();
    std::fs::write(folder.join("autogroup"), "/autogroup-9 nice 4\n").unwrap();
}

fn ask(facts: &mut Facts, process: &Process, by_pass: bool, root: &Path) -> Vec<ProcessFacts> {
    facts.ask(process, by_pass, &HostFs::new(root), &mut Buffer::default());
    let mut rows = Rows::default();
    facts.write(false, &mut rows);
    rows.as_slice().to_vec()
}

/// What a pass tells of a process.
fn told(session: u32, autogroup: u32, marks: u32) -> ProcessRow {
    let process: ProcessRow = read(&[0; size_of::<ProcessRow>()]).unwrap();
    let io_priority = 2 << 13 | 7;
    ProcessRow { session, user: 8, autogroup, autogroup_nice: -3, io_priority, marks, ..process }
}

#[test]
fn files_tell_what_a_copied_tree_can_and_a_row_is_written_once() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), 5, 50, 3);
    let (mut facts, process) = (Facts::default(), process(5, 50, "x"));
    let rows = ask(&mut facts, &process, false, root.path());
    let [row] = rows.as_slice() else { unreachable!("one row: {rows:?}") };
    assert_eq!((row.pid(), row.start_ticks()), (Some(5), Some(50)));
    assert_eq!((row.session(), row.uid(), row.is_kernel()), (Some(3), Some(33), Some(false)));
    assert_eq!((row.autogroup(), row.autogroup_nice()), (Some(9), Some(4)));
    assert_eq!(row.cpus_allowed(), Some(b"0-3".as_slice()));
    let own = (row.exe_inode(), row.reset_on_fork(), row.io_priority());
    assert_eq!(own, (None, None, None), "those of a process of this very host");
    assert!(ask(&mut facts, &process, false, root.path()).is_empty(), "as it was");
    let mut rows = Rows::default();
    facts.write(true, &mut rows);
    assert_eq!(rows.as_slice().len(), 1, "a keyframe has it");
    std::fs::remove_file(root.path().join("proc/5/autogroup")).unwrap();
    let rows = ask(&mut facts, &process, false, root.path());
    assert_eq!((rows[0].autogroup(), rows[0].autogroup_nice()), (None, None));
}

#[test]
fn an_id_that_another_process_has_by_now_tells_nothing() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), 5, 51, 3);
    assert!(ask(&mut Facts::default(), &process(5, 50, "x"), false, root.path()).is_empty());
    let empty = tempfile::tempdir().unwrap();
    assert!(ask(&mut Facts::default(), &process(5, 50, "x"), false, empty.path()).is_empty());
}

#[test]
fn what_a_pass_tells_is_written_when_it_changes_and_files_add_the_rest() {
    let root = tempfile::tempdir().unwrap();
    write(root.path(), 5, 50, 3);
    let (mut facts, process) = (Facts::default(), process(5, 50, "x"));
    let written = |facts: &mut Facts, row: &ProcessRow| {
        let mut rows = Rows::default();
        facts.tell(&process, row);
        facts.write(false, &mut rows);
        rows.first().cloned()
    };
    let row = written(&mut facts, &told(4, 0, MARK_KERNEL)).unwrap();
    assert_eq!((row.session(), row.uid(), row.is_kernel()), (Some(4), Some(8), Some(true)));
    assert_eq!((row.autogroup(), row.autogroup_nice()), (None, None), "number 0 is none");
    assert_eq!((row.reset_on_fork(), row.io_priority()), (Some(false), Some(2 << 13 | 7)));
    assert_eq!(written(&mut facts, &told(4, 0, MARK_KERNEL)), None);
    let rows = ask(&mut facts, &process, true, root.path());
    assert_eq!((rows[0].session(), rows[0].uid()), (Some(4), Some(8)), "as the kernel tells");
    assert_eq!(rows[0].cpus_allowed(), Some(b"0-3".as_slice()));
    let row = written(&mut facts, &told(4, 6, MARK_RESET_ON_FORK)).unwrap();
    assert_eq!((row.autogroup(), row.autogroup_nice()), (Some(6), Some(-3)));
    assert_eq!((row.is_kernel(), row.reset_on_fork()), (Some(false), Some(true)));
    assert_eq!(row.cpus_allowed(), Some(b"0-3".as_slice()), "it stays");
}

#[test]
fn files_are_asked_once_and_again_for_another_name_or_when_wanted() {
    let root = tempfile::tempdir().unwrap();
    let mut facts = Facts::default();
    let (one, other) = (process(5, 50, "x"), process(5, 50, "y"));
    assert!(!facts.is_due(&one, false, false), "just born");
    assert!(facts.is_due(&one, false, false));
    ask(&mut facts, &one, false, root.path());
    assert!(!facts.is_due(&one, true, false));
    assert!(!facts.is_due(&other, false, false), "at a keyframe only");
    assert!(facts.is_due(&other, true, false));
    ask(&mut facts, &other, false, root.path());
    facts.want();
    assert!(facts.is_due(&other, false, false));
    assert!(Facts::default().is_due(&one, false, true), "all are old at the first tick");
}

#[test]
fn this_process_has_every_fact_but_those_its_kernel_lacks() {
    let pid = u64::from(std::process::id());
    let text = std::fs::read(format!("/proc/{pid}/stat")).unwrap();
    let started = text::stat(&text).unwrap().start_ticks;
    let rows = ask(&mut Facts::default(), &process(pid, started, "x"), false, Path::new("/"));
    let [row] = rows.as_slice() else { unreachable!("one row: {rows:?}") };
    assert!(row.session().is_some() && row.cpus_allowed().is_some(), "{row:?}");
    assert_eq!(row.uid(), Some(u64::from(rustix::process::geteuid().as_raw())));
    assert_eq!((row.is_kernel(), row.reset_on_fork()), (Some(false), Some(false)));
    let about = std::fs::metadata(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(row.exe_inode(), Some(std::os::unix::fs::MetadataExt::ino(&about)));
    assert!(row.exe_device().is_some() && row.io_priority().is_some(), "{row:?}");
}
