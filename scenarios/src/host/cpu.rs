//! CPU time: weighted fair shares, work-conserving, in steps of a tenth of a second.
//!
//! Within a step shares are a fluid: each claim gets at most what its threads can use, and what is
//! left goes to the others by weight, as a fair scheduler does over many of its slices. Waits
//! shorter than a step come from a stated law (`queue_length`). It knows no processes.

/// Weight of nice 0, as the kernel's table has it.
const NICE_0: f64 = 1024.0;
/// The kernel's table steps by about a quarter for each nice level.
const NICE_STEP: f64 = 1.25;

/// What one party asks of the CPUs in a step.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Claim {
    /// Weight of one thread.
    pub(crate) weight: f64,
    /// Threads that compete for it: each has the right to a share by its weight.
    pub(crate) threads: f64,
    /// CPUs it can use at once: threads that want to run.
    pub(crate) wanted: f64,
    /// CPUs it got.
    pub(crate) got: f64,
}

impl Claim {
    fn right(&self) -> f64 {
        self.weight * self.threads
    }
}

/// Weight of a thread at a nice level: 1024 x 1.25^-nice.
pub(crate) fn weight(nice: i64) -> f64 {
    let steps = i32::try_from(nice.clamp(-20, 19)).unwrap_or(0);
    NICE_0 * libm::pow(NICE_STEP, f64::from(-steps))
}

/// Shares `cpus` among the claims: max-min fair by the weight of their threads, each up to
/// what it wants.
pub(crate) fn share(claims: &mut [Claim], cpus: f64) {
    for claim in claims.iter_mut() {
        claim.got = 0.0;
    }
    let mut left = cpus;
    let open = |claim: &Claim| claim.wanted > 0.0 && claim.got < claim.wanted;
    // Each round satisfies at least one claim or ends: there are not more rounds than claims.
    for _ in 0..claims.len() {
        let weights: f64 = claims.iter().filter(|claim| open(claim)).map(Claim::right).sum();
        if weights <= 0.0 || left <= 0.0 {
            return;
        }
        let each = left / weights;
        let is_full = |claim: &Claim| claim.right() * each >= claim.wanted;
        if !claims.iter().any(|claim| open(claim) && is_full(claim)) {
            for claim in claims.iter_mut().filter(|claim| open(claim)) {
                claim.got = claim.right() * each;
            }
            return;
        }
        for claim in claims.iter_mut().filter(|claim| open(claim) && is_full(claim)) {
            claim.got = claim.wanted;
            left -= claim.wanted;
        }
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
mod tests {
    use super::*;

    fn shares(claims: &[(i64, f64)], cpus: f64) -> Vec<f64> {
        let claim = |(nice, wanted): &(i64, f64)| Claim {
            weight: weight(*nice),
            threads: wanted.ceil(),
            wanted: *wanted,
            got: 0.0,
        };
        let mut claims: Vec<Claim> = claims.iter().map(claim).collect();
        share(&mut claims, cpus);
        claims.iter().map(|claim| (claim.got * 1000.0).round() / 1000.0).collect()
    }

    #[test]
    fn what_fits_is_given() {
        assert_eq!(shares(&[(0, 1.0), (0, 0.5)], 2.0), [1.0, 0.5]);
    }

    #[test]
    fn what_does_not_fit_is_shared_by_threads_and_weight() {
        assert_eq!(shares(&[(0, 3.0), (0, 1.0)], 2.0), [1.5, 0.5]);
        let niced = shares(&[(0, 1.0), (19, 1.0)], 1.0);
        assert!(niced[0] > 0.98 && (niced[0] + niced[1] - 1.0).abs() < 0.002, "{niced:?}");
    }

    #[test]
    fn what_one_leaves_goes_to_the_others() {
        assert!((shares(&[(0, 0.2), (0, 8.0), (5, 8.0)], 4.0)[0] - 0.2).abs() < 1e-9);
        let all: f64 = shares(&[(0, 0.2), (0, 8.0), (5, 8.0)], 4.0).iter().sum();
        assert!((all - 4.0).abs() < 0.002);
    }

    #[test]
    fn the_law_of_short_waits_is_that_of_one_server_where_there_is_one() {
        assert!((queue_length(0.5, 1.0) - 0.5).abs() < 1e-12);
        assert!((queue_length(0.9, 1.0) - 8.1).abs() < 1e-9);
        assert!(queue_length(0.5, 16.0) < 0.1);
    }
}
