//! Every limit of `tcp_exhaustion`, from just below and from just above.

mod harmless;
mod owners;
mod refusals;

use crate::lab::{Lab, Meter};
use ks_vocabulary::kind::Kind::TcpExhaustion;
use ks_vocabulary::kind::Severity::{self, Critical, High, Low, Medium};
use ks_vocabulary::model::{
    FileHandlesCell, LimitsCell, ListenerCell, ListenerName, NetnsCell, PortUseCell, PortUseName,
    Record, Sample,
};
use ks_vocabulary::subtype::Subtype;

const HOST: &str = "host";
const NETNS: &str = "netns:7";
const TRACER: &str = "ok: without errors of connect: need bpf/syscall";

/// A second of a quiet host whose every limit is 1,000.
#[derive(Clone, Copy, Default)]
struct Second {
    ports: u64,
    time_wait: u64,
    conntrack: u64,
    queue: u64,
    handles: u64,
    orphans: u64,
    pages: u64,
    overflows: f64,
    syn_drops: f64,
    cookies: f64,
    /// Connections that came about; `None` where nobody counts them.
    accepted: Option<f64>,
}

#[derive(Default)]
struct Host {
    accepted: Meter,
    overflows: Meter,
    syn_drops: Meter,
    cookies: Meter,
}

impl Host {
    fn fill(&mut self, sample: &mut Sample, second: Second) {
        let row = sample.netns.push();
        row.set(NetnsCell::netns, 7u64);
        row.set(NetnsCell::own, true);
        row.set(NetnsCell::tcp_tw, second.time_wait);
        row.set(NetnsCell::listen, 1u64);
        row.set(NetnsCell::conntrack, second.conntrack);
        row.set(NetnsCell::conntrack_max, 1000u64);
        row.set(NetnsCell::tcp_orphan, second.orphans);
        row.set(NetnsCell::tcp_mem_pages, second.pages);
        row.set(NetnsCell::listen_overflows, self.overflows.add(second.overflows));
        row.set(NetnsCell::req_q_full_drop, self.syn_drops.add(second.syn_drops));
        row.set(NetnsCell::req_q_full_do_cookies, self.cookies.add(second.cookies));
        let accepted = second.accepted.map(|accepted| self.accepted.add(accepted));
        row.set_some(NetnsCell::tcp_passive_opens, accepted);
        let row = sample.ports.push();
        row.set_name(PortUseName::address, &[10, 0, 0, 1]);
        row.set(PortUseCell::netns, 7u64);
        row.set(PortUseCell::local_ports, second.ports);
        let row = sample.listeners.push();
        row.set_name(ListenerName::address, &[0, 0, 0, 0]);
        row.set(ListenerCell::netns, 7u64);
        row.set(ListenerCell::queue, second.queue);
        row.set(ListenerCell::backlog, 999u64);
        let row = sample.file_handles.push();
        row.set(FileHandlesCell::allocated, second.handles + 5);
        row.set(FileHandlesCell::unused, 5u64);
        row.set(FileHandlesCell::max, 1000u64);
        let row = sample.limits.push();
        row.set(LimitsCell::local_port_first, 1001u64);
        row.set(LimitsCell::local_port_last, 2000u64);
        row.set(LimitsCell::tcp_max_tw_buckets, 1000u64);
        row.set(LimitsCell::tcp_max_orphans, 1000u64);
        row.set(LimitsCell::tcp_mem_pressure_pages, 980u64);
        row.set(LimitsCell::tcp_mem_max_pages, 1000u64);
    }
}

fn after(seconds: u64, second: Second) -> Lab {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(seconds, |sample, _| host.fill(sample, second));
    lab
}

/// The severity of a used share, in thousandths: where it grows, where it stands, of ports that
/// stand, and of what is low at most.
type Row = (u64, [Option<Severity>; 4]);
const SHARES: [Row; 10] = [
    (499, [None; 4]),
    (500, [Some(Low); 4]),
    (699, [Some(Low); 4]),
    (700, [Some(Medium), Some(Low), Some(Low), Some(Low)]),
    (849, [Some(Medium), Some(Low), Some(Low), Some(Low)]),
    (850, [Some(High), Some(Low), Some(Low), Some(Low)]),
    (899, [Some(High), Some(Low), Some(Low), Some(Low)]),
    (900, [Some(High), Some(Medium), Some(Medium), Some(Low)]),
    (949, [Some(High), Some(Medium), Some(Medium), Some(Low)]),
    (950, [Some(Critical), Some(High), Some(Critical), Some(Low)]),
];

#[test]
fn each_share_of_each_resource_from_below_and_above() {
    type Make = fn(u64) -> Second;
    let resources: [(Make, &str, Subtype, usize); 7] = [
        (|ports| Second { ports, ..Second::default() }, NETNS, Subtype::Ports, 2),
        (|time_wait| Second { time_wait, ..Second::default() }, NETNS, Subtype::TimeWait, 3),
        (|conntrack| Second { conntrack, ..Second::default() }, NETNS, Subtype::Conntrack, 1),
        (|queue| Second { queue, ..Second::default() }, NETNS, Subtype::AcceptQueue, 3),
        (|handles| Second { handles, ..Second::default() }, HOST, Subtype::FileHandles, 1),
        (|orphans| Second { orphans, ..Second::default() }, HOST, Subtype::Orphans, 0),
        (|pages| Second { pages, ..Second::default() }, HOST, Subtype::TcpMemory, 0),
    ];
    for (make, entity, subtype, column) in resources {
        for (used, expected) in SHARES {
            let expected = expected[column];
            let lab = after(40, make(used));
            assert_eq!(lab.severity(TcpExhaustion, entity), expected, "{subtype} {used}");
            if expected.is_some() {
                assert_eq!(lab.subtype(TcpExhaustion, entity), Some(subtype));
            }
            assert_eq!(lab.coverage(TcpExhaustion), TRACER);
        }
    }
}

