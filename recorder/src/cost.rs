//! What the recorder itself costs: CPU time, run time of its programs, memory.

use ks_ebpf::RunTime;
use ks_vocabulary::model::{CostCell as Cell, ReadTimes, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use crate::absence::Absence;
use crate::clock;
use crate::host_fs::{Buffer, HostFile, HostFs};
use crate::sampler::{Context, State};
use crate::text::{fields, parse_u64};

const SOURCE: &str = "cost";
const UNMEASURED: &str = "without the run time of programs: that takes CAP_SYS_ADMIN at the start";

/// How long the kernel measures the run time of programs, which makes each run dearer by a third
/// or so. Later it follows from how often they ran.
const MEASURED_NS: u64 = 5 * SECOND_NS;

/// Reads what this process costs.
#[derive(Debug)]
pub(crate) struct OwnCost {
    statm: HostFile,
    maps_bytes: Option<u64>,
    /// Measured at the start: a recorder that gave its capabilities up cannot ask again.
    run_time: Option<RunTime>,
    is_measured: bool,
    begun: Option<Timestamp>,
}

impl OwnCost {
    /// Of a recorder with tracers, or without.
    pub(crate) fn new(has_tracers: bool) -> Self {
        let run_time = has_tracers.then(RunTime::measure).flatten();
        Self {
            statm: HostFile::single("proc/self/statm"),
            maps_bytes: has_tracers.then(maps_bytes).flatten(),
            is_measured: run_time.is_some(),
            run_time,
            begun: None,
        }
    }

    /// Whether the kernel measures the run time of programs until this tick.
    pub(crate) fn measures_at(&mut self, tick: Timestamp) -> bool {
        let begun = *self.begun.get_or_insert(tick);
        let measures = self.run_time.is_some();
        if tick.since_ns(begun) >= MEASURED_NS {
            self.run_time = None;
        }
        measures
    }

    /// Fills the table and tells what was spent so far, in ns.
    pub(crate) fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) -> u64 {
        let begin_ns = context.elapsed_ns();
        if !context.host.is_live() {
            context.states.absent(SOURCE, Absence::Root);
            return 0;
        }
        let cpu_ns = clock::process_cpu_ns();
        let bpf_ns: u64 = context.run_times.values().sum();
        let row = sample.cost.push();
        row.set(Cell::cpu_ns, cpu_ns);
        row.set_some(Cell::bpf_ns, self.is_measured.then_some(bpf_ns));
        row.set_some(Cell::rss_bytes, read_rss(&mut self.statm, context.host, context.buffer));
        row.set_some(Cell::maps_bytes, self.maps_bytes);
        row.set(Cell::shed_steps, context.budget.steps() as u64);
        sample.cost.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
        let unmeasured = self.maps_bytes.is_some() && !self.is_measured;
        let state = if unmeasured { State::Limited(UNMEASURED) } else { State::On };
        context.states.set(SOURCE, state);
        cpu_ns.saturating_add(bpf_ns)
    }
}

fn read_rss(statm: &mut HostFile, host: &HostFs, buffer: &mut Buffer) -> Option<u64> {
    let text = statm.read(host, buffer).ok()?;
    let pages = fields(text).nth(1).and_then(parse_u64)?;
    pages.checked_mul(rustix::param::page_size() as u64)
}

/// Memory of the maps that this process holds: `memlock` in the description of each descriptor.
fn maps_bytes() -> Option<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir("/proc/self/fd").ok()? {
        let entry = entry.ok()?;
        let is_map = std::fs::read_link(entry.path())
            .is_ok_and(|target| target.as_os_str() == "anon_inode:bpf-map");
        if is_map {
            let path = format!("/proc/self/fdinfo/{}", entry.file_name().display());
            let text = std::fs::read_to_string(path).ok()?;
            let line = text.lines().find_map(|line| line.strip_prefix("memlock:"))?;
            sum += line.trim().parse::<u64>().ok()?;
        }
    }
    Some(sum)
}
