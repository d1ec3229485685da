//! Which of what happened in an incident was likely first.

use alloc::collections::VecDeque;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::kind::Entity;
use crate::output::Cause;

use super::mechanism::{explains, is_before};
use super::member::Member;

/// Causes named.
const NAMED: usize = 3;
/// An episode without a convicted culprit speaks for its own entity half as loudly (our judgement).
const UNCONVICTED: f64 = 0.5;
/// For each episode that began before for certain, a cause loses this share (our judgement).
const LATER: f64 = 0.5;

/// The likely first causes, likeliest first. Scores are at most 1 together.
pub(super) fn rank(members: &[Member]) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for (at, member) in members.iter().enumerate() {
        let explained = explained_by(members, at);
        for cause in candidates(members, member, &explained) {
            match causes.iter_mut().find(|known| known.entity == cause.entity) {
                Some(known) if known.score >= cause.score => {}
                Some(known) => *known = cause,
                None => causes.push(cause),
            }
        }
    }
    causes.sort_by(|one, other| {
        other.score.total_cmp(&one.score).then_with(|| one.entity.cmp(&other.entity))
    });
    let sum: f64 = causes.iter().map(|cause| cause.score).sum();
    if sum > 1.0 {
        for cause in &mut causes {
            cause.score /= sum;
        }
    }
    causes.truncate(NAMED);
    causes
}

/// Episodes that the one at `from` can have brought about, itself included.
fn explained_by(members: &[Member], from: usize) -> Vec<bool> {
    let mut reached = vec![false; members.len()];
    let mut next = VecDeque::from([from]);
    reached[from] = true;
    while let Some(at) = next.pop_front() {
        for (to, effect) in members.iter().enumerate() {
            let own = members[at].shares_culprit(effect) || explains(&members[at], effect);
            // Nothing is explained by what certainly came after it.
            let late = is_before(effect.onset, members[from].onset);
            if !reached[to] && own && !late {
                reached[to] = true;
                next.push_back(to);
            }
        }
    }
    reached
}

fn candidates(members: &[Member], member: &Member, explained: &[bool]) -> Vec<Cause> {
    let all: f64 = members.iter().map(Member::weight).sum();
    let own = members.iter().zip(explained).filter(|(_, reached)| **reached);
    let (weight, count) =
        own.fold((0.0, 0u32), |(weight, count), (member, _)| (weight + member.weight(), count + 1));
    let earlier = members.iter().filter(|other| is_before(other.onset, member.onset)).count();
    let order = (0..earlier).fold(1.0, |order, _| order * LATER);
    let base = weight / all * order;
    let mut evidence = vec![format!("explains {count} of {} episodes", members.len())];
    evidence.push(match earlier {
        0 => "none began before it for certain".into(),
        one => format!("{one} began before it"),
    });
    let cause = |entity: &Entity, comm: Option<String>, score: f64, more: String| {
        let mut evidence = evidence.clone();
        evidence.push(more);
        Cause { entity: entity.clone(), comm, kind: member.kind, score, evidence }
    };
    let convicted = member.convicted.iter().map(|culprit| {
        let more = format!("{} {:.0} % of all", culprit.metric, culprit.share * 100.0);
        cause(&culprit.entity, culprit.comm.clone(), base * culprit.share, more)
    });
    let mut found: Vec<Cause> = convicted.collect();
    if found.is_empty() {
        let more = "nobody is convicted".into();
        found.push(cause(&member.entity, None, base * UNCONVICTED, more));
    }
    found
}
