//! What deciding costs: a verdict of the guard, a decision of the rules, an hour in which the agent
//! acts, and a replay that is watched against one that is not.
//!
//! Times are CPU time. Verdicts are measured within the engine, from the call of a reasoner to what
//! it is asked next, on a host of some hundred processes: that is more than the verdict alone.
//! Ratios are of one run; other numbers are this machine's.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and fails by unwrap"
)]

mod advisers;
mod host;

use std::io::sink;
use std::path::Path;
use std::sync::{Arc, Mutex};

use ks_agent::reasoner::Reasoner;
use ks_recorder::clock;
use ks_replayer::range::Range;
use ks_replayer::replay::Run;
use ks_replayer::scenario;
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::Mode;
use ks_vocabulary::input::{Config, Input};

use advisers::{Insists, Spans, Timed};

const SEEDS: u64 = 20;
const PAIRS: usize = 7;

fn main() {
    verdicts();
    decisions();
    hours();
    watched();
}

fn verdicts() {
    let spans = Spans::default();
    for seed in 0..SEEDS {
        let mut config = Config::by_rules(Mode::Auto);
        // What the site refuses has passed all that looks at the host.
        config.agent.policy.deny = ActionKind::ALL.to_vec();
        let mut simulation = host::wide("100s").simulation(seed);
        simulation.configure(config);
        let own = Arc::clone(&spans);
        drive(&mut simulation, Some(Box::new(move || Box::new(Insists::new(Arc::clone(&own))))));
    }
    told("verdict of the guard", &spans, 50e3);
}

fn decisions() {
    let spans = Spans::default();
    for seed in 0..SEEDS {
        let mut simulation = host::wide("100s").simulation(seed);
        simulation.configure(Config::by_rules(Mode::Auto));
        let own = Arc::clone(&spans);
        drive(&mut simulation, Some(Box::new(move || Box::new(Timed::new(Arc::clone(&own))))));
    }
    told("decision of the rules", &spans, 10e6);
}

fn hours() {
    let name = "leaking_service";
    let library = scenario::load(Path::new(name)).unwrap();
    let mut simulation = scenario::acted_on(&library, name, 1, None).unwrap();
    simulation.configure(Config::by_rules(Mode::Auto));
    closed_loop("75 min of leaking_service", &mut simulation, 2.0 * 75.0 / 60.0);
    let mut simulation = host::burst("1h").simulation(1);
    simulation.configure(Config::by_rules(Mode::Auto));
    closed_loop("an hour of a burst", &mut simulation, 2.0);
}

fn closed_loop(what: &str, simulation: &mut Simulation, target_s: f64) {
    let begin = clock::process_cpu_ns();
    let decisions = drive(simulation, None);
    let cpu_s = (clock::process_cpu_ns() - begin) as f64 / 1e9;
    let verdict = verdict(cpu_s, target_s);
    println!("{what}: {decisions} decisions, {cpu_s:.2} s (target {target_s:.1}): {verdict}");
}

/// The same recording with a reasoner in `observe` and without, in turn.
fn watched() {
    let mut inputs: Vec<Input> = Vec::new();
    let mut simulation = host::wide("20m").simulation(1);
    let mut run = Run::default();
    let all = Range::new(None, None);
    let keep = |_: &_, input: &Input| inputs.push(input.clone());
    scenario::drive(&mut run, &mut simulation, all, &mut sink(), |_, _| {}, keep).unwrap();
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..PAIRS {
        let watched = Config::by_rules(Mode::Observe);
        for (at, config) in [Config::default(), watched].into_iter().enumerate() {
            let mut run = Run::default();
            run.rehearse();
            run.configure(config, "a bench");
            let begin = clock::process_cpu_ns();
            for input in &inputs {
                run.feed(input, &mut sink()).unwrap();
            }
            run.finish("watched", &mut sink()).unwrap();
            costs[at].push(clock::process_cpu_ns() - begin);
        }
    }
    let [off, rules] = costs.map(|mut all| {
        all.sort_unstable();
        all[PAIRS / 2] as f64 / 1e6
    });
    let ratio = rules / off;
    println!(
        "20 min replayed in observe: {rules:.0} ms with the rules, {off:.0} ms without, \
         {ratio:.3} times (target 1.1): {}",
        verdict(ratio, 1.1)
    );
}

type Makes = Box<dyn Fn() -> Box<dyn Reasoner> + Send>;

/// Runs a scenario. The return value is how much was decided.
fn drive(simulation: &mut Simulation, adviser: Option<Makes>) -> usize {
    let mut run = Run::default();
    if let Some(make) = adviser {
        run.advise_by(make);
    }
    let all = Range::new(None, None);
    scenario::drive(&mut run, simulation, all, &mut sink(), |_, _| {}, |_, _| {}).unwrap();
    run.finish("deciding", &mut sink()).unwrap().decisions.len()
}

fn told(what: &str, spans: &Mutex<Vec<u64>>, target_ns: f64) {
    let mut all = spans.lock().unwrap().clone();
    all.sort_unstable();
    assert!(all.len() > 10, "{what}: {} were measured", all.len());
    let at = |share: usize| all[(all.len() - 1) * share / 100] as f64;
    println!(
        "{what}: half within {:.1} us, 95 % within {:.1} us (target {:.0}), n = {}: {}",
        at(50) / 1e3,
        at(95) / 1e3,
        target_ns / 1e3,
        all.len(),
        verdict(at(95), target_ns)
    );
}

/// How a figure stands to its target.
fn verdict(figure: f64, target: f64) -> &'static str {
    if figure <= target { "ok" } else { "MISSED" }
}
