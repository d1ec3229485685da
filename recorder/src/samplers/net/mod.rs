//! The network samplers: interfaces, TCP and UDP counters, sockets, of each network namespace.
//!
//! One object, since all parts share the list of namespaces. This file asks the parts in order and
//! reports the states of their sources; a source's state is that of the recorder's own namespace.
//! How long a namespace is read, what is in a file and when sockets are listed is not known here.

mod conntrack;
mod counters;
mod devices;
mod diag;
mod kept;
mod links;
mod losses;
mod namespace;
mod namespaces;
mod nics;
mod owners;
mod pace;
mod patient_file;
mod sockets;
mod tcp;
mod tcp_text;

use ks_vocabulary::model::{Netns, NetnsCell, Nic, ReadTimes, Rows, Sample};

use crate::absence::Absence;
use crate::sampler::{Context, Sampler, State, States};

use conntrack::Conntrack;
use counters::SOURCES;
use devices::Devices;
use kept::Kept;
use links::Links;
use namespaces::Namespaces;
use nics::parse_dev;
use tcp::Tcp;

/// Reads `net/*` of every network namespace, `/sys/class/net`, and the TCP sockets.
#[derive(Debug, Default)]
pub(super) struct Net {
    namespaces: Namespaces,
    devices: Devices,
    kept: Kept,
    links: Links,
    conntrack: Conntrack,
    tcp: Tcp,
}

impl Sampler for Net {
    fn sources(&self) -> &'static [&'static str] {
        &[
            "net/dev",
            "net/snmp",
            "net/snmp6",
            "net/netstat",
            "net/sockstat",
            "net/sockstat6",
            "net/conntrack",
            "net/tcp",
            "listeners",
            "ports",
            "socket_owners",
            "sys/class/net",
            "netns",
        ]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        self.namespaces.refresh(context);
        self.read_nics(context, &mut sample.nics);
        let begin_ns = context.elapsed_ns();
        let counted = self.read_counters(context, &mut sample.netns);
        // The listing of sockets is not in the table's time: it would shift the counters' rates.
        let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
        let listed = self.tcp.sample(&mut self.namespaces.list, context, sample);
        if counted || listed {
            sample.netns.sort();
            sample.netns.set_read(times);
        } else {
            sample.netns.clear();
        }
    }
}

impl Net {
    fn read_nics(&mut self, context: &mut Context<'_>, rows: &mut Rows<Nic>) {
        let begin_ns = context.elapsed_ns();
        let (mut any, mut own) = (false, None);
        for namespace in &mut self.namespaces.list {
            let inode = namespace.inode;
            let text = namespace.dev.read(context.host, context.buffer, context.tick);
            let outcome = text.and_then(|text| parse_dev(text, inode, rows).map_err(Absence::from));
            any |= outcome.is_ok();
            if namespace.own {
                own = Some((inode, outcome));
            }
        }
        let end_ns = context.elapsed_ns();
        if let Some((inode, outcome)) = own {
            self.devices.mark(inode, context.host, rows);
            let state = match (outcome, self.kept.choose(context.keyframe, rows)) {
                (Ok(()), true) => State::Limited(kept::MORE_EXIST),
                (Ok(()), false) => State::On,
                (Err(absence), _) => State::Absent(absence),
            };
            context.states.set("net/dev", state);
            self.links.sample(inode, context, rows);
        }
        if any {
            rows.sort();
            rows.set_read(ReadTimes { begin_ns, end_ns });
        } else {
            rows.clear();
        }
    }

    /// Gives each namespace its row. Returns whether any file could be read.
    fn read_counters(&mut self, context: &mut Context<'_>, rows: &mut Rows<Netns>) -> bool {
        let mut any = false;
        for namespace in &mut self.namespaces.list {
            let row = rows.push();
            row.set(NetnsCell::netns, namespace.inode);
            row.set(NetnsCell::own, namespace.own);
            row.set_some(NetnsCell::pid, namespace.pid);
            for (file, source) in namespace.counters.iter_mut().zip(SOURCES) {
                let text = file.read(context.host, context.buffer, context.tick);
                let outcome =
                    text.and_then(|text| (source.parse)(text, row).map_err(Absence::from));
                any |= outcome.is_ok();
                if namespace.own {
                    report(context.states, source.name, outcome);
                }
            }
            if namespace.own {
                let outcome = self.conntrack.sample(&mut namespace.conntrack, context, row);
                any |= outcome.is_ok();
                report(context.states, "net/conntrack", outcome);
            }
        }
        any
    }
}

