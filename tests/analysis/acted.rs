//! Runs in which an agent acts on a modelled host, recorded as they happen.

use std::path::Path;

use ks_engine::engine::Engine;
use ks_recorder::error::Error;
use ks_recorder::format::log::{Decoder, LogWriter};
use ks_recorder::format::writer::Writer;
use ks_replayer::driver::{Driver, Keeper, Modelled};
use ks_replayer::replay::Run;
use ks_scenarios::scenario::Scenario;
use ks_scenarios::simulation::Simulation;
use ks_vocabulary::decision::Mode;
use ks_vocabulary::input::{Config, Input};
use ks_vocabulary::output::Output;

const BURST: &str = include_str!("../hostile/burst.toml");
/// Someone else changes what is to be changed, and only then an operator approves.
const STALE: &str = r#"
[[action]]
at = "40s"
do = { lower_cpu_weight = { group = "/tenants.slice/b.service", weight = 50 } }

[[operator]]
proposal = 1
after = "60s"
says = "approve"
"#;
const APPROVED: &str = "\n[[operator]]\nproposal = 1\nafter = \"20s\"\nsays = \"approve\"\n";

/// A run, what must be in its journal, and how far the agent may go.
pub(crate) const RUNS: [(&str, Mode, &[&str]); 3] = [
    ("", Mode::Auto, &["\"verdict\":\"allowed\"", "\"change\":\"undone\"", "\"asks\":\"effect\""]),
    (APPROVED, Mode::Propose, &["\"verdict\":\"needs_approval\"", "\"change\":\"done\""]),
    (STALE, Mode::Propose, &["\"verdict\":\"denied\"", "\"rule\":\"stale\""]),
];

fn simulation(more: &str, mode: Mode) -> Simulation {
    let scenario = Scenario::parse(&format!("{BURST}{more}"), "acted.toml").unwrap();
    let mut simulation = scenario.simulation(1);
    simulation.configure(Config::by_rules(mode));
    simulation
}

/// The journal of a run that is held in memory alone.
pub(crate) fn in_memory(more: &str, mode: Mode) -> String {
    let (mut simulation, mut progress) = (simulation(more, mode), |_, _| {});
    let (mut run, mut journal) = (Run::default(), Vec::new());
    let mut world = Modelled::new(&mut simulation, &mut progress);
    run.through(&mut world, &mut journal, |_, _| {}).unwrap();
    run.finish("acted", &mut journal).unwrap();
    String::from_utf8(journal).unwrap()
}

/// The journal of a run that is recorded at `path` while it goes on, and its inputs.
pub(crate) fn recorded(more: &str, mode: Mode, path: &Path) -> (String, Vec<Input>) {
    let (mut simulation, mut progress) = (simulation(more, mode), |_, _| {});
    let mut driver = Driver::<Engine>::default();
    let writer = Writer::create(path, true).unwrap();
    let mut logged =
        Logged { writer, decoder: Decoder::default(), journal: vec![], inputs: vec![] };
    driver.run(&mut Modelled::new(&mut simulation, &mut progress), &mut logged).unwrap();
    driver.finish(&mut logged).unwrap();
    logged.writer.seal().unwrap();
    (String::from_utf8(logged.journal).unwrap(), logged.inputs)
}

/// The same inputs as a log that was never sealed.
pub(crate) fn unsealed(inputs: &[Input], path: &Path) {
    let mut writer = LogWriter::create(path, false).unwrap();
    for input in inputs {
        writer.append(input).unwrap();
    }
}

/// The engine is fed what the log holds, as a reader would be.
struct Logged {
    writer: Writer,
    decoder: Decoder,
    journal: Vec<u8>,
    inputs: Vec<Input>,
}

impl Keeper for Logged {
    fn log<'a>(&'a mut self, input: &'a Input) -> Result<&'a Input, Error> {
        self.inputs.push(input.clone());
        self.writer.append(input)?;
        Ok(self.decoder.decode(self.writer.last_payload()).expect("what was logged can be read"))
    }

    fn said(&mut self, _: &Output, line: &[u8]) -> std::io::Result<()> {
        self.journal.extend_from_slice(line);
        Ok(())
    }
}
