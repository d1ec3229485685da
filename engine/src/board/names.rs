//! What a digest covers of one place: which kind, entity and metrics, and the bits of each value.
//!
//! The names hardly ever change from reading to reading, so their hash is kept: each reading then
//! costs a few bytes.

use alloc::string::ToString;
use core::ptr;

use sha2::{Digest as _, Sha256};

use super::evaluation::{Evaluation, QUANTITIES};
use ks_vocabulary::kind::{Entity, Kind};

/// Bytes kept of the hash of the names: enough to tell all places of a run apart.
const KEPT: usize = 8;

/// The names that were hashed last, with their hash.
#[derive(Debug, Default)]
pub(super) struct Names {
    metrics: [&'static str; QUANTITIES],
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

    /// Names are literals: two that lie at the same place are the same, which is asked first.
    fn are_of(&self, seen: &Evaluation) -> bool {
        let mut known = self.metrics[..self.count].iter();
        let same = |noted: &super::Noted| {
            known.next().is_some_and(|known| {
                ptr::eq(*known, noted.quantity.metric) || *known == noted.quantity.metric
            })
        };
        self.hash.is_some() && seen.quantities().all(same) && known.next().is_none()
    }

    fn take(&mut self, kind: Kind, entity: &Entity, seen: &Evaluation) {
        let mut names = Sha256::new();
        names.update(kind.word());
        names.update([0]);
        names.update(entity.to_string());
        self.count = 0;
        for noted in seen.quantities() {
            names.update([0]);
            names.update(noted.quantity.metric);
            self.metrics[self.count] = noted.quantity.metric;
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

    fn digest(kind: Kind, entity: &Entity, readings: &[(&'static str, f64)]) -> String {
        let (mut names, mut digest) = (Names::default(), Sha256::new());
        for (metric, value) in readings {
            let mut seen = Evaluation::default();
            seen.note(metric, *value, "1");
            names.hash(kind, entity, &seen, &mut digest);
        }
        hex(&digest.finalize())
    }

    #[test]
    fn kind_entity_metric_order_and_bits_are_all_in_it() {
        let host = Entity::Host;
        let disk = Entity::Disk(b"sda".to_vec());
        let base = digest(Kind::Scheduler, &host, &[("a", 1.0), ("b", 2.0)]);
        assert_eq!(base, digest(Kind::Scheduler, &host, &[("a", 1.0), ("b", 2.0)]));
        for other in [
            digest(Kind::Syscall, &host, &[("a", 1.0), ("b", 2.0)]),
            digest(Kind::Scheduler, &disk, &[("a", 1.0), ("b", 2.0)]),
            digest(Kind::Scheduler, &host, &[("c", 1.0), ("b", 2.0)]),
            digest(Kind::Scheduler, &host, &[("b", 1.0), ("a", 2.0)]),
            digest(
                Kind::Scheduler,
                &host,
                &[("a", 1.0), ("b", f64::from_bits(2.0f64.to_bits() + 1))],
            ),
            digest(Kind::Scheduler, &host, &[("a", 1.0)]),
        ] {
            assert_ne!(other, base);
        }
    }
}
