//! What is seen of disks, filesystems, interfaces and network namespaces.

use ks_agent::sights::Listing;
use ks_vocabulary::decision::{DiskUse, NicUse, Space, TcpUse};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::model::{Filesystem, Netns};

use super::{SPAN_NS, listing, number, over_s, per_s};
use crate::window::{DiskTrack, DiskWork, NicTrack, Tcp, TcpTrack, Traffic, Window};

pub(super) fn disks(window: &Window) -> Listing<DiskUse> {
    let each = window.disks.entities().map(|(_, row, track)| {
        let entity = Entity::Disk(row.name().unwrap_or_default().to_vec());
        (entity, DiskUse { in_flight: number(row.in_flight()), ..disk(track) })
    });
    listing(window.disks.at(), each)
}

fn disk(track: &DiskTrack) -> DiskUse {
    let moved = track.moved(SPAN_NS).ok();
    let busy = track.over(DiskWork::Busy, SPAN_NS);
    DiskUse {
        read_bytes_per_s: moved.map(|(read, _)| read.per_second()),
        written_bytes_per_s: moved.map(|(_, written)| written.per_second()),
        requests_per_s: per_s(track.over(DiskWork::Done, SPAN_NS)),
        wait_ms: track.mean_wait_ms(SPAN_NS),
        // Of milliseconds, which are told a little late or early.
        busy_share: per_s(busy).map(|ms_per_s| (ms_per_s / 1e3).min(1.0)),
        in_flight: None,
        over_s: over_s(busy),
    }
}

pub(super) fn nics(window: &Window) -> Listing<NicUse> {
    let namespaces = window.netns.rows().unwrap_or_default();
    let own = namespaces.iter().find(|row| row.own() == Some(true)).and_then(Netns::netns);
    let each = window.nics.entities().map(|(_, row, track)| {
        let name = row.name().unwrap_or_default().to_vec();
        let entity = match row.netns().filter(|netns| Some(*netns) != own) {
            Some(other) => Entity::NicOf(other, name),
            None => Entity::Nic(name),
        };
        let (speed_mbit, carrier) = (number(row.speed_mbit()), row.carrier());
        (entity, NicUse { speed_mbit, carrier, ..nic(track) })
    });
    listing(window.nics.at(), each)
}

fn nic(track: &NicTrack) -> NicUse {
    let rate = |what| per_s(track.over(what, SPAN_NS));
    NicUse {
        rx_bytes_per_s: rate(Traffic::RxBytes),
        tx_bytes_per_s: rate(Traffic::TxBytes),
        rx_packets_per_s: rate(Traffic::RxPackets),
        tx_packets_per_s: rate(Traffic::TxPackets),
        rx_errors_per_s: rate(Traffic::RxErrors),
        tx_errors_per_s: rate(Traffic::TxErrors),
        rx_dropped_per_s: rate(Traffic::RxDropped),
        tx_dropped_per_s: rate(Traffic::TxDropped),
        speed_mbit: None,
        over_s: over_s(track.over(Traffic::RxBytes, SPAN_NS)),
        carrier: None,
    }
}

pub(super) fn namespaces(window: &Window) -> Listing<TcpUse> {
    let each = window.netns.entities().map(|(_, row, track)| {
        let netns = row.netns().unwrap_or(0);
        (Entity::Netns(netns), tcp(row, track, window.close_waits.last(netns)))
    });
    listing(window.netns.at(), each)
}

fn tcp(row: &Netns, track: &TcpTrack, close_wait: Option<u64>) -> TcpUse {
    let rate = |what| per_s(track.over(what, SPAN_NS));
    let in_use = row.tcp_inuse().map(|inuse| inuse.saturating_add(row.tcp6_inuse().unwrap_or(0)));
    TcpUse {
        sent_per_s: rate(Tcp::Sent),
        sent_again_per_s: rate(Tcp::Retransmitted),
        received_per_s: rate(Tcp::Received),
        accept_overflows_per_s: rate(Tcp::ListenOverflow),
        listen_drops_per_s: rate(Tcp::ListenDrop),
        syn_drops_per_s: rate(Tcp::SynQueueDrop),
        failed_per_s: rate(Tcp::Failed),
        in_use: number(in_use),
        orphans: number(row.tcp_orphan()),
        time_wait: number(row.tcp_tw()),
        close_wait: number(close_wait),
        listening: number(row.listen()),
        memory_pages: number(row.tcp_mem_pages()),
        tracked: number(row.conntrack()),
        tracked_max: number(row.conntrack_max()),
        over_s: over_s(track.over(Tcp::Sent, SPAN_NS)),
        own: row.own(),
    }
}

pub(super) fn spaces(window: &Window) -> Listing<Space> {
    let rows = window.filesystems.entities();
    let each = rows.map(|(_, row, _)| {
        (Entity::Filesystem(row.mount().unwrap_or_default().to_vec()), space(row))
    });
    listing(window.filesystems.at(), each)
}

fn space(row: &Filesystem) -> Space {
    let used = row.total_bytes().zip(row.free_bytes());
    let used = used.map(|(total, free)| total.saturating_sub(free) as f64);
    // As `df` tells it: what root keeps back is neither used nor to be had.
    let share = used.zip(number(row.available_bytes())).and_then(|(used, available)| {
        let all = used + available;
        (all > 0.0).then(|| used / all)
    });
    Space {
        total_bytes: number(row.total_bytes()),
        available_bytes: number(row.available_bytes()),
        used_share: share,
        inodes: number(row.inodes()),
        inodes_free: number(row.inodes_free()),
        read_only: row.read_only(),
    }
}
