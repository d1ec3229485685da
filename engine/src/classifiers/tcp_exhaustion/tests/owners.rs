//! Whom `tcp_exhaustion` blames: the owners of full queues, of ports, of sockets in CLOSE_WAIT.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::lab::Lab;
use ks_vocabulary::kind::Kind::TcpExhaustion;
use ks_vocabulary::kind::Severity;
use ks_vocabulary::model::{
    FileHandlesCell, LimitsCell, ListenerCell, ListenerName, NetnsCell, PortUseCell, PortUseName,
    ProcessCell, ProcessName, Sample, SocketOwnerCell,
};

const NETNS: &str = "netns:7";

/// A process, and what it owns.
#[derive(Clone, Copy, Default)]
struct Owner {
    pid: u64,
    ppid: u64,
    /// Inode of its listening socket, connections that wait there, and how many may.
    queue: Option<(u64, u64, Option<u64>)>,
    ports: u64,
    ports_new: u64,
    close_wait: u64,
}

impl Owner {
    fn fill(&self, sample: &mut Sample, owners_are_read: bool) {
        let row = sample.processes.push();
        row.set_name(ProcessName::comm, if self.pid < 200 { b"worker" } else { b"other" });
        row.set(ProcessCell::pid, self.pid);
        row.set(ProcessCell::start_ticks, 5u64);
        row.set(ProcessCell::ppid, self.ppid);
        if !owners_are_read {
            return;
        }
        let row = sample.socket_owners.push();
        row.set(SocketOwnerCell::pid, self.pid);
        row.set(SocketOwnerCell::start_ticks, 5u64);
        row.set(SocketOwnerCell::netns, 7u64);
        row.set(SocketOwnerCell::close_wait, self.close_wait);
        row.set(SocketOwnerCell::local_ports, self.ports);
        row.set(SocketOwnerCell::local_ports_new, self.ports_new);
        if let Some((inode, queue, backlog)) = self.queue {
            row.set(SocketOwnerCell::inode, inode);
            row.set(SocketOwnerCell::queue, queue);
            row.set_some(SocketOwnerCell::backlog, backlog);
        }
    }
}

/// What the namespace, or the host, has in use of 1,000 each.
#[derive(Clone, Copy, Default)]
struct Used {
    ports: u64,
    queue: u64,
    time_wait: u64,
    handles: u64,
    overflows: u64,
}

fn fill(sample: &mut Sample, used: Used, second: u64) {
    let row = sample.netns.push();
    row.set(NetnsCell::netns, 7u64);
    row.set(NetnsCell::own, true);
    row.set(NetnsCell::tcp_tw, used.time_wait);
    row.set(NetnsCell::listen, 1u64);
    row.set(NetnsCell::listen_overflows, used.overflows * second);
    let row = sample.ports.push();
    row.set_name(PortUseName::address, &[10, 0, 0, 1]);
    row.set(PortUseCell::netns, 7u64);
    row.set(PortUseCell::local_ports, used.ports);
    let row = sample.listeners.push();
    row.set_name(ListenerName::address, &[0, 0, 0, 0]);
    row.set(ListenerCell::netns, 7u64);
    row.set(ListenerCell::queue, used.queue);
    row.set(ListenerCell::backlog, 1000u64);
    let row = sample.file_handles.push();
    row.set(FileHandlesCell::allocated, used.handles);
    row.set(FileHandlesCell::unused, 0u64);
    row.set(FileHandlesCell::max, 1000u64);
    let row = sample.limits.push();
    row.set(LimitsCell::local_port_first, 1001u64);
    row.set(LimitsCell::local_port_last, 2000u64);
    row.set(LimitsCell::tcp_max_tw_buckets, 1000u64);
}

