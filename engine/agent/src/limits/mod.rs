//! How often and how soon something may be done: budgets, cool-downs and breakers
//! (`actions-and-threats.md`, section 10). All of it is worked out from one history of what was
//! done, which goes on over restarts.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::action::{ActionKind, Blast, Risk};
use ks_vocabulary::decision::{Budgets, Upshot};
use ks_vocabulary::input::CarriedAction;
use ks_vocabulary::time::{ClockAnchor, SECOND_NS, Timestamp, WallTime};

/// Actions that are remembered: those of four hours count, and no more than six an hour are done.
const KEPT: usize = 256;
const MINUTE_NS: u64 = 60 * SECOND_NS;
const HOUR_NS: u64 = 60 * MINUTE_NS;
/// Nothing counts for longer.
const DAY_NS: u64 = 24 * HOUR_NS;
/// After an action on a target the same is not done to it for so long, twice as long for each
/// failure before, and for an hour at most.
const COOL_DOWN_NS: u64 = 5 * MINUTE_NS;
/// So many failures in a row block a form of action for an hour.
const FAILURES: usize = 3;
/// So many ineffective tries in this time, and an action is futile on its target.
const FUTILE_TRIES: usize = 3;
const FUTILE_NS: u64 = 4 * HOUR_NS;
/// Actions and undos in turn on a target, within an hour, before it is left alone.
const SWINGS: usize = 2;
/// Nothing is done for so long after something was.
const REST_NS: u64 = 15 * SECOND_NS;

/// The number that no incident of a run has.
pub const NO_INCIDENT: u64 = 0;

/// Something that was done.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed {
    /// Number of the decision.
    pub decision: u64,
    /// The incident.
    pub incident: u64,
    /// When it was asked for.
    pub at: Timestamp,
    /// What.
    pub action: ActionKind,
    /// To what, as entities are written.
    pub target: String,
    /// What came of it, once that is known.
    pub upshot: Option<Upshot>,
    /// It was put back.
    pub undone: bool,
    /// How long before the boot it was, whose first moment is its time then.
    pub before_boot_ns: u64,
}

impl Deed {
    /// How long ago it was.
    fn age_ns(&self, now: Timestamp) -> u64 {
        now.since_ns(self.at).saturating_add(self.before_boot_ns)
    }

    fn is_failure(&self) -> bool {
        self.undone
            || matches!(
                self.upshot,
                Some(Upshot::NoEffect | Upshot::Worse | Upshot::NotApplied | Upshot::RolledBack)
            )
    }

    fn is_ineffective(&self) -> bool {
        self.is_failure() || self.upshot == Some(Upshot::Inconclusive)
    }

    fn risk(&self) -> Risk {
        self.action.form().risk
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Limits {
    deeds: VecDeque<Deed>,
    looks: VecDeque<Timestamp>,
}

/// What is asked of the limits.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// When.
    pub now: Timestamp,
    /// On which incident.
    pub incident: u64,
    /// What.
    pub action: ActionKind,
    /// To what, as entities are written.
    pub target: &'a str,
}

impl Limits {
    /// Something is asked for.
    pub fn begin(&mut self, deed: Deed) {
        if self.deeds.len() == KEPT {
            self.deeds.pop_front();
        }
        self.deeds.push_back(deed);
    }

    /// What came of a decision.
    pub fn end(&mut self, decision: u64, upshot: Upshot) {
        if let Some(deed) = self.find(decision) {
            deed.upshot = Some(upshot);
        }
    }

    /// A decision was put back.
    pub fn undone(&mut self, decision: u64) {
        if let Some(deed) = self.find(decision) {
            deed.undone = true;
        }
    }

    fn find(&mut self, decision: u64) -> Option<&mut Deed> {
        self.deeds.iter_mut().rev().find(|deed| deed.decision == decision)
    }

    /// Whether one more look is within the budget; it is counted.
    pub fn look(&mut self, now: Timestamp, budgets: &Budgets) -> bool {
        self.looks.retain(|at| now.since_ns(*at) < MINUTE_NS);
        let room = self.looks.len() < budgets.info_per_minute as usize;
        if room {
            self.looks.push_back(now);
        }
        room
    }

    /// What was done, the newest last.
    pub fn deeds(&self) -> impl DoubleEndedIterator<Item = &Deed> {
        self.deeds.iter()
    }

    fn within(&self, now: Timestamp, ns: u64) -> impl DoubleEndedIterator<Item = &Deed> {
        self.deeds.iter().filter(move |deed| deed.age_ns(now) < ns)
    }

