//! Waiting is no slowness: who sleeps, polls or waits for a key raises no verdict of system calls.
//!
//! A call is timed when it returns, so each wait ends after two seconds and begins anew.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ks_vocabulary::histogram::bounds;
use ks_vocabulary::model::Bucket;
use ks_vocabulary::time::SECOND_NS;
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::faults::{episodes, record};
use crate::recorded::Recorded;
use crate::{Own, has, skipped};

const ROUNDS: u64 = 6;
const ROUND: Duration = Duration::from_secs(2);

/// A program that waits for input, line by line.
fn reader(program: &str, arguments: &[&str]) -> Own {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null());
    Own(command.spawn().unwrap())
}

/// A shell that waits for keys at a pipe; one at a terminal of its own, where `script` makes one.
fn readers() -> Vec<Own> {
    let loops = "while read -r key; do :; done";
    let mut readers = vec![reader("sh", &["-c", loops])];
    if has("script") {
        readers.push(reader("script", &["-q", "-c", loops, "/dev/null"]));
    } else {
        eprintln!("going on without a terminal: script is not installed");
    }
    readers
}

fn press_key(child: &mut Child) {
    child.stdin.as_mut().expect("it is a pipe").write_all(b"\n").unwrap();
}

/// Waits with epoll for a pipe to which nobody writes.
fn poll_in_vain() {
    let (silent, _writer) = std::io::pipe().unwrap();
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
    epoll::add(&epoll, &silent, epoll::EventData::new_u64(0), epoll::EventFlags::IN).unwrap();
    let timeout = Timespec::try_from(ROUND).unwrap();
    let mut events = Vec::with_capacity(1);
    for _ in 0..ROUNDS {
        epoll::wait(&epoll, spare_capacity(&mut events), Some(&timeout)).unwrap();
    }
}

/// Calls of a class that took a second at least.
fn long_calls(found: &Recorded, class: &[u8]) -> u64 {
    let samples = found.samples();
    let rows = samples.iter().flat_map(|sample| sample.bpf_histograms.iter());
    let of_class = rows.filter(|row| {
        row.metric() == Some(b"syscall_ns") && row.entity() == Some(class) && is_long(row)
    });
    of_class.filter_map(Bucket::count).sum()
}

fn is_long(row: &Bucket) -> bool {
    let bucket = row.bucket().and_then(|bucket| usize::try_from(bucket).ok());
    bucket.is_some_and(|bucket| bounds(bucket).0 >= SECOND_NS)
}

#[test]
fn sleepers_pollers_and_a_shell_at_its_prompt_raise_nothing() {
    if skipped() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut recorder = record(&path, 18);
    std::thread::sleep(Duration::from_secs(2));
    let poller = std::thread::spawn(poll_in_vain);
    let mut readers = readers();
    for _ in 0..ROUNDS {
        std::thread::sleep(ROUND);
        for reader in &mut readers {
            press_key(&mut reader.0);
        }
    }
    poller.join().expect("it waits and ends");
    assert!(recorder.0.wait().unwrap().success());
    let found = Recorded::read(&path);
    if !found.has("bpf/syscall") {
        return;
    }
    // The poller, the sleep between the keys, and each reader.
    let waits = ROUNDS * (2 + readers.len() as u64);
    let seen = long_calls(&found, b"wait");
    assert!(seen >= waits - 2, "{seen} of {waits} waits were timed");
    assert_eq!(long_calls(&found, b"storage"), 0, "none of them is a read of storage");
    let episodes = episodes(&path);
    let slow = episodes
        .iter()
        .find(|episode| episode["kind"] == "syscall" && episode["subtype"] == "slow");
    assert_eq!(slow, None);
}
