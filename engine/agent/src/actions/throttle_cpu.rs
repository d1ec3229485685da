//! `throttle_cpu`: a CPU quota for a process that has a control group of its own.

use alloc::borrow::Cow;
use alloc::string::String;

use ks_vocabulary::action::{GroupPath, GroupRef, Percent, ProcessRef};
use ks_vocabulary::decision::Plan;

use super::process_target::find;
use super::{Advice, limit_cgroup_cpu};
use crate::facts::{Facts, Those};
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "the process is alone in its control group, with its children",
    cannot: "a process that shares its group: use `limit_cgroup_cpu` where all of it is meant",
};

pub(super) fn plan(
    process: &ProcessRef,
    percent: Percent,
    facts: &dyn Facts,
) -> Result<Plan, Unfit> {
    let (_, found) = find(process, facts)?;
    let path = need(found.group, "the control group of the process")?;
    let mut has_stranger = path == b"/";
    let inside = facts.processes(Those::Within(path));
    for other in inside.iter().filter(|other| other.key != found.key) {
        has_stranger |= need(other.ppid, "the parent of a process in its group")? != found.key.0;
    }
    if has_stranger {
        let why = "its control group holds others too";
        return Err(Unfit::Unsafe(Cow::Borrowed(why)));
    }
    let path: GroupPath = String::from_utf8_lossy(path)
        .parse()
        .map_err(|_| Unfit::Absent(Cow::Borrowed("its control group has a name without a text")))?;
    limit_cgroup_cpu::plan(&GroupRef::Path(path), percent, facts)
}
