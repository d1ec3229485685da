//! What was done to the host, and for how long it is felt.
//!
//! What is measured meanwhile tells nothing of how the host is when nothing is done. Baselines,
//! trends, residuals of forecasts and placebos ask here before they learn.

use alloc::vec::Vec;

use ks_vocabulary::input::{CarriedInfluence, Carry, Outcome, RequestId};
use ks_vocabulary::kind::Entity;
use ks_vocabulary::lasting::Exact;
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp};

/// What is measured tells of so much time before it: the longest mean that a verdict rests on is
/// that of a minute, as the kernel's load average has it.
const TAIL_NS: u64 = 60 * SECOND_NS;
/// The part of a window by which the first reading of its points may be older than it is long: two
/// of its sixteen slots.
const LATE_PART: u64 = 8;

/// One change of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Influence {
    /// What was changed.
    pub target: Entity,
    /// From when on it may have been.
    pub from: Timestamp,
    /// Until when it was at most.
    pub until: Timestamp,
}

impl Influence {
    /// Whether what is measured of `entity` at `at` may be due to it.
    pub fn is_felt(&self, entity: &Entity, at: Timestamp) -> bool {
        self.from <= at && at <= self.until.plus_ns(TAIL_NS) && can_move(&self.target, entity)
    }
}

/// Whether a change of `target` can move what is measured of `entity`. What shares a host shares
/// its CPUs, memory and disks, so nearly everything can (our judgement); the space of a filesystem
/// and the state of the network do not meet.
fn can_move(target: &Entity, entity: &Entity) -> bool {
    let is_network =
        |entity: &Entity| matches!(entity, Entity::Nic(_) | Entity::NicOf(..) | Entity::Netns(_));
    let is_storage = |entity: &Entity| matches!(entity, Entity::Disk(_) | Entity::Filesystem(_));
    let apart = matches!(target, Entity::Filesystem(_)) && is_network(entity)
        || is_network(target) && is_storage(entity);
    !apart
}

/// The changes that may be felt, by the request that asked for each.
#[derive(Debug, Default)]
pub struct Influences {
    felt: Vec<(RequestId, Influence)>,
}

impl Influences {
    /// Something is done, or may be: from the moment it is asked for nobody knows that it was not.
    pub fn begin(&mut self, request: RequestId, influence: Influence) {
        self.felt.push((request, influence));
    }

    /// Takes what became of a request.
    pub fn end(&mut self, request: RequestId, outcome: Outcome, at: Timestamp) {
        let own = self.felt.iter_mut().filter(|(known, _)| *known == request);
        match outcome {
            Outcome::Applied | Outcome::Indeterminate => {}
            Outcome::NotApplied | Outcome::Superseded => {
                own.for_each(|(_, influence)| influence.until = influence.until.min(at));
            }
            Outcome::Withheld => self.felt.retain(|(known, _)| *known != request),
        }
    }

    /// Forgets what is felt no more at `now`.
    pub fn expire(&mut self, now: Timestamp) {
        self.felt.retain(|(_, influence)| now <= influence.until.plus_ns(TAIL_NS));
    }

    /// Whether what is measured of `entity` at `at` may be due to something that was done.
    pub fn touch(&self, entity: &Entity, at: Timestamp) -> bool {
        self.felt.iter().any(|(_, influence)| influence.is_felt(entity, at))
    }

    /// What the next run has to know of them.
    pub fn carry(&self, clock: ClockAnchor, carry: &mut Carry) {
        let felt = self.felt.iter().map(|(request, influence)| CarriedInfluence {
            request: *request,
            target: Exact(influence.target.clone()),
            from_ns: clock.at(influence.from),
            until_ns: clock.at(influence.until),
        });
        carry.influences = felt.collect();
    }

    /// Goes on with those of the run before, for what is left of them by the wall clock. That may
    /// have been set back: none lasts longer than it was to.
    pub fn resume(&mut self, carry: &Carry, now: Timestamp, clock: ClockAnchor) {
        for carried in &carry.influences {
            let whole_ns = carried.until_ns.0.saturating_sub(carried.from_ns.0).max(0);
            let left_ns = carried.until_ns.0.saturating_sub(clock.at(now).0).min(whole_ns);
            let until = now.offset_ns(left_ns);
            let from = Timestamp(until.0.saturating_sub(whole_ns.unsigned_abs()));
            let target = carried.target.0.clone();
            self.begin(carried.request, Influence { target, from, until });
        }
    }
}

/// When a series was last under an influence.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LastFelt(Option<Timestamp>);

impl LastFelt {
    pub(crate) fn feel(&mut self, at: Timestamp) {
        self.0 = Some(at);
    }