#[test]
fn a_full_accept_queue_is_high_where_it_overflows_as_well() {
    let full = |overflows| {
        let lab = after(40, Second { queue: 960, overflows, ..Second::default() });
        lab.severity(TcpExhaustion, NETNS)
    };
    assert_eq!(full(0.0), Some(Low));
    assert_eq!(full(0.5), Some(Critical));
}

#[test]
fn the_share_of_an_accept_queue_is_of_its_backlog_and_one() {
    // Connections that wait, the backlog, whether overflows are counted.
    let table = [
        (1, 2u64, true, None),
        (1, 1, true, Some(Low)),
        (1, 0, true, Some(Low)),
        (19, 20, true, Some(Low)),
        (18, 20, false, Some(High)),
        (20, 20, false, Some(Critical)),
    ];
    for (queue, backlog, is_counted, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, _| {
            host.fill(sample, Second { queue, ..Second::default() });
            sample.listeners.as_mut_slice()[0].set(ListenerCell::backlog, backlog);
            if !is_counted {
                let mut row = sample.netns.as_mut_slice()[0].row_mut();
                row.unset_cell(NetnsCell::listen_overflows as usize);
            }
        });
        let found = lab.severity(TcpExhaustion, NETNS);
        assert_eq!(found, expected, "{queue} of {backlog}, counted: {is_counted}");
    }
}

#[test]
fn what_is_worse_names_the_form_though_another_resource_is_fuller() {
    for (ports, subtype) in [(890, Subtype::TimeWait), (910, Subtype::Ports)] {
        let lab = after(40, Second { ports, time_wait: 999, ..Second::default() });
        assert_eq!(lab.subtype(TcpExhaustion, NETNS), Some(subtype), "{ports}");
    }
}

/// Other namespaces than the recorder's own are listed every ten seconds.
#[test]
fn ports_of_a_namespace_that_is_seldom_listed_persist() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(21, |sample, second| {
        host.fill(sample, Second { ports: 920, ..Second::default() });
        if !second.is_multiple_of(10) {
            sample.netns.as_mut_slice()[0].row_mut().unset_cell(NetnsCell::listen as usize);
            sample.ports.clear();
            sample.listeners.clear();
        }
    });
    assert_eq!(lab.severity(TcpExhaustion, NETNS), Some(Medium));
}

/// `tcp_mem` of a host whose limits are far apart.
#[test]
fn memory_of_tcp_is_held_against_the_kernels_own_limits() {
    let table = [(99, None), (100, Some(High)), (999, Some(Critical)), (1_000, Some(Critical))];
    for (pages, expected) in table {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(40, |sample, _| {
            host.fill(sample, Second { pages, ..Second::default() });
            sample.limits.as_mut_slice()[0].set(LimitsCell::tcp_mem_pressure_pages, 100u64);
        });
        assert_eq!(lab.severity(TcpExhaustion, HOST), expected, "{pages}");
    }
}

#[test]
fn a_share_goes_on_to_a_twentieth_below_its_limit() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    let ports = |ports| Second { ports, ..Second::default() };
    lab.run(20, |sample, _| host.fill(sample, ports(520)));
    lab.run(200, |sample, _| host.fill(sample, ports(451)));
    assert_eq!(lab.severity(TcpExhaustion, NETNS), Some(Low));
    let end = lab.second();
    lab.run(70, |sample, _| host.fill(sample, ports(449)));
    assert_eq!(lab.cleared_at(TcpExhaustion, NETNS), Some(end + 60));
}

#[test]
fn what_is_absent_is_named() {
    let mut lab = Lab::new();
    lab.absent("net/snmp", "no such file");
    lab.run(5, |_, _| ());
    assert_eq!(lab.coverage(TcpExhaustion), "cannot tell: net/snmp: no such file");
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.absent("sys/fs/file-nr", "permission denied");
    lab.run(5, |sample, _| {
        host.fill(sample, Second::default());
        sample.file_handles.clear();
    });
    assert_eq!(
        lab.coverage(TcpExhaustion),
        "ok: without sys/fs/file-nr: permission denied; errors of connect: need bpf/syscall"
    );
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(5, |sample, _| {
        host.fill(sample, Second::default());
        sample.limits.clear();
    });
    let told = "ok: without ports, TIME_WAIT, orphans, memory: no limits; \
                errors of connect: need bpf/syscall";
    assert_eq!(lab.coverage(TcpExhaustion), told);
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(5, |sample, _| {
        host.fill(sample, Second::default());
        sample.netns.as_mut_slice()[0].row_mut().unset_cell(NetnsCell::listen as usize);
    });
    let told = "ok: without ports and accept queues: sockets were not listed; \
                errors of connect: need bpf/syscall";
    assert_eq!(lab.coverage(TcpExhaustion), told);
}

#[test]
fn drops_beside_overflows_that_nobody_counts_are_no_full_syn_queue() {
    let (mut lab, mut host, mut counted) = (Lab::new(), Host::default(), Meter::default());
    let mut run = |seconds, drops| {
        lab.run(seconds, |sample, _| {
            host.fill(sample, Second::default());
            let row = &mut sample.netns.as_mut_slice()[0];
            row.set(NetnsCell::listen_drops, counted.add(drops));
            row.row_mut().unset_cell(NetnsCell::listen_overflows as usize);
        });
    };
    run(5, 0.0);
    run(5, 1.0);
    assert_eq!(lab.severity(TcpExhaustion, NETNS), None);
    assert!(lab.coverage(TcpExhaustion).contains("accept queues: no net/netstat"));
}
