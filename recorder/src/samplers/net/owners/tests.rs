//! Owners of real sockets of this very process, and when they are asked for.

use std::net::{TcpListener, TcpStream};
use std::path::Path;

use super::super::sockets::{Address, LISTEN, Socket};
use super::*;
use crate::budget::Budget;
use crate::clock;
use crate::host_fs::{Buffer, HostFs};
use crate::sampler::{RunTimes, States};
use std::os::fd::AsRawFd;

const NETNS: u64 = 7;

struct Lab {
    owners: Owners,
    states: States,
    budget: Budget,
}

impl Lab {
    fn new() -> Self {
        Self { owners: Owners::default(), states: States::default(), budget: Budget::default() }
    }

    /// One tick in which `sockets` are listed.
    fn tick(&mut self, root: &Path, tick: Timestamp, sockets: &[Socket]) -> Sample {
        let mut all = Sockets::default();
        for socket in sockets {
            all.add(socket);
        }
        all.fill_ports(NETNS, &mut Rows::default());
        self.owners.take(NETNS, &all);
        let (host, mut buffer) = (HostFs::new(root), Buffer::default());
        let mut context = Context {
            host: &host,
            buffer: &mut buffer,
            states: &mut self.states,
            tick,
            keyframe: false,
            detail: false,
            budget: &mut self.budget,
            losses: &mut Vec::new(),
            run_times: &mut RunTimes::new(),
            measures_run_time: false,
        };
        let mut sample = Sample::default();
        self.owners.sample(&mut context, &mut sample);
        sample
    }
}

fn inode(socket: &impl AsRawFd) -> u64 {
    let link = std::fs::read_link(format!("/proc/self/fd/{}", socket.as_raw_fd())).unwrap();
    let link = link.to_str().unwrap().to_owned();
    link.trim_start_matches("socket:[").trim_end_matches(']').parse().unwrap()
}

fn socket(state: u8, ports: (u16, u16), inode: u64) -> Socket {
    Socket {
        state,
        local: Address::V4([127, 0, 0, 1]),
        local_port: ports.0,
        remote: Address::V4([127, 0, 0, 1]),
        remote_port: ports.1,
        queue: 0,
        backlog: None,
        inode,
    }
}

fn own(sample: &Sample) -> Option<&SocketOwner> {
    let pid = u64::from(std::process::id());
    sample.socket_owners.iter().find(|row| row.pid() == Some(pid))
}

#[test]
fn this_process_owns_what_it_opened() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let streams: Vec<TcpStream> =
        (0..20).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    let full =
        Socket { queue: 20, backlog: Some(20), ..socket(LISTEN, (port, 0), inode(&listener)) };
    // The far end is said to be another port, so that ours is not taken for one that was accepted.
    let connected = |(at, stream): (usize, &TcpStream)| {
        let local = stream.local_addr().unwrap().port();
        socket(if at < 3 { 8 } else { 1 }, (local, port.wrapping_add(1)), inode(stream))
    };
    let mut sockets: Vec<Socket> = streams.iter().enumerate().map(connected).collect();
    sockets.push(full);
    let (mut lab, root) = (Lab::new(), Path::new("/"));
    let tick = clock::now();
    let sample = lab.tick(root, tick, &sockets[5..]);
    let row = own(&sample).expect("the full queue makes it look at every process");
    assert_eq!((row.sockets(), row.established(), row.close_wait()), (Some(16), Some(15), Some(0)));
    assert_eq!((row.listening(), row.full_queues()), (Some(1), Some(1)));
    assert_eq!((row.port(), row.inode()), (Some(u64::from(port)), Some(inode(&listener))));
    assert_eq!((row.queue(), row.backlog()), (Some(20), Some(20)));
    assert_eq!(row.local_ports_new(), None, "nothing was read before");
    assert!(row.start_ticks() > Some(0) && row.netns() == Some(NETNS));
    let sample = lab.tick(root, tick.plus_ns(3600 * SECOND_NS), &sockets);
    let row = own(&sample).unwrap();
    assert_eq!((row.sockets(), row.close_wait()), (Some(21), Some(3)));
    assert_eq!(row.local_ports(), Some(20));
}

