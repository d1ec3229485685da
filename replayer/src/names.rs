//! What people call what the kernel numbers: a network namespace is the host's, or that of the
//! process through which it was read.
//!
//! Programs are given the number. Names come from the same inputs that the engine is fed.

use std::collections::BTreeMap;

use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::kind::text;
use ks_vocabulary::model::Sample;

/// What stands before the number where an entity is written.
const NETNS: &str = "netns:";
/// What ends the name of an interface of another namespace.
const OF: char = '@';

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Names {
    namespaces: BTreeMap<u64, String>,
    /// Names of processes, by pid: rows of those that did not change do not come again.
    processes: BTreeMap<u64, String>,
}

impl Names {
    /// Takes what an input tells of names.
    pub fn hear(&mut self, input: &Input) {
        if let Body::Sample(sample) = &input.body {
            self.learn(sample);
        } else if matches!(&input.body, Body::Start(start) if start.segment == 0) {
            // Pids and namespaces of another boot are others.
            *self = Self::default();
        }
    }

    fn learn(&mut self, sample: &Sample) {
        for gone in sample.processes_gone.iter() {
            self.processes.remove(&gone.pid().unwrap_or(0));
        }
        for row in sample.processes.iter() {
            let (Some(pid), Some(comm)) = (row.pid(), row.comm()) else { continue };
            let known = self.processes.get(&pid).is_some_and(|known| known.as_bytes() == comm);
            if !known {
                self.processes.insert(pid, text(comm));
            }
        }
        for row in sample.netns.iter() {
            let Some(inode) = row.netns() else { continue };
            if row.own() == Some(true) {
                self.namespaces.insert(inode, "the host's network namespace".to_owned());
                continue;
            }
            let process = row.pid().and_then(|pid| Some((pid, self.processes.get(&pid)?)));
            if let Some((pid, comm)) = process {
                let name = format!("the network namespace of {comm} ({pid})");
                self.namespaces.insert(inode, name);
            }
        }
    }

    /// Words for people, with names in place of the numbers of namespaces that have one.
    pub fn say(&self, words: &str) -> String {
        let mut said = String::with_capacity(words.len());
        let mut rest = words;
        while let Some((before, after)) = rest.split_once(NETNS) {
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, behind) = after.split_at(digits);
            let name = number.parse().ok().and_then(|inode: u64| self.namespaces.get(&inode));
            match (name, before.strip_suffix(OF)) {
                (Some(name), Some(interface)) => said += &format!("{interface} of {name}"),
                (Some(name), None) => said += &format!("{before}{name}"),
                (None, _) => said += &format!("{before}{NETNS}{number}"),
            }
            rest = behind;
        }
        said + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{NetnsCell, ProcessCell, ProcessName, ReadTimes};
    use ks_vocabulary::time::Timestamp;

    fn sample(namespaces: &[(u64, u64, bool)], processes: &[(u64, &str)]) -> Input {
        let mut sample = Sample::default();
        for (inode, pid, own) in namespaces {
            let row = sample.netns.push();
            row.set(NetnsCell::netns, *inode);
            row.set(NetnsCell::pid, *pid);
            row.set(NetnsCell::own, *own);
        }
        for (pid, comm) in processes {
            let row = sample.processes.push();
            row.set(ProcessCell::pid, *pid);
            row.set_name(ProcessName::comm, comm.as_bytes());
        }
        sample.netns.set_read(ReadTimes::default());
        Input::recorded(1, Timestamp(1), Body::Sample(Box::new(sample)))
    }

    #[test]
    fn namespaces_are_called_the_hosts_or_by_their_process() {
        let mut names = Names::default();
        names.hear(&sample(&[(402, 1, true)], &[(1, "init"), (70, "nginx")]));
        names.hear(&sample(&[(402, 1, true), (405, 70, false), (409, 71, false)], &[]));
        let check = |words: &str, expected: &str| assert_eq!(names.say(words), expected);
        check("on netns:402, open", "on the host's network namespace, open");
        check("on netns:405: x", "on the network namespace of nginx (70): x");
        check("nic:eth0@netns:405 up", "nic:eth0 of the network namespace of nginx (70) up");
        check("netns:409 netns:4023 netns:", "netns:409 netns:4023 netns:");
        check("a netns:402 b netns:402", {
            "a the host's network namespace b the host's network namespace"
        });
    }
}
