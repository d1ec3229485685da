//! The replay loop: read, feed, collect.

use std::fmt;
use std::io::Write;

use ks_agent::reasoner::Reasoner;
use ks_engine::analysis::Knowledge;
use ks_engine::engine::Engine;
use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::{Acceptance, Config, Input};
use ks_vocabulary::output::Output;

use crate::driver::{Answers, DriveError, Driver, Keeper, Modelled, Recorded, World};
use crate::range::Range;
use crate::report::{Report, ReportBuilder};
use crate::timings::Timings;

/// Runs the engine over one stream of inputs, and gathers what it finds.
#[derive(Debug, Default)]
pub struct Run {
    driver: Driver,
    report: ReportBuilder,
    model: Option<Model>,
}

/// Whoever is asked in place of a model.
struct Model(Box<dyn Answers>);

impl fmt::Debug for Model {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Model")
    }
}

impl Run {
    /// A run of a part of a recording: the recording engine had seen more.
    pub fn of_part() -> Self {
        let mut run = Self::default();
        run.driver.what_if("only a part is fed".to_owned());
        run.report.of_part();
        run
    }

    /// Begins with other knowledge than was recorded; `name` says with which.
    pub fn know(&mut self, knowledge: Knowledge, name: &str) {
        self.driver.know(knowledge, name);
    }

    /// Begins each run with another configuration than was recorded; `name` says with which.
    pub fn configure(&mut self, config: Config, name: &str) {
        self.driver.configure(config, name);
    }

    /// Decides as it would, and does nothing: what is fed is a recording.
    pub fn rehearse(&mut self) {
        self.driver.machine_mut().rehearse();
    }

    /// Lets others advise the agent: `make` makes one for each run of the stream.
    pub fn advise_by(&mut self, make: impl Fn() -> Box<dyn Reasoner> + Send + 'static) {
        self.driver.machine_mut().advise_by(make);
    }

    /// Lets a model be asked, where one is configured to advise: it answers at once.
    pub fn ask_model(&mut self, model: Box<dyn Answers>) {
        self.model = Some(Model(model));
    }

    /// Why what a model was asked cannot be what it was to be asked.
    pub fn problem_of_model(&mut self) -> Option<String> {
        self.model.as_mut().and_then(|Model(model)| model.problem())
    }

    /// Drives through a modelled host.
    pub(crate) fn model_host(
        &mut self,
        world: Modelled<'_>,
        out: &mut dyn Write,
        each: impl FnMut(&Engine, &Input),
    ) -> Result<(), DriveError> {
        let mut world = world.advised(self.model.take().map(|Model(model)| model));
        let driven = self.through(&mut world, out, each);
        self.model = world.into_model().map(Model);
        driven
    }

    /// Drives through a recording.
    pub(crate) fn recorded(
        &mut self,
        world: Recorded<'_>,
        out: &mut dyn Write,
        each: impl FnMut(&Engine, &Input),
    ) -> Result<(), DriveError> {
        let mut world = world.advised(self.model.take().map(|Model(model)| model));
        let driven = self.through(&mut world, out, each);
        self.model = world.into_model().map(Model);
        driven
    }

    /// Judges as if an operator had called a condition normal from the start.
    pub fn accept(&mut self, acceptance: Acceptance) {
        self.driver.accept(acceptance);
    }

    /// Lets each run of the stream begin with what those before it learned.
    pub fn gather(&mut self) {
        self.driver.gather();
    }

    /// Measures what each stage costs.
    pub fn time(&mut self) {
        self.driver.time();
    }

    /// What each stage cost, where that is measured.
    pub fn timings(&self) -> Option<&Timings> {
        self.driver.timings()
    }

    /// Takes what stands above a limit for normal too.
    pub fn accept_all(&mut self) {
        self.driver.what_if("everything is normal".to_owned());
        self.driver.machine_mut().accept_all();
    }

    /// The engine, to look into.
    pub fn engine(&self) -> &Engine {
        self.driver.machine()
    }

    /// Feeds one input of a recording and writes the journal's new lines to `out`.
    pub fn feed(&mut self, input: &Input, out: &mut dyn Write) -> Result<(), DriveError> {
        let Self { driver, report, model: _ } = self;
        let mut kept = Reporting { report, out, each: &mut |_, _| {} };
        while !driver.recorded(input, &[], &mut kept)? {}
        Ok(())
    }

    /// Drives through a world and writes the journal's lines to `out`; `each` sees the engine after
    /// each input.
    pub fn through(
        &mut self,
        world: &mut dyn World,
        out: &mut dyn Write,
        mut each: impl FnMut(&Engine, &Input),
    ) -> Result<(), DriveError> {
        let Self { driver, report, model: _ } = self;
        driver.run(world, &mut Reporting { report, out, each: &mut each })
    }

    /// Ends the run.
    pub fn finish(self, path: &str, out: &mut dyn Write) -> Result<Report, DriveError> {
        let Self { mut driver, mut report, model: _ } = self;
        report.end(driver.machine().watched());
        let mut kept = Reporting { report: &mut report, out, each: &mut |_, _| {} };
        let objected = driver.machine().objected();
        let sha256 = driver.finish(&mut kept)?;
        let report = report.finish(path, driver.differs().to_vec(), sha256);
        Ok(Report { objected, ..report })
    }
}

/// Gathers outputs into a report, and writes the journal.
struct Reporting<'a> {
    report: &'a mut ReportBuilder,
    out: &'a mut dyn Write,
    each: &'a mut dyn FnMut(&Engine, &Input),
}

impl Keeper for Reporting<'_> {
    fn said(&mut self, output: &Output, line: &[u8]) -> std::io::Result<()> {
        self.report.output(output);
        self.out.write_all(line)
    }

    fn fed(&mut self, engine: &Engine, input: &Input) {
        // With a `Start` the run before it ends, at its own time of day.
        self.report.input(input);
        (self.each)(engine, input);
    }
}

/// Replays what `range` takes of `reader`; `progress` is told bytes read and bytes in all.
pub fn replay(
    reader: &mut Reader,
    path: &str,
    range: Range,
    out: &mut dyn Write,
    progress: impl FnMut(u64, u64),
) -> Result<Report, DriveError> {
    let mut run = if range.is_all() { Run::default() } else { Run::of_part() };
    drive(&mut run, reader, range, out, progress, |_, _| {})?;
    run.finish(path, out)
}

/// Feeds a run with what `range` takes of `reader`; `each` sees the engine after each input.
pub fn drive(
    run: &mut Run,
    reader: &mut Reader,
    mut range: Range,
    out: &mut dyn Write,
    mut progress: impl FnMut(u64, u64),
    each: impl FnMut(&Engine, &Input),
) -> Result<(), DriveError> {
    range.seek(reader);
    run.recorded(Recorded::new(reader, range, &mut progress), out, each)?;
    if !reader.damages().is_empty() {
        run.driver.departed("what cannot be read is left out");
    }
    run.report.damaged(reader.damages());
    Ok(())
}
