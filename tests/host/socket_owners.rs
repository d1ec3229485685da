//! Whose the sockets of this very host are, as a recording tells it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use ks_vocabulary::model::SocketOwner;

use crate::faults::{episodes, record};
use crate::recorded::Recorded;
use crate::{Own, has, skipped};

/// Listens where eight may wait and lets ten connections wait, and leaves 60 in CLOSE_WAIT; says
/// its port, and sleeps.
const WORK: &str = "
import socket, time
slow = socket.create_server(('127.0.0.1', 0), backlog=8)
waiting = [socket.socket() for _ in range(10)]
for one in waiting:
    one.setblocking(False)
    one.connect_ex(slow.getsockname())
other = socket.create_server(('127.0.0.1', 0), backlog=128)
left = []
for _ in range(60):
    peer = socket.create_connection(other.getsockname())
    left.append(peer)
    other.accept()[0].close()
print(slow.getsockname()[1], flush=True)
time.sleep(600)
";

#[test]
fn a_full_queue_and_sockets_in_close_wait_have_an_owner() {
    if skipped() {
        return;
    }
    if !has("python3") {
        return eprintln!("skipped: python3 is not installed, which opens the sockets");
    }
    let mut command = Command::new("python3");
    command.args(["-c", WORK]).stdout(Stdio::piped());
    let mut worker = Own(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(worker.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port: u64 = line.trim().parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    assert!(record(&path, 10).0.wait().unwrap().success());
    let recorded = Recorded::read(&path);
    let pid = u64::from(worker.0.id());
    let samples = recorded.samples();
    let rows: Vec<&SocketOwner> = samples
        .iter()
        .flat_map(|sample| sample.socket_owners.iter())
        .filter(|row| row.pid() == Some(pid))
        .collect();
    assert!(rows.len() >= 2, "{} rows of the worker", rows.len());
    let last = rows.last().unwrap();
    assert_eq!((last.port(), last.full_queues()), (Some(port), Some(1)));
    assert_eq!((last.queue(), last.listening()), (Some(9), Some(2)), "one more than eight waits");
    assert!(last.close_wait() >= Some(60), "{:?}", last.close_wait());
    assert!(last.start_ticks().is_some() && last.netns().is_some());
    let only = samples.iter().flat_map(|sample| sample.socket_owners.iter());
    let full = only.filter(|row| row.full_queues() > Some(0) && row.port() == Some(port));
    assert!(full.into_iter().all(|row| row.pid() == Some(pid)), "nobody else owns that queue");
    let episodes = episodes(&path);
    let found = episodes.iter().find(|episode| episode["subtype"] == "accept_queue");
    let first = &found.expect("a full queue is found")["culprits"][0];
    assert!(first["entity"].as_str().unwrap().starts_with(&format!("process:{pid}:")), "{first}");
    assert_eq!(first["convicted"], true, "{first}");
}
