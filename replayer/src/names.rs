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
    namespaces: BTreeMap<u64, Of>,
    /// Names of processes, in the order of pids: rows of those that did not change do not come
    /// again.
    processes: Vec<(u64, String)>,
}

/// Whose a network namespace is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Of {
    Host,
    /// Pid and name.
    Process(u64, String),
}

impl Of {
    fn say(&self) -> String {
        match self {
            Self::Host => "the host's network namespace".to_owned(),
            Self::Process(pid, comm) => format!("the network namespace of {comm} ({pid})"),
        }
    }

    fn is(&self, of: u64, name: &str) -> bool {
        matches!(self, Self::Process(pid, comm) if *pid == of && comm == name)
    }
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
            if let Ok(at) = self.find(gone.pid().unwrap_or(0)) {
                self.processes.remove(at);
            }
        }
        // Rows come in the order of pids, so the next is mostly the one behind the last.
        let mut next = 0;
        for row in sample.processes.iter() {
            let (Some(pid), Some(comm)) = (row.pid(), row.comm()) else { continue };
            let is_next = self.processes.get(next).is_some_and(|(known, _)| *known == pid);
            let found = if is_next { Ok(next) } else { self.find(pid) };
            next = 1 + match found {
                Ok(at) if self.processes[at].1.as_bytes() == comm => at,
                Ok(at) => {
                    self.processes[at].1 = text(comm);
                    at
                }
                Err(at) => {
                    self.processes.insert(at, (pid, text(comm)));
                    at
                }
            };
        }
        for row in sample.netns.iter() {
            let Some(inode) = row.netns() else { continue };
            if row.own() == Some(true) {
                self.namespaces.insert(inode, Of::Host);
                continue;
            }
            let found = row.pid().and_then(|pid| self.find(pid).ok());
            let Some((pid, comm)) = found.and_then(|at| self.processes.get(at)) else { continue };
            if !self.namespaces.get(&inode).is_some_and(|known| known.is(*pid, comm)) {
                self.namespaces.insert(inode, Of::Process(*pid, comm.clone()));
            }
        }
    }

    fn find(&self, pid: u64) -> Result<usize, usize> {
        self.processes.binary_search_by_key(&pid, |(known, _)| *known)
    }

    /// Words for people, with names in place of the numbers of namespaces that have one.
    pub fn say(&self, words: &str) -> String {
        let mut said = String::with_capacity(words.len());
        let mut rest = words;
        while let Some((before, after)) = rest.split_once(NETNS) {
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, behind) = after.split_at(digits);
            let name = number.parse().ok().and_then(|inode: u64| self.namespaces.get(&inode));
            match (name.map(Of::say), before.strip_suffix(OF)) {
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
