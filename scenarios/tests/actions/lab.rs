//! A modelled host on which actions are done.

use std::collections::BTreeMap;

use ks_scenarios::action::Refused;
use ks_scenarios::scenario::Scenario;
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::action::Action;
use ks_vocabulary::input::Body;
use ks_vocabulary::model::{Cgroup, Process, Sample};

/// A host with two that want CPUs, one that leaks, one that reads, and one that connects.
pub(crate) const HOST: &str = r#"
summary = "Who can be acted on"
duration = "10m"
background = { mix = "idle" }
host = { cpus = 2, memory = "2GiB", swap = "1GiB", disk = "ssd" }
fault = [{ at = "9m", duration = "10s", disk_slower = 1.5 }]
process = [
    { name = "batch", group = "/batch.slice", threads = 4, demand = { spin = 4.0 } },
    { name = "server", group = "/server.slice", threads = 2, demand = { spin = 2.0 } },
]
"#;

pub(crate) fn scenario(processes: &str) -> Scenario {
    let text = HOST.replace("process = [", &format!("process = [{processes}"));
    Scenario::parse(&text, "actions.toml").unwrap()
}

/// An action, as scenarios write it.
pub(crate) fn parse(action: &str) -> Action {
    #[derive(serde::Deserialize)]
    struct File {
        action: Action,
    }
    let file: File = toml::from_str(&format!("action = {action}")).unwrap();
    file.action
}

/// A run that can be acted on.
pub(crate) struct Lab {
    pub(crate) simulation: Simulation,
    pub(crate) last: Sample,
    /// The last row of each process: those that did not change are left out of a sample.
    pub(crate) rows: BTreeMap<Vec<u8>, Process>,
}

impl Lab {
    pub(crate) fn new(processes: &str) -> Self {
        Self::of(&scenario(processes), 30)
    }

    /// A run of a scenario after so many ticks.
    pub(crate) fn of(scenario: &Scenario, ticks: u32) -> Self {
        let (last, rows) = (Sample::default(), BTreeMap::new());
        let mut lab = Self { simulation: scenario.simulation(7), last, rows };
        lab.run(ticks);
        lab
    }

    pub(crate) fn rotating(processes: &str) -> Self {
        let text = HOST
            .replace("process = [", &format!("process = [{processes}"))
            .replace("\"ssd\"", "\"rotating\"");
        let scenario = Scenario::parse(&text, "actions.toml").unwrap();
        Self::of(&scenario, 30)
    }

    pub(crate) fn act(&mut self, action: &str) -> Result<(), Refused> {
        self.simulation.act(&parse(action))
    }

    /// Runs on for so many ticks.
    pub(crate) fn run(&mut self, ticks: u32) {
        for _ in 0..ticks {
            if let Some((_, Body::Sample(sample))) = self.simulation.next() {
                self.last = (**sample).clone();
                for row in self.last.processes.iter() {
                    self.rows.insert(row.comm().unwrap().to_vec(), row.clone());
                }
            }
        }
    }

    /// By how much a counter grows in 20 ticks.
    pub(crate) fn growth(&mut self, get: impl Fn(&Sample) -> Option<u64>) -> f64 {
        let before = get(&self.last).unwrap();
        self.run(20);
        (get(&self.last).unwrap() - before) as f64
    }

    pub(crate) fn cpu_of(&mut self, name: &'static [u8]) -> f64 {
        let ticks = |lab: &Self| {
            let row = &lab.rows[name];
            row.utime_ticks().unwrap() + row.stime_ticks().unwrap()
        };
        let before = ticks(self);
        self.run(20);
        (ticks(self) - before) as f64 / 100.0 / 20.0
    }
}

pub(crate) fn group<'a>(sample: &'a Sample, path: &[u8]) -> &'a Cgroup {
    sample.cgroups.iter().find(|row| row.path() == Some(path)).unwrap()
}

/// What one who does it gets before and after an action.
pub(crate) fn cpus(scenario: &Scenario, action: &str, name: &'static [u8]) -> (f64, f64) {
    let mut lab = Lab::of(scenario, 30);
    let before = lab.cpu_of(name);
    lab.act(action).unwrap();
    lab.run(2);
    (before, lab.cpu_of(name))
}
