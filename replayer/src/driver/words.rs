//! What operators of a modelled host are still to say: each word comes so long after the proposal
//! that it answers.

use ks_scenarios::scenario::{Operator, Says};
use ks_vocabulary::input::{Answer, Body, Decision, OperatorDecision, RequestId};
use ks_vocabulary::time::Timestamp;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Proposals that were made so far.
    proposals: u32,
    /// What is said when, the first last.
    left: Vec<(Timestamp, Body)>,
}

impl Words {
    /// A proposal waits for an operator from `at` on.
    pub(super) fn proposed(&mut self, request: RequestId, at: Timestamp, operators: &[Operator]) {
        self.proposals += 1;
        let of_this = operators.iter().filter(|one| one.proposal.get() == self.proposals);
        let said = of_this.map(|one| (at.plus_ns(one.after.ns), word(request, one.says)));
        // A file may say two at one time: the first of it is said first.
        self.left.reverse();
        self.left.extend(said);
        self.left.sort_by_key(|(at, _)| *at);
        self.left.reverse();
    }

    /// When the next one is said.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        self.left.last().map(|(at, _)| *at)
    }

    /// What is said then.
    pub(super) fn take(&mut self) -> Option<Body> {
        self.left.pop().map(|(_, body)| body)
    }
}

fn word(request: RequestId, says: Says) -> Body {
    let decision = match says {
        Says::Approve => Decision::Approve { request },
        Says::Deny => Decision::Deny { request },
    };
    // No kernel vouches for a user of a model.
    Body::Answer(Box::new(Answer::OperatorDecision(OperatorDecision { uid: None, decision })))
}
