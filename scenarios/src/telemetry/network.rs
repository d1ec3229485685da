//! `/proc/net`: the interface, TCP, listening sockets, ports; and the configured limits.

use ks_vocabulary::model::{
    LimitsCell, ListenerCell, ListenerName, NetnsCell, NicCell, NicName, PortUseCell, PortUseName,
    Sample, SoftnetCell,
};

use crate::grain::whole;
use crate::host::Host;
use crate::host::network::Queue;
use crate::shape::NIC;

/// Inode of the first network namespace.
pub(super) const NETNS: u64 = 4_026_531_840;
const PID_MAX: u64 = 4_194_304;

pub(super) fn fill(host: &mut Host, sample: &mut Sample) {
    fill_nic(host, sample);
    fill_netns(host, sample);
    let network = &host.network;
    for queue in &network.queues {
        let row = sample.listeners.push();
        row.set_name(ListenerName::address, &[0, 0, 0, 0]);
        row.set(ListenerCell::netns, NETNS);
        row.set(ListenerCell::port, queue.port);
        row.set(ListenerCell::inode, listener_inode(queue));
        row.set(ListenerCell::queue, whole(queue.waiting));
        row.set(ListenerCell::backlog, whole(queue.backlog));
    }
    sample.listeners.sort();
    let used = whole(network.ports_used());
    if used > 0 {
        let row = sample.ports.push();
        row.set_name(PortUseName::address, &[10, 0, 0, 9]);
        row.set(PortUseCell::netns, NETNS);
        row.set(PortUseCell::port, 5432u64);
        row.set(PortUseCell::local_ports, used);
    }
    sample.ports.set_read(ks_vocabulary::model::ReadTimes::default());
    sample.listeners.set_read(ks_vocabulary::model::ReadTimes::default());
    let cpus = u64::from(host.shape.cpus);
    for number in 0..cpus {
        let row = sample.softnet.push();
        row.set(SoftnetCell::cpu, number);
        row.set(SoftnetCell::processed, host.network.rx_packets.value() / cpus);
        row.set(SoftnetCell::dropped, 0u64);
        row.set(SoftnetCell::time_squeeze, 0u64);
    }
}

/// Inode of the socket that listens.
pub(super) fn listener_inode(queue: &Queue) -> u64 {
    20_000 + queue.port
}

fn fill_nic(host: &Host, sample: &mut Sample) {
    use NicCell as Cell;
    let network = &host.network;
    let row = sample.nics.push();
    row.set_name(NicName::name, NIC.as_bytes());
    let state: &[u8] = if network.link.down { b"down" } else { b"up" };
    row.set_name(NicName::operstate, state);
    row.set(Cell::netns, NETNS);
    row.set(Cell::rx_bytes, network.rx_bytes.value());
    row.set(Cell::rx_packets, network.rx_packets.value());
    row.set(Cell::rx_errors, network.rx_errors.value());
    row.set(Cell::rx_dropped, network.rx_dropped.value());
    row.set(Cell::rx_fifo, 0u64);
    // Packets are lost for want of room in the device.
    row.set(Cell::has_device, true);
    row.set(Cell::rx_missed, network.rx_dropped.value());
    row.set(Cell::tx_bytes, network.tx_bytes.value());
    row.set(Cell::tx_packets, network.tx_packets.value());
    row.set(Cell::tx_errors, 0u64);
    row.set(Cell::tx_dropped, 0u64);
    row.set(Cell::tx_carrier_errors, 0u64);
    row.set(Cell::speed_mbit, network.speed_mbit);
    row.set(Cell::carrier, !network.link.down);
    row.set(Cell::device_type, 1u64);
    for number in 0..host.shape.interfaces {
        fill_idle_nic(number, sample);
    }
    sample.nics.sort();
}

/// One end of a pair over which nothing goes.
fn fill_idle_nic(number: u32, sample: &mut Sample) {
    use NicCell as Cell;
    let row = sample.nics.push();
    row.set_name(NicName::name, format!("veth{number}").as_bytes());
    row.set_name(NicName::operstate, b"up");
    let none = [
        Cell::rx_bytes,
        Cell::rx_packets,
        Cell::rx_errors,
        Cell::rx_dropped,
        Cell::rx_fifo,
        Cell::rx_missed,
        Cell::tx_bytes,
        Cell::tx_packets,
        Cell::tx_errors,
        Cell::tx_dropped,
        Cell::tx_carrier_errors,
    ];
    for cell in none {
        row.set(cell, 0u64);
    }
    row.set(Cell::netns, NETNS);
    row.set(Cell::has_device, false);
    row.set(Cell::speed_mbit, 10_000u64);
    row.set(Cell::carrier, true);
    row.set(Cell::device_type, 1u64);
}

