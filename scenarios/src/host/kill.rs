//! Giving memory: growth, reclaim by those that ask, limits of groups, and the killer of processes.

use super::group::Group;
pub(super) use super::memory::Means;
use super::memory::PAGE;
use super::{Host, Killed, STEP_S};
use crate::grain::{take_whole, whole};

/// Steps without progress after which a process is killed: the kernel retries 16 times, each with
/// some waiting; at the limit of a group it does not wait.
const PATIENCE_STEPS: u32 = 10;
const GROUP_PATIENCE_STEPS: u32 = 1;
/// Pages that a dying process gives back in a step: 4 GiB a second (our judgement).
const RELEASE_PAGES: u64 = 104_858;
/// Pages that a process asks for again at most.
const REFUSED_PAGES: f64 = 65_536.0;
/// CPU time for each page that kswapd frees, in s (our judgement).
pub(super) const KSWAPD_S: f64 = 2e-6;

impl Host {
    pub(super) fn give_memory(&mut self) {
        self.release();
        let means = Means { step_s: STEP_S, swap_writes: self.swap_writes(), threads: 1.0 };
        let before = self.memory.counted.swapped_out.exact();
        let freed = self.memory.kswapd(means, &mut self.processes);
        if let Some(kswapd) = self.processes.first_mut().filter(|first| first.comm == "kswapd0") {
            kswapd.backlog_s += freed as f64 * KSWAPD_S;
        }
        self.write_cache();
        let wanted = self.want();
        for group in 1..self.groups.len() {
            self.limit(group, means);
        }
        let wanted = wanted.min(self.processes.iter().map(|one| one.memory.wanted).sum());
        self.grow(wanted, means);
        self.disk.swap_out += self.memory.counted.swapped_out.exact() - before;
    }

    /// Dying processes give their memory back.
    fn release(&mut self) {
        let groups = &mut self.groups;
        for process in self.processes.iter_mut().filter(|process| process.dying) {
            let held = &mut process.memory;
            let anon = held.anon.min(RELEASE_PAGES);
            held.anon -= anon;
            held.swapped -= held.swapped.min(RELEASE_PAGES);
            self.memory.counted.freed.add(anon as f64);
            groups[process.group].failing = 0;
        }
        let gone = |process: &super::Process| process.dying && process.memory.own() == 0;
        self.recent.gone.extend(
            self.processes.iter().filter(|one| gone(one)).map(|one| (one.pid, one.start_ticks)),
        );
        let queues = &mut self.network.queues;
        queues.retain(|queue| !self.processes.iter().any(|one| gone(one) && one.pid == queue.pid));
        self.processes.retain(|process| !gone(process));
        self.memory.recount(&self.processes);
    }

    /// Writes into the page cache make dirty pages; beyond the limit writers wait.
    fn write_cache(&mut self) {
        let wanted: f64 = self.writers().map(|process| process.demand.write).sum::<f64>() * STEP_S;
        if wanted <= 0.0 {
            return;
        }
        let room = self.write_room() * PAGE as f64;
        let share = (room / wanted).min(1.0);
        let mut dirtied = 0.0;
        for at in 0..self.processes.len() {
            let process = &mut self.processes[at];
            if process.demand.write <= 0.0 || process.stopped || process.dying {
                continue;
            }
            let limit = self.groups[process.group].io_max.wbps;
            let share = share.min(limit / process.demand.write);
            let bytes = process.demand.write * STEP_S * share;
            process.counted.write_bytes.add(bytes);
            process.step.io += 1.0 - share;
            dirtied += bytes;
            let group = process.group;
            self.each_group(group, |group| {
                group.counted.write_bytes.add(bytes);
                group.counted.writes.add(bytes / 262_144.0);
            });
        }
        let pages = whole(dirtied / PAGE as f64);
        let room = self.memory.free().saturating_sub(self.memory.marks.min);
        // What does not fit takes the place of clean pages.
        let replaced = pages.saturating_sub(room).min(self.memory.clean);
        self.memory.clean -= replaced;
        let pages = pages.min(room + replaced);
        self.memory.dirty += pages;
        self.memory.counted.dirtied.add(pages as f64);
        self.memory.counted.cache_adds.add(pages as f64);
    }

