//! What the engine knows by now, for those who look into it and for runs to come.

use alloc::vec::Vec;

use super::Engine;
use crate::analysis::Knowledge;
use crate::analysis::growers::{Grower, growers};
use crate::analysis::knowledge::KnownPlacebos;
use crate::analysis::watched::Watched;
use crate::board::Learned;
use ks_vocabulary::input::{Acceptance, Carry};
use ks_vocabulary::kind::{Entity, Kind};

impl Engine {
    /// Learns what stands above a limit too: for knowledge made from recordings that an operator
    /// calls normal. Such a run is no replay, and its journal is not kept.
    pub fn accept_all(&mut self) {
        self.board.accept_all();
    }

    /// What is known by now, for runs to come.
    pub fn knowledge(&self) -> Knowledge {
        let mut knowledge = Knowledge::empty(&self.window.host().hostname);
        self.board.store(&mut knowledge);
        self.watch.store(&mut knowledge);
        knowledge
    }

    /// How quantities went on after triggers of this run at which nothing was done.
    pub fn untreated(&self) -> Vec<KnownPlacebos> {
        self.board.own_placebos()
    }

    /// Conditions that operators call normal.
    pub fn accepted(&self) -> impl Iterator<Item = &Acceptance> {
        self.board.accepted()
    }

    /// Whether a condition that operators call normal was ever judged.
    pub fn has_met(&self, acceptance: &Acceptance) -> bool {
        self.board.has_met(acceptance)
    }

    /// What the next run has to go on with.
    pub fn carry(&self) -> Carry {
        let mut carry = Carry { accepted: self.board.said_normal(), ..Carry::default() };
        self.requests.carry(self.clock, &mut carry);
        self.board.influences.carry(self.clock, &mut carry);
        if let Some(agent) = &self.agent {
            agent.carry(&mut carry);
        }
        carry
    }

    /// Every finite resource, with its trends and forecast.
    pub fn watched(&self) -> &[Watched] {
        self.watch.series()
    }

    /// Every quantity with a baseline, with its kind and entity.
    pub fn learned(&self) -> impl Iterator<Item = (Kind, &Entity, &Learned)> {
        self.board.learned()
    }

    /// The processes whose memory grows most.
    pub fn growers(&self) -> Vec<Grower<'_>> {
        growers(&self.window.processes)
    }
}
