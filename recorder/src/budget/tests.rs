//! Hosts whose costs are made up, and what the recorder leaves out on them.

use super::*;

/// Costs of a second in thousandths of a CPU: of what cannot be left out, and of each step.
struct Host {
    budget: Budget,
    second: u64,
    spent_ns: u64,
    fixed: u64,
    costs: Vec<(Step, u64)>,
}

const MILLI_NS: u64 = SECOND_NS / 1000;

impl Host {
    fn new(fixed: u64, costs: &[(Step, u64)]) -> Self {
        let (budget, costs) = (Budget::new(0.05), costs.to_vec());
        let mut host = Self { budget, second: 0, spent_ns: 7 * SECOND_NS, fixed, costs };
        host.budget.charge(Timestamp(0), host.spent_ns);
        host
    }

    /// What a step costs as long as it is not left out, by its thousandths.
    fn cost(&self, step: Step, full: u64) -> u64 {
        match (step, self.budget.taken(step)) {
            (_, None) if step == Calls && self.budget.taken(Step::CallLatency).is_some() => {
                full / 2
            }
            (_, None) => full,
            (Processes, Some(_)) => full / 5,
            (_, Some(_)) => 0,
        }
    }

    /// Lets `seconds` pass; returns the steps that are taken then.
    fn pass(&mut self, seconds: u64) -> Vec<Step> {
        for _ in 0..seconds {
            self.second += 1;
            self.spent_ns += self.fixed * MILLI_NS;
            for (step, full) in self.costs.clone() {
                let ns = self.cost(step, full) * MILLI_NS;
                self.budget.spend(step, ns);
                self.spent_ns += ns;
            }
            self.budget.charge(Timestamp(self.second * SECOND_NS), self.spent_ns);
        }
        self.taken()
    }

    fn taken(&self) -> Vec<Step> {
        let steps = ORDER.iter().map(|(step, ..)| *step);
        steps.filter(|step| self.budget.taken(*step).is_some()).collect()
    }
}

#[test]
fn a_host_with_two_thousand_groups_sheds_groups_and_no_tracer() {
    let tracers = [Calls, Scheduler, PageFault, Memory].map(|tracer| (tracer, 1));
    let mut costs = vec![(Cgroups, 90), (Processes, 8), (Sockets, 1)];
    costs.extend(tracers);
    let mut host = Host::new(5, &costs);
    assert_eq!(host.pass(4), []);
    assert_eq!(host.pass(1), [Cgroups]);
    assert_eq!(host.pass(50), [Cgroups], "2 % of a CPU is within the share");
    let cost = host.budget.taken(Cgroups).unwrap();
    assert!((cost - 0.09).abs() < 1e-9, "{cost}");
}

#[test]
fn a_storm_of_system_calls_sheds_their_latency_then_the_calls_and_nothing_else() {
    let mut host = Host::new(10, &[(Calls, 200), (Scheduler, 3), (Cgroups, 5), (Processes, 5)]);
    assert_eq!(host.pass(5), [Step::CallLatency]);
    assert_eq!(host.pass(5), [Step::CallLatency, Calls]);
    assert_eq!(host.pass(30), [Step::CallLatency, Calls]);
}

#[test]
fn what_is_worth_least_goes_first_among_what_costs() {
    let costs = [(Sockets, 30), (Scheduler, 30), (Cgroups, 30), (Processes, 100)];
    let mut host = Host::new(60, &costs);
    let taken: Vec<_> = (0..4).map(|_| host.pass(5).len()).collect();
    assert_eq!(taken, [1, 2, 3, 4], "one step every five seconds");
    assert_eq!(host.taken(), [Sockets, Scheduler, Cgroups, Processes]);
    assert_eq!(host.pass(60).len(), 4, "over its share still, and nothing is left to save");
}

#[test]
fn what_saves_less_than_a_tenth_of_the_excess_stays() {
    let mut host = Host::new(139, &[(Sockets, 9), (Scheduler, 12), (Memory, 0)]);
    assert_eq!(host.pass(60), [Scheduler], "12 of 110 too much are a tenth, 9 of 98 are not");
}

#[test]
fn a_step_is_taken_back_after_a_calm_minute_and_later_after_two() {
    let mut host = Host::new(10, &[(Cgroups, 60), (Sockets, 15)]);
    assert_eq!(host.pass(5), [Sockets]);
    assert_eq!(host.pass(5), [Sockets, Cgroups]);
    host.fixed = 30;
    assert_eq!(host.pass(300).len(), 2, "below its share, and not far below");
    host.fixed = 10;
    assert_eq!(host.pass(55).len(), 2);
    assert_eq!(host.pass(5), [Sockets], "what is worth most comes back first");
    assert_eq!(host.pass(5), [Sockets, Cgroups], "and it still costs as much");
    assert_eq!(host.pass(60).len(), 2);
    assert_eq!(host.pass(60), [Sockets], "after two minutes");
}

#[test]
fn the_order_has_each_step_once_at_its_place() {
    for (at, (step, ..)) in ORDER.iter().enumerate() {
        assert_eq!(*step as usize, at);
    }
    assert_eq!(Step::of_tracer("bpf/syscall"), Some(Calls));
    assert_eq!(Step::of_tracer("bpf/tcp"), None);
    assert!(default_share() >= 0.05);
}
