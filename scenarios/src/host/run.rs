//! A step of the CPUs: who runs, who waits, what is counted of it, and who stalls.

use super::cpu::{self, Claim};
use super::group::Stalls;
use super::process::Process;
use super::{Host, STEP_S};

/// A slice of CPU time where several want it, in s: the kernel's base slice on a few CPUs.
const SLICE_S: f64 = 3e-3;
/// CPU time for a segment of the network, in s (our judgement).
const SEGMENT_S: f64 = 1.5e-6;
/// CPU time of a switch and its accounting, in s.
const NOTHING_S: f64 = 1e-9;

impl Host {
    pub(super) fn run_processes(&mut self) {
        let cpus = f64::from(self.shape.cpus);
        let softirq = self.softirq().min(0.3 * cpus);
        self.wait_for_answers();
        let mut claims = std::mem::take(&mut self.claims);
        let first = self.claim(&mut claims);
        self.throttle(&mut claims[first..]);
        cpu::share(&mut claims, cpus - softirq);
        let mut ran = 0.0;
        let mut waiting = 0.0;
        let mut open = 0.0;
        for (process, claim) in self.processes.iter_mut().zip(&mut claims[first..]) {
            settle(process, claim);
            process.answers = answers(process, claim);
            claim.waiting = process.step.waited;
            ran += process.step.ran;
            waiting += process.step.waited;
            open += (process.step.ran - process.demand.spin.min(process.step.ran)).max(0.0);
        }
        let short = Self::short_waits(ran, waiting, open, cpus - softirq);
        cpu::line_up(&mut claims);
        self.count_cpu(softirq, (short, &claims[first..]), open);
        self.claims = claims;
        let blocked: f64 = self.processes.iter().map(|one| one.step.io + one.step.memory_io).sum();
        self.recent.runnable = ran + waiting + short;
        self.recent.blocked = blocked;
        let idle = (cpus - softirq - ran).max(0.0);
        let iowait = idle.min(blocked);
        self.counted.iowait_s.add(iowait * STEP_S);
        self.counted.idle_s.add((idle - iowait) * STEP_S);
        self.counted.softirq_s.add(softirq * STEP_S);
        let queued = (waiting / cpus).min(1.0);
        let by_chance = 1.0 - libm::exp(-short / cpus);
        self.pressure.cpu_some.add(queued + (1.0 - queued) * by_chance, STEP_S);
    }

    /// Who waits for another goes on with what that answered in the step before.
    fn wait_for_answers(&mut self) {
        for at in 0..self.processes.len() {
            let Some(name) = &self.processes[at].waits_for else { continue };
            let alive = self.processes.iter().filter(|one| one.comm == *name && !one.dying);
            let (sum, count) =
                alive.fold((0.0, 0u32), |(sum, count), one| (sum + one.answers, count + 1));
            let share = if count == 0 { 0.0 } else { sum / f64::from(count) };
            self.processes[at].answered = share;
        }
    }

    fn softirq(&self) -> f64 {
        let segments: f64 = self.processes.iter().map(|process| process.demand.segments).sum();
        SEGMENT_S * (2.0 * segments + self.network.link.syn_flood)
    }

    /// Waits of those that come at random while no queue stands.
    fn short_waits(ran: f64, waiting: f64, open: f64, cpus: f64) -> f64 {
        if waiting > 0.01 || ran >= cpus {
            return 0.0;
        }
        let servers = (cpus - (ran - open)).max(1.0);
        cpu::queue_length((open / servers).min(0.95), servers)
    }

    /// Groups that want more than their quota are held to it for the rest of the period, which is a
    /// step.
    fn throttle(&mut self, claims: &mut [Claim]) {
        for (at, group) in self.groups.iter_mut().enumerate() {
            let Some(quota) = group.quota else { continue };
            let members = || self.processes.iter().map(move |process| process.group == at);
            let wanted: f64 = claims
                .iter()
                .zip(members())
                .filter(|(_, is_member)| *is_member)
                .map(|(claim, _)| claim.wanted)
                .sum();
            if wanted > 0.0 {
                group.counted.periods.add(1.0);
            }
            if wanted <= quota {
                continue;
            }
            let share = quota / wanted;
            group.counted.throttled.add(1.0);
            group.counted.throttled_s.add((1.0 - share) * STEP_S);
            for (claim, process) in claims.iter_mut().zip(&mut self.processes) {
                if process.group == at {
                    process.step.throttled = claim.wanted * (1.0 - share);
                    claim.wanted *= share;
                }
            }
        }
    }

