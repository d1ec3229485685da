//! `bpf/block_io`: requests of each block device and operation.

use std::collections::BTreeMap;

use ks_ebpf::Tracer;
use ks_ebpf::layout::{BlockKey, BlockLosses, BlockValue};
use ks_vocabulary::model::{BlockTraceCell as Cell, BlockTraceName as Name, ReadTimes, Sample};

use super::Decoder;
use super::histograms::{Before, Of};
use crate::host_fs::HostFs;
use crate::sampler::Context;
use crate::text::lines;

/// By the kernel's number, as `block_io.h` has them.
const WORDS: [&str; 5] = ["read", "write", "flush", "discard", "other"];
/// How many there are.
pub(super) const OPERATIONS: u32 = 5;

#[derive(Debug, Default)]
struct Histograms {
    latency: Before,
    queued: Before,
    sizes: Before,
}

/// Reads what the tracer counted.
#[derive(Debug, Default)]
pub(super) struct BlockIo {
    names: BTreeMap<u32, Vec<u8>>,
    before: BTreeMap<(u32, u32), Histograms>,
    lost: u64,
    runs: u64,
}

impl Decoder for BlockIo {
    fn decode(&mut self, tracer: &mut Tracer, context: &mut Context<'_>, sample: &mut Sample) {
        if context.keyframe {
            self.forget_gone(tracer, context);
        }
        let losses = tracer.per_cpu::<BlockLosses>("block_losses");
        self.lost = losses.iter().map(|losses| losses.starts + losses.devices).sum();
        self.runs = 0;
        for (key, value) in tracer.table::<BlockKey, BlockValue>("block_devices") {
            self.runs += value.issued + value.completed;
            let host = context.host;
            let device = self.names.entry(key.device).or_insert_with(|| name_of(key.device, host));
            let before = self.before.entry((key.device, key.operation)).or_default();
            push(device, key.operation, &value, before, sample);
        }
        sample.bpf_block_io.sort();
    }

    fn lost(&self) -> u64 {
        self.lost
    }

    fn runs(&self) -> u64 {
        self.runs
    }

    fn set_read(&self, sample: &mut Sample, times: ReadTimes) {
        sample.bpf_block_io.set_read(times);
    }
}

impl BlockIo {
    /// Gives the entries of devices that are gone back: their numbers may come again.
    fn forget_gone(&mut self, tracer: &mut Tracer, context: &Context<'_>) {
        for (key, _) in tracer.table::<BlockKey, BlockValue>("block_devices") {
            if self.names.get(&key.device).is_some_and(|name| is_gone(name, key.device, context)) {
                tracer.remove::<BlockKey, BlockValue>("block_devices", &key);
                self.before.remove(&(key.device, key.operation));
                self.names.remove(&key.device);
            }
        }
    }
}

fn push(
    device: &[u8],
    operation: u32,
    value: &BlockValue,
    before: &mut Histograms,
    sample: &mut Sample,
) {
    let operation = WORDS[(operation as usize).min(WORDS.len() - 1)].as_bytes();
    let row = sample.bpf_block_io.push();
    row.set_name(Name::disk, device);
    row.set_name(Name::operation, operation);
    row.set(Cell::issued, value.issued);
    row.set(Cell::completed, value.completed);
    row.set(Cell::errors, value.errors);
    row.set(Cell::no_start, value.no_start);
    row.set(Cell::bytes, value.bytes);
    row.set(Cell::latency_ns, value.latency_ns);
    row.set(Cell::queued_ns, value.queued_ns);
    row.set(Cell::depth_max, value.depth_max);
    let rows = &mut sample.bpf_histograms;
    let of = |metric| Of { metric, entity: device, operation };
    before.latency.push(of("block_latency_ns"), &value.latency, rows);
    before.queued.push(of("block_queued_ns"), &value.queued, rows);
    before.sizes.push(of("block_size_bytes"), &value.sizes, rows);
}

/// Whether a device that had a name has no facts in `/sys` any more. Paths of a device with several
/// have none at any time, and are kept.
fn is_gone(name: &[u8], device: u32, context: &Context<'_>) -> bool {
    let facts = context.host.root().join(facts_of(device));
    let not_found = |error: std::io::Error| error.kind() == std::io::ErrorKind::NotFound;
    name != number_of(device).as_bytes() && facts.symlink_metadata().is_err_and(not_found)
}

fn facts_of(device: u32) -> String {
    format!("sys/dev/block/{}/uevent", number_of(device))
}

/// The number that the kernel and `/sys` use, from the one that `block_io.h` makes of it.
fn number_of(device: u32) -> String {
    format!("{}:{}", device >> 20, device & 0xf_ffff)
}

/// The name of a device by its number, or the number where it has gone.
fn name_of(device: u32, host: &HostFs) -> Vec<u8> {
    let facts = host.read_once(&facts_of(device)).unwrap_or_default();
    let name = lines(&facts).find_map(|line| line.strip_prefix(b"DEVNAME="));
    name.map_or_else(|| number_of(device).into_bytes(), <[u8]>::to_vec)
}
