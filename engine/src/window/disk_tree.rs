//! Which disks lie on which.

use alloc::vec::Vec;

use super::Window;

/// Disks below one that are looked at.
const DEEPEST: usize = 64;

impl Window {
    /// The disks below one, in the order in which they are found.
    pub fn disks_below(&self, name: &[u8]) -> Vec<Vec<u8>> {
        let mut below: Vec<Vec<u8>> = Vec::new();
        let mut next = 0;
        let mut at = name.to_vec();
        while below.len() < DEEPEST {
            let mut rows = self.disks.entities().map(|(_, row, _)| row);
            let slaves =
                rows.find(|row| row.name() == Some(at.as_slice())).and_then(|row| row.slaves());
            let slaves = slaves.unwrap_or_default().split(|byte| *byte == b',');
            for slave in slaves.filter(|slave| !slave.is_empty() && *slave != name) {
                if below.iter().all(|known| known != slave) {
                    below.push(slave.to_vec());
                }
            }
            let Some(deeper) = below.get(next) else { break };
            at.clone_from(deeper);
            next += 1;
        }
        below
    }
}
