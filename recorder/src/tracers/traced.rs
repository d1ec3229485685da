//! One loaded tracer: what it counted becomes rows, unless the budget leaves it out.

use ks_ebpf::Tracer;
use ks_vocabulary::model::{ReadTimes, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::{Decoder, histograms};
use crate::absence::Absence;
use crate::budget::Step;
use crate::clock;
use crate::sampler::{Context, Loss, Sampler, State};

/// One loaded tracer.
#[derive(Debug)]
pub(super) struct Traced {
    pub(super) source: &'static &'static str,
    pub(super) tracer: Tracer,
    decoder: Box<dyn Decoder>,
    /// It is off its hooks.
    pub(super) rests: bool,
    lost: u64,
    charged: Timestamp,
    /// Run time that the kernel measured in ns, and how often the programs had run by then.
    measured: (u64, u64),
    /// The step of the budget that leaves it out.
    step: Option<Step>,
    /// Run time that the step was charged with.
    run_time_ns: u64,
}

impl Traced {
    /// A tracer that was just loaded.
    pub(super) fn new(
        source: &'static &'static str,
        tracer: Tracer,
        decoder: Box<dyn Decoder>,
    ) -> Self {
        Self {
            source,
            tracer,
            decoder,
            rests: false,
            lost: 0,
            charged: Timestamp::default(),
            measured: (0, 0),
            step: Step::of_tracer(source),
            run_time_ns: 0,
        }
    }

    /// Rests while the recorder is over its share of a CPU; false when it does.
    fn keeps_going(&mut self, context: &mut Context<'_>) -> bool {
        if let Some(cost) = self.step.and_then(|step| context.budget.taken(step)) {
            if !self.rests {
                self.tracer.rest();
            }
            context.states.over_budget(self.source, State::OverBudget, cost);
            self.rests = true;
        } else if self.rests {
            self.rests = !self.tracer.wake(clock::monotonic_ns());
            if self.rests {
                let refused = "this kernel does not put it on its hooks again";
                context.states.absent(self.source, Absence::Off(refused));
            } else {
                context.losses.push(Loss { source: self.source, count: None });
            }
        }
        !self.rests
    }

    /// Adds what its programs took. Asking takes a call for each program: about once a second, with
    /// room for ticks that are not just a second apart.
    fn charge(&mut self, context: &mut Context<'_>) {
        if context.tick.since_ns(self.charged) >= SECOND_NS / 10 * 9 {
            self.charged = context.tick;
            let runs = self.decoder.runs();
            if context.measures_run_time {
                self.measured = (self.tracer.run_time_ns(), runs);
            }
            let total_ns = run_time_ns(self.measured, runs);
            context.run_times.insert(self.source, total_ns);
            if let Some(step) = self.step {
                context.budget.spend(step, total_ns.saturating_sub(self.run_time_ns));
            }
            self.run_time_ns = total_ns;
        }
    }

    fn read(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        self.decoder.decode(&mut self.tracer, context, sample);
        let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
        self.decoder.set_read(sample, times);
        histograms::finish(sample, times);
        self.tell_losses(context);
    }

    fn tell_losses(&mut self, context: &mut Context<'_>) {
        let lost = self.decoder.lost();
        let count = lost.saturating_sub(self.lost);
        if count > 0 {
            context.losses.push(Loss { source: self.source, count: Some(count) });
        }
        self.lost = lost;
    }
}

impl Sampler for Traced {
    fn sources(&self) -> &'static [&'static str] {
        std::slice::from_ref(self.source)
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        self.charge(context);
        if !self.keeps_going(context) {
            return;
        }
        match self.step {
            Some(step) => context.charged(step, |context| self.read(context, sample)),
            None => self.read(context, sample),
        }
        let state = self.decoder.limit().or(self.tracer.limit()).map_or(State::On, State::Limited);
        match self.decoder.part().and_then(|part| context.budget.taken(part)) {
            Some(cost) => context.states.over_budget(self.source, state, cost),
            None => context.states.set(self.source, state),
        }
    }
}

/// Run time of programs that have run so often, from what was measured of them.
fn run_time_ns((measured_ns, measured_runs): (u64, u64), runs: u64) -> u64 {
    let later = u128::from(runs.saturating_sub(measured_runs));
    let later_ns = (later * u128::from(measured_ns)).checked_div(u128::from(measured_runs));
    measured_ns.saturating_add(u64::try_from(later_ns.unwrap_or(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_time_goes_on_with_the_runs() {
        assert_eq!(run_time_ns((1000, 10), 10), 1000);
        assert_eq!(run_time_ns((1000, 10), 25), 2500);
        assert_eq!(run_time_ns((1000, 0), 25), 1000, "how often it ran is not told");
        assert_eq!(run_time_ns((0, 0), 25), 0);
    }
}
