//! Interfaces: errors, drops, utilisation, carrier.

use crate::board::{Board, Cover, Evaluation, Held, Quantity, Relax};
use crate::window::{LostCarrier, Missing, NicTrack, Traffic, Window};
use ks_vocabulary::kind::{Entity, Severity};
use ks_vocabulary::metric::Metric;
use ks_vocabulary::model::Nic;
use ks_vocabulary::subtype::Subtype;
use ks_vocabulary::time::SECOND_NS;

use super::lost::{self, Witnesses};
use super::{DROPS, KIND, lost_share};

/// Errors a second over 5 s. Low is any at all (USE method: each error deserves a look), medium is
/// pmieconf `pernetif.errors`.
const ERRORS: [f64; 2] = [0.0, 15.0];
/// Errors a second over 10 s at high (our judgement).
const ERRORS_HIGH: f64 = 150.0;
/// What share of all packets errors above low are (our judgement: as low of drops).
const ERRORS_SHARE: f64 = DROPS[0];
/// Share of the packets of a direction over 10 s at medium and high, where there are so many errors
/// a second (our judgement: as of drops, from twenty on).
const SHARES: [Option<f64>; 4] = [None, Some(DROPS[1]), Some(DROPS[2]), None];
const SHARES_FROM: f64 = 2.0;
/// Packets and errors of each direction.
const DAMAGED: [[Traffic; 2]; 2] =
    [[Traffic::RxPackets, Traffic::RxErrors], [Traffic::TxPackets, Traffic::TxErrors]];
/// Used share of the link at low (USE method: 70 % queues) and medium (pmieconf `pernetif.util`).
const UTILISATION: [Option<f64>; 4] = [Some(0.70), Some(0.85), None, None];
/// A link that is used for more than all of it has another speed than it says; the little more is
/// what two readings that are not quite as far apart can give.
const BELIEVED: f64 = 1.05;
const CARRIER_CLEAR_S: u64 = 120;
/// ARPHRD number of loopback.
const LOOPBACK: u64 = 772;

/// Packets and bytes of each direction, and the name of its use.
const DIRECTIONS: [(Traffic, Traffic, Metric); 2] = [
    (Traffic::RxPackets, Traffic::RxBytes, Metric::RxUtilisation5s),
    (Traffic::TxPackets, Traffic::TxBytes, Metric::TxUtilisation5s),
];

/// Judges every interface of every namespace.
pub(super) fn judge(window: &Window, board: &mut Board) {
    let Some(at) = window.nics.at().filter(|_| window.nics.is_fresh()) else {
        return board.cover(KIND, Cover::Missing(Missing::Source(window.nics.source())));
    };
    let own = own_namespace(window);
    let witnesses = Witnesses::new(window);
    for (id, row, track) in window.nics.entities() {
        let mut seen = look_at(row, track, &witnesses);
        if let Some(part) = lacks(row) {
            board.cover(KIND, Cover::Part(part));
        }
        board.judge(KIND, id, at, &mut seen, || entity(row, own));
    }
}

/// What nobody counts of an interface.
fn lacks(row: &Nic) -> Option<&'static str> {
    let has_errors = row.rx_errors().is_some() || row.tx_errors().is_some() || is_loopback(row);
    let has_drops = row.rx_dropped().is_some() && row.rx_packets().is_some()
        || row.tx_dropped().is_some() && row.tx_packets().is_some();
    match (has_errors, has_drops) {
        (true, true) => None,
        (true, false) => Some("drops of an interface: not in the recording"),
        (false, true) => Some("errors of an interface: not in the recording"),
        (false, false) => Some("errors and drops of an interface: not in the recording"),
    }
}

fn own_namespace(window: &Window) -> Option<u64> {
    window.netns.rows().ok()?.iter().find(|row| row.own() == Some(true))?.netns()
}

fn entity(row: &Nic, own: Option<u64>) -> Entity {
    let name = row.name().unwrap_or_default().to_vec();
    match row.netns().filter(|netns| Some(*netns) != own) {
        Some(other) => Entity::NicOf(other, name),
        None => Entity::Nic(name),
    }
}

fn look_at(row: &Nic, track: &NicTrack, witnesses: &Witnesses<'_>) -> Evaluation {
    let mut seen = Evaluation::default();
    if !is_loopback(row) {
        grade_part(&mut seen, Subtype::Errors, |seen| {
            grade_errors(seen, row, track, witnesses);
        });
    }
    grade_part(&mut seen, Subtype::Drops, |seen| lost::grade(seen, row, track, witnesses));
    grade_part(&mut seen, Subtype::Utilisation, |seen| grade_utilisation(seen, row, track));
    if let Some(lost) = track.lost_carrier {
        let severity = match lost {
            LostCarrier::InUse => Severity::Critical,
            LostCarrier::Unused => Severity::Low,
        };
        grade_part(&mut seen, Subtype::CarrierLost, |seen| {
            let mut limits = [None; 4];
            limits[severity.index()] = Some(1.0);
            seen.note_with(Metric::CarrierLost, 1.0, limits);
            seen.event(severity, true, CARRIER_CLEAR_S);
        });
    }
    seen
}