    /// One action at a time: what was asked for is known to be done with, and its effect known.
    pub fn in_flight(&self, now: Timestamp) -> Result<(), String> {
        if let Some(deed) = self.deeds.iter().rev().find(|deed| deed.upshot.is_none()) {
            return Err(format!("decision {} is still in flight", deed.decision));
        }
        match self.deeds.back() {
            Some(deed) if deed.age_ns(now) < REST_NS => {
                Err(format!("decision {} is less than 15 s old", deed.decision))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// What may be done on one incident.
    pub fn on_incident(&self, ask: &Ask<'_>, budgets: &Budgets) -> Result<(), String> {
        let own = || self.deeds.iter().filter(|deed| deed.incident == ask.incident);
        let most = budgets.actions;
        if own().count() >= most as usize {
            return Err(format!("{most} actions were done on this incident, and no more may be"));
        }
        let disruptive = own().filter(|deed| deed.risk() == Risk::Disruptive).count();
        let most = budgets.disruptive;
        if ask.action.form().risk == Risk::Disruptive && disruptive >= most as usize {
            return Err(format!("{most} disruptive actions were done on this incident"));
        }
        Ok(())
    }

    /// What may be done on the host in a time, and to one target.
    pub fn on_host(&self, ask: &Ask<'_>, budgets: &Budgets) -> Result<(), String> {
        let count = |ns, risk| self.within(ask.now, ns).filter(|deed| deed.risk() == risk).count();
        let risk = ask.action.form().risk;
        let (ns, most, time) = match risk {
            Risk::Info => return Ok(()),
            Risk::Reversible => (HOUR_NS, budgets.reversible_per_hour, "hour"),
            Risk::Disruptive => (DAY_NS, budgets.disruptive_per_day, "day"),
        };
        if count(ns, risk) >= most as usize {
            return Err(format!("{most} such actions were done within the last {time}"));
        }
        let same = self.within(ask.now, HOUR_NS).filter(|deed| deed.target == ask.target);
        let most = budgets.per_target_per_hour;
        if same.count() >= most as usize {
            return Err(format!("{most} actions were done to it within the last hour"));
        }
        Ok(())
    }

    /// Whether the same was done to the same lately.
    pub fn cool_down(&self, ask: &Ask<'_>) -> Result<(), String> {
        let mut same = self.same(ask).rev();
        let Some(last) = same.next() else { return Ok(()) };
        let before = same.take_while(|deed| deed.is_failure()).count();
        let failures = before + usize::from(last.is_failure());
        let doubled = u32::try_from(failures).unwrap_or(u32::MAX).min(4);
        let wait_ns = (COOL_DOWN_NS << doubled).min(HOUR_NS);
        let left_ns = wait_ns.saturating_sub(last.age_ns(ask.now));
        if left_ns == 0 {
            return Ok(());
        }
        let left_s = left_ns.div_ceil(SECOND_NS);
        Err(format!("the same was done to it lately: {left_s} s are left to wait"))
    }

    fn same<'a>(&'a self, ask: &'a Ask<'_>) -> impl DoubleEndedIterator<Item = &'a Deed> {
        let is_same = |deed: &&Deed| deed.action == ask.action && deed.target == ask.target;
        self.deeds.iter().filter(is_same)
    }

    /// Whether a form of action failed too often in a row.
    pub fn failures(&self, ask: &Ask<'_>) -> Result<(), String> {
        let own = self.deeds.iter().rev().filter(|deed| deed.action == ask.action);
        let known = own.filter(|deed| deed.upshot.is_some());
        let failed = known.take_while(|deed| deed.is_failure());
        let recent = failed.take_while(|deed| deed.age_ns(ask.now) < HOUR_NS);
        if recent.count() < FAILURES {
            return Ok(());
        }
        Err(format!("it failed {FAILURES} times in a row within the last hour"))
    }

    /// Whether an action frees nothing on its target: it is not the next choice.
    pub fn futile(&self, ask: &Ask<'_>) -> Result<(), String> {
        let recent = self.same(ask).filter(|deed| deed.age_ns(ask.now) < FUTILE_NS);
        if recent.filter(|deed| deed.is_ineffective()).count() < FUTILE_TRIES {
            return Ok(());
        }
        Err(format!("{FUTILE_TRIES} tries of it on this target in four hours came to nothing"))
    }

    /// Whether an action and its undo go on in turn.
    pub fn oscillates(&self, ask: &Ask<'_>) -> Result<(), String> {
        let recent = self.same(ask).filter(|deed| deed.age_ns(ask.now) < HOUR_NS);
        if recent.filter(|deed| deed.undone).count() < SWINGS {
            return Ok(());
        }
        Err(format!("it was done and undone {SWINGS} times within the last hour"))
    }

    /// One change of the whole host at a time.
    pub fn host_wide(&self, ask: &Ask<'_>) -> Result<(), String> {
        if ask.action.form().blast != Blast::Host {
            return Ok(());
        }
        let is_open = |deed: &&Deed| {
            deed.action.form().blast == Blast::Host
                && deed.incident == ask.incident
                && !deed.undone
                && !deed.is_failure()
        };
        match self.within(ask.now, HOUR_NS).find(is_open) {
            Some(deed) => Err(format!("decision {} changed the whole host", deed.decision)),
            None => Ok(()),
        }
    }

    /// What the next run has to know.
    pub fn carry(&self, clock: ClockAnchor) -> Vec<CarriedAction> {
        let carried = self.deeds.iter().map(|deed| CarriedAction {
            decision: deed.decision,
            incident: deed.incident,
            at_ns: WallTime(clock.at(deed.at).0.saturating_sub_unsigned(deed.before_boot_ns)),
            action: deed.action,
            target: deed.target.clone(),
            upshot: deed.upshot,
            undone: deed.undone,
        });
        carried.collect()
    }

    /// Goes on with what the run before did. A clock that was set back makes nothing older, and
    /// what was in flight is over: nobody knows how.
    pub fn resume(&mut self, carried: &[CarriedAction], now: Timestamp, clock: ClockAnchor) {
        for deed in carried {
            let ago_ns = clock.at(now).0.saturating_sub(deed.at_ns.0).max(0).unsigned_abs();
            if ago_ns > DAY_NS {
                continue;
            }
            self.begin(Deed {
                decision: deed.decision,
                incident: NO_INCIDENT,
                at: Timestamp(now.0.saturating_sub(ago_ns)),
                action: deed.action,
                target: deed.target.clone(),
                upshot: deed.upshot.or(Some(Upshot::Indeterminate)),
                undone: deed.undone,
                before_boot_ns: ago_ns.saturating_sub(now.0),
            });
        }
    }
}

#[cfg(test)]
mod tests;
