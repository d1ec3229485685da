//! The recorder with all tracers on a host that does nothing else: CPU time and memory.
//!
//! Loading the tracers takes a moment of CPU and tens of megabytes once; both are printed and left
//! out of the figures, since a recorder runs for days.

use std::time::Duration;

use aya::sys::{Stats, enable_stats};
use ks_recorder::clock;
use ks_vocabulary::input::Input;
use ks_vocabulary::model::Sample;
use ks_vocabulary::time::seconds;

use crate::objects::{self, sum_of_objects};
use crate::tracing::{Tracing, samples};
use crate::verdict;

/// Percent of one CPU, of the recorder and its programs in the kernel together.
const CPU_TARGET_PERCENT: f64 = 0.5;
/// Of the recorder and its maps in the kernel together.
const MEMORY_TARGET_MB: f64 = 60.0;

/// Watches for `length` seconds and prints.
pub(crate) fn measure(length: u64) {
    // The kernel times programs as long as this descriptor is open.
    let timing = enable_stats(Stats::RunTime);
    let tracing = Tracing::start();
    let pid = tracing.pid();
    std::thread::sleep(Duration::from_secs(2));
    let (begin, own_s, programs_ns) = (clock::now(), cpu_s(pid), run_ns(pid));
    std::thread::sleep(Duration::from_secs(length));
    let (own_s, programs_ns) = (cpu_s(pid) - own_s, run_ns(pid) - programs_ns);
    let elapsed_s = seconds(clock::now().since_ns(begin));
    print_memory(pid);
    print_traffic(&tracing.finish());
    let own = own_s / elapsed_s * 100.0;
    let programs = seconds(programs_ns) / elapsed_s * 100.0;
    let of_programs = match &timing {
        Ok(_) => format!("its programs {programs:.3} %"),
        Err(error) => format!("its programs unknown ({error})"),
    };
    println!(
        "quiet host for {elapsed_s:.0} s: recorder {own:.2} % of a CPU, {of_programs}; together \
         {:.2} % (target {CPU_TARGET_PERCENT} %): {}",
        own + programs,
        verdict(own + programs, CPU_TARGET_PERCENT)
    );
}

fn print_memory(pid: u32) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let kb = |field| objects::field(&status, field).expect("the kernel tells it") as f64;
    let resident_mb = kb("VmRSS") / 1024.0;
    let maps_mb =
        sum_of_objects(pid, "anon_inode:bpf-map", "map_id", "memlock") as f64 / 1_048_576.0;
    println!(
        "memory: resident {resident_mb:.1} MB (at most {:.1} while loading), maps {maps_mb:.1} MB; \
         together {:.1} MB (target {MEMORY_TARGET_MB} MB): {}",
        kb("VmHWM") / 1024.0,
        resident_mb + maps_mb,
        verdict(resident_mb + maps_mb, MEMORY_TARGET_MB)
    );
}

/// How quiet the host was.
fn print_traffic(inputs: &[Input]) {
    let calls = per_second(inputs, |sample| sample.bpf_syscall.first()?.calls());
    let switches = per_second(inputs, |sample| sample.cpu.first()?.context_switches());
    println!("the quiet host makes {calls:.0} calls and {switches:.0} switches a second");
}

fn per_second(inputs: &[Input], get: impl Fn(&Sample) -> Option<u64>) -> f64 {
    let found = samples(inputs).filter_map(|(input, sample)| Some((input.mono, get(sample)?)));
    let found: Vec<_> = found.collect();
    let ((begin, first), (end, last)) = (found[0], found[found.len() - 1]);
    (last - first) as f64 / seconds(end.since_ns(begin))
}

/// CPU time of a process and of its children that it waited for, in seconds.
fn cpu_s(pid: u32) -> f64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_comm = text.rsplit_once(')').expect("the name is in parentheses").1;
    // Fields 14 to 17; the first after the name is field 3.
    let ticks = after_comm.split_whitespace().skip(11).take(4);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
    ticks as f64 / rustix::param::clock_ticks_per_second() as f64
}

/// Time that the programs of a process have run for, which the kernel counts while it is asked to.
fn run_ns(pid: u32) -> u64 {
    sum_of_objects(pid, "anon_inode:bpf-prog", "prog_id", "run_time_ns")
}
