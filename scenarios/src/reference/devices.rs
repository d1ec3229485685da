//! Quantities of disks, interfaces, network namespaces and filesystems.

use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::model::{Filesystem, Netns, Nic};

use super::groups::Configured;
use super::{Pair, Quantity, Say, level};

/// Utilisation of a disk at low (`signals.md`, section 8).
const BUSY: f64 = 0.70;
/// Retransmitted share of segments, and segments that a share needs (section 5).
const RETRANSMITS: (f64, u64) = (0.01, 200);
/// Dropped share of packets, and packets that a share needs (section 5).
const DROPS: (f64, u64) = (0.001, 1_000);
/// Used share of ports and other finite things of TCP at low (section 6).
const TCP_USED: f64 = 0.5;
/// Used share of space and inodes at low (section 10).
const SPACE_USED: f64 = 0.80;

pub(super) fn look(pair: &Pair<'_>, configured: &Configured, say: &mut Say<'_>) {
    for after in pair.after.disks.iter() {
        let Some(before) = pair.before.disks.find(after) else { continue };
        let busy = pair.rate(before.io_ms(), after.io_ms()).map(|ms| ms / 1e3);
        let name = after.name().unwrap_or_default().to_vec();
        let is_busy = busy.is_some_and(|busy| busy >= BUSY);
        say(Kind::BlockDeviceSaturation, Entity::Disk(name), level(is_busy));
    }
    for after in pair.after.nics.iter() {
        let Some(before) = pair.before.nics.find(after) else { continue };
        let name = after.name().unwrap_or_default().to_vec();
        say(Kind::NetworkDegradation, Entity::Nic(name), level(is_degraded(before, after)));
    }
    for after in pair.after.netns.iter() {
        let Some(before) = pair.before.netns.find(after) else { continue };
        look_at_netns(before, after, configured, say);
    }
    for row in pair.after.filesystems.iter().filter(|row| row.limited() == Some(true)) {
        if let Some(is_full) = is_full(row) {
            let mount = row.mount().unwrap_or_default().to_vec();
            say(Kind::Syscall, Entity::Filesystem(mount), level(is_full));
        }
    }
}

fn grown(before: Option<u64>, after: Option<u64>) -> u64 {
    before.zip(after).map_or(0, |(before, after)| after.saturating_sub(before))
}

fn is_degraded(before: &Nic, after: &Nic) -> bool {
    let of = |get: fn(&Nic) -> Option<u64>| grown(get(before), get(after));
    let errors = of(Nic::rx_errors) + of(Nic::tx_errors);
    let share = |dropped: u64, packets: u64| {
        let all = dropped + packets;
        all >= DROPS.1 && dropped as f64 >= DROPS.0 * all as f64
    };
    errors > 0
        || share(of(Nic::rx_dropped), of(Nic::rx_packets))
        || share(of(Nic::tx_dropped), of(Nic::tx_packets))
}

fn look_at_netns(before: &Netns, after: &Netns, configured: &Configured, say: &mut Say<'_>) {
    let entity = Entity::Netns(after.netns().unwrap_or(0));
    let of = |get: fn(&Netns) -> Option<u64>| grown(get(before), get(after));
    let (again, sent) = (of(Netns::tcp_retrans_segs), of(Netns::tcp_out_segs));
    if sent >= RETRANSMITS.1 {
        let is_above = again as f64 >= RETRANSMITS.0 * sent as f64;
        say(Kind::NetworkDegradation, entity.clone(), level(is_above));
    }
    let overflows =
        of(Netns::listen_overflows) + of(Netns::req_q_full_drop) + of(Netns::req_q_full_do_cookies);
    let used = configured.used(after.netns().unwrap_or(0));
    let ports = configured.ports();
    let is_used =
        used.zip(ports).is_some_and(|(used, ports)| used as f64 >= TCP_USED * ports as f64);
    let tracked = after.conntrack().zip(after.conntrack_max().filter(|max| *max > 0));
    let is_tracked = tracked.is_some_and(|(count, max)| count as f64 >= TCP_USED * max as f64);
    let quantity = if overflows > 0 { Quantity::Event } else { level(is_used || is_tracked) };
    say(Kind::TcpExhaustion, entity, quantity);
}

/// The share that users see: what is used, of what is used and available to them.
fn is_full(row: &Filesystem) -> Option<bool> {
    let used = row.total_bytes()?.checked_sub(row.free_bytes()?)?;
    let all = used + row.available_bytes()?;
    let space = all > 0 && used as f64 >= SPACE_USED * all as f64;
    let inodes = row.inodes().zip(row.inodes_free()).is_some_and(|(all, free)| {
        all > 0 && all.saturating_sub(free) as f64 >= SPACE_USED * all as f64
    });
    Some(space || inodes)
}