    fn writers(&self) -> impl Iterator<Item = &super::Process> {
        self.processes
            .iter()
            .filter(|process| process.demand.write > 0.0 && !process.stopped && !process.dying)
    }

    /// Whole pages that each process asks for; the return value is their sum.
    fn want(&mut self) -> u64 {
        let mut sum = 0;
        for process in &mut self.processes {
            process.memory.wanted = 0;
            process.stands_still = false;
            if process.stopped || process.dying {
                continue;
            }
            let swing = std::mem::take(&mut process.memory.swing);
            if swing < 0.0 {
                let back = whole(-swing).min(process.memory.anon);
                process.memory.anon -= back;
                self.memory.anon -= back;
                self.memory.counted.freed.add(back as f64);
            }
            process.memory.growing += swing.max(0.0) + process.demand.leak * STEP_S / PAGE as f64;
            process.memory.wanted = take_whole(&mut process.memory.growing);
            sum += process.memory.wanted;
        }
        sum
    }

    /// Holds the members of a group to its limit: its cache goes first, then a member.
    fn limit(&mut self, group: usize, means: Means) {
        let Group { memory_max, memory_high, .. } = self.groups[group];
        let Some(max) = memory_max.into_iter().chain(memory_high).min() else { return };
        let is_soft = memory_max.is_none_or(|hard| max < hard);
        let members = self.processes.iter().filter(|process| process.group == group);
        let (held, wanted) = members.fold((0, 0), |(held, wanted), process| {
            (held + process.memory.anon, wanted + process.memory.wanted)
        });
        let over = (held + self.groups[group].file + wanted).saturating_sub(max);
        if over == 0 {
            self.groups[group].failing = 0;
            return;
        }
        let counted = &mut self.groups[group].counted;
        counted.at_limit.add(1.0);
        counted.scanned.add(over as f64 * 2.0);
        let file = over.min(self.groups[group].file).min(self.memory.clean);
        self.groups[group].file -= file;
        self.memory.clean -= file;
        let swapped = self.swap_members(group, over - file, means);
        let missing = over - file - swapped;
        if is_soft && missing > 0 {
            self.stand_still(group);
        }
        if wanted == 0 {
            self.groups[group].failing = 0;
            return;
        }
        let granted = (1.0 - missing as f64 / wanted as f64).max(0.0);
        self.hold_back(|process| process.group == group, granted, over as f64);
        let is_failing = missing > 0 && !is_soft;
        self.groups[group].failing = if is_failing { self.groups[group].failing + 1 } else { 0 };
        if self.groups[group].failing >= GROUP_PATIENCE_STEPS {
            self.groups[group].counted.ooms += 1;
            self.kill(|process| process.group == group);
        }
    }

    /// Members of a group above its `memory.high`, of which nothing can be reclaimed, are never
    /// killed: who allocates sleeps for up to 2 s for each few pages, over and over. Measured are
    /// 0 MiB in 30 s: a standstill. Each of its threads allocates now and then (our judgement).
    fn stand_still(&mut self, group: usize) {
        for process in self.processes.iter_mut().filter(|process| process.group == group) {
            let allocates = process.memory.wanted > 0 || process.demand.minor_faults > 0.0;
            if allocates && !process.stopped && !process.dying {
                process.stands_still = true;
                process.step.memory = process.threads;
            }
        }
    }

