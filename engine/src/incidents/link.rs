//! Which episodes belong together, and which of them may have led to which.
//!
//! Nearness in time alone binds nothing. Two episodes are *peers* where they share a place or a
//! convicted culprit, or are one condition at two levels of the host; one *leads to* another where
//! a row of [`TABLE`] says so, their places touch, and the order of their onsets does not speak
//! against it (`signals.md`, section 12, steps 5 and 9).

use ks_vocabulary::kind::{Entity, Group, Kind};
use ks_vocabulary::subtype::Subtype;

use super::mechanism::{Mechanism, TABLE};
use super::member::{Conviction, Member, Party};
use super::parent::{BELOW, PEER, Parent};

/// Conditions that are measured alike of the host and of each control group.
const LEVELLED: [Kind; 5] = [
    Kind::MemoryPressure,
    Kind::IoCongestion,
    Kind::SwapThrashing,
    Kind::Scheduler,
    Kind::PageFault,
];
/// Those of them in which a group meets its own limit, whatever the host has left.
const STOCKS: [Kind; 2] = [Kind::MemoryPressure, Kind::SwapThrashing];
/// A group that is throttled waits for its own quota, not for the host's CPUs.
const THROTTLED: Option<Subtype> = Some(Subtype::Throttled);

/// How one episode may have led to another, by the nearest mechanism there is.
pub(super) fn mechanism(cause: &Member, effect: &Member) -> Option<Parent> {
    if cause.episode == effect.episode
        || !cause.may_lead_to(effect)
        || !touch(&cause.place, &effect.place)
    {
        return None;
    }
    let row = TABLE.iter().position(|row| holds(row, cause, effect))?;
    Some(parent_by(cause, effect, row))
}

fn holds(row: &Mechanism, cause: &Member, effect: &Member) -> bool {
    row.leads((cause.kind, cause.subtype), (effect.kind, effect.subtype))
        && !(row.is_contested && has_own_demand(cause, effect))
        && (!row.is_strict || cause.is_before(effect))
        && (!row.is_shared || share_named(cause, effect))
}

/// Whether one is named for both.
fn share_named(one: &Member, other: &Member) -> bool {
    one.named.iter().any(|party| other.named.iter().any(|known| known.is_related(party)))
}

fn parent_by(cause: &Member, effect: &Member, row: usize) -> Parent {
    let distance_ns = cause.onset.0.abs_diff(effect.onset.0);
    Parent { distance_ns, row, episode: cause.episode, is_before: cause.is_before(effect) }
}

/// What an episode of the same incident tells of how another came about: a mechanism, or that the
/// other is of a device above, or else that it is a peer of which somebody is
/// convicted, where of the other it is at most one who waits.
pub(super) fn parent(cause: &Member, effect: &Member) -> Option<Parent> {
    if let Some(found) = mechanism(cause, effect) {
        return Some(found);
    }
    let lends = taker(cause).is_some() && taker(effect).is_none();
    if is_one_stack(cause, effect) && effect.place.lies_on(&cause.place) {
        let is_lent = taker(effect).is_some() && taker(cause).is_none();
        return (!is_lent).then(|| parent_by(cause, effect, BELOW));
    }
    let is_reverse = mechanism(effect, cause).is_some() || is_one_stack(cause, effect) && !lends;
    (lends && !is_reverse && are_peers(cause, effect)).then(|| parent_by(cause, effect, PEER))
}

/// Whether two episodes belong together whichever of them came first.
pub(super) fn are_peers(one: &Member, other: &Member) -> bool {
    one.episode != other.episode
        && one.is_near(other)
        && (is_one_place(one, other)
            || share_culprit(one, other)
            || are_levels(one, other)
            || is_one_stack(one, other)
            || is_met_at_once(one, other))
}

/// One condition of a device and of one below it: it is measured twice.
fn is_one_stack(one: &Member, other: &Member) -> bool {
    let (place, below) = (&one.place, &other.place);
    one.kind == other.kind && (place.lies_on(below) || below.lies_on(place))
}

/// One condition that met several devices at once, where nobody is convicted of the one who has no
/// part in the other.
fn is_met_at_once(one: &Member, other: &Member) -> bool {
    let is_of_one_sort = matches!(
        (&one.place.entity, &other.place.entity),
        (Entity::Disk(_), Entity::Disk(_))
            | (Entity::Nic(_) | Entity::NicOf(..), Entity::Nic(_) | Entity::NicOf(..))
    );
    is_of_one_sort
        && (one.kind, one.subtype) == (other.kind, other.subtype)
        && !one.is_before(other)
        && !other.is_before(one)
        && !have_two_takers(one, other)
}

