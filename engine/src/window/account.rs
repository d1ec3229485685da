//! What processes and control groups are charged with: who consumes or holds how much of what.

use ks_vocabulary::held;
use ks_vocabulary::model::{Cgroup, Process};
use ks_vocabulary::time::SECOND_NS;

/// Length of the buckets in which consumption is summed: those of all entities begin together.
pub const BUCKET_NS: u64 = 10 * SECOND_NS;

/// A resource that entities consume or hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Account {
    /// Time on a CPU.
    CpuTime,
    /// Bytes moved from and to storage.
    IoBytes,
    /// Faults that waited for I/O.
    MajorFaults,
    /// Bytes written to storage.
    Written,
    /// Resident and swapped memory.
    Memory,
    /// Swapped memory.
    Swap,
    /// Open files.
    OpenFiles,
}

/// How many accounts there are.
pub(super) const ACCOUNTS: usize = Account::ALL.len();
/// How many of them, the first ones, are flows.
pub(super) const FLOWS: usize = 4;

impl Account {
    /// Every account, flows before stocks.
    pub const ALL: [Self; 7] = [
        Self::CpuTime,
        Self::IoBytes,
        Self::MajorFaults,
        Self::Written,
        Self::Memory,
        Self::Swap,
        Self::OpenFiles,
    ];

    /// Position in [`Account::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// Whether it is consumed over time, and not held.
    pub fn is_flow(self) -> bool {
        self.index() < FLOWS
    }
}

/// What a process consumed and holds, or how far both grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consumption {
    /// CPU time in clock ticks.
    pub cpu_ticks: u64,
    /// Bytes moved from and to storage.
    pub io_bytes: u64,
    /// Of those, bytes written.
    pub written_bytes: u64,
    /// Resident and swapped memory.
    pub memory_bytes: u64,
    /// Major faults.
    pub majflt: u64,
    /// Swapped memory.
    pub swap_bytes: u64,
    /// Waits for a CPU of all threads, in ns; 0 where they are not known.
    pub wait_ns: u64,
    /// Open files; 0 where they were not read, so that what a first reading finds is growth.
    pub open_files: u64,
}

impl Consumption {
    /// All that was counted of a process by this row.
    pub(super) fn total(row: &Process) -> Self {
        let sum = |one: Option<u64>, other: Option<u64>| {
            one.unwrap_or(0).saturating_add(other.unwrap_or(0))
        };
        // Without the iterator the leader's are known, which are all where it is the only thread.
        let leaders_wait = || row.leader_wait_ns().filter(|_| row.threads() == Some(1));
        Self {
            cpu_ticks: sum(row.utime_ticks(), row.stime_ticks()),
            io_bytes: sum(row.read_bytes(), row.write_bytes()),
            written_bytes: row.write_bytes().unwrap_or(0),
            memory_bytes: sum(row.rss_bytes(), row.swap_bytes()),
            majflt: row.majflt().unwrap_or(0),
            swap_bytes: row.swap_bytes().unwrap_or(0),
            wait_ns: row.wait_ns().or_else(leaders_wait).unwrap_or(0),
            open_files: row.open_files().unwrap_or(0),
        }
    }

    /// What it grew by since; what fell grew by nothing.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            cpu_ticks: self.cpu_ticks.saturating_sub(earlier.cpu_ticks),
            io_bytes: self.io_bytes.saturating_sub(earlier.io_bytes),
            written_bytes: self.written_bytes.saturating_sub(earlier.written_bytes),
            memory_bytes: self.memory_bytes.saturating_sub(earlier.memory_bytes),
            majflt: self.majflt.saturating_sub(earlier.majflt),
            swap_bytes: self.swap_bytes.saturating_sub(earlier.swap_bytes),
            wait_ns: self.wait_ns.saturating_sub(earlier.wait_ns),
            open_files: self.open_files.saturating_sub(earlier.open_files),
        }
    }

    /// The amount of one account: ticks, bytes, faults or files.
    pub fn of(&self, account: Account) -> u64 {
        match account {
            Account::CpuTime => self.cpu_ticks,
            Account::IoBytes => self.io_bytes,
            Account::MajorFaults => self.majflt,
            Account::Written => self.written_bytes,
            Account::Memory => self.memory_bytes,
            Account::Swap => self.swap_bytes,
            Account::OpenFiles => self.open_files,
        }
    }
}

/// What a control group consumed and holds, or how far both grew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupConsumption {
    /// CPU time.
    pub cpu_us: u64,
    /// Bytes read and written.
    pub io_bytes: u64,
    /// Of those, bytes written.
    pub written_bytes: u64,
    /// Major faults.
    pub majflt: u64,
    /// Charged memory, without cache that is not in use, and swapped memory.
    pub memory_bytes: u64,
    /// Swapped memory.
    pub swap_bytes: u64,
}

impl GroupConsumption {
    /// All that was counted of a group by this row.
    pub(super) fn total(row: &Cgroup) -> Self {
        let io = row.io_read_bytes().unwrap_or(0).saturating_add(row.io_write_bytes().unwrap_or(0));
        let charged = held::held_bytes(row).unwrap_or(0);
        let swap_bytes = row.swap_bytes().unwrap_or(0);
        Self {
            cpu_us: row.cpu_usage_us().unwrap_or(0),
            io_bytes: io,
            written_bytes: row.io_write_bytes().unwrap_or(0),
            majflt: row.pgmajfault().unwrap_or(0),
            memory_bytes: charged.saturating_add(swap_bytes),
            swap_bytes,
        }
    }

    /// What it grew by since; what fell grew by nothing.
    pub(super) fn since(self, earlier: Self) -> Self {
        Self {
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us),
            io_bytes: self.io_bytes.saturating_sub(earlier.io_bytes),
            written_bytes: self.written_bytes.saturating_sub(earlier.written_bytes),
            majflt: self.majflt.saturating_sub(earlier.majflt),
            memory_bytes: self.memory_bytes.saturating_sub(earlier.memory_bytes),
            swap_bytes: self.swap_bytes.saturating_sub(earlier.swap_bytes),
        }
    }

    /// The amount of one account: microseconds, bytes or faults. Groups have no open files.
    pub fn of(&self, account: Account) -> u64 {
        match account {
            Account::CpuTime => self.cpu_us,
            Account::IoBytes => self.io_bytes,
            Account::MajorFaults => self.majflt,
            Account::Written => self.written_bytes,
            Account::Memory => self.memory_bytes,
            Account::Swap => self.swap_bytes,
            Account::OpenFiles => 0,
        }
    }

    /// Whether the row has this account: of version 1 each hierarchy has but some.
    pub fn is_given(row: &Cgroup, account: Account) -> bool {
        match account {
            Account::CpuTime => row.cpu_usage_us().is_some(),
            Account::IoBytes => row.io_read_bytes().is_some(),
            Account::MajorFaults => row.pgmajfault().is_some(),
            Account::Written => row.io_write_bytes().is_some(),
            Account::Memory => row.memory_bytes().is_some(),
            Account::Swap => row.swap_bytes().is_some(),
            Account::OpenFiles => false,
        }
    }
}