    pub(super) fn swap_members(&mut self, group: usize, pages: u64, means: Means) -> u64 {
        let members = self.processes.iter().filter(|process| process.group == group);
        let swapped: u64 = members.map(|process| process.memory.swapped).sum();
        let own = self.groups[group].swap_max.unwrap_or(u64::MAX).saturating_sub(swapped);
        let mut left = pages.min(self.memory.swap_free()).min(means.swap_writes).min(own);
        let most = left;
        for process in self.processes.iter_mut().filter(|process| process.group == group) {
            let out = left.min(process.memory.anon);
            process.memory.anon -= out;
            process.memory.swapped += out;
            left -= out;
        }
        let out = most - left;
        self.memory.counted.swapped_out.add(out as f64);
        self.memory.anon -= out.min(self.memory.anon);
        self.memory.swapped += out;
        out
    }

    /// Those that ask get a share of it, and stall for the rest of the step, or for as long as
    /// reclaiming takes.
    fn hold_back(&mut self, who: impl Fn(&super::Process) -> bool, granted: f64, reclaimed: f64) {
        let reclaim = (reclaimed / (1e6 * STEP_S)).min(1.0);
        let stalled = (1.0 - granted).max(reclaim);
        for process in self.processes.iter_mut().filter(|process| process.memory.wanted > 0) {
            if !who(process) {
                continue;
            }
            let given = whole(process.memory.wanted as f64 * granted);
            // What is refused is asked for again; nobody asks for more while it waits.
            let refused = (process.memory.wanted - given) as f64;
            process.memory.growing = (process.memory.growing + refused).min(REFUSED_PAGES);
            process.memory.wanted = given;
            process.step.memory += stalled;
            self.memory.counted.stall_s.add(stalled * STEP_S);
            self.recent.reclaims.0 += 1.0;
            self.recent.reclaims.1 += stalled * STEP_S;
        }
    }

    /// Gives what is asked for, out of what is free above the min watermark and what those that
    /// ask can reclaim.
    fn grow(&mut self, wanted: u64, means: Means) {
        if wanted == 0 {
            return;
        }
        let room = self.memory.free().saturating_sub(self.memory.marks.min);
        if wanted > room {
            let short = wanted - room;
            self.memory.direct(short, means, &mut self.processes);
            let room = self.memory.free().saturating_sub(self.memory.marks.min / 2);
            let granted = (room as f64 / wanted as f64).min(1.0);
            self.hold_back(|_| true, granted, short as f64);
            let stuck = granted < 1.0 && self.memory.is_exhausted();
            self.failing = if stuck { self.failing + 1 } else { 0 };
            if self.failing >= PATIENCE_STEPS {
                self.kill(|_| true);
                self.failing = 0;
            }
        }
        for process in &mut self.processes {
            let pages = std::mem::take(&mut process.memory.wanted);
            process.memory.anon += pages;
            process.counted.minor.add(pages as f64);
            self.memory.counted.faults.add(pages as f64);
            self.memory.counted.allocated.add(pages as f64);
            self.memory.anon += pages;
        }
    }

    /// Kills the worst of those that may be chosen; one that is dying is waited for.
    fn kill(&mut self, may: impl Fn(&super::Process) -> bool) {
        if self.processes.iter().any(|process| process.dying && may(process)) {
            return;
        }
        let total = self.memory.total + self.memory.swap_total;
        let candidates = self.processes.iter_mut().filter(|process| {
            process.oom_score_adj > -1000 && process.memory.own() > 0 && may(process)
        });
        let worst = candidates.max_by(|one, other| {
            one.badness(total).total_cmp(&other.badness(total)).then(other.pid.cmp(&one.pid))
        });
        let Some(victim) = worst else { return };
        victim.dying = true;
        victim.step = super::process::Step::default();
        self.memory.counted.kills += 1;
        self.recent.killed.push(Killed {
            at_s: self.now_s,
            pid: victim.pid,
            start_ticks: victim.start_ticks,
            comm: victim.comm.clone(),
            group: victim.group,
            pages: victim.memory.anon,
        });
        let group = victim.group;
        self.each_group(group, |group| group.counted.kills += 1);
    }
}