fn fill_netns(host: &Host, sample: &mut Sample) {
    use NetnsCell as Cell;
    let network = &host.network;
    let row = sample.netns.push();
    row.set(Cell::netns, NETNS);
    row.set(Cell::pid, 1u64);
    row.set(Cell::own, true);
    let counters = [
        (Cell::ip_in_receives, network.rx_packets),
        (Cell::ip_out_requests, network.tx_packets),
        (Cell::tcp_active_opens, network.active_opens),
        (Cell::tcp_passive_opens, network.passive_opens),
        (Cell::tcp_in_segs, network.in_segments),
        (Cell::tcp_out_segs, network.out_segments),
        (Cell::tcp_retrans_segs, network.retransmits),
        (Cell::tcp_timeouts, network.timeouts),
        (Cell::listen_overflows, network.overflows),
        (Cell::req_q_full_do_cookies, network.cookies),
        (Cell::syncookies_sent, network.cookies),
    ];
    for (cell, counter) in counters {
        row.set(cell, counter.value());
    }
    let drops = network.overflows.exact() + network.refused.exact();
    row.set(Cell::listen_drops, whole(drops));
    let none = [
        Cell::ip_in_discards,
        Cell::ip_out_discards,
        Cell::tcp_attempt_fails,
        Cell::tcp_estab_resets,
        Cell::tcp_in_errs,
        Cell::tcp_out_rsts,
        Cell::udp_in_errors,
        Cell::udp_rcvbuf_errors,
        Cell::udp_sndbuf_errors,
        Cell::req_q_full_drop,
        Cell::tcp_lost_retransmit,
        Cell::tcp_fast_retrans,
        Cell::tcp_syn_retrans,
        Cell::tcp_backlog_drop,
        Cell::tcp_abort_on_memory,
        Cell::prune_called,
        Cell::tw_overflow,
        Cell::tcp_orphan,
        Cell::syn_sent,
        Cell::fin_wait,
        Cell::last_ack,
        Cell::udp_inuse,
        Cell::tcp6_inuse,
    ];
    for cell in none {
        row.set(cell, 0u64);
    }
    let time_wait = whole(network.time_wait());
    let connecting: f64 = host.processes.iter().map(|process| process.connecting).sum();
    let established = whole(network.established + connecting);
    row.set(Cell::tcp_curr_estab, established);
    row.set(Cell::established, established);
    row.set(Cell::tcp_tw, time_wait);
    row.set(Cell::time_wait, time_wait);
    row.set(Cell::close_wait, whole(network.close_wait));
    row.set(Cell::syn_recv, whole(network.half_open));
    row.set(Cell::listen, network.queues.len() as u64);
    row.set(Cell::tcp_inuse, network.sockets());
    row.set(Cell::tcp_alloc, network.sockets());
    row.set(Cell::sockets_used, network.sockets() + 200);
    row.set(Cell::tcp_mem_pages, network.sockets() / 8);
}

/// Limits as a kernel of a host of this size has them.
pub(super) fn fill_limits(host: &Host, sample: &mut Sample) {
    use LimitsCell as Cell;
    let network = &host.network;
    let row = sample.limits.push();
    row.set(Cell::pid_max, PID_MAX);
    row.set(Cell::threads_max, 256_000u64);
    row.set(Cell::local_port_first, network.ports.0);
    row.set(Cell::local_port_last, network.ports.1);
    row.set(Cell::tcp_max_tw_buckets, 262_144u64);
    row.set(Cell::tcp_max_orphans, 65_536u64);
    row.set(Cell::tcp_mem_low_pages, 90_000u64);
    row.set(Cell::tcp_mem_pressure_pages, 120_000u64);
    row.set(Cell::tcp_mem_max_pages, 180_000u64);
    row.set(Cell::somaxconn, whole(network.somaxconn));
    row.set(Cell::tcp_max_syn_backlog, whole(network.syn_backlog));
}
