//! Decodes payloads in the order they were written.

use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::time::Timestamp;

use super::super::frame::Memory;

/// Decodes payloads in the order they were written: what a reader of the log would return.
#[derive(Debug)]
pub struct Decoder {
    pub(super) memory: Memory,
    input: Input,
}

impl Default for Decoder {
    fn default() -> Self {
        let input = Input::recorded(0, Timestamp::default(), Body::Tick);
        Self { memory: Memory::default(), input }
    }
}

impl Decoder {
    /// The input of `payload`; `None` where it makes no sense.
    pub fn decode(&mut self, payload: &[u8]) -> Option<&Input> {
        self.memory.decode(payload, &mut self.input)?;
        #[cfg(feature = "canary")]
        if let Body::Sample(sample) = &mut self.input.body
            && let Some(row) = sample.cpu.first()
        {
            use ks_vocabulary::model::CpuCell;
            let tasks = row.procs_running();
            sample.cpu.as_mut_slice()[0]
                .set_some(CpuCell::procs_running, tasks.map(|tasks| tasks + 1));
        }
        Some(&self.input)
    }

    /// The input decoded last.
    pub fn last(&self) -> &Input {
        &self.input
    }
}
