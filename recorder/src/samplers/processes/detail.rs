//! What is too dear to ask of every process at every tick: open descriptors and their limit,
//! sockets in `CLOSE_WAIT`. Asked while a signal stands, of those with most descriptors, whose
//! facts are then asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use ks_vocabulary::model::{ProcessCell as Cell, Record};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::tracked::Tracked;
use crate::budget::Step;
use crate::host_fs::HostFile;
use crate::sampler::Context;
use crate::text::{fields, lines, parse_inode, parse_u64};

/// Processes asked, those with most descriptors.
const ASKED: usize = 16;
const PERIOD_NS: u64 = 5 * SECOND_NS;
/// Of a longer table of sockets, and of a process with more descriptors, states are not told.
const TABLE_BYTES: u64 = 8 * 1024 * 1024;
const DESCRIPTORS: u64 = 4096;
/// `CLOSE_WAIT` in `net/tcp`.
const CLOSE_WAIT: &[u8] = b"08";

const CELLS: [Cell; 3] = [Cell::open_files, Cell::open_files_max, Cell::close_wait];

/// When details were asked last, and whether any row has them.
#[derive(Debug, Default)]
pub(super) struct Details {
    asked: Option<Timestamp>,
    present: bool,
}

impl Details {
    /// Puts details into the rows of those with most descriptors and takes them out of all others.
    /// A copied tree has no descriptors to count.
    pub(super) fn update(&mut self, context: &mut Context<'_>, known: &mut [Tracked]) {
        let shed = context.budget.taken(Step::OpenFiles).is_some();
        if !context.detail || !context.host.is_live() || shed {
            if self.present {
                for process in known {
                    process.unset(&CELLS);
                }
                self.present = false;
            }
            return;
        }
        if self.asked.is_some_and(|asked| context.tick.since_ns(asked) < PERIOD_NS) {
            return;
        }
        self.asked = Some(context.tick);
        self.present = true;
        context.charged(Step::OpenFiles, |context| ask(context, known));
    }
}

/// Asks all for their number of descriptors, and those with most for the rest.
fn ask(context: &mut Context<'_>, known: &mut [Tracked]) {
    let mut counts: Vec<(u64, usize)> = known
        .iter()
        .enumerate()
        .filter_map(|(at, process)| Some((open_files(process.pid)?, at)))
        .collect();
    counts.sort_unstable_by_key(|(count, at)| (std::cmp::Reverse(*count), *at));
    counts.truncate(ASKED);
    for process in known.iter_mut() {
        process.unset(&CELLS);
    }
    let mut waiting = BTreeMap::new();
    for (count, at) in counts {
        let process = &mut known[at];
        process.facts.want();
        let (pid, netns) = (process.pid, process.row.netns());
        let sockets = waiting.entry(netns).or_insert_with(|| close_wait_sockets(pid));
        let close_wait = sockets.as_ref().and_then(|sockets| count_sockets(pid, count, sockets));
        let max = open_files_max(pid, context);
        for (cell, value) in CELLS.into_iter().zip([Some(count), max, close_wait]) {
            process.set(cell, value);
        }
    }
}

impl Tracked {
    fn set(&mut self, cell: Cell, value: Option<u64>) {
        self.row.set_some(cell, value);
        self.touched |= value.is_some();
    }

    fn unset(&mut self, cells: &[Cell]) {
        let mut row = self.row.row_mut();
        for cell in cells {
            self.touched |= *row.present >> (*cell as usize) & 1 == 1;
            row.unset_cell(*cell as usize);
        }
    }
}

/// Number of open descriptors: since Linux 6.2 the size of `/proc/PID/fd`, counted before.
fn open_files(pid: u64) -> Option<u64> {
    let path = format!("/proc/{pid}/fd");
    let size = rustix::fs::stat(&path).ok()?.st_size;
    match u64::try_from(size) {
        Ok(count @ 1..) => Some(count),
        Ok(0) | Err(_) => Some(std::fs::read_dir(&path).ok()?.count() as u64),
    }
}

fn open_files_max(pid: u64, context: &mut Context<'_>) -> Option<u64> {
    let mut file = HostFile::single(format!("proc/{pid}/limits"));
    parse_open_files_max(file.read(context.host, context.buffer).ok()?)
}

/// The soft limit in `/proc/PID/limits`.
fn parse_open_files_max(text: &[u8]) -> Option<u64> {
    let line = lines(text).find_map(|line| line.strip_prefix(b"Max open files"))?;
    parse_u64(fields(line).next()?)
}

/// Inodes of the sockets in `CLOSE_WAIT` of the namespace that `pid` is in.
fn close_wait_sockets(pid: u64) -> Option<BTreeSet<u64>> {
    let mut sockets = BTreeSet::new();
    for table in ["tcp", "tcp6"] {
        let path = format!("/proc/{pid}/net/{table}");
        if !Path::new(&path).exists() {
            continue;
        }
        let mut reader = BufReader::new(File::open(path).ok()?.take(TABLE_BYTES + 1));
        let (mut line, mut total) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).ok()?;
            if read == 0 {
                break;
            }
            total += read as u64;
            sockets.extend(close_wait_inode(&line));
        }
        if total > TABLE_BYTES {
            return None;
        }
    }
    Some(sockets)
}

/// The inode of a line of `net/tcp`, if its socket is in `CLOSE_WAIT`.
fn close_wait_inode(line: &[u8]) -> Option<u64> {
    let mut parts = fields(line).skip(3);
    (parts.next()? == CLOSE_WAIT).then(|| parts.nth(5).and_then(parse_u64)).flatten()
}

/// How many of `sockets` the process has open.
fn count_sockets(pid: u64, open_files: u64, sockets: &BTreeSet<u64>) -> Option<u64> {
    if sockets.is_empty() {
        return Some(0);
    }
    if open_files > DESCRIPTORS {
        return None;
    }
    let mut count = 0;
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).ok()? {
        let target = rustix::fs::readlink(entry.ok()?.path(), Vec::new());
        let inode = target.ok().and_then(|target| parse_inode(target.to_bytes(), b"socket"));
        count += u64::from(inode.is_some_and(|inode| sockets.contains(&inode)));
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_soft_limit_is_read() {
        let text = b"Limit    Soft Limit   Hard Limit   Units\n\
            Max processes             95950     95950     processes\n\
            Max open files            1024      20000     files     \n";
        assert_eq!(parse_open_files_max(text), Some(1024));
        assert_eq!(parse_open_files_max(b"Max open files  unlimited  unlimited  files\n"), None);
    }

    #[test]
    fn only_sockets_in_close_wait_count() {
        let line = |state: &str| {
            let addresses = "0: 0100007F:1F90 0100007F:C350";
            format!("   {addresses} {state} 00000000:00000000 00:00000000 00000000 0 0 4711 1 0\n")
        };
        assert_eq!(close_wait_inode(line("08").as_bytes()), Some(4711));
        assert_eq!(close_wait_inode(line("01").as_bytes()), None);
    }

    #[test]
    fn a_socket_of_our_own_that_its_peer_closed_is_counted() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        drop(listener.accept().unwrap());
        let own = u64::from(std::process::id());
        let mut tries = 0;
        let counted = loop {
            let sockets = close_wait_sockets(own).unwrap();
            let counted = count_sockets(own, open_files(own).unwrap(), &sockets);
            tries += 1;
            if counted != Some(0) || tries == 1000 {
                break counted;
            }
        };
        assert!(counted >= Some(1), "the kernel tells it within a thousand readings");
        drop(client);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = (parse_open_files_max(&bytes), close_wait_inode(&bytes));
        }
    }
}
