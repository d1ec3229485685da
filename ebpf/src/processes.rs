//! The iterator over all tasks: what `/proc` tells of processes, in one pass.

use std::fs::File;
use std::io::{ErrorKind, Read};

use aya::programs::Iter;
use aya::{Ebpf, EbpfLoader, include_bytes_aligned};

use crate::error::LoadError;
use crate::kernel::Kernel;
use crate::layout::{ProcessRow, TaskRow, read};

/// The compiled object.
pub static OBJECT: &[u8] = include_bytes_aligned!("../objects/processes.bpf.o");
const PROGRAM: &str = "handle_task";
const HOOK: &str = "iter/task";
/// The kernel hands out at most this much at once.
const CHUNK_BYTES: usize = 32 * 1024;

/// A loaded iterator.
#[derive(Debug)]
pub struct ProcessIterator {
    ebpf: Ebpf,
}

impl ProcessIterator {
    /// Loads the iterator.
    pub fn load(kernel: &Kernel) -> Result<Self, LoadError> {
        let mut loader = EbpfLoader::new();
        loader.btf(Some(kernel.btf()));
        let mut ebpf = loader.load(OBJECT).map_err(|error| LoadError::of_object(&error))?;
        let program = program(&mut ebpf);
        let loaded = program.load("task", kernel.btf());
        loaded.map_err(|error| LoadError::of_program(&error, HOOK))?;
        Ok(Self { ebpf })
    }

    /// Reads all tasks of this process's PID namespace into `rows`, as the kernel writes them.
    pub fn read(&mut self, rows: &mut Vec<u8>) -> Result<(), LoadError> {
        let failed = LoadError::Refused(HOOK);
        let mut file = begin(program(&mut self.ebpf)).ok_or(failed)?;
        let mut filled = 0;
        loop {
            if rows.len() < filled + CHUNK_BYTES {
                rows.resize(filled + CHUNK_BYTES, 0);
            }
            match file.read(&mut rows[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(failed),
            }
        }
        rows.truncate(filled);
        Ok(())
    }
}

fn program(ebpf: &mut Ebpf) -> &mut Iter {
    let program = ebpf.program_mut(PROGRAM).expect("the object has its program");
    program.try_into().expect("the program is an iterator")
}

/// A pass over the tasks as they are now.
fn begin(program: &mut Iter) -> Option<File> {
    let link = program.attach().and_then(|link| program.take_link(link));
    link.ok()?.into_file().ok()
}

/// The rows that [`ProcessIterator::read`] gave, one after another.
#[derive(Debug, Clone)]
pub struct Rows<'a>(pub &'a [u8]);

impl Iterator for Rows<'_> {
    type Item = (TaskRow, Option<ProcessRow>);

    fn next(&mut self) -> Option<Self::Item> {
        let task: TaskRow = read(self.0)?;
        self.0 = &self.0[size_of::<TaskRow>()..];
        if task.leads == 0 {
            return Some((task, None));
        }
        let process: ProcessRow = read(self.0)?;
        self.0 = &self.0[size_of::<ProcessRow>()..];
        Some((task, Some(process)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_follow_each_other_and_a_torn_one_ends_them() {
        let task = |id: u32, leads: u32| {
            let mut bytes = vec![0; size_of::<TaskRow>()];
            bytes[4..8].copy_from_slice(&id.to_ne_bytes());
            bytes[12..16].copy_from_slice(&leads.to_ne_bytes());
            bytes
        };
        let mut bytes = task(7, 1);
        bytes.extend(vec![0; size_of::<ProcessRow>()]);
        bytes.extend(task(8, 0));
        bytes.extend(task(9, 1));
        let rows: Vec<_> =
            Rows(&bytes).map(|(task, process)| (task.task, process.is_some())).collect();
        assert_eq!(rows, [(7, true), (8, false)]);
    }
}