/// On one place; where everything is, the same condition once more.
fn is_one_place(one: &Member, other: &Member) -> bool {
    let is_same = one.place.holds(&other.place) && other.place.holds(&one.place);
    is_same && (one.kind == other.kind || !is_wide(&one.place.entity))
}

/// The host holds everything, and each outermost slice of systemd a part of everything.
fn is_wide(entity: &Entity) -> bool {
    if let Entity::Cgroup(Group { path, .. }) = entity {
        path.ends_with(b".slice") && path.iter().rposition(|byte| *byte == b'/') == Some(0)
    } else {
        *entity == Entity::Host
    }
}

/// One is convicted of both, or is convicted of the one and is where the other is.
fn share_culprit(one: &Member, other: &Member) -> bool {
    convicts(one, |party| convicts(other, |known| known.is_related(party)))
        || convicts(one, |party| is_owner(party, &other.place))
        || convicts(other, |party| is_owner(party, &one.place))
}

fn convicts(member: &Member, holds: impl Fn(&Party) -> bool) -> bool {
    member.convicted.as_ref().is_some_and(|found| holds(&found.party))
}

/// Whether a place belongs to a culprit: a device or a host belongs to nobody.
fn is_owner(party: &Party, place: &Party) -> bool {
    matches!(place.entity, Entity::Cgroup(..) | Entity::Process(..)) && party.is_at(place)
}

/// One condition, of the host and of a part of it or of two groups one of which holds the other.
fn are_levels(one: &Member, other: &Member) -> bool {
    if one.kind != other.kind || !touch(&one.place, &other.place) {
        return false;
    }
    if is_felt_there_only(one, other) || is_felt_there_only(other, one) {
        return LEVELLED.contains(&one.kind);
    }
    let is_level = |member: &Member| {
        member.place.entity == Entity::Host || matches!(member.place.entity, Entity::Cgroup(..))
    };
    let is_group = LEVELLED.contains(&one.kind)
        && is_level(one)
        && is_level(other)
        && (one.subtype == THROTTLED) == (other.subtype == THROTTLED)
        && !(STOCKS.contains(&one.kind) && have_two_takers(one, other));
    is_group || is_namespace(one, other) || is_namespace(other, one)
}

/// What the host is short of is what one of its network namespaces is short of.
fn is_namespace(host: &Member, netns: &Member) -> bool {
    let places = (&host.place.entity, &netns.place.entity);
    matches!(places, (Entity::Host, Entity::Netns(_)))
        && host.kind == Kind::TcpExhaustion
        && host.subtype == netns.subtype
}

/// Whether all who are seen to suffer from what is measured of the host are in that group, or
/// around it: what the group is short of the host is not.
fn is_felt_there_only(host: &Member, group: &Member) -> bool {
    let places = (&host.place.entity, &group.place.entity);
    host.kind == group.kind
        && matches!(places, (Entity::Host, Entity::Cgroup(..)))
        && !host.sufferers.is_empty()
        && host.sufferers.iter().all(|one| one.is_related(&group.place))
}

/// Somebody takes on either place, and these are two.
fn have_two_takers(one: &Member, other: &Member) -> bool {
    let takers = taker(one).zip(taker(other));
    takers.is_some_and(|(own, others)| !own.party.is_related(&others.party))
}

/// Who is convicted of taking, not of waiting for its own pages.
fn taker(member: &Member) -> Option<&Conviction> {
    member.convicted.as_ref().filter(|found| !found.is_of_faults())
}

/// Whether an effect has a demand of its own: somebody else is convicted of it than of the cause,
/// and does not suffer from the cause either. Within a control group, one of its own is convicted
/// whoever takes from it.
fn has_own_demand(cause: &Member, effect: &Member) -> bool {
    let (Some(own), Some(other)) = (&cause.convicted, &effect.convicted) else { return false };
    !matches!(effect.place.entity, Entity::Cgroup(..))
        && !own.party.is_related(&other.party)
        && !cause.sufferers.iter().any(|party| party.is_related(&other.party))
}

/// Whether what happens on one place is felt on the other: the host holds everything, a control
/// group what is below it, disks serve all groups, and interfaces the namespaces behind them.
fn touch(one: &Party, other: &Party) -> bool {
    if one.entity == Entity::Host || other.entity == Entity::Host || one.is_related(other) {
        return true;
    }
    match (&one.entity, &other.entity) {
        (Entity::Disk(_), Entity::Cgroup(..))
        | (Entity::Cgroup(..), Entity::Disk(_))
        | (Entity::Nic(_), Entity::Netns(_))
        | (Entity::Netns(_), Entity::Nic(_)) => true,
        (Entity::NicOf(inside, _), Entity::Netns(netns))
        | (Entity::Netns(netns), Entity::NicOf(inside, _)) => inside == netns,
        _ => false,
    }
}
