//! What the host as a whole consumed and held, by the buckets in which that of its parts is summed.

use ks_vocabulary::held;
use ks_vocabulary::model::{Cpu, Disk, Memory, Vm};
use ks_vocabulary::time::Timestamp;

use super::account::{ACCOUNTS, Account, BUCKET_NS};
use super::leaders::Ring;
use super::newest::Newest;
use super::trend::Trend;

/// Bytes of a sector of `/proc/diskstats`.
pub(super) const SECTOR_BYTES: u64 = 512;

/// What the tables of the host say of each account; `None` where none does.
pub(super) type Totals = [Option<u64>; ACCOUNTS];

/// One account of the host.
#[derive(Debug, Clone, Default)]
struct Book {
    ring: Ring,
    last: Option<u64>,
    /// The total at the end of the last bucket that is closed.
    at_bucket: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub struct HostPast {
    books: [Book; ACCOUNTS],
    bucket: Option<u64>,
    at: Timestamp,
    begin: Timestamp,
    /// What it holds, lately.
    pub memory: Newest,
    /// The same over minutes.
    pub held: Trend,
}

/// An account of the host, up to the last reading.
#[derive(Debug, Clone, Copy)]
pub struct HostAccount<'a> {
    /// Its closed buckets.
    pub ring: &'a Ring,
    /// Consumption since then; of stocks the level.
    pub present: u64,
    /// Time since then, in ns.
    pub present_ns: u64,
}

impl HostPast {
    /// Takes what the tables of a sample say.
    pub(super) fn update(&mut self, at: Timestamp, totals: Totals) {
        let bucket = at.0 / BUCKET_NS;
        let before = *self.bucket.get_or_insert(bucket);
        let span = bucket.saturating_sub(before);
        for ((account, book), total) in Account::ALL.into_iter().zip(&mut self.books).zip(totals) {
            if span > 0 {
                book.close(account, bucket - 1, span);
            }
            book.take(total);
        }
        if span > 0 || self.begin == Timestamp::default() {
            self.begin = if span > 0 { self.at } else { at };
        }
        if let Some(bytes) = totals[Account::Memory.index()] {
            self.memory.push(at, bytes);
            self.held.push(at, bytes);
        }
        self.bucket = Some(bucket);
        self.at = at;
    }

    /// What is known of an account.
    pub fn of(&self, account: Account) -> Option<HostAccount<'_>> {
        let book = &self.books[account.index()];
        let last = book.last?;
        let present = if account.is_flow() { last.saturating_sub(book.at_bucket) } else { last };
        Some(HostAccount { ring: &book.ring, present, present_ns: self.at.since_ns(self.begin) })
    }

    /// When it was read last.
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

impl Book {
    fn close(&mut self, account: Account, bucket: u64, span: u64) {
        let Some(last) = self.last else { return };
        let value = if account.is_flow() {
            last.saturating_sub(self.at_bucket) as f32 / span as f32
        } else {
            last as f32
        };
        self.at_bucket = last;
        self.ring.push(bucket, span, value);
    }

    /// A disk that goes takes its counters with it: what was consumed begins anew then.
    fn take(&mut self, total: Option<u64>) {
        let Some(total) = total else { return };
        if self.last.is_none_or(|last| total < last) {
            self.at_bucket = total;
        }
        self.last = Some(total);
    }
}

/// What the last rows of the tables say.
pub(super) fn totals(
    cpu: Option<&Cpu>,
    memory: Option<&Memory>,
    vm: Option<&Vm>,
    disks: &[Disk],
) -> Totals {
    Account::ALL.map(|account| match account {
        Account::CpuTime => cpu.and_then(used_ticks),
        Account::IoBytes => {
            bytes(disks, |row| Some(row.read_sectors()?.saturating_add(row.write_sectors()?)))
        }
        Account::Written => bytes(disks, Disk::write_sectors),
        Account::MajorFaults => vm.and_then(Vm::pgmajfault),
        Account::Memory => memory.and_then(used_bytes),
        Account::Swap => memory.and_then(swapped_bytes),
        Account::OpenFiles => None,
    })
}

