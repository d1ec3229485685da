//! Which of what happened in an incident was likely first.
//!
//! Every episode has a weight by its severity, all together 1. An episode that nothing led to keeps
//! its weight; one that something led to passes most of it on to its likeliest causes, and those to
//! theirs (`link.rs`). What an episode keeps is credited to who is convicted of it, times the share
//! that convicts, or where nobody is, to its own place at half. So a cause is credited with what it
//! explains, directly or down the mechanisms, a victim of another's doing with little, and all
//! scores are at most 1 together.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use ks_vocabulary::output::{Cause, Condition, Ground};

use super::member::{Conviction, Member, Party};
use super::parent::Parent;

/// Causes named.
const NAMED: usize = 3;
/// Less than this is not likely (our judgement); the likeliest is named whatever its score.
const LEAST: f64 = 0.05;
/// Where a condition is does not say who causes it (our judgement).
const UNCONVICTED: f64 = 0.5;
/// Share of its weight that an episode keeps for its own culprit, where something led to it that
/// began before for certain, or may have begun after (our judgement).
const KEPT_AFTER: f64 = 0.1;
const KEPT_BESIDE: f64 = 0.3;
/// Longer than any way through the table of mechanisms.
const STEPS: usize = 12;
/// Lines of evidence of each sort.
const LINES: usize = 6;

/// The episodes of an incident, with the place of each one's causes among them.
struct Chain<'a> {
    members: &'a [Member],
    causes: Vec<Vec<(usize, Parent)>>,
}

/// One that may be the first cause, with the episodes that it is credited with or convicted of.
struct Candidate<'a> {
    party: &'a Party,
    score: f64,
    /// The episode that it is credited with most, the first of equals, and how much that is.
    main: usize,
    most: f64,
    own: Vec<usize>,
}

impl Candidate<'_> {
    /// Is credited with one more.
    fn take(&mut self, at: usize, score: f64) {
        self.score += score;
        if score > self.most {
            (self.main, self.most) = (at, score);
        }
    }
}

/// The likely first causes of the episodes of an incident, which are in the order of their onset.
pub(super) fn rank(members: &[Member]) -> Vec<Cause> {
    let chain = Chain::new(members);
    let mut candidates = chain.candidates();
    candidates.sort_by(|one, other| {
        let order = other.score.total_cmp(&one.score).then(one.main.cmp(&other.main));
        order.then_with(|| one.party.entity.cmp(&other.party.entity))
    });
    let named = candidates.iter().take(NAMED).enumerate();
    let likely = named.filter(|(place, one)| *place == 0 || one.score >= LEAST);
    let causes = likely.map(|(_, one)| Cause {
        entity: one.party.entity.clone(),
        comm: one.party.comm.clone(),
        kind: members[one.main].kind,
        score: one.score.min(1.0),
        evidence: chain.evidence(one),
    });
    causes.collect()
}

impl<'a> Chain<'a> {
    fn new(members: &'a [Member]) -> Self {
        let places: BTreeMap<u64, usize> =
            members.iter().enumerate().map(|(at, member)| (member.episode, at)).collect();
        // Of episodes that are not kept nothing is known.
        let place_of = |parent: &Parent| Some((*places.get(&parent.episode)?, *parent));
        let causes = members.iter().map(|member| -> Vec<(usize, Parent)> {
            member.parents.iter().filter_map(place_of).collect()
        });
        Self { members, causes: causes.collect() }
    }

    /// What each episode keeps of all weight, its own and what was passed on to it.
    fn credits(&self) -> Vec<f64> {
        let total: f64 = self.members.iter().map(Member::weight).sum();
        let mut weights: Vec<f64> =
            self.members.iter().map(|member| member.weight() / total).collect();
        let kept: Vec<f64> = (0..self.members.len()).map(|at| self.kept_share(at)).collect();
        let mut credits = vec![0.0; self.members.len()];
        for _ in 0..STEPS {
            let mut passed = vec![0.0; self.members.len()];
            for (at, causes) in self.causes.iter().enumerate() {
                credits[at] += weights[at] * kept[at];
                for (cause, _) in causes {
                    passed[*cause] += weights[at] * (1.0 - kept[at]) / causes.len() as f64;
                }
            }
            weights = passed;
        }
        credits
    }