/// The type is known where `/sys` shows it; elsewhere the kernel's name has to do.
fn is_loopback(row: &Nic) -> bool {
    match row.device_type() {
        Some(number) => number == LOOPBACK,
        None => row.name() == Some(b"lo"),
    }
}

/// Grades one part. The first part to reach the highest severity names the subtype.
fn grade_part(seen: &mut Evaluation, subtype: Subtype, grade: impl FnOnce(&mut Evaluation)) {
    let before = seen.mask();
    grade(seen);
    if seen.mask() > before {
        seen.subtype = Some(subtype);
    }
}

fn grade_errors(seen: &mut Evaluation, row: &Nic, track: &NicTrack, witnesses: &Witnesses<'_>) {
    seen.know([true, true, true, false]);
    // An interface without a device has no cable: whom it could not reach may be off.
    let is_missed =
        || row.has_device() != Some(false) || witnesses.sends_again(row.netns()) != Some(false);
    if let Some(rate) = error_rate(track, 5 * SECOND_NS) {
        let limits = [Some(ERRORS[0]), Some(ERRORS[1]), None, None];
        let key = seen.note_with(Metric::Errors5s, rate, limits);
        // The low limit must be exceeded, not reached, and stays 0 when relaxed.
        seen.keyed(key, Severity::Low, Held::Met, rate > ERRORS[0]);
        let is_medium = rate >= ERRORS[1] && is_part(track, rate, 5 * SECOND_NS) && is_missed();
        seen.keyed(key, Severity::Medium, Held::Met, is_medium);
        seen.keep_keyed(key, rate > ERRORS[0]);
    }
    if let Some(value) = error_rate(track, 10 * SECOND_NS) {
        let limits = [None, None, Some(ERRORS_HIGH), None];
        let quantity = Quantity { metric: Metric::Errors10s, value, limits };
        let is_few = value < ERRORS_HIGH;
        if is_part(track, value, 10 * SECOND_NS) && (is_few || is_missed()) {
            seen.grade(quantity, Held::Met, Relax::Scaled);
        }
    }
    let damaged = damaged_share(track).filter(|share| *share < DROPS[1] || is_missed());
    if let Some(value) = damaged {
        let quantity = Quantity { metric: Metric::ErrorRatio10s, value, limits: SHARES };
        seen.grade(quantity, Held::Met, Relax::Scaled);
    }
}

/// Share of the packets of the worse direction that was damaged: on a quiet link few errors are
/// much of it. `None` where there are too few of them.
fn damaged_share(track: &NicTrack) -> Option<f64> {
    let shares = DAMAGED.iter().filter_map(|[packets, errors]| {
        let over = |what| track.over(what, 10 * SECOND_NS).ok();
        let errors = over(*errors).filter(|errors| errors.per_second() >= SHARES_FROM)?;
        lost_share(errors.by, over(*packets)?.by, 1, errors.ns)
    });
    shares.reduce(f64::max)
}

/// Whether errors are a share of the packets that matters. They are believed where nobody counts
/// packets.
fn is_part(track: &NicTrack, errors: f64, ns: u64) -> bool {
    let packets = packet_rate(track, ns);
    packets.is_none_or(|packets| errors >= ERRORS_SHARE * (packets + errors))
}

/// Packets of both directions a second.
fn packet_rate(track: &NicTrack, ns: u64) -> Option<f64> {
    let rates = DIRECTIONS.iter().filter_map(|(packets, ..)| track.over(*packets, ns).ok());
    rates.map(|growth| growth.per_second()).reduce(|one, other| one + other)
}

/// Errors of both directions a second; a direction that is not counted adds nothing.
fn error_rate(track: &NicTrack, ns: u64) -> Option<f64> {
    let errors = [Traffic::RxErrors, Traffic::TxErrors];
    let rates = errors.into_iter().filter_map(|what| track.over(what, ns).ok());
    rates.map(|growth| growth.per_second()).reduce(|one, other| one + other)
}

/// Links are full duplex, so each direction has the whole speed.
fn grade_utilisation(seen: &mut Evaluation, row: &Nic, track: &NicTrack) {
    let Some(speed_mbit) = row.speed_mbit().filter(|speed| *speed > 0) else { return };
    let speed_bits = speed_mbit as f64 * 1e6;
    let shares = DIRECTIONS.iter().filter_map(|(_, bytes, metric)| {
        let bytes = track.over(*bytes, 5 * SECOND_NS).ok()?;
        Some((*metric, 8.0 * bytes.per_second() / speed_bits))
    });
    let busier = shares.max_by(|one, other| one.1.total_cmp(&other.1));
    if let Some((metric, value)) = busier.filter(|(_, share)| *share <= BELIEVED) {
        let quantity = Quantity { metric, value, limits: UTILISATION };
        seen.grade(quantity, Held::Met, Relax::Scaled);
    }
}