    /// Whether a window of so much time that is looked at when `at` is read holds a reading that
    /// was. Its slots are medians of slots: its youngest is over a while before the look, and its
    /// oldest began before the window.
    pub(crate) fn spoils(self, at: Timestamp, window_ns: u64) -> bool {
        let longest_ns = window_ns + window_ns / LATE_PART;
        self.0.is_some_and(|last| at.since_ns(last) <= longest_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use alloc::boxed::Box;
    use ks_vocabulary::input::{ActionOutcome, Answer, Asks, Body, OpenRequest, Stamp, Start};
    use ks_vocabulary::kind::Group;
    use ks_vocabulary::time::WallTime;

    const ONE: RequestId = RequestId(1);

    fn second(at: u64) -> Timestamp {
        Timestamp(at * SECOND_NS)
    }

    /// Of a group that is changed from 100 s to 200 s.
    fn changed() -> Influences {
        let target = Entity::Cgroup(Group::at(b"/a"));
        let mut influences = Influences::default();
        influences.begin(ONE, Influence { target, from: second(100), until: second(200) });
        influences
    }

    fn felt(influences: &Influences) -> Vec<u64> {
        (0..400).filter(|at| influences.touch(&Entity::Host, second(*at))).collect()
    }

    #[test]
    fn a_change_is_felt_from_when_it_was_asked_for_until_a_minute_after_it() {
        let mut influences = changed();
        assert_eq!(felt(&influences), (100..=260).collect::<Vec<_>>());
        for outcome in [Outcome::Applied, Outcome::Indeterminate] {
            influences.end(ONE, outcome, second(110));
            assert_eq!(felt(&influences).len(), 161, "{outcome:?}");
        }
        influences.end(RequestId(2), Outcome::Withheld, second(110));
        assert_eq!(felt(&influences).len(), 161, "that was another request");
        influences.expire(second(260));
        assert_eq!(felt(&influences).len(), 161);
        influences.expire(second(261));
        assert!(influences.felt.is_empty());
    }

    #[test]
    fn what_was_not_done_is_felt_no_longer_than_nobody_knew() {
        let mut influences = changed();
        influences.end(ONE, Outcome::NotApplied, second(110));
        assert_eq!(felt(&influences), (100..=170).collect::<Vec<_>>());
        influences.end(ONE, Outcome::Withheld, second(111));
        assert!(felt(&influences).is_empty());
    }

    #[test]
    fn everything_shares_the_host_but_space_and_network_do_not_meet() {
        let (disk, mount) = (Entity::Disk(b"a".to_vec()), Entity::Filesystem(b"/".to_vec()));
        let (nic, netns) = (Entity::Nic(b"e".to_vec()), Entity::Netns(4));
        let group = Entity::Cgroup(Group::at(b"/a"));
        let all = [&Entity::Host, &group, &disk, &mount, &nic, &netns];
        let moved = |target: &Entity| all.map(|entity| can_move(target, entity));
        assert_eq!(moved(&Entity::Host), [true; 6]);
        assert_eq!(moved(&group), [true; 6]);
        assert_eq!(moved(&mount), [true, true, true, true, false, false]);
        assert_eq!(moved(&nic), [true, true, false, false, true, true]);
    }

    #[test]
    fn the_engine_goes_on_with_what_was_done_until_it_hears_that_it_was_not() {
        let mut carry = Carry { last_request: 1, ..Carry::default() };
        let until_ns = WallTime(200_000_000_000);
        carry.open.push(OpenRequest { request: ONE, asks: Asks::Effect, until_ns, change: None });
        changed().carry(ClockAnchor::default(), &mut carry);
        let mut engine = Engine::default();
        let mut stamp = Stamp::default();
        let start = Start { carry: Some(carry), ..Start::default() };
        engine.handle(stamp.make(second(100), Body::Start(Box::new(start))));
        assert_eq!(engine.carry().influences.len(), 1);
        let outcome = ActionOutcome { request: ONE, outcome: Outcome::Withheld, reason: None };
        let answer = Body::Answer(Box::new(Answer::ActionOutcome(outcome)));
        engine.handle(stamp.make(second(101), answer));
        assert_eq!(engine.carry().influences, []);
    }

    #[test]
    fn it_goes_on_over_a_restart() {
        let anchor = |mono, at| ClockAnchor { mono_ns: second(mono), at_ns: WallTime(at) };
        let mut carry = Carry::default();
        changed().carry(anchor(0, 0), &mut carry);
        let json = serde_json::to_string(&carry).unwrap();
        assert_eq!(serde_json::from_str::<Carry>(&json).unwrap(), carry);
        // Another boot, at the 150th second of the run before.
        let clock = anchor(7, 150_000_000_000);
        let mut influences = Influences::default();
        influences.resume(&carry, second(7), clock);
        let last = felt(&influences).last().copied();
        assert_eq!(last, Some(7 + 50 + 60));
        let mut late = Influences::default();
        late.resume(&carry, second(300), anchor(300, 230_000_000_000));
        assert_eq!(felt(&late).last(), Some(&(300 - 30 + 60)), "what is left of its tail");
        // A host without a clock of its own begins in 1970, and what was done lasts as long.
        let mut of_2026 = Carry::default();
        changed().carry(anchor(0, 1_790_000_000_000_000_000), &mut of_2026);
        for _ in 0..3 {
            let mut early = Influences::default();
            early.resume(&of_2026, second(7), anchor(7, 0));
            assert_eq!(felt(&early).last(), Some(&(7 + 100 + 60)));
            early.carry(anchor(7, 1_790_000_000_000_000_000), &mut of_2026);
        }
    }
}
