//! Quantities of disks, interfaces, network namespaces and filesystems.

use ks_vocabulary::kind::{Entity, Kind, Severity};
use ks_vocabulary::model::{Filesystem, Netns, Nic};

use super::disks;
use super::groups::Configured;
use super::limits::TCP_USED;
use super::{NONE, Pair, Quantity, Say};

/// Retransmitted share of segments, and segments that a share needs (section 5).
const RETRANSMITS: ([f64; 4], u64) = ([0.01, 0.03, 0.10, 0.25], 200);
/// Dropped share of packets, and packets that a share needs; packets a second that a tap could not
/// send, from which on they are more than broadcasts; errors a second, of which any is low
/// (section 5).
const DROPS: ([f64; 4], u64) = ([0.001, 0.01, 0.05, 0.20], 1_000);
const FLOOD: f64 = 1_000.0;
const ERRORS: [f64; 4] = [NONE, 15.0, 150.0, NONE];
/// Overflows of accept queues a second, of which any is medium (section 6).
const OVERFLOWS: [f64; 4] = [NONE, NONE, 10.0, 100.0];
/// Used share of space and inodes (section 10).
const SPACE_USED: [f64; 4] = [0.80, 0.85, 0.92, 0.97];
/// With so much room in GiB the share of space says nothing above low.
const ROOM_GIB: [f64; 4] = [f64::INFINITY, 100.0, 50.0, 20.0];
const GIB: f64 = 1_073_741_824.0;

pub(super) fn look(pair: &Pair<'_>, configured: &Configured, say: &mut Say<'_>) {
    for after in pair.after.disks.iter() {
        let Some(before) = pair.before.disks.find(after) else { continue };
        let name = after.name().unwrap_or_default().to_vec();
        let entity = Entity::Disk(name);
        say(Kind::BlockDeviceSaturation, entity, disks::saturation(pair, before, after));
    }
    for after in pair.after.nics.iter() {
        let Some(before) = pair.before.nics.find(after) else { continue };
        let name = after.name().unwrap_or_default().to_vec();
        say(Kind::NetworkDegradation, Entity::Nic(name), degradation(pair, before, after));
    }
    for after in pair.after.netns.iter() {
        let Some(before) = pair.before.netns.find(after) else { continue };
        look_at_netns(pair, (before, after), configured, say);
    }
    for row in pair.after.filesystems.iter().filter(|row| row.limited() == Some(true)) {
        let mount = row.mount().unwrap_or_default().to_vec();
        say(Kind::Syscall, Entity::Filesystem(mount), fullness(row));
    }
}

fn grown(before: Option<u64>, after: Option<u64>) -> u64 {
    before.zip(after).map_or(0, |(before, after)| after.saturating_sub(before))
}

fn degradation(pair: &Pair<'_>, before: &Nic, after: &Nic) -> Quantity {
    let of = |get: fn(&Nic) -> Option<u64>| grown(get(before), get(after));
    let errors = of(Nic::rx_errors) + of(Nic::tx_errors);
    let share = |dropped: u64, packets: u64| {
        let all = dropped + packets;
        (all >= DROPS.1).then(|| dropped as f64 / all as f64)
    };
    let rate = errors as f64 / pair.seconds;
    let packets = of(Nic::rx_packets) + of(Nic::tx_packets);
    let is_part = errors as f64 >= DROPS.0[0] * (errors + packets) as f64;
    let [_, medium, high, _] = ERRORS.map(|limit| rate >= limit);
    // A device that had room for all dropped what nobody wanted, unless others miss it.
    let had_room = after.rx_missed().is_some() || after.has_device() == Some(false);
    let had_room = had_room && of(Nic::rx_missed) + of(Nic::rx_fifo) == 0;
    let received = Quantity::of(share(of(Nic::rx_dropped), of(Nic::rx_packets)), DROPS.0);
    let received = if had_room { received.sure_to(Severity::Low) } else { received };
    let errors = Quantity::graded([errors > 0, medium && is_part, high && is_part, false]);
    // Whom an interface without a device does not reach may be off, unless others miss it.
    let is_virtual = after.has_device() == Some(false);
    let errors = if is_virtual { errors.sure_to(Severity::Low) } else { errors };
    let sent = Quantity::of(share(of(Nic::tx_dropped), of(Nic::tx_packets)), DROPS.0);
    let is_little = of(Nic::tx_packets) == 0 && (of(Nic::tx_dropped) as f64) < FLOOD * pair.seconds;
    let sent = if is_virtual && is_little { sent.sure_to(Severity::Low) } else { sent };
    errors.or(received).or(sent)
}