    fn kept_share(&self, at: usize) -> f64 {
        let causes = &self.causes[at];
        if causes.is_empty() {
            1.0
        } else if self.own_culprit(at).is_none() {
            0.0
        } else if causes.iter().any(|(_, parent)| parent.is_before) {
            KEPT_AFTER
        } else {
            KEPT_BESIDE
        }
    }

    /// Who is convicted of an episode. Of one that something led to that is nobody who suffers from
    /// what led to it: a victim that asks for its own pages is not to blame.
    fn own_culprit(&self, at: usize) -> Option<&'a Conviction> {
        let own = self.members[at].convicted.as_ref()?;
        let causes = &self.causes[at];
        let hurts = |cause: &Member| cause.sufferers.iter().any(|one| one.is_related(&own.party));
        let suffers = own.is_of_faults() || causes.iter().any(|(at, _)| hurts(&self.members[*at]));
        (causes.is_empty() || !suffers).then_some(own)
    }

    /// Whom an episode speaks against, and how loudly.
    fn suspect(&self, at: usize) -> (&'a Party, f64) {
        let member = &self.members[at];
        let convicted = member.convicted.as_ref();
        convicted.map_or((&member.place, UNCONVICTED), |found| (&found.party, found.share))
    }

    fn candidates(&self) -> Vec<Candidate<'a>> {
        let mut candidates: Vec<Candidate<'a>> = Vec::new();
        for (at, credit) in self.credits().into_iter().enumerate().filter(|(_, it)| *it > 0.0) {
            let (party, share) = self.suspect(at);
            let score = credit * share;
            let known = candidates.iter_mut().find(|known| known.party.is_same(party));
            if let Some(known) = known {
                known.take(at, score);
            } else {
                let (own, most) = (Vec::new(), score);
                candidates.push(Candidate { party, score, main: at, most, own });
            }
        }
        for candidate in &mut candidates {
            candidate.own = (0..self.members.len())
                .filter(|at| {
                    let is_convicted = self.members[*at].convicted.is_some();
                    let is_root = self.causes[*at].is_empty();
                    let is_own = self.suspect(*at).0.is_same(candidate.party);
                    is_own && (is_convicted || is_root)
                })
                .collect();
        }
        candidates
    }

    /// Episodes that the given ones led to, those included.
    fn reached(&self, from: &[usize]) -> Vec<bool> {
        let mut reached = vec![false; self.members.len()];
        for at in from {
            reached[*at] = true;
        }
        for _ in 0..STEPS {
            for (at, causes) in self.causes.iter().enumerate() {
                reached[at] |= causes.iter().any(|(cause, _)| reached[*cause]);
            }
        }
        reached
    }

    fn evidence(&self, candidate: &Candidate<'_>) -> Vec<Ground> {
        let mut grounds = Vec::new();
        for at in candidate.own.iter().take(LINES) {
            let member = &self.members[*at];
            let of = condition(member);
            grounds.push(match &member.convicted {
                Some(Conviction { metric, share, began_before, .. }) => {
                    let (metric, share, began_before) = (*metric, *share, *began_before);
                    Ground::Convicted { share, metric, of, began_before }
                }
                None => Ground::Unconvicted(of),
            });
        }
        let reached = self.reached(&candidate.own);
        let count = reached.iter().filter(|reached| **reached).count();
        grounds.push(Ground::Explains(count, self.members.len()));
        let led = reached
            .iter()
            .enumerate()
            .filter(|(at, reached)| **reached && !candidate.own.contains(at));
        let links = led.filter_map(|(at, _)| {
            let (cause, parent) = self.causes[at].iter().find(|(cause, _)| reached[*cause])?;
            Some(Ground::Led {
                cause: condition(&self.members[*cause]),
                effect: condition(&self.members[at]),
                is_before: parent.is_before,
                why: parent.why(),
            })
        });
        grounds.extend(links.take(LINES));
        grounds
    }
}

fn condition(member: &Member) -> Condition {
    Condition { kind: member.kind, entity: member.place.entity.clone() }
}
