//! What a scenario may not ask for.

mod needed;

use ks_vocabulary::action::{ProcessRef, Target};

use super::error::Problem;
use super::fault::Fault;
use super::file::{Extra, Planned, Scenario};
use crate::background::{residents, scaled};
use crate::demand::Demand;
use crate::units::Bytes;

/// Longest run: what is longer is written as a grid of shorter ones.
const LONGEST_H: u64 = 48;
/// Most memory that a modelled host may have.
const MEMORY_MAX_BYTES: u64 = 16 << 40;
/// Most CPUs.
const CPUS_MAX: u32 = 1024;
/// Most processes that one entry may stand for.
const COUNT_MAX: u32 = 2000;
/// Most virtual interfaces.
const INTERFACES_MAX: u32 = 10_000;

/// How often one action may be done.
const ACTIONS_MAX: u32 = 10_000;

type Checked = Result<(), Problem>;

pub(super) fn check(scenario: &Scenario) -> Checked {
    require(!scenario.summary.is_empty(), "summary", || {
        "a scenario has a `summary` that says what happens".to_owned()
    })?;
    let duration = scenario.duration.ns;
    require(duration > 0, "duration", || {
        "a scenario has a `duration`: a run of no time shows nothing".to_owned()
    })?;
    let hours = duration / 3_600_000_000_000;
    require(hours <= LONGEST_H, "duration", || {
        format!("{hours} h are more than the {LONGEST_H} h that a run may last")
    })?;
    let interval = scenario.interval.ns;
    require(interval >= 100_000_000 && interval.is_multiple_of(100_000_000), "interval", || {
        "the model advances by 100ms: an interval is a multiple of it".to_owned()
    })?;
    require(scenario.seeds.count > 0, "count", || "no seed, no run".to_owned())?;
    require(
        scenario.seeds.first.checked_add(u64::from(scenario.seeds.count)).is_some(),
        "first",
        || "the seeds go beyond 64 bits".to_owned(),
    )?;
    check_host(scenario)?;
    for (at, process) in scenario.processes.iter().enumerate() {
        check_process(scenario, at, process)?;
    }
    check_memory(scenario)?;
    for (at, fault) in scenario.faults.iter().enumerate() {
        check_fault(scenario, at, fault)?;
    }
    for (at, planned) in scenario.actions.iter().enumerate() {
        check_action(scenario, at, planned)?;
    }
    needed::check(scenario)?;
    check_expectations(scenario)
}

fn require(holds: bool, word: &str, problem: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(Problem::new(word, problem())) }
}

fn check_host(scenario: &Scenario) -> Checked {
    let host = &scenario.host;
    require((1..=CPUS_MAX).contains(&host.cpus), "cpus", || {
        format!("a host has 1 to {CPUS_MAX} CPUs, not {}", host.cpus)
    })?;
    let memory = host.memory.bytes;
    require((256 << 20..=MEMORY_MAX_BYTES).contains(&memory), "memory", || {
        format!("a host has 256MiB to 16TiB of memory, not {}", host.memory)
    })?;
    require(host.huge_pages.bytes <= memory / 100 * 98, "huge_pages", || {
        format!("huge pages take at most 0.98 of {}, not {}", host.memory, host.huge_pages)
    })?;
    require(host.swap.bytes <= MEMORY_MAX_BYTES, "swap", || "more swap than 16TiB".to_owned())?;
    require(host.interfaces <= INTERFACES_MAX, "interfaces", || {
        format!("at most {INTERFACES_MAX} virtual interfaces, not {}", host.interfaces)
    })?;
    require((0.0..1.0).contains(&host.filesystem_used), "filesystem_used", || {
        "a share from 0 up to 1 is used".to_owned()
    })?;
    require(host.filesystem.bytes >= 1 << 30, "filesystem", || {
        "the root filesystem has at least 1GiB".to_owned()
    })?;
    let intensity = scenario.background.intensity;
    require(intensity.is_finite() && (0.0..=100.0).contains(&intensity), "intensity", || {
        "the background does 0 to 100 times of what it does".to_owned()
    })
}

/// What runs from the beginning must fit into memory, with a tenth left.
fn check_memory(scenario: &Scenario) -> Checked {
    let all = scenario.host.ordinary().bytes;
    let residents = residents(scenario.background.mix);
    let resident: u64 = residents.iter().map(|one| scaled(one.demand.memory.bytes, all)).sum();
    let mut held = resident;
    let from_the_beginning =
        scenario.processes.iter().enumerate().filter(|(_, process)| process.during.is_none());
    for (at, process) in from_the_beginning {
        let own = process.demand.memory.bytes.saturating_mul(u64::from(process.count));
        held = held.saturating_add(own);
        if held > all / 10 * 9 {
            let text = format!(
                "with `{}` what runs holds {} from the beginning; the host has {}",
                process.name,
                Bytes { bytes: held },
                scenario.host.ordinary()
            );
            return Err(Problem::of("process", at, "memory", text));
        }
    }
    Ok(())
}