fn used_ticks(row: &Cpu) -> Option<u64> {
    let parts = [row.user_ticks()?, row.nice_ticks()?, row.system_ticks()?];
    let interrupts = [row.irq_ticks(), row.softirq_ticks()].into_iter().flatten();
    Some(parts.into_iter().chain(interrupts).fold(0, u64::saturating_add))
}

/// What is in use of memory and swap together, as processes are charged with both.
fn used_bytes(row: &Memory) -> Option<u64> {
    let used = held::ordinary_bytes(row)?.saturating_sub(row.available_bytes()?);
    Some(used.saturating_add(swapped_bytes(row).unwrap_or(0)))
}

fn swapped_bytes(row: &Memory) -> Option<u64> {
    Some(row.swap_total_bytes()?.saturating_sub(row.swap_free_bytes()?))
}

/// Of devices that lie on others the others tell.
fn bytes(disks: &[Disk], sectors: impl Fn(&Disk) -> Option<u64>) -> Option<u64> {
    let disks = disks.iter();
    let lowest = disks.filter(|row| row.stacked() != Some(true) && row.hidden() != Some(true));
    let known = lowest.filter_map(sectors).map(|sectors| sectors.saturating_mul(SECTOR_BYTES));
    known.reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use ks_vocabulary::model::{CpuCell, DiskCell, DiskName, MemoryCell, Sample};
    use ks_vocabulary::time::SECOND_NS;

    #[test]
    fn flows_are_summed_by_bucket_and_stocks_have_their_last_level() {
        let mut past = HostPast::default();
        assert!(past.of(Account::CpuTime).is_none());
        for second in 0..=25u64 {
            let mut totals = [None; ACCOUNTS];
            totals[Account::CpuTime.index()] = Some(1000 + 3 * second);
            totals[Account::Memory.index()] = Some(second);
            past.update(Timestamp((100 + second) * SECOND_NS), totals);
        }
        let values = |account: Account| -> (Vec<f64>, u64, u64) {
            let found = past.of(account).unwrap();
            let ring = found.ring;
            let values = ring.values(ring.first(), ring.end()).collect();
            (values, found.present, found.present_ns / SECOND_NS)
        };
        assert_eq!(values(Account::CpuTime), (alloc::vec![27.0, 30.0], 18, 6));
        assert_eq!(values(Account::Memory), (alloc::vec![9.0, 19.0], 25, 6));
        assert!(past.of(Account::Swap).is_none());
    }

    #[test]
    fn the_tables_of_a_host_tell_of_all_that_is_used() {
        let mut sample = Sample::default();
        let cpu = sample.cpu.push();
        for (cell, ticks) in [
            (CpuCell::user_ticks, 1u64),
            (CpuCell::nice_ticks, 2),
            (CpuCell::system_ticks, 4),
            (CpuCell::idle_ticks, 500),
            (CpuCell::softirq_ticks, 8),
        ] {
            cpu.set(cell, ticks);
        }
        let memory = sample.memory.push();
        for (cell, bytes) in [
            (MemoryCell::total_bytes, 1000u64),
            (MemoryCell::available_bytes, 600),
            (MemoryCell::swap_total_bytes, 50),
            (MemoryCell::swap_free_bytes, 20),
        ] {
            memory.set(cell, bytes);
        }
        for (name, stacked) in [("sda", false), ("dm-0", true)] {
            let disk = sample.disks.push();
            disk.set_name(DiskName::name, name.as_bytes());
            disk.set(DiskCell::read_sectors, 3u64);
            disk.set(DiskCell::write_sectors, 2u64);
            disk.set(DiskCell::stacked, stacked);
        }
        let found =
            totals(sample.cpu.first(), sample.memory.first(), None, sample.disks.as_slice());
        let of = |account: Account| found[account.index()];
        assert_eq!(of(Account::CpuTime), Some(15));
        assert_eq!(of(Account::Memory), Some(430));
        assert_eq!((of(Account::Swap), of(Account::MajorFaults)), (Some(30), None));
        assert_eq!((of(Account::IoBytes), of(Account::Written)), (Some(2560), Some(1024)));
    }
}