/// An entity with its metric, and whether it is convicted.
type Told = (String, &'static str, bool);

/// The first in rank on an entity.
fn first(entity: &str, used: Used, owners: &[Owner]) -> Option<Told> {
    first_of(entity, used, owners, true)
}

fn first_of(entity: &str, used: Used, owners: &[Owner], owners_are_read: bool) -> Option<Told> {
    let mut lab = Lab::new();
    lab.run(40, |sample, second| {
        fill(sample, used, second);
        for owner in owners {
            owner.fill(sample, owners_are_read);
        }
        sample.processes_complete = true;
    });
    let signal = lab.signal(TcpExhaustion, entity).expect("something is raised");
    let first = signal.culprits.first()?;
    Some((first.entity.to_string(), first.metric.word(), first.convicted))
}

fn told(entity: &str, metric: &'static str, convicted: bool) -> Told {
    (entity.to_string(), metric, convicted)
}

fn listener(pid: u64, inode: u64, queue: u64, backlog: Option<u64>) -> Owner {
    Owner { pid, queue: Some((inode, queue, backlog)), ..Owner::default() }
}

#[test]
fn who_listens_where_the_queue_is_full_is_blamed() {
    let used = Used { queue: 900, ..Used::default() };
    let owners = [listener(100, 1, 900, Some(1000)), listener(200, 2, 3, Some(10))];
    let full = Some(told("process:100:5", "accept_queue_share", true));
    assert_eq!(first(NETNS, used, &owners), full);
    let overflows = Used { overflows: 2, ..Used::default() };
    assert_eq!(first(NETNS, overflows, &owners), full, "an overflow is of the fullest queue");
    let unknown = [listener(100, 1, 900, None), listener(200, 2, 3, None)];
    let waiting = Some(told("process:100:5", "accept_queue_waiting", true));
    assert_eq!(first(NETNS, used, &unknown), waiting);
    let both = [listener(100, 1, 900, Some(1000)), listener(200, 2, 5, Some(10))];
    assert_eq!(first(NETNS, used, &both).map(|first| first.2), Some(false), "two are to blame");
}

#[test]
fn workers_that_share_a_socket_are_blamed_as_a_tree() {
    let used = Used { queue: 900, ..Used::default() };
    let worker = |pid| Owner { ppid: 100, ..listener(pid, 1, 900, Some(1000)) };
    let owners = [listener(100, 1, 900, Some(1000)), worker(101), worker(102), worker(103)];
    let other = listener(200, 2, 300, Some(1000));
    let owners: Vec<Owner> = owners.into_iter().chain([other]).collect();
    let tree = Some(told("fork_tree:100:5", "accept_queue_share", true));
    assert_eq!(first(NETNS, used, &owners), tree, "one queue is not four");
}

#[test]
fn who_uses_the_ports_is_blamed_and_who_left_them_in_time_wait_by_what_it_opens() {
    let used = Used { ports: 800, ..Used::default() };
    let client = |pid, ports, ports_new| Owner { pid, ports, ports_new, ..Owner::default() };
    let holds = [client(100, 600, 0), client(200, 100, 100)];
    assert_eq!(first(NETNS, used, &holds), Some(told("process:100:5", "local_ports", true)));
    // 700 ports are nobody's: a pool that stays did not leave them behind.
    let closes = [client(100, 0, 0), client(150, 60, 0), client(200, 40, 39)];
    assert_eq!(first(NETNS, used, &closes), Some(told("process:200:5", "local_ports_new", true)));
    let holds_little = [client(100, 310, 0), client(200, 100, 0)];
    let little = Some(told("process:100:5", "local_ports", false));
    assert_eq!(first(NETNS, used, &holds_little), little, "below 40 % of all that are in use");
}

#[test]
fn nobody_is_blamed_for_what_has_no_owner_or_whose_owner_was_not_read() {
    let owners = [Owner { ports: 600, ports_new: 60, ..listener(100, 1, 900, Some(1000)) }];
    let time_wait = Used { time_wait: 950, ..Used::default() };
    assert_eq!(first(NETNS, time_wait, &owners), None);
    let used = Used { queue: 900, ..Used::default() };
    assert_eq!(first_of(NETNS, used, &owners, false), None);
}

#[test]
fn who_left_sockets_in_close_wait_is_blamed_where_they_fill_the_hosts_handles() {
    let used = Used { handles: 900, ..Used::default() };
    let leak = |pid, close_wait| Owner { pid, close_wait, ..Owner::default() };
    let owners = [leak(100, 500), leak(200, 100)];
    assert_eq!(first("host", used, &owners), Some(told("process:100:5", "close_wait", true)));
    assert_eq!(first("host", used, &[leak(100, 350)]), None, "below 40 % of the handles");
}

/// A namespace in which sockets in CLOSE_WAIT grow by so many in a minute, for eleven minutes.
#[test]
fn growth_of_sockets_in_close_wait_is_low_and_names_who_leaves_them() {
    for (per_minute, falls, expected) in
        [(9, false, None), (11, false, Some(Severity::Low)), (11, true, None)]
    {
        let mut lab = Lab::new();
        lab.run(660, |sample, second| {
            fill(sample, Used::default(), second);
            let left = if falls && second > 400 { 0 } else { 20 + second * per_minute / 60 };
            sample.netns.as_mut_slice()[0].set(NetnsCell::close_wait, left);
            for (pid, close_wait) in [(100, left - left / 10), (200, left / 10)] {
                Owner { pid, close_wait, ..Owner::default() }.fill(sample, true);
            }
            sample.processes_complete = true;
        });
        assert_eq!(lab.severity(TcpExhaustion, NETNS), expected, "{per_minute} {falls}");
        if expected.is_some() {
            let signal = lab.signal(TcpExhaustion, NETNS).expect("it stands");
            let first = signal.culprits.first().expect("somebody is named");
            assert_eq!((first.entity.to_string(), first.convicted), ("process:100:5".into(), true));
        }
    }
}
