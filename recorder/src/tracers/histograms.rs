//! Histograms as rows: the buckets that grew since the reading before.

use ks_ebpf::layout::BUCKETS;
use ks_vocabulary::model::{Bucket, BucketCell, BucketName, ReadTimes, Rows, Sample};

/// Counts of one histogram as the kernel had them last. They wrap at 2^32.
#[derive(Debug, Clone)]
pub(super) struct Before(Vec<u32>);

impl Default for Before {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

/// Of what a histogram is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) metric: &'static str,
    pub(super) entity: &'a [u8],
    pub(super) operation: &'a [u8],
}

impl Before {
    /// Adds a row for each bucket of `counts` that grew.
    pub(super) fn push(&mut self, of: Of<'_>, counts: &[u32], rows: &mut Rows<Bucket>) {
        for (bucket, (before, count)) in (0u64..).zip(self.0.iter_mut().zip(counts)) {
            let grown = count.wrapping_sub(*before);
            *before = *count;
            if grown == 0 {
                continue;
            }
            let row = rows.push();
            row.set_name(BucketName::metric, of.metric.as_bytes());
            row.set_name(BucketName::entity, of.entity);
            row.set_name(BucketName::operation, of.operation);
            row.set(BucketCell::bucket, bucket);
            row.set(BucketCell::count, u64::from(grown));
        }
    }
}

/// Puts the rows of all tracers that were read so far in order.
pub(super) fn finish(sample: &mut Sample, times: ReadTimes) {
    let begin_ns = sample.bpf_histograms.read().map_or(times.begin_ns, |first| first.begin_ns);
    sample.bpf_histograms.sort();
    sample.bpf_histograms.set_read(ReadTimes { begin_ns, end_ns: times.end_ns });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_grew_is_a_row_and_counts_may_wrap() {
        let mut before = Before::default();
        let mut rows = Rows::default();
        let of = Of { metric: "x_ns", entity: b"cpu0", operation: b"" };
        let mut counts = vec![0; BUCKETS];
        (counts[3], counts[200]) = (7, u32::MAX);
        before.push(of, &counts, &mut rows);
        (counts[4], counts[200]) = (1, 1);
        before.push(of, &counts, &mut rows);
        let found: Vec<_> = rows.iter().map(|row| (row.bucket(), row.count())).collect();
        let expected = [(3, 7), (200, u64::from(u32::MAX)), (4, 1), (200, 2)];
        assert_eq!(found, expected.map(|(bucket, count)| (Some(bucket), Some(count))));
    }
}
