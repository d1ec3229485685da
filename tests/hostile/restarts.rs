//! A restart, with a wall clock that was set back meanwhile, resets no counter.

use ks_recorder::error::Error;
use ks_replayer::driver::{Arrival, Modelled, Performs, Wants, World};
use ks_replayer::replay::Run;
use ks_replayer::report::Report;
use ks_vocabulary::decision::{Mode, Verdict};
use ks_vocabulary::input::{Body, RequestId};
use ks_vocabulary::output::Request;

use super::lab::{BURST, agent, run, simulation};

/// One host after the other, each from its boot on, so that the clock of the second begins where
/// that of the first did.
struct Twice<'a> {
    hosts: [Modelled<'a>; 2],
    at: usize,
    segment: u32,
}

impl World for Twice<'_> {
    fn performer(&mut self) -> Option<&mut dyn Performs> {
        Some(self)
    }

    fn wait(&mut self, wants: Wants) -> Result<Arrival<'_>, Error> {
        let Self { hosts: [first, second], at, segment } = self;
        if *at == 0 {
            let arrival = first.wait(wants)?;
            if !matches!(arrival, Arrival::Over) {
                return Ok(arrival);
            }
            *at = 1;
        }
        let mut arrival = second.wait(wants)?;
        if let Arrival::Learned(_, Body::Start(start)) = &mut arrival {
            start.segment = *segment;
        }
        Ok(arrival)
    }

    fn ask(&mut self, request: &Request) {
        self.hosts[self.at].ask(request);
    }
}

impl Performs for Twice<'_> {
    fn perform(&mut self, request: RequestId, effect: &ks_agent::guard::EffectRequest) {
        self.hosts[self.at].perform(request, effect);
    }
}

/// What two runs decide, of which the second goes on from the first where it is a later segment.
fn twice(segment: u32) -> Report {
    let mut hosts = [0, 1].map(|_| simulation(BURST, agent(Mode::Auto)));
    let [first, second] = &mut hosts;
    let [mut one, mut two] = [0, 1].map(|_| |_, _| {});
    let hosts = [Modelled::new(first, &mut one), Modelled::new(second, &mut two)];
    let mut run = Run::default();
    run.through(&mut Twice { hosts, at: 0, segment }, &mut std::io::sink(), |_, _| {}).unwrap();
    run.finish("twice", &mut std::io::sink()).unwrap()
}

#[test]
fn a_restart_resets_no_counter() {
    let alone = run(BURST, agent(Mode::Auto)).report;
    let acted = |report: &Report| {
        report.decisions.iter().filter(|one| one.verdict == Verdict::Allowed).count()
    };
    assert_eq!(acted(&alone), 2);
    assert_eq!(acted(&twice(0)), 4, "another run knows nothing of the first");
    let restarted = twice(1);
    assert_eq!(acted(&restarted), 2, "{:#?}", restarted.decisions);
    let numbers: Vec<u64> = restarted.decisions.iter().map(|one| one.id).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}
