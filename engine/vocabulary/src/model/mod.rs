//! The vocabulary of telemetry: tables, rows and samples.

mod cgroup;
mod host;
mod memory;
mod network;
mod process;
pub mod record;
pub mod rows;
mod sample;
mod storage;
mod tracers;

pub use cgroup::{
    Cgroup, CgroupCell, CgroupName, CgroupSettings, CgroupSettingsCell, CgroupSettingsName,
};
pub use host::{
    BlockedTask, BlockedTaskCell, BlockedTaskName, Cpu, CpuCell, CpuSched, CpuSchedCell, CpuTimes,
    CpuTimesCell, FileHandles, FileHandlesCell, Limits, LimitsCell, Load, LoadCell, Pressure,
    PressureCell, Sysctls, SysctlsCell,
};
pub use memory::{
    Memory, MemoryCell, Swap, SwapCell, SwapName, Vm, VmCell, Zone, ZoneCell, ZoneName,
};
pub use network::{
    Listener, ListenerCell, ListenerName, Netns, NetnsCell, Nic, NicCell, NicName, PortUse,
    PortUseCell, PortUseName, SocketOwner, SocketOwnerCell, Softnet, SoftnetCell,
};
pub use process::{
    Process, ProcessCell, ProcessFacts, ProcessFactsCell, ProcessFactsName, ProcessGone,
    ProcessGoneCell, ProcessName,
};
pub use record::{
    CellType, CellValue, Class, Column, NameColumn, Record, RowMut, RowRef, Schema, Shape,
    same_bytes,
};
pub use rows::{ReadTimes, Rows, Rowset};
pub use sample::{SCHEMAS, Sample};
pub use storage::{Disk, DiskCell, DiskName, Filesystem, FilesystemCell, FilesystemName};
pub use tracers::{
    BlockTrace, BlockTraceCell, BlockTraceName, Bucket, BucketCell, BucketName, Caller, CallerCell,
    CallerName, Cost, CostCell, Event, EventCell, EventName, FaultTrace, FaultTraceCell,
    LifetimeTrace, LifetimeTraceCell, MemoryTrace, MemoryTraceCell, SchedulerTrace,
    SchedulerTraceCell, ShortLived, ShortLivedCell, ShortLivedName, SyscallCount, SyscallCountCell,
    SyscallTrace, SyscallTraceCell, TcpTrace, TcpTraceCell,
};