/// Sets the state of `source` by how reading it went.
fn report(states: &mut States, source: &'static str, outcome: Result<(), Absence>) {
    match outcome {
        Ok(()) => states.on(source),
        Err(absence) => states.absent(source, absence),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Budget, Step};
    use crate::clock;
    use crate::host_fs::{Buffer, HostFs};
    use ks_vocabulary::time::{SECOND_NS, Timestamp};
    use std::path::Path;

    const FILES: [(&str, &str); 13] = [
        (
            "proc/self/net/dev",
            "Inter-|   Receive\n face |bytes\n  eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n    \
             lo:7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7\n",
        ),
        ("proc/self/net/snmp", "Tcp: MaxConn InSegs OutSegs\nTcp: -1 1686 1009\n"),
        ("proc/self/net/netstat", "TcpExt: ListenDrops\nTcpExt: 3\n"),
        (
            "proc/self/net/sockstat",
            "sockets: used 11\nTCP: inuse 1 orphan 0 tw 0 alloc 1 mem 211\n",
        ),
        (
            "proc/self/net/tcp",
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n   \
             0: 00000000:07E8 00000000:0000 0A 00000000:00000002 00:00000000 00000000 0 0 62 1\n",
        ),
        ("proc/sys/net/netfilter/nf_conntrack_count", "17\n"),
        ("proc/sys/net/netfilter/nf_conntrack_max", "262144\n"),
        ("sys/class/net/eth0/device/uevent", "DRIVER=made_up\n"),
        ("sys/class/net/eth0/operstate", "up\n"),
        ("sys/class/net/eth0/carrier", "1\n"),
        ("sys/class/net/eth0/speed", "10000\n"),
        ("sys/class/net/eth0/type", "1\n"),
        ("sys/class/net/lo/type", "772\n"),
    ];

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (path, text) in files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    fn tick(net: &mut Net, root: &Path, tick: Timestamp) -> (Sample, States) {
        tick_within(&mut Budget::default(), net, root, tick)
    }

    fn tick_within(
        budget: &mut Budget,
        net: &mut Net,
        root: &Path,
        tick: Timestamp,
    ) -> (Sample, States) {
        let (host, mut buffer, mut states) =
            (HostFs::new(root), Buffer::default(), States::default());
        let mut sample = Sample::default();
        let mut context = Context {
            host: &host,
            buffer: &mut buffer,
            states: &mut states,
            tick,
            keyframe: false,
            detail: false,
            budget,
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        net.sample(&mut context, &mut sample);
        (sample, states)
    }

    #[test]
    fn a_copied_host_is_one_namespace_with_all_its_tables() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &FILES);
        let (sample, states) = tick(&mut Net::default(), root.path(), clock::now());
        let nics = sample.nics.as_slice();
        assert_eq!(nics.len(), 2);
        assert_eq!((nics[0].name(), nics[0].netns()), (Some(&b"eth0"[..]), Some(0)));
        assert_eq!((nics[0].rx_bytes(), nics[0].tx_carrier_errors()), (Some(1), Some(15)));
        assert_eq!((nics[0].operstate(), nics[0].carrier()), (Some(&b"up"[..]), Some(true)));
        assert_eq!((nics[0].speed_mbit(), nics[0].device_type()), (Some(10_000), Some(1)));
        assert_eq!((nics[1].speed_mbit(), nics[1].device_type()), (None, Some(772)));
        let netns = sample.netns.first().unwrap();
        assert_eq!((netns.netns(), netns.own(), netns.pid()), (Some(0), Some(true), None));
        assert_eq!((netns.tcp_in_segs(), netns.listen_drops()), (Some(1686), Some(3)));
        assert_eq!((netns.tcp_mem_pages(), netns.tcp6_inuse()), (Some(211), None));
        assert_eq!((netns.conntrack(), netns.conntrack_max()), (Some(17), Some(262_144)));
        assert_eq!((netns.listen(), netns.established()), (Some(1), Some(0)));
        let listener = sample.listeners.first().unwrap();
        assert_eq!((listener.port(), listener.queue()), (Some(2024), Some(2)));
        assert_eq!(listener.backlog(), None);
        assert!(sample.ports.read().is_some() && sample.ports.as_slice().is_empty());
        assert_eq!(states.get("net/snmp"), Some(State::On));
        assert_eq!(states.get("net/snmp6"), Some(State::Absent(Absence::NotFound)));
        let from_text = State::Limited("from net/tcp: no accept-queue lengths");
        assert_eq!(states.get("listeners"), Some(from_text));
        for source in Net::default().sources() {
            assert!(states.get(source).is_some(), "{source} has no state");
        }
    }

    #[test]
    fn connections_that_were_not_tracked_are_counted_where_the_table_is() {
        let text = "entries insert_failed drop early_drop\n11 01 0a 00\n11 02 0b 01\n";
        for folder in ["proc/self/net", "proc/net"] {
            let root = tempfile::tempdir().unwrap();
            write(root.path(), &[(&format!("{folder}/stat/nf_conntrack"), text)]);
            write(root.path(), &[("proc/sys/net/netfilter/nf_conntrack_count", "17\n")]);
            write(root.path(), &[("proc/sys/net/netfilter/nf_conntrack_max", "18\n")]);
            let (sample, _) = tick(&mut Net::default(), root.path(), clock::now());
            let row = sample.netns.first().unwrap();
            assert_eq!((row.conntrack_insert_failed(), row.conntrack_drop()), (Some(3), Some(21)));
            assert_eq!((row.conntrack_early_drop(), row.conntrack()), (Some(1), Some(17)));
        }
    }

    #[test]
    fn a_device_is_kept_among_thousands_of_interfaces_and_what_is_left_out_is_told_once() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &FILES);
        let line = |at: u64| format!("cali{at:05}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
        let text = (0..3000).fold("Inter-|\n face |\n".to_owned(), |text, at| text + &line(at));
        let text = text + "ens5: 0 0 0 4 0 0 0 0 0 0 0 0 0 0 0 0\n";
        write(root.path(), &[("proc/self/net/dev", &text)]);
        write(root.path(), &[("sys/class/net/ens5/device/uevent", "")]);
        write(root.path(), &[("sys/class/net/ens5/statistics/rx_missed_errors", "3\n")]);
        let mut net = Net::default();
        for _ in 0..2 {
            let (sample, states) = tick(&mut net, root.path(), clock::now());
            assert_eq!(sample.nics.as_slice().len(), 1024);
            let last = sample.nics.as_slice().last().unwrap();
            assert_eq!((last.name(), last.has_device()), (Some(b"ens5".as_slice()), Some(true)));
            assert_eq!((last.rx_dropped(), last.rx_missed()), (Some(4), Some(3)));
            assert_eq!(states.get("net/dev"), Some(State::Limited(kept::MORE_EXIST)));
        }
    }

    #[test]
    fn sockets_are_listed_every_other_second() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &FILES);
        // Ticks of the future: by the clock no listing takes any time, however slow the test is.
        let (mut net, start) = (Net::default(), clock::now().plus_ns(3600 * SECOND_NS));
        let listed = [0, 1, 2, 3, 4].map(|second| {
            let (sample, _) = tick(&mut net, root.path(), start.plus_ns(second * SECOND_NS));
            let row = sample.netns.first().unwrap();
            assert_eq!(row.listen().is_some(), sample.listeners.read().is_some());
            assert_eq!(row.listen().is_some(), sample.ports.read().is_some());
            assert!(row.tcp_in_segs().is_some());
            row.listen().is_some()
        });
        assert_eq!(listed, [true, false, true, false, true]);
    }

    #[test]
    fn sockets_that_cost_too_much_are_not_listed_and_the_rest_is_read() {
        let root = tempfile::tempdir().unwrap();
        write(root.path(), &FILES);
        let mut budget = Budget::default();
        budget.set_taken(Step::Sockets, Some(0.04));
        let mut net = Net::default();
        let (sample, states) = tick_within(&mut budget, &mut net, root.path(), clock::now());
        assert!(sample.listeners.read().is_none() && sample.ports.read().is_none());
        assert_eq!(sample.netns.first().unwrap().tcp_in_segs(), Some(1686));
        for source in ["net/tcp", "listeners", "ports"] {
            assert_eq!(states.get(source), Some(State::OverBudget), "{source}");
        }
    }

    #[test]
    fn one_missing_or_broken_file_loses_only_itself() {
        let files = FILES.iter().filter(|(path, _)| path.starts_with("proc/self/net/"));
        for (broken, _) in files {
            let root = tempfile::tempdir().unwrap();
            write(root.path(), &FILES);
            write(root.path(), &[(*broken, "garbage\n")]);
            let (sample, states) = tick(&mut Net::default(), root.path(), clock::now());
            let source = broken.trim_start_matches("proc/self/");
            for (path, _) in FILES.iter().filter(|(path, _)| path.starts_with("proc/self/")) {
                let other = path.trim_start_matches("proc/self/");
                let state = states.get(other).unwrap();
                assert_eq!(other == source, matches!(state, State::Absent(_)), "{other}");
            }
            assert_eq!(sample.nics.read().is_none(), source == "net/dev");
            assert!(sample.netns.read().is_some());
        }
    }

    #[test]
    fn a_host_without_network_files_has_no_network_tables() {
        let root = tempfile::tempdir().unwrap();
        let (sample, states) = tick(&mut Net::default(), root.path(), clock::now());
        assert_eq!(sample.nics.read(), None);
        assert_eq!(sample.netns.read(), None);
        assert_eq!(sample.listeners.read(), None);
        assert_eq!(states.get("net/dev"), Some(State::Absent(Absence::NotFound)));
        assert_eq!(states.get("ports"), Some(State::Absent(Absence::NotFound)));
    }
}
