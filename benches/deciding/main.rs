//! What deciding costs: a verdict of the guard, a decision of the rules, an hour in which the agent
//! acts, and a replay that is watched against one that is not.
//!
//! Times are CPU time. A verdict is measured from the call of a reasoner to what it is asked next,
//! on a host of some hundred processes, less the time of the same call without evidence: that one
//! is planned, told and noted like the other, but refused before the host is looked at. The first
//! of an incident finds cold caches. Ratios are of one run; other numbers are this machine's.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints, and fails by unwrap"
)]

mod advisers;
mod host;

use std::io::sink;
use std::path::Path;
use std::sync::Arc;

use ks_agent::reasoner::Reasoner;
use ks_recorder::clock;
use ks_replayer::range::Range;
use ks_replayer::replay::Run;
use ks_replayer::scenario;
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::action::ActionKind;
use ks_vocabulary::decision::Mode;
use ks_vocabulary::input::{Config, Input};

use advisers::{Insists, Refusals, Spans, Timed};

const SEEDS: u64 = 20;
const PAIRS: usize = 7;

fn main() {
    verdicts();
    decisions();
    hours();
    watched();
}

fn verdicts() {
    let (whole, bare) = (refusals(false), refusals(true));
    assert_eq!(whole.len(), bare.len(), "the same is asked for");
    // What the site refuses has passed every rule that looks at the host.
    let pairs = whole.iter().zip(&bare).filter(|((rule, _), _)| rule == "site");
    let (verdicts, calls) = pairs
        .map(|((_, whole_ns), (_, bare_ns))| (whole_ns.saturating_sub(*bare_ns), *whole_ns))
        .unzip();
    told("verdict of the guard", verdicts, Some(50e3));
    told("the call that it answers", calls, None);
}

/// What became of every call of a reasoner that insists.
fn refusals(is_bare: bool) -> Vec<(String, u64)> {
    let refusals = Refusals::default();
    for seed in 0..SEEDS {
        let mut config = Config::by_rules(Mode::Auto);
        config.agent.policy.deny = ActionKind::ALL.to_vec();
        let mut simulation = host::wide("100s").simulation(seed);
        simulation.configure(config);
        let own = Arc::clone(&refusals);
        let make =
            move || -> Box<dyn Reasoner> { Box::new(Insists::new(Arc::clone(&own), is_bare)) };
        drive(&mut simulation, Some(Box::new(make)));
    }
    let all = refusals.lock().unwrap();
    all.clone()
}

fn decisions() {
    let spans = Spans::default();
    for seed in 0..SEEDS {
        let mut simulation = host::wide("100s").simulation(seed);
        simulation.configure(Config::by_rules(Mode::Auto));
        let own = Arc::clone(&spans);
        drive(&mut simulation, Some(Box::new(move || Box::new(Timed::new(Arc::clone(&own))))));
    }
    let spans = spans.lock().unwrap().clone();
    told("decision of the rules", spans, Some(10e6));
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

fn told(what: &str, mut all: Vec<u64>, target_ns: Option<f64>) {
    all.sort_unstable();
    assert!(all.len() > 10, "{what}: {} were measured", all.len());
    let at = |share: usize| all[(all.len() - 1) * share / 100] as f64;
    let target = target_ns.map_or(String::new(), |target_ns| {
        format!(" (target {:.0}): {}", target_ns / 1e3, verdict(at(95), target_ns))
    });
    println!(
        "{what}: half within {:.1} us, 95 % within {:.1} us, n = {}{target}",
        at(50) / 1e3,
        at(95) / 1e3,
        all.len(),
    );
}

/// How a figure stands to its target.
fn verdict(figure: f64, target: f64) -> &'static str {
    if figure <= target { "ok" } else { "MISSED" }
}
