//! A part of a recording, between two moments.
//!
//! Samples are sparse, so what was said before the part begins is carried into its first sample:
//! every process that was there with its facts, and the configured limits and settings.

use std::collections::{BTreeMap, BTreeSet};

use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::model::{
    Cgroup, CgroupSettings, Limits, Process, ProcessFacts, ReadTimes, Record, Rows, Rowset, Sample,
    Sysctls,
};
use ks_vocabulary::time::{ClockAnchor, WallTime};

use ks_recorder::format::recording::Reader;

use crate::moment::Moment;

/// A process, by its id and start.
type ProcessKey = (Option<u64>, Option<u64>);
/// A control group, by hierarchy, path and inode.
type GroupKey = (Vec<u8>, Vec<u8>, Option<u64>);

/// Lets the inputs of a part through.
#[derive(Debug, Default)]
pub struct Range {
    from: Option<Moment>,
    to: Option<Moment>,
    clock: ClockAnchor,
    begin: Option<WallTime>,
    entered: bool,
    over: bool,
    processes: BTreeMap<ProcessKey, Process>,
    facts: BTreeMap<ProcessKey, ProcessFacts>,
    settings: BTreeMap<GroupKey, CgroupSettings>,
    limits: Option<Limits>,
    sysctls: Option<Sysctls>,
    first: Option<Input>,
}

impl Range {
    /// The part from `from`, which is in it, up to `to`, which is not.
    pub fn new(from: Option<Moment>, to: Option<Moment>) -> Self {
        Self { from, to, ..Self::default() }
    }

