//! Every limit of `tcp_exhaustion`, from just below and from just above.

mod owners;

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
}

#[derive(Default)]
struct Host {
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

#[test]
fn each_share_of_each_resource_from_below_and_above() {
    type Make = fn(u64) -> Second;
    let resources: [(Make, &str, Subtype, Severity); 7] = [
        (|ports| Second { ports, ..Second::default() }, NETNS, Subtype::Ports, Critical),
        (|time_wait| Second { time_wait, ..Second::default() }, NETNS, Subtype::TimeWait, Low),
        (
            |conntrack| Second { conntrack, ..Second::default() },
            NETNS,
            Subtype::Conntrack,
            Critical,
        ),
        (|queue| Second { queue, ..Second::default() }, NETNS, Subtype::AcceptQueue, Low),
        (|handles| Second { handles, ..Second::default() }, HOST, Subtype::FileHandles, Critical),
        (|orphans| Second { orphans, ..Second::default() }, HOST, Subtype::Orphans, Critical),
        (|pages| Second { pages, ..Second::default() }, HOST, Subtype::TcpMemory, Critical),
    ];
    let table: [(u64, Option<Severity>); 8] = [
        (499, None),
        (500, Some(Low)),
        (699, Some(Low)),
        (700, Some(Medium)),
        (849, Some(Medium)),
        (850, Some(High)),
        (949, Some(High)),
        (950, Some(Critical)),
    ];
    for (make, entity, subtype, most) in resources {
        for (used, expected) in table {
            let expected = expected.map(|severity| severity.min(most));
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
    for (ports, subtype) in [(690, Subtype::TimeWait), (710, Subtype::Ports)] {
        let lab = after(40, Second { ports, time_wait: 999, ..Second::default() });
        assert_eq!(lab.subtype(TcpExhaustion, NETNS), Some(subtype), "{ports}");
    }
}

/// Other namespaces than the recorder's own are listed every ten seconds.
#[test]
fn ports_of_a_namespace_that_is_seldom_listed_persist() {
    let (mut lab, mut host) = (Lab::new(), Host::default());
    lab.run(21, |sample, second| {
        host.fill(sample, Second { ports: 720, ..Second::default() });
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
fn one_overflow_is_medium_at_once_and_clears_after_two_minutes() {
    type Make = fn(f64) -> Second;
    let events: [(Make, Subtype); 3] = [
        (|overflows| Second { overflows, ..Second::default() }, Subtype::AcceptQueue),
        (|syn_drops| Second { syn_drops, ..Second::default() }, Subtype::SynQueue),
        (|cookies| Second { cookies, ..Second::default() }, Subtype::SynCookies),
    ];
    for (make, subtype) in events {
        let (mut lab, mut host) = (Lab::new(), Host::default());
        lab.run(10, |sample, _| host.fill(sample, make(0.0)));
        assert_eq!(lab.severity(TcpExhaustion, NETNS), None);
        lab.run(1, |sample, _| host.fill(sample, make(1.0)));
        let event = lab.second();
        assert_eq!(lab.severity(TcpExhaustion, NETNS), Some(Medium));
        assert_eq!(lab.subtype(TcpExhaustion, NETNS), Some(subtype));
        lab.run(130, |sample, _| host.fill(sample, make(0.0)));
        assert_eq!(lab.cleared_at(TcpExhaustion, NETNS), Some(event + 120));
    }
}

#[test]
fn many_overflows_are_worse_and_many_cookies_are_not() {
    let overflows = |overflows| Second { overflows, ..Second::default() };
    for (second, expected) in [
        (overflows(9.8), Medium),
        (overflows(10.2), High),
        (overflows(99.8), High),
        (overflows(100.2), Critical),
        (Second { cookies: 50_000.0, ..Second::default() }, Medium),
    ] {
        assert_eq!(after(40, second).severity(TcpExhaustion, NETNS), Some(expected));
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
fn a_listener_that_drops_more_than_its_accept_queue_refused_has_a_full_syn_queue() {
    for (drops, overflows, subtype) in [
        (1.0, 0.0, Some(Subtype::SynQueue)),
        (1.0, 1.0, Some(Subtype::AcceptQueue)),
        (0.0, 0.0, None),
    ] {
        let (mut lab, mut host, mut counted) = (Lab::new(), Host::default(), Meter::default());
        for now in [0.0, 1.0] {
            lab.run(5, |sample, _| {
                host.fill(sample, Second { overflows: overflows * now, ..Second::default() });
                let row = &mut sample.netns.as_mut_slice()[0];
                row.set(NetnsCell::listen_drops, counted.add(drops * now));
            });
        }
        assert_eq!(lab.severity(TcpExhaustion, NETNS), subtype.map(|_| Medium));
        assert_eq!(lab.subtype(TcpExhaustion, NETNS), subtype);
    }
}

/// A host of which one counter grows by so much a second, once it was watched for a while.
fn refusing(cell: NetnsCell, rate: f64) -> Lab {
    let (mut lab, mut host, mut meter) = (Lab::new(), Host::default(), Meter::default());
    lab.run(40, |sample, second| {
        host.fill(sample, Second::default());
        for other in [NetnsCell::conntrack_drop, NetnsCell::tcp_memory_pressures] {
            sample.netns.as_mut_slice()[0].set(other, 7u64);
        }
        let grown = meter.add(if second > 20 { rate } else { 0.0 });
        sample.netns.as_mut_slice()[0].set(cell, grown + 7);
    });
    lab
}

#[test]
fn what_was_refused_or_ended_for_want_of_a_resource_is_medium_by_one_counter() {
    let (tracking, memory) = (Some(Subtype::Conntrack), Some(Subtype::TcpMemory));
    let table = [
        (NetnsCell::conntrack_drop, 0.0, None, None),
        (NetnsCell::conntrack_drop, 1.0, Some(Medium), tracking),
        (NetnsCell::conntrack_drop, 1000.0, Some(Medium), tracking),
        (NetnsCell::conntrack_early_drop, 1.0, Some(Medium), tracking),
        (NetnsCell::conntrack_insert_failed, 9.0, None, None),
        (NetnsCell::conntrack_insert_failed, 11.0, Some(Low), tracking),
        (NetnsCell::conntrack_insert_failed, 1000.0, Some(Low), tracking),
        (NetnsCell::tcp_memory_pressures, 1.0, Some(Medium), memory),
        (NetnsCell::tcp_abort_on_memory, 1.0, Some(Medium), memory),
    ];
    for (cell, rate, expected, subtype) in table {
        let lab = refusing(cell, rate);
        assert_eq!(lab.severity(TcpExhaustion, NETNS), expected, "{cell:?} {rate}");
        assert_eq!(lab.subtype(TcpExhaustion, NETNS), subtype, "{cell:?} {rate}");
    }
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