fn look_at_netns(
    pair: &Pair<'_>,
    (before, after): (&Netns, &Netns),
    configured: &Configured,
    say: &mut Say<'_>,
) {
    let entity = Entity::Netns(after.netns().unwrap_or(0));
    let of = |get: fn(&Netns) -> Option<u64>| grown(get(before), get(after));
    let network = lost_in(&of).or(unanswered(&of));
    // Where too little is sent for a share, and nothing else is told, the interval says nothing.
    let segments = of(Netns::tcp_out_segs) + of(Netns::tcp_retrans_segs);
    if segments >= RETRANSMITS.1 || network != Quantity::default() {
        say(Kind::NetworkDegradation, entity.clone(), network);
    }
    let accepts = of(Netns::listen_overflows);
    let requests = of(Netns::req_q_full_drop) + of(Netns::req_q_full_do_cookies);
    let used = configured.used(after.netns().unwrap_or(0)).zip(configured.ports());
    let tracked = after.conntrack().zip(after.conntrack_max().filter(|max| *max > 0));
    let share = |of: Option<(u64, u64)>| of.map(|(used, all)| used as f64 / all as f64);
    let mut quantity = Quantity::of(share(used), TCP_USED)
        .or(Quantity::of(share(tracked), TCP_USED))
        .or(Quantity::of(Some(accepts as f64 / pair.seconds), OVERFLOWS));
    if accepts + requests > 0 {
        quantity = quantity.or(Quantity::event(Severity::Medium));
    }
    // A queue that overflows is full, which is told at some ticks only.
    quantity.possible = (accepts > 0).then_some(Severity::Critical);
    say(Kind::TcpExhaustion, entity, quantity);
}

/// Shares of segments sent again and of datagrams lost. Requests for a connection that are sent
/// again are low.
fn lost_in(of: &dyn Fn(fn(&Netns) -> Option<u64>) -> u64) -> Quantity {
    let share = |lost: u64, all: u64, floor: u64| (all >= floor).then(|| lost as f64 / all as f64);
    let (sent, asked) = (of(Netns::tcp_out_segs), of(Netns::tcp_syn_retrans));
    let again = of(Netns::tcp_retrans_segs).saturating_sub(asked);
    let [low, ..] = RETRANSMITS.0;
    let lost = of(Netns::udp_in_errors) + of(Netns::udp6_in_errors);
    let packets = of(Netns::ip_in_receives) + of(Netns::ip6_in_receives);
    let datagrams = packets.saturating_sub(of(Netns::tcp_in_segs)).max(lost);
    let [some, more, ..] = DROPS.0;
    Quantity::of(share(again, sent + again, RETRANSMITS.1), RETRANSMITS.0)
        .or(Quantity::of(share(asked, sent + asked, RETRANSMITS.1), [low, NONE, NONE, NONE]))
        .or(Quantity::of(share(lost, datagrams, DROPS.1), [some, more, NONE, NONE]))
}

/// Segments are sent again and none come: for how long, and whether any came, is not known here.
fn unanswered(of: &dyn Fn(fn(&Netns) -> Option<u64>) -> u64) -> Quantity {
    let again = of(Netns::tcp_retrans_segs) > of(Netns::tcp_syn_retrans);
    let is_silent = again && of(Netns::tcp_in_segs) == 0;
    Quantity { possible: is_silent.then_some(Severity::Medium), ..Quantity::default() }
}

/// The share that users see: what is used, of what is used and available to them, judged above low
/// where there is little room; how fast that goes may say as much. Or that of inodes.
fn fullness(row: &Filesystem) -> Quantity {
    let share = |used: u64, all: u64| (all > 0).then(|| used as f64 / all as f64);
    let used = row.total_bytes().zip(row.free_bytes()).map(|(all, free)| all.saturating_sub(free));
    let space = used.zip(row.available_bytes()).and_then(|(used, left)| share(used, used + left));
    let inodes = row.inodes().zip(row.inodes_free());
    let inodes = inodes.and_then(|(all, free)| share(all.saturating_sub(free), all));
    let left_gib = row.available_bytes().map_or(0.0, |bytes| bytes as f64 / GIB);
    let limits =
        core::array::from_fn(|at| if left_gib < ROOM_GIB[at] { SPACE_USED[at] } else { NONE });
    let possible = Quantity::of(space, SPACE_USED).level;
    Quantity { possible, ..Quantity::of(space, limits) }.or(Quantity::of(inodes, SPACE_USED))
}
