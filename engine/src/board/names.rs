//! What a digest covers of one place: which kind, entity and metrics, and the bits of each value.
//!
//! The names hardly ever change from reading to reading, so their hash is kept: each reading then
//! costs a few bytes.

use alloc::string::ToString;

use sha2::{Digest as _, Sha256};

use super::evaluation::{Evaluation, QUANTITIES};
use ks_vocabulary::kind::{Entity, Kind};
use ks_vocabulary::metric::Metric;

/// Bytes kept of the hash of the names: enough to tell all places of a run apart.
const KEPT: usize = 8;

/// The names that were hashed last, with their hash.
#[derive(Debug, Default)]
pub(super) struct Names {
    metrics: [Option<Metric>; QUANTITIES],
    count: usize,
    hash: Option<[u8; KEPT]>,
}

impl Names {
    /// Adds what was seen of `entity` as `kind` to a digest.
    pub(super) fn hash(
        &mut self,
        kind: Kind,
        entity: &Entity,
        seen: &Evaluation,
        digest: &mut Sha256,
    ) {
        if !self.are_of(seen) {
            self.take(kind, entity, seen);
        }
        digest.update(self.hash.unwrap_or_default());
        for noted in seen.quantities() {
            digest.update(noted.quantity.value.to_bits().to_le_bytes());
        }
        digest.update([seen.mask(), u8::from(seen.keeps())]);
    }

    fn are_of(&self, seen: &Evaluation) -> bool {
        let metrics = seen.quantities().map(|noted| Some(noted.quantity.metric));
        self.hash.is_some() && metrics.eq(self.metrics[..self.count].iter().copied())
    }

    fn take(&mut self, kind: Kind, entity: &Entity, seen: &Evaluation) {
        let mut names = Sha256::new();
        names.update(kind.word());
        names.update([0]);
        names.update(entity.to_string());
        self.count = 0;
        for noted in seen.quantities() {
            names.update([0]);
            names.update(noted.quantity.metric.word());
            self.metrics[self.count] = Some(noted.quantity.metric);
            self.count += 1;
        }
        let mut kept = [0; KEPT];
        kept.copy_from_slice(&names.finalize()[..KEPT]);
        self.hash = Some(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::journal::hex;

    const LOAD: Metric = Metric::Load1;
    const BUSY: Metric = Metric::BusyShare;
    const WAIT: Metric = Metric::Wait5s;

    fn digest(kind: Kind, entity: &Entity, readings: &[(Metric, f64)]) -> String {
        let (mut names, mut digest) = (Names::default(), Sha256::new());
        for (metric, value) in readings {
            let mut seen = Evaluation::default();
            seen.note(*metric, *value);
            names.hash(kind, entity, &seen, &mut digest);
        }
        hex(&digest.finalize())
    }

    #[test]
    fn kind_entity_metric_order_and_bits_are_all_in_it() {
        let host = Entity::Host;
        let disk = Entity::Disk(b"sda".to_vec());
        let base = digest(Kind::Scheduler, &host, &[(LOAD, 1.0), (BUSY, 2.0)]);
        assert_eq!(base, digest(Kind::Scheduler, &host, &[(LOAD, 1.0), (BUSY, 2.0)]));
        for other in [
            digest(Kind::Syscall, &host, &[(LOAD, 1.0), (BUSY, 2.0)]),
            digest(Kind::Scheduler, &disk, &[(LOAD, 1.0), (BUSY, 2.0)]),
            digest(Kind::Scheduler, &host, &[(WAIT, 1.0), (BUSY, 2.0)]),
            digest(Kind::Scheduler, &host, &[(BUSY, 1.0), (LOAD, 2.0)]),
            digest(
                Kind::Scheduler,
                &host,
                &[(LOAD, 1.0), (BUSY, f64::from_bits(2.0f64.to_bits() + 1))],
            ),
            digest(Kind::Scheduler, &host, &[(LOAD, 1.0)]),
        ] {
            assert_ne!(other, base);
        }
    }
}