fn check_process(scenario: &Scenario, at: usize, process: &Extra) -> Checked {
    let bad = |word: &str, text: String| Err(Problem::of("process", at, word, text));
    if process.name.is_empty() || process.name.len() > 15 {
        return bad("name", format!("`{}`: a name has 1 to 15 bytes", process.name));
    }
    if !process.group.starts_with('/') {
        return bad("group", format!("`{}`: a path begins with a slash", process.group));
    }
    if !(-20..=19).contains(&process.nice) {
        return bad("nice", format!("{} is no nice level: -20 to 19", process.nice));
    }
    if !(-1000..=1000).contains(&process.oom_score_adj) {
        return bad("oom_score_adj", format!("{}: -1000 to 1000", process.oom_score_adj));
    }
    if !(process.threads >= 1.0 && process.threads <= 100_000.0) {
        return bad("threads", format!("{} threads: 1 to 100000", process.threads));
    }
    if !(1..=COUNT_MAX).contains(&process.count) {
        return bad("count", format!("{} processes: 1 to {COUNT_MAX}", process.count));
    }
    if process.lives.is_some_and(|lives| lives.ns < 1_000_000_000) {
        return bad("lives", "a process lives for 1s at least".to_owned());
    }
    if let Some(rate) = process.demand.implausible() {
        return bad(rate, format!("`{rate}` is negative or no number"));
    }
    let waits_for = process.waits_for.as_deref();
    if let Some(name) = waits_for.filter(|name| !is_known(scenario, name)) {
        return bad("waits_for", format!("there is no process `{name}`"));
    }
    let during = process.during.as_deref();
    if during.is_some_and(|name| scenario.fault(Some(name)).is_none()) {
        let name = during.unwrap_or_default();
        return bad("during", format!("there is no fault `{name}`"));
    }
    Ok(())
}

fn check_fault(scenario: &Scenario, at: usize, fault: &Fault) -> Checked {
    let bad = |word: &str, text: String| Err(Problem::of("fault", at, word, text));
    if fault.at >= scenario.duration {
        return bad("at", format!("it begins at {}, behind the end of the run", fault.at));
    }
    let end = fault.at.ns.saturating_add(fault.duration.map_or(0, |duration| duration.ns));
    if end > scenario.duration.ns {
        return bad("duration", "it ends behind the end of the run".to_owned());
    }
    if !(fault.intensity.is_finite() && fault.intensity > 0.0) {
        return bad("intensity", "it has to be above 0".to_owned());
    }
    let starts = scenario.processes.iter().any(|one| one.during.as_deref() == Some(&fault.name));
    if !fault.changes_something() && !starts {
        let text = format!(
            "fault `{}` changes nothing: give it a `demand` or another change, or let a process \
             run `during` it",
            fault.name
        );
        return bad("at", text);
    }
    if let Some(rate) = fault.demand.as_ref().and_then(Demand::implausible) {
        return bad(rate, format!("`{rate}` is negative or no number"));
    }
    match (&fault.target, &fault.demand) {
        (None, Some(_)) => bad("demand", "a demand needs a `target` that makes it".to_owned()),
        (Some(target), _) if !is_known(scenario, target) => {
            bad("target", format!("there is no process `{target}`"))
        }
        _ => check_shares(fault, &bad),
    }
}

fn check_action(scenario: &Scenario, at: usize, planned: &Planned) -> Checked {
    let bad = |word: &str, text: String| Err(Problem::of("action", at, word, text));
    if !(1..=ACTIONS_MAX).contains(&planned.times) {
        return bad("times", format!("{} times: 1 to {ACTIONS_MAX}", planned.times));
    }
    if planned.times > 1 && planned.every.is_none() {
        return bad("times", "say by `every` how much later each is".to_owned());
    }
    if let Some(late) = planned.each().find(|one| one.at >= scenario.duration) {
        return bad("at", format!("it is done at {}, behind the end of the run", late.at));
    }
    for target in planned.action.targets() {
        let Target::Process(process) = target else { continue };
        let is_there = match process {
            ProcessRef::Name(name) => is_known(scenario, name.as_str()),
            ProcessRef::Exact { .. } => true,
            ProcessRef::Handle(_) => false,
        };
        if !is_there {
            return bad("process", format!("there is no process `{process}`"));
        }
    }
    Ok(())
}

fn check_shares(fault: &Fault, bad: &dyn Fn(&str, String) -> Checked) -> Checked {
    for (word, share) in [("loss", fault.loss), ("nic_drops", fault.nic_drops)] {
        if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
            return bad(word, format!("`{word}` is a share from 0 to 1"));
        }
    }
    let rates = [
        ("nic_errors", fault.nic_errors),
        ("syn_flood", fault.syn_flood),
        ("disk_slower", fault.disk_slower),
    ];
    for (word, rate) in rates {
        if rate.is_some_and(|rate| !rate.is_finite() || rate < 0.0) {
            return bad(word, format!("`{word}` is negative or no number"));
        }
    }
    Ok(())
}

fn is_known(scenario: &Scenario, name: &str) -> bool {
    let residents = residents(scenario.background.mix);
    residents.iter().any(|resident| resident.comm == name)
        || scenario.processes.iter().any(|process| process.name == name)
}

fn check_expectations(scenario: &Scenario) -> Checked {
    for (at, expect) in scenario.expect.iter().enumerate() {
        if scenario.fault(expect.fault.as_deref()).is_none() && expect.onset.is_none() {
            let name = expect.fault.as_deref().unwrap_or("fault");
            let text = format!("there is no fault `{name}` that it could be of");
            return Err(Problem::of("expect", at, "kind", text));
        }
        if expect.fault.is_none() && scenario.faults.len() > 1 {
            let text = "several faults: say by `fault` which one it is of".to_owned();
            return Err(Problem::of("expect", at, "kind", text));
        }
    }
    for (at, forbid) in scenario.forbid.iter().enumerate() {
        let is_kind = |kind: &ks_vocabulary::kind::Kind| kind.word() == forbid.kind;
        if forbid.kind != "*" && !ks_vocabulary::kind::Kind::ALL.iter().any(is_kind) {
            let text = format!("`{}` is none of the ten kinds", forbid.kind);
            return Err(Problem::of("forbid", at, "kind", text));
        }
    }
    Ok(())
}