    fn count_cpu(&mut self, softirq: f64, (short, claims): (f64, &[Claim]), open: f64) {
        let cpus = f64::from(self.shape.cpus);
        let counted = &mut self.counted;
        let (mut switches, mut voluntary) = (0.0, 0.0);
        for (process, claim) in self.processes.iter_mut().zip(claims) {
            let step = &mut process.step;
            if step.ran + step.waited <= 0.0 {
                continue;
            }
            let system = process.demand.system_share().clamp(0.0, 1.0);
            let time_s = step.ran * STEP_S;
            process.counted.user_s.add(time_s * (1.0 - system));
            process.counted.system_s.add(time_s * system);
            let user = if process.nice > 0 { &mut counted.nice_s } else { &mut counted.user_s };
            user.add(time_s * (1.0 - system));
            counted.system_s.add(time_s * system);
            let own = (step.ran - process.demand.spin.min(step.ran)).max(0.0);
            let bursts = own * STEP_S / process.demand.burst().seconds().max(NOTHING_S);
            if open > 0.0 {
                // Chance that one who wakes finds its CPU taken by another that does not give way.
                let crowd = (claim.ahead / cpus).min(1.0);
                step.waited += short * own / open + 0.5 * SLICE_S * crowd * bursts / STEP_S;
            }
            process.counted.wait_s.add(step.waited * STEP_S);
            counted.wait_s.add(step.waited * STEP_S);
            self.recent.waits.1 += step.waited * STEP_S;
            let cut = if step.waited > 0.01 { time_s / SLICE_S } else { 0.0 };
            process.counted.voluntary.add(bursts);
            process.counted.involuntary.add(cut);
            voluntary += bursts;
            switches += bursts + cut;
            process.counted.minor.add(process.demand.minor_faults * STEP_S);
            self.memory.counted.faults.add(process.demand.minor_faults * STEP_S);
        }
        for process in &mut self.processes {
            counted.calls.add(process.demand.calls * STEP_S);
            counted.forks.add(process.demand.forks * STEP_S);
            let opens = process.demand.opens * STEP_S;
            let room = (process.open_files_max - process.counted.open_files.exact()).max(0.0);
            process.counted.open_files.add(opens.min(room));
            counted.refused.add(opens - opens.min(room));
        }
        let packets = softirq / SEGMENT_S * STEP_S;
        counted.interrupts.add(switches * 0.5 + packets * 0.2 + 25.0);
        counted.switches.add(2.0 * voluntary + (switches - voluntary) + 20.0);
        counted.voluntary.add(voluntary + 10.0);
        counted.involuntary.add(switches - voluntary);
        self.recent.waits.0 += switches + 10.0;
    }

    /// Pressure: of the host and of each group, from what its threads did.
    pub(super) fn press(&mut self) {
        let cpus = f64::from(self.shape.cpus);
        let mut host = Stalls::default();
        let mut groups = vec![Stalls::default(); self.groups.len()];
        for process in &self.processes {
            let step = &process.step;
            let waits = step.waited + step.throttled;
            let productive = step.ran + step.waited;
            let io = step.io + step.memory_io;
            if productive + waits + step.memory + io <= 0.0 {
                continue;
            }
            let mut next = Some(process.group);
            while let Some(at) = next {
                let of = &mut groups[at];
                of.memory.add(step.memory, productive);
                of.io.add(io, productive);
                of.cpu.add(waits, step.ran);
                next = self.groups[at].parent;
            }
            host.memory.add(step.memory, productive);
            host.io.add(io, productive);
        }
        self.pressure.add(&host, cpus, STEP_S);
        for (group, stalls) in self.groups.iter_mut().zip(&groups) {
            let pressure = &mut group.counted.pressure;
            pressure.add(stalls, cpus, STEP_S);
            let (some, full) = stalls.cpu.shares(cpus);
            pressure.cpu_some.add(some, STEP_S);
            pressure.cpu_full.add(full, STEP_S);
        }
        self.count_groups();
    }

    fn count_groups(&mut self) {
        for at in 0..self.processes.len() {
            let process = &self.processes[at];
            let (ran, system) = (process.step.ran, process.demand.system_share().clamp(0.0, 1.0));
            let (group, faults) = (process.group, process.demand.minor_faults);
            if ran <= 0.0 {
                continue;
            }
            self.each_group(group, |group| {
                group.counted.user_s.add(ran * STEP_S * (1.0 - system));
                group.counted.system_s.add(ran * STEP_S * system);
                group.counted.faults.add(faults * STEP_S);
            });
        }
    }
}

/// Share of the requests to a process that it answers: as far as it has the CPU time that it wants,
/// memory to go on with, and answers of its own.
fn answers(process: &Process, claim: &Claim) -> f64 {
    if process.stopped || process.dying || process.stands_still {
        return 0.0;
    }
    let wanted = claim.wanted + process.step.throttled;
    let of_cpu = if wanted > 0.0 { claim.got / wanted } else { 1.0 };
    let of_memory = 1.0 - (process.step.memory / process.threads).min(1.0);
    of_cpu * of_memory * process.answered
}

/// What a process got, and how many of its threads wait for more.
fn settle(process: &mut Process, claim: &Claim) {
    let able = process.able();
    let spin = process.demand.spin.min(able);
    let for_spin =
        if claim.wanted > 0.0 { claim.got * (spin / claim.wanted).min(1.0) } else { 0.0 };
    process.backlog_s = (process.backlog_s - (claim.got - for_spin) * STEP_S).max(0.0);
    let burst_s = process.demand.burst().seconds().max(1e-6);
    let queued = (process.backlog_s / burst_s).min((able - claim.got).max(0.0));
    let held = process.step.throttled;
    let short = (claim.wanted - claim.got).max(0.0);
    process.step.ran = claim.got;
    process.step.waited = if short > 1e-9 { short.max(queued - held).max(0.0) } else { 0.0 };
}