#[test]
fn a_connection_is_new_until_it_was_read() {
    let ends: Vec<TcpListener> =
        (0..20).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    let sockets: Vec<Socket> =
        (40_000..).zip(&ends).map(|(p, end)| socket(1, (p, 9), inode(end))).collect();
    let mut lab = Lab::new();
    let news = [17, 17, 20].map(|count| {
        let tick = clock::now();
        // What was read is long ago.
        for earlier in lab.owners.earlier.values_mut() {
            earlier.at = Timestamp(0);
        }
        lab.owners.took_ns = 0;
        let full = Socket { queue: 9, ..socket(LISTEN, (80, 0), 1) };
        let listed: Vec<Socket> = sockets[..count].iter().copied().chain([full]).collect();
        let sample = lab.tick(Path::new("/"), tick, &listed);
        own(&sample).unwrap().local_ports_new()
    });
    assert_eq!(news, [None, Some(0), Some(3)]);
}

#[test]
fn it_is_asked_often_only_where_it_matters() {
    let left: Vec<Socket> = (0..51).map(|at| socket(8, (80, 1000 + at), 9)).collect();
    let few = &left[..50];
    let waits = |queue, backlog| Socket { queue, backlog, ..socket(LISTEN, (80, 0), 9) };
    let cases: [(&[Socket], bool); 6] = [
        (&left, true),
        (few, false),
        (&[waits(64, Some(128))], true),
        (&[waits(63, Some(128))], false),
        (&[waits(4, None)], true),
        (&[waits(3, None)], false),
    ];
    // Ticks of the future: by the clock no walk takes any time, however slow the test is.
    let start = clock::now().plus_ns(3600 * SECOND_NS);
    for (at, (sockets, is_pressed)) in cases.into_iter().enumerate() {
        let mut lab = Lab::new();
        let read = [0, 2, 4, 60].map(|second| {
            let sample = lab.tick(Path::new("/"), start.plus_ns(second * SECOND_NS), sockets);
            sample.socket_owners.read().is_some()
        });
        assert_eq!(read, [true, is_pressed, is_pressed, true], "case {at}");
    }
}

#[test]
fn ports_matter_from_a_quarter_of_the_range_on() {
    let sockets = |count| -> Vec<Socket> {
        (0..count).map(|port| socket(1, (40_000 + port, 9), 9)).collect()
    };
    let listed = |count| {
        let mut all = Sockets::default();
        for socket in sockets(count) {
            all.add(&socket);
        }
        all.fill_ports(NETNS, &mut Rows::default());
        Listed::of(NETNS, &all)
    };
    assert!(is_pressed(&listed(25), Some(100)) && !is_pressed(&listed(24), Some(100)));
    assert!(!is_pressed(&listed(100), None));
}

#[test]
fn a_copied_tree_has_no_descriptors_and_what_costs_too_much_is_left_out() {
    let root = tempfile::tempdir().unwrap();
    let mut lab = Lab::new();
    lab.tick(root.path(), clock::now(), &[]);
    assert_eq!(lab.states.get(SOURCE), Some(State::Absent(Absence::Root)));
    let mut lab = Lab::new();
    lab.budget.set_taken(Step::OpenFiles, Some(0.04));
    let sample = lab.tick(Path::new("/"), clock::now(), &[]);
    assert!(sample.socket_owners.read().is_none());
    assert_eq!(lab.states.get(SOURCE), Some(State::OverBudget));
    assert_eq!(state(Outcome { hidden: true, cut: true }), State::Limited(HIDDEN));
    assert_eq!(state(Outcome { hidden: false, cut: true }), State::Limited(CUT));
}

#[test]
fn the_largest_owners_are_kept_and_each_with_a_half_full_queue() {
    let (host, mut buffer, mut states) =
        (HostFs::new(Path::new("/")), Buffer::default(), States::default());
    let mut context = Context {
        host: &host,
        buffer: &mut buffer,
        states: &mut states,
        tick: clock::now(),
        keyframe: false,
        detail: false,
        budget: &mut Budget::default(),
        losses: &mut Vec::new(),
        run_times: &mut RunTimes::new(),
        measures_run_time: false,
    };
    let pid = u64::from(std::process::id());
    let found = |queue| {
        let queue = census::Queue { inode: 1, port: 80, waiting: queue, length: Some(10) };
        (0..40)
            .map(|netns| {
                let fullest = (netns == 0).then_some(queue);
                (pid, netns, true, Holding { sockets: netns + 1, fullest, ..Holding::default() })
            })
            .collect()
    };
    for (queue, expected) in [(4, KEPT), (5, KEPT + 1)] {
        let mut rows = Rows::default();
        fill(&mut context, found(queue), &mut rows);
        assert_eq!(rows.as_slice().len(), expected);
    }
}
