//! The value that each action writes, and where: what it does to the host stands in one place, for
//! who acts and for who wants to know before.

use ks_vocabulary::action::{Action, Class, DiskRef, GroupRef, IoLimit, NicRef, ProcessRef};

use super::group::Group;
use super::memory::PAGE;
use super::process::Process;
use super::{Host, ROOT_GROUP};
use crate::action::Refused;
use crate::settings::{GroupSetting, HostSetting, IoKey, Policy, ProcessSetting, Setting};
use crate::shape::NIC;

/// The kernel rounds `queue/read_ahead_kb` down to whole pages.
const READ_AHEAD_STEP_KB: u64 = 4;

type Written = Result<Option<Setting>, Refused>;

impl Host {
    /// The value that an action writes, as it will be read; `None` for what it does once.
    pub(super) fn written_by(&self, action: &Action) -> Written {
        Ok(match self.written_to_process(action)? {
            Some(setting) => Some(setting),
            None => match self.written_to_group(action)? {
                Some(setting) => Some(setting),
                None => self.written_to_host(action)?.map(Setting::Host),
            },
        })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "others write to something else")]
    fn written_to_process(&self, action: &Action) -> Written {
        use ProcessSetting as Value;
        let (process, value) = match action {
            Action::LowerProcessPriority { process, nice } => {
                (process, Value::Nice(nice.get().cast_signed()))
            }
            Action::LowerAutogroupPriority { process, nice } => {
                (process, Value::SessionNice(nice.get().cast_signed()))
            }
            Action::DemoteSchedulingClass { process, class } => {
                let policy = match class {
                    Class::Batch => Policy::Batch,
                    Class::Idle => Policy::Idle,
                };
                (process, Value::Policy(policy))
            }
            Action::SetCpuAffinity { process, cpus } => {
                let online = u64::from(self.shape.cpus);
                if cpus.last() >= online {
                    let text = format!("{cpus}: the host has {online}");
                    return Err(Refused::Invalid { what: "cpus", text });
                }
                (process, Value::Affinity(Some(cpus.clone())))
            }
            Action::PauseProcess { process, .. } => (process, Value::Stopped(true)),
            Action::LowerIoPriority { process, level } => (process, Value::IoLevel(Some(*level))),
            Action::RaiseOomScore { process, adj } => {
                (process, Value::OomScore(adj.get().cast_signed()))
            }
            _ => return Ok(None),
        };
        self.of_process(process, value).map(Some)
    }

    fn of_process(&self, named: &ProcessRef, value: ProcessSetting) -> Result<Setting, Refused> {
        let Process { pid, start_ticks, .. } = self.processes[self.find_process(named)?];
        Ok(Setting::Process { pid, start_ticks, value })
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "others write to something else")]
    fn written_to_group(&self, action: &Action) -> Written {
        use GroupSetting as Value;
        let cpus = |percent: u64| Value::Quota(Some(percent as f64 / 100.0));
        let pages = |bytes: u64| Some(bytes / PAGE * PAGE);
        let (group, value) = match action {
            Action::ThrottleCpu { process, percent } => {
                let at = self.own_group(process)?;
                return Ok(Some(self.of_group_at(at, cpus(percent.get()))));
            }
            Action::LimitCgroupCpu { group, percent } => (group, cpus(percent.get())),
            Action::LowerCpuWeight { group, weight } => (group, Value::Weight(weight.get())),
            Action::LimitCgroupPids { group, max } => (group, Value::PidsMax(Some(max.get()))),
            Action::FreezeCgroup { group, .. } => (group, Value::Frozen(true)),
            Action::LowerIoWeight { group, weight } => (group, Value::IoWeight(weight.get())),
            Action::ThrottleIo { group, disk, limit } => {
                let setting = self.of_group(group, io_max(*limit))?;
                self.find_disk(disk)?;
                return Ok(Some(setting));
            }
            Action::LimitCgroupMemoryHigh { group, bytes } => {
                (group, Value::MemoryHigh(pages(bytes.get())))
            }
            Action::LimitCgroupSwap { group, bytes } => (group, Value::SwapMax(pages(bytes.get()))),
            _ => return Ok(None),
        };
        self.of_group(group, value).map(Some)
    }

    /// A quota for one process needs a group that holds no other.
    fn own_group(&self, named: &ProcessRef) -> Result<usize, Refused> {
        let group = self.processes[self.find_process(named)?].group;
        let shared = self.processes.iter().filter(|one| one.group == group).count() > 1;
        if group == ROOT_GROUP || shared {
            let text = "its control group holds others too".to_owned();
            return Err(Refused::Invalid { what: "process", text });
        }
        Ok(group)
    }

    fn of_group(&self, named: &GroupRef, value: GroupSetting) -> Result<Setting, Refused> {
        self.find_group(named).map(|at| self.of_group_at(at, value))
    }

    fn of_group_at(&self, at: usize, value: GroupSetting) -> Setting {
        let Group { path, inode, .. } = &self.groups[at];
        Setting::Group { path: path.clone(), inode: *inode, value }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "others write to something else")]
    fn written_to_host(&self, action: &Action) -> Result<Option<HostSetting>, Refused> {
        use HostSetting as Value;
        Ok(Some(match action {
            Action::LowerDirtyBackground { percent } => Value::DirtyBackground(percent.get()),
            Action::ReduceSwappiness { value } => Value::Swappiness(value.get()),
            Action::ReduceReadahead { disk, kb } => {
                self.find_disk(disk)?;
                Value::ReadAhead(kb.get() / READ_AHEAD_STEP_KB * READ_AHEAD_STEP_KB)
            }
            Action::IncreaseTcpBacklog { value } => Value::SynBacklog(value.get()),
            Action::IncreaseSomaxconn { value } => Value::Somaxconn(value.get()),
            Action::WidenPortRange { low, high } => Value::Ports(low.get(), high.get()),
            Action::EnableTwReuse => Value::ReusesPorts(true),
            Action::ForceNetworkSpeed { nic, mbit } => {
                if !matches!(nic, NicRef::Name(name) if name.as_str() == NIC) {
                    let name = nic.to_string();
                    return Err(Refused::Missing { what: "interface", name });
                }
                Value::LinkSpeed(mbit.get())
            }
            _ => return Ok(None),
        }))
    }

    /// The host has one disk.
    fn find_disk(&self, named: &DiskRef) -> Result<(), Refused> {
        let is_it = match named {
            DiskRef::Name(name) => name.as_str() == self.shape.disk.name(),
            DiskRef::Device(device) => device.get() == (self.shape.disk.major(), 0),
            DiskRef::Handle(_) => false,
        };
        if is_it {
            return Ok(());
        }
        Err(Refused::Missing { what: "disk", name: named.to_string() })
    }
}

fn io_max(limit: IoLimit) -> GroupSetting {
    let (key, value) = match limit {
        IoLimit::Rbps(bytes) => (IoKey::Rbps, bytes.get()),
        IoLimit::Wbps(bytes) => (IoKey::Wbps, bytes.get()),
        IoLimit::Riops(requests) => (IoKey::Riops, requests.get()),
        IoLimit::Wiops(requests) => (IoKey::Wiops, requests.get()),
    };
    GroupSetting::IoMax(key, Some(value))
}