    /// Whether everything is let through.
    pub fn is_all(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Lets a reader leave out what is before the part, as far as that spares reading it.
    pub fn seek(&mut self, reader: &mut Reader) {
        let (Some(from), Some(begin)) = (self.from, reader.begin()) else { return };
        self.begin = Some(begin);
        reader.skip_before(from.resolve(begin));
    }

    /// The input as it is to be fed; `None` leaves it out.
    pub fn pass<'a>(&'a mut self, input: &'a Input) -> Option<&'a Input> {
        self.takes(input).then(|| self.given(input))
    }

    /// An input that is taken, as it is to be fed.
    pub fn given<'a>(&'a self, input: &'a Input) -> &'a Input {
        self.first.as_ref().unwrap_or(input)
    }

    /// Whether the input is fed. What says where inputs come from, which sources deliver, and
    /// what is called normal is never left out.
    pub fn takes(&mut self, input: &Input) -> bool {
        self.first = None;
        if let Body::Start(start) = &input.body {
            self.clock = start.clock;
        }
        let at = self.clock.at(input.mono);
        let begin = *self.begin.get_or_insert(at);
        let before = self.from.is_some_and(|from| at < from.resolve(begin));
        let after = self.to.is_some_and(|to| at >= to.resolve(begin));
        match &input.body {
            Body::Start(_) | Body::SourceState(_) | Body::ConfigChange(_) | Body::Answer(_) => {
                !after
            }
            _ if after => {
                self.over = true;
                false
            }
            Body::Sample(sample) if before => {
                self.carry(sample);
                false
            }
            Body::Sample(sample) if !self.entered && self.from.is_some() => {
                self.entered = true;
                self.carry(sample);
                let mut first = input.clone();
                if let Body::Sample(sample) = &mut first.body {
                    self.complete(sample);
                }
                self.first = Some(first);
                true
            }
            Body::Sample(_) | Body::ClockStep(_) | Body::Gap(_) | Body::Tick | Body::Other(_) => {
                !before
            }
        }
    }

    /// Whether the part has ended: nothing that follows is in it.
    pub fn is_over(&self) -> bool {
        self.over
    }

    fn carry(&mut self, sample: &Sample) {
        if sample.processes_complete {
            self.processes.clear();
            self.facts.clear();
        }
        for gone in sample.processes_gone.iter() {
            self.processes.remove(&(gone.pid(), gone.start_ticks()));
            self.facts.remove(&(gone.pid(), gone.start_ticks()));
        }
        for row in sample.processes.iter() {
            self.processes.insert((row.pid(), row.start_ticks()), row.clone());
        }
        for row in sample.process_facts.iter() {
            self.facts.insert((row.pid(), row.start_ticks()), row.clone());
        }
        self.carry_settings(sample);
    }

    fn carry_settings(&mut self, sample: &Sample) {
        if let Some(limits) = sample.limits.first() {
            self.limits = Some(limits.clone());
        }
        if let Some(sysctls) = sample.sysctls.first() {
            self.sysctls = Some(sysctls.clone());
        }
        for row in sample.cgroup_settings.iter() {
            let name = |name: Option<&[u8]>| name.unwrap_or_default().to_vec();
            let key = (name(row.hierarchy()), name(row.path()), row.inode());
            self.settings.insert(key, row.clone());
        }
        if sample.cgroups.read().is_some() && !self.settings.is_empty() {
            let there: BTreeSet<_> = sample.cgroups.iter().map(Cgroup::inode).collect();
            self.settings.retain(|(_, _, inode), _| there.contains(inode));
        }
    }

    /// Makes a sample say everything that is known.
    fn complete(&mut self, sample: &mut Sample) {
        if let Some(read) = sample.processes.read() {
            sample.processes.clear();
            for row in self.processes.values() {
                sample.processes.push_copy(row);
            }
            sample.processes.set_read(read);
            sample.processes_complete = true;
        }
        let Some(anchor) = sample.tables().into_iter().find_map(Rowset::read) else { return };
        if sample.limits.read().is_none() {
            fill(self.limits.iter(), anchor, &mut sample.limits);
        }
        if sample.sysctls.read().is_none() {
            fill(self.sysctls.iter(), anchor, &mut sample.sysctls);
        }
        // The rows of this very sample are among those that are known.
        fill(self.facts.values(), anchor, &mut sample.process_facts);
        fill(self.settings.values(), anchor, &mut sample.cgroup_settings);
    }
}

/// Gives a table the rows that are known, if there are any.
fn fill<'a, R: Record + 'a>(
    known: impl Iterator<Item = &'a R>,
    anchor: ReadTimes,
    rows: &mut Rows<R>,
) {
    let read = rows.read().unwrap_or(anchor);
    let mut known = known.peekable();
    if known.peek().is_some() {
        rows.clear();
        known.for_each(|row| rows.push_copy(row));
        rows.set_read(read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{
        CgroupCell, CgroupSettingsCell, LimitsCell, ProcessCell, ProcessFactsCell, ProcessGoneCell,
        SysctlsCell,
    };
    use ks_vocabulary::time::{SECOND_NS, Timestamp};

    /// Second 0 has processes 1 and 2 and the limits; second 1 changes process 2 and ends 1;
    /// second 2 changes nothing; process 3 is born in second 3.
    fn inputs() -> Vec<Input> {
        let rows: [&[(u64, u64)]; 4] = [&[(1, 10), (2, 20)], &[(2, 21)], &[], &[(3, 30)]];
        let sample = |(second, rows): (u64, &&[(u64, u64)])| {
            let mut sample = Sample { processes_complete: second == 0, ..Sample::default() };
            for (pid, ticks) in *rows {
                let row = sample.processes.push();
                row.set(ProcessCell::pid, *pid);
                row.set(ProcessCell::utime_ticks, *ticks);
            }
            if second == 0 {
                sample.limits.push().set(LimitsCell::pid_max, 7u64);
                sample.limits.set_read(ReadTimes::default());
            }
            if second == 1 {
                sample.processes_gone.push().set(ProcessGoneCell::pid, 1u64);
            }
            sample.processes.set_read(ReadTimes::default());
            sample.processes_gone.set_read(ReadTimes::default());
            let mono = Timestamp(second * SECOND_NS);
            Input::recorded(second, mono, Body::Sample(Box::new(sample)))
        };
        (0..).zip(&rows).map(sample).collect()
    }

    fn passed(from: Option<&str>, to: Option<&str>) -> Vec<Input> {
        let moment = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let mut range = Range::new(moment(from), moment(to));
        inputs().iter().filter_map(|input| range.pass(input).cloned()).collect()
    }

    #[test]
    fn without_bounds_everything_passes_as_it_is() {
        assert_eq!(passed(None, None), inputs());
        assert_eq!(passed(None, Some("+2s")), inputs()[..2]);
    }

    #[test]
    fn a_part_is_over_with_the_first_sample_behind_its_end() {
        let mut range = Range::new(None, Some("+2s".parse().unwrap()));
        let over: Vec<bool> = inputs()
            .iter()
            .map(|input| {
                range.pass(input);
                range.is_over()
            })
            .collect();
        assert_eq!(over, [false, false, true, true]);
    }

    /// What seldom changes of processes 1 and 2, of groups 7 and 8, and of the host, said in second
    /// 0; in second 1 group 8 is gone and process 2 is in another session.
    fn with_facts() -> Vec<Input> {
        let mut inputs = inputs();
        let groups: [&[u64]; 4] = [&[7, 8], &[7], &[7], &[7]];
        for (second, (input, there)) in inputs.iter_mut().zip(groups).enumerate() {
            let Body::Sample(sample) = &mut input.body else { panic!("a sample") };
            let facts: &[(u64, u64)] =
                [&[(1, 10), (2, 20)][..], &[(2, 21)]].get(second).map_or(&[], |it| it);
            for (pid, session) in facts {
                let row = sample.process_facts.push();
                row.set(ProcessFactsCell::pid, *pid);
                row.set(ProcessFactsCell::session, *session);
                sample.process_facts.set_read(ReadTimes::default());
            }
            for inode in there {
                sample.cgroups.push().set(CgroupCell::inode, *inode);
                sample.cgroups.set_read(ReadTimes::default());
                if second == 0 {
                    let row = sample.cgroup_settings.push();
                    row.set(CgroupSettingsCell::inode, *inode);
                    row.set(CgroupSettingsCell::io_weight, *inode);
                    sample.cgroup_settings.set_read(ReadTimes::default());
                }
            }
            if second == 0 {
                sample.sysctls.push().set(SysctlsCell::swappiness, 60u64);
                sample.sysctls.set_read(ReadTimes::default());
            }
        }
        inputs
    }

    #[test]
    fn the_first_sample_of_a_part_says_what_seldom_changes() {
        let mut range = Range::new(Some("+2s".parse().unwrap()), None);
        let part: Vec<Input> =
            with_facts().iter().filter_map(|input| range.pass(input).cloned()).collect();
        let Body::Sample(first) = &part[0].body else { panic!("a sample") };
        let facts: Vec<_> =
            first.process_facts.iter().map(|row| (row.pid(), row.session())).collect();
        assert_eq!(facts, [(Some(2), Some(21))]);
        let settings: Vec<_> = first.cgroup_settings.iter().map(CgroupSettings::inode).collect();
        assert_eq!(settings, [Some(7)]);
        assert_eq!(first.sysctls.first().and_then(Sysctls::swappiness), Some(60));
        assert_eq!(part[1], with_facts()[3]);
    }

    #[test]
    fn the_first_sample_of_a_part_says_what_was_known_before() {
        let part = passed(Some("+2s"), None);
        assert_eq!(part.iter().map(|input| input.seq).collect::<Vec<_>>(), [2, 3]);
        let Body::Sample(first) = &part[0].body else { panic!("a sample") };
        let rows: Vec<_> =
            first.processes.iter().map(|row| (row.pid(), row.utime_ticks())).collect();
        assert_eq!(rows, [(Some(2), Some(21))]);
        assert!(first.processes_complete);
        assert_eq!(first.limits.first().and_then(Limits::pid_max), Some(7));
        assert_eq!(part[1], inputs()[3]);
    }
}
