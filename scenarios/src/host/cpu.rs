//! CPU time: weighted fair shares, work-conserving, in steps of a tenth of a second.
//!
//! Groups share as those of the kernel's fair scheduler do: each competes with its siblings by a
//! weight of its own, and what it gets is shared among its members. Within a step shares are a
//! fluid: each claim gets at most what its threads can use, and what is left goes to its siblings
//! by weight, as a fair scheduler does over many of its slices. Waits shorter than a step come
//! from a stated law (`queue_length`). It knows no processes.

/// Weight of nice 0, as the kernel's table has it.
const NICE_0: f64 = 1024.0;
/// The kernel's table steps by about a quarter for each nice level.
const NICE_STEP: f64 = 1.25;
/// `cpu.weight` that is that of one thread of nice 0.
const GROUP_USUAL: f64 = 100.0;
/// Nice level from whose weight on one gives way to any other at once.
const BATCH_NICE: i64 = 10;

/// What one party asks of the CPUs in a step. Claims stand in one slice: the first is the root,
/// each other stands behind the one that it is part of.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Claim {
    /// Position of the group that it is part of.
    of: usize,
    /// Weight of one thread; of a group, that of all together.
    weight: f64,
    /// Threads that compete for it, each by its weight: a group competes as one.
    threads: f64,
    /// CPUs it can use at once: threads that want to run. Of a group it is what its members want.
    pub(crate) wanted: f64,
    /// CPUs it got.
    pub(crate) got: f64,
    /// Its threads that wait for a CPU. Of a group it is what its members have.
    pub(crate) waiting: f64,
    /// Threads that hold back one of it that wakes: those that wait and do not give way to it.
    pub(crate) ahead: f64,
    /// Its members that wait and do not give way to each other.
    peers: f64,
    /// Its first member, and the next one of the same group: 0, which is the root, for none.
    first: usize,
    next: usize,
}

impl Claim {
    /// That of a group, which has its members behind it.
    pub(crate) fn group(of: usize, weight: f64) -> Self {
        Self { of, weight, threads: 1.0, ..Self::default() }
    }

    /// That of threads of one weight, and the CPUs that they can use at once.
    pub(crate) fn tasks(of: usize, weight: f64, threads: f64, wanted: f64) -> Self {
        Self { of, weight, threads, wanted, ..Self::default() }
    }

    fn right(&self) -> f64 {
        self.weight * self.threads
    }

    fn is_open(&self) -> bool {
        self.wanted > 0.0 && self.got < self.wanted
    }

    fn gives_way(&self) -> bool {
        self.weight <= weight(BATCH_NICE)
    }
}

/// Weight of a thread at a nice level: 1024 x 1.25^-nice.
pub(crate) fn weight(nice: i64) -> f64 {
    let steps = i32::try_from(nice.clamp(-20, 19)).unwrap_or(0);
    NICE_0 * libm::pow(NICE_STEP, f64::from(-steps))
}

/// Weight of a group by its `cpu.weight`.
pub(crate) fn group_weight(cpu_weight: u64) -> f64 {
    NICE_0 * cpu_weight as f64 / GROUP_USUAL
}

/// Shares `cpus` among the claims: max-min fair by weight among the members of each group, each
/// up to what it wants.
pub(crate) fn share(claims: &mut [Claim], cpus: f64) {
    link(claims);
    let Some(root) = claims.first_mut() else { return };
    root.got = cpus.min(root.wanted);
    for at in 0..claims.len() {
        divide(claims, at);
    }
}

/// Finds the members of each group, and what they want together.
fn link(claims: &mut [Claim]) {
    for at in 0..claims.len() {
        let of = claims[at].of;
        let group = &mut claims[of];
        (group.wanted, group.first) = (0.0, 0);
    }
    for at in (1..claims.len()).rev() {
        let Claim { of, wanted, .. } = claims[at];
        claims[at].next = claims[of].first;
        claims[of].first = at;
        claims[of].wanted += wanted;
    }
}

/// Shares what a group got among its members.
fn divide(claims: &mut [Claim], group: usize) {
    let mut left = claims[group].got;
    let is_enough = left >= claims[group].wanted;
    each_member(claims, group, |member| member.got = if is_enough { member.wanted } else { 0.0 });
    // Each round satisfies at least one member or ends: there are not more rounds than members.
    loop {
        let mut rights = 0.0;
        each_member(claims, group, |member| {
            rights += if member.is_open() { member.right() } else { 0.0 };
        });
        if rights <= 0.0 || left <= 0.0 {
            return;
        }
        let each = left / rights;
        let before = left;
        each_member(claims, group, |member| {
            if member.is_open() && member.right() * each >= member.wanted {
                member.got = member.wanted;
                left -= member.wanted;
            }
        });
        if left >= before {
            each_member(claims, group, |member| {
                if member.is_open() {
                    member.got = member.right() * each;
                }
            });
            return;
        }
    }
}

fn each_member(claims: &mut [Claim], group: usize, mut act: impl FnMut(&mut Claim)) {
    let mut at = claims[group].first;
    while at != 0 {
        act(&mut claims[at]);
        at = claims[at].next;
    }
}

/// Works out who waits ahead of whom, by the claims' `waiting`, after they were shared: at each
/// level the siblings that do not give way.
pub(crate) fn line_up(claims: &mut [Claim]) {
    for claim in claims.iter_mut() {
        claim.peers = 0.0;
        if claim.first != 0 {
            claim.waiting = 0.0;
        }
    }
    for at in (1..claims.len()).rev() {
        let Claim { of, waiting, .. } = claims[at];
        let gives_way = claims[at].gives_way();
        let group = &mut claims[of];
        group.waiting += waiting;
        group.peers += if gives_way { 0.0 } else { waiting };
    }
    for at in 1..claims.len() {
        let Claim { ahead, peers, .. } = claims[claims[at].of];
        let claim = &mut claims[at];
        // What waits in a group is ahead of its members by their own weights.
        let own = if claim.first == 0 || claim.gives_way() { 0.0 } else { claim.waiting };
        claim.ahead = (ahead + peers - own).max(0.0);
    }
}

/// Mean number that wait in an M/M/c queue at utilisation `rho`, by Sakasegawa's approximation
/// (1977): rho^sqrt(2 (c + 1)) / (1 - rho). It is exact for one server. At and above 0.98 that
/// of 0.98 is given: beyond, the fluid has the queue.
pub(crate) fn queue_length(rho: f64, servers: f64) -> f64 {
    let rho = rho.clamp(0.0, 0.98);
    libm::pow(rho, libm::sqrt(2.0 * (servers + 1.0))) / (1.0 - rho)
}

#[cfg(test)]
mod tests;
