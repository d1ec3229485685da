//! Control groups of both versions: CPU, memory, I/O, processes, pressure, events.
//!
//! Which groups there are is found every five seconds by walking the directories; in between those
//! known are read. What is in a file is in `parse`, which files there are in `hierarchy`.

mod disks;
mod group;
mod hierarchy;
mod labels;
mod parse;
mod settings;
mod time_span;
mod unit_text;
mod units;

use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;

use ks_vocabulary::model::{ReadTimes, Sample};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use crate::absence::Absence;
use crate::budget::Step;
use crate::host_fs::{HostFs, MountTable};
use crate::sampler::{Context, Sampler, State};

use disks::Disks;
use group::{Group, Means, folder};
use hierarchy::{Hierarchy, parse_mounts};
use settings::Turn;
use units::Units;

const SOURCE: &str = "cgroups";
const WALK_NS: u64 = 5 * SECOND_NS;
/// Groups that are read; the engine keeps as many.
const CAP: usize = 1024;
/// Files of groups that stay open; the others are opened for each reading (our judgement: processes
/// need descriptors too).
const OPEN_FILES: usize = 4096;
const NONE: Absence = Absence::Off("no control-group hierarchy is mounted");

/// Reads every control group.
#[derive(Debug, Default)]
pub(super) struct Cgroups {
    mounts: MountTable,
    hierarchies: Vec<Hierarchy>,
    /// By hierarchy and path: the order of their rows.
    groups: BTreeMap<(String, Vec<u8>), Group>,
    disks: Disks,
    units: Units,
    walked: Option<Timestamp>,
    /// Why the last walk found nothing.
    failed: Option<Absence>,
    left_out: bool,
}

impl Sampler for Cgroups {
    fn sources(&self) -> &'static [&'static str] {
        &[SOURCE]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        context.unless_shed(Step::Cgroups, &[SOURCE], |context| self.read(context, sample));
    }
}

impl Cgroups {
    fn read(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        if self.walked.is_none_or(|walked| context.tick.since_ns(walked) >= WALK_NS) {
            self.walked = Some(context.tick);
            self.failed = self.walk(context).err();
            if self.failed.is_some() {
                self.groups.clear();
            }
        }
        // The walk is not in the table's time: it would shift the counters' rates.
        let begin_ns = context.elapsed_ns();
        let rows = &mut sample.cgroups;
        self.disks.update(&sample.disks);
        let mut means = means(context, &self.disks);
        self.groups.retain(|_, group| group.read(&mut means, rows));
        if self.groups.is_empty() {
            context.states.absent(SOURCE, self.failed.unwrap_or(NONE));
            return;
        }
        rows.sort();
        rows.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
        let many = "more than 1024 control groups: the innermost are left out";
        let state = if self.left_out { State::Limited(many) } else { State::On };
        context.states.set(SOURCE, state);
        self.read_settings(context, sample);
    }

    fn read_settings(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        let rows = &mut sample.cgroup_settings;
        let all = self.groups.values().map(|group| &group.settings);
        let mut turn = Turn::of(context, all);
        for Group { key, folder, settings, .. } in self.groups.values_mut() {
            if turn.take(settings) {
                settings.ask(key, folder, &mut self.units, context);
            }
            settings.write(context.keyframe, rows);
        }
        if context.keyframe {
            self.units.forget_old(context.tick);
        }
        rows.sort();
        if context.keyframe || !rows.as_slice().is_empty() {
            rows.set_read(ReadTimes { begin_ns, end_ns: context.elapsed_ns() });
        }
    }

    /// Finds the groups anew: the outermost first, in the order of their names.
    fn walk(&mut self, context: &mut Context<'_>) -> Result<(), Absence> {
        let text = self.mounts.read(context.host, context.buffer)?;
        if text.is_empty() {
            return Err(Absence::Empty);
        }
        self.hierarchies = parse_mounts(text);
        let mut queue: VecDeque<(usize, Vec<u8>)> =
            (0..self.hierarchies.len()).map(|at| (at, b"/".to_vec())).collect();
        let mut known = std::mem::take(&mut self.groups);
        self.left_out = false;
        while let Some((at, path)) = queue.pop_front() {
            if self.groups.len() == CAP {
                self.left_out = true;
                break;
            }
            let hierarchy = &self.hierarchies[at];
            let Some((inode, children)) = list(context.host, hierarchy, &path) else { continue };
            queue.extend(children.into_iter().map(|child| (at, child)));
            let key = (hierarchy.name.clone(), path);
            let same = known.remove(&key).filter(|group| group.inode == inode);
            let mut group =
                same.unwrap_or_else(|| Group::new(context.host, hierarchy, &key.1, inode));
            group.refresh(&mut means(context, &self.disks));
            self.groups.insert(key, group);
        }
        Ok(())
    }
}

fn means<'a>(context: &'a mut Context<'_>, disks: &'a Disks) -> Means<'a> {
    Means { host: context.host, buffer: context.buffer, disks, spare: OPEN_FILES }
}

/// Inode of a group's directory, and the paths of those in it.
fn list(host: &HostFs, hierarchy: &Hierarchy, path: &[u8]) -> Option<(u64, Vec<Vec<u8>>)> {
    let folder = host.root().join(OsStr::from_bytes(&folder(hierarchy, path)));
    let about = std::fs::metadata(&folder).ok()?;
    let inode = about.ino();
    // The kernel counts two links and one for each group within; a copied tree need not.
    if host.is_live() && about.nlink() == 2 {
        return Some((inode, Vec::new()));
    }
    let mut children = Vec::new();
    for entry in std::fs::read_dir(&folder).ok()? {
        let Ok(entry) = entry else { continue };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let mut child = if path == b"/" { Vec::new() } else { path.to_vec() };
            child.push(b'/');
            child.extend(entry.file_name().into_vec());
            children.push(child);
        }
    }
    children.sort();
    Some((inode, children))
}

#[cfg(test)]
mod tests;
