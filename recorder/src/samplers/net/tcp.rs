//! When and how the TCP sockets of the namespaces are listed, and the tables that come of it.
//!
//! The own namespace is asked over netlink where that is possible, all else is read from `net/tcp`.
//! Listing costs: in ticks without one the tables and cells stay absent. A namespace was listed in
//! a tick exactly when its row has the cells of the states.

use ks_vocabulary::model::{Netns, ReadTimes, Rows, Sample};

use super::diag::Diag;
use super::namespace::Namespace;
use super::owners::Owners;
use super::pace::{COSTLY_NS, Pace};
use super::report;
use super::sockets::Sockets;
use super::tcp_text::read_tcp;
use crate::absence::Absence;
use crate::budget::Step;
use crate::sampler::{Context, State, States};

const STATES: &str = "net/tcp";
const LISTENERS: &str = "listeners";
const PORTS: &str = "ports";

const STRETCHED: &str = "read every 30 s: over 200,000 sockets, or 50 ms a reading";
const FROM_TEXT: &str = "from net/tcp: no accept-queue lengths";
const OTHERS_FROM_TEXT: &str = "other namespaces from net/tcp: no accept-queue lengths";

/// The kernel fills at most 32 KiB of a netlink reply; a page of text is smaller.
const SPACE_BYTES: usize = 64 * 1024;

/// Lists sockets.
#[derive(Debug)]
pub(super) struct Tcp {
    diag: Diag,
    sockets: Sockets,
    owners: Owners,
    space: Vec<u8>,
}

impl Default for Tcp {
    fn default() -> Self {
        Self {
            diag: Diag::default(),
            sockets: Sockets::default(),
            owners: Owners::default(),
            space: vec![0; SPACE_BYTES],
        }
    }
}

/// Where a listing came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Netlink,
    Text,
}

impl Tcp {
    /// Lists the sockets of the namespaces that are due, and asks whose they are. Returns whether
    /// any was listed.
    pub(super) fn sample(
        &mut self,
        namespaces: &mut [Namespace],
        context: &mut Context<'_>,
        sample: &mut Sample,
    ) -> bool {
        let sources = [STATES, LISTENERS, PORTS];
        let listed = context.unless_shed(Step::Sockets, &sources, |context| {
            self.list_due(namespaces, context, sample)
        });
        self.owners.sample(context, sample);
        listed.unwrap_or(false)
    }

    fn list_due(
        &mut self,
        namespaces: &mut [Namespace],
        context: &mut Context<'_>,
        sample: &mut Sample,
    ) -> bool {
        let begin_ns = context.elapsed_ns();
        let others = namespaces.iter().filter(|namespace| !namespace.own);
        let pace_of_others = Pace::of_others(others.map(|namespace| namespace.listing));
        let (mut any, mut own, mut spent_ns) = (false, None, 0u64);
        for namespace in namespaces.iter_mut() {
            let pace = if namespace.own { Pace::of_own(namespace.listing) } else { pace_of_others };
            // Others that would take this tick too long wait for the next.
            let waits = !namespace.own && spent_ns > COSTLY_NS;
            if waits || !namespace.listing.is_due(context.tick, pace) {
                continue;
            }
            let outcome = self.take_turn(namespace, context, sample);
            any |= outcome.is_ok();
            if namespace.own {
                own = Some(outcome);
            } else {
                spent_ns = spent_ns.saturating_add(namespace.listing.took_ns());
            }
        }
        if any {
            let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
            sample.listeners.sort();
            sample.listeners.set_read(times);
            sample.ports.sort();
            sample.ports.set_read(times);
        }
        if let Some(outcome) = own {
            report_own(context.states, namespaces, outcome);
        }
        any
    }

    fn take_turn(
        &mut self,
        namespace: &mut Namespace,
        context: &Context<'_>,
        sample: &mut Sample,
    ) -> Result<Origin, Absence> {
        let begin_ns = context.elapsed_ns();
        let outcome = self.list(namespace, context);
        if outcome.is_ok() {
            self.fill(namespace.inode, sample);
        }
        let took_ns = u64::try_from(context.elapsed_ns() - begin_ns).unwrap_or(0);
        namespace.listing.finish(context.tick, took_ns, self.sockets.total());
        outcome
    }

    fn list(&mut self, namespace: &Namespace, context: &Context<'_>) -> Result<Origin, Absence> {
        let (space, sockets) = (&mut self.space, &mut self.sockets);
        if namespace.own && context.host.is_live() {
            sockets.clear();
            if self.diag.dump(context.tick, space, sockets).is_ok() {
                return Ok(Origin::Netlink);
            }
        }
        sockets.clear();
        read_tcp(context.host, &namespace.tcp, space, sockets)?;
        match read_tcp(context.host, &namespace.tcp6, space, sockets) {
            // A host without IPv6 has no such file.
            Ok(()) | Err(Absence::NotFound) => Ok(Origin::Text),
            Err(absence) => Err(absence),
        }
    }

    fn fill(&mut self, inode: u64, sample: &mut Sample) {
        if let Some(row) = find_row(&mut sample.netns, inode) {
            self.sockets.fill_states(row);
        }
        self.sockets.fill_listeners(inode, &mut sample.listeners);
        self.sockets.fill_ports(inode, &mut sample.ports);
        self.owners.take(inode, &self.sockets);
    }
}

/// The rows are not in order yet: others may follow.
fn find_row(rows: &mut Rows<Netns>, inode: u64) -> Option<&mut Netns> {
    rows.as_mut_slice().iter_mut().find(|row| row.netns() == Some(inode))
}

fn report_own(states: &mut States, namespaces: &[Namespace], outcome: Result<Origin, Absence>) {
    let costs = || namespaces.iter().map(|namespace| (namespace.own, namespace.listing));
    let of_own = costs().filter(|(own, _)| *own).map(|(_, listing)| listing);
    let of_others = costs().filter(|(own, _)| !own).map(|(_, listing)| listing);
    let stretched = of_own.map(Pace::of_own).any(Pace::is_stretched)
        || Pace::of_others(of_others).is_stretched();
    report(states, PORTS, outcome.map(|_| ()));
    match outcome {
        Ok(origin) => {
            let pace = if stretched { State::Limited(STRETCHED) } else { State::On };
            states.set(STATES, pace);
            let listeners = match origin {
                Origin::Text => State::Limited(FROM_TEXT),
                Origin::Netlink if namespaces.len() > 1 => State::Limited(OTHERS_FROM_TEXT),
                Origin::Netlink => State::On,
            };
            states.set(LISTENERS, listeners);
        }
        Err(absence) => {
            states.absent(STATES, absence);
            states.absent(LISTENERS, absence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;
    use crate::host_fs::{Buffer, HostFs};
    use ks_vocabulary::model::NetnsCell;
    use ks_vocabulary::time::{SECOND_NS, Timestamp};
    use std::path::Path;

    const HEADER: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when\n";

    fn listener(port: &str, inode: u64) -> String {
        format!("0: 00000000:{port} 00000000:0000 0A 00000000:00000001 00:0 0 0 0 {inode} 1\n")
    }

    /// Two namespaces in a copied tree: `a`, the own one, and `b`, read in the same way.
    fn two(root: &Path) -> [Namespace; 2] {
        for (folder, port) in [("a", "0050"), ("b", "0051")] {
            std::fs::create_dir(root.join(folder)).unwrap();
            let text = format!("{HEADER}{}", listener(port, 5));
            std::fs::write(root.join(folder).join("tcp"), text).unwrap();
        }
        let mut other = Namespace::own(2, "b", Some(9));
        other.own = false;
        [Namespace::own(1, "a", None), other]
    }

    fn list(tcp: &mut Tcp, namespaces: &mut [Namespace], root: &Path, tick: Timestamp) -> Listed {
        let (host, mut buffer, mut states) =
            (HostFs::new(root), Buffer::default(), States::default());
        let mut sample = Sample::default();
        for namespace in namespaces.iter() {
            sample.netns.push().set(NetnsCell::netns, namespace.inode);
        }
        let mut context = Context {
            host: &host,
            buffer: &mut buffer,
            states: &mut states,
            tick,
            keyframe: false,
            detail: false,
            budget: &mut crate::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        tcp.sample(namespaces, &mut context, &mut sample);
        Listed { sample, states }
    }

    struct Listed {
        sample: Sample,
        states: States,
    }

    impl Listed {
        fn ports(&self) -> Vec<(u64, u64)> {
            let key =
                |row: &ks_vocabulary::model::Listener| (row.netns().unwrap(), row.port().unwrap());
            self.sample.listeners.iter().map(key).collect()
        }
    }

    #[test]
    fn others_are_listed_every_ten_seconds_and_only_what_was_listed_has_states() {
        let root = tempfile::tempdir().unwrap();
        let (mut tcp, mut namespaces) = (Tcp::default(), two(root.path()));
        // Ticks of the future: by the clock no listing takes any time, however slow the test is.
        let start = clock::now().plus_ns(3600 * SECOND_NS);
        for second in 0..=10 {
            let tick = start.plus_ns(second * SECOND_NS);
            let listed = list(&mut tcp, &mut namespaces, root.path(), tick);
            let rows = listed.sample.netns.as_slice();
            let (own, other) = (second % 2 == 0, second % 10 == 0);
            assert_eq!(
                (rows[0].listen(), rows[1].listen()),
                (own.then_some(1), other.then_some(1))
            );
            assert_eq!(listed.sample.listeners.read().is_some(), own);
            let expected: &[(u64, u64)] = match (own, other) {
                (_, true) => &[(1, 80), (2, 81)],
                (true, false) => &[(1, 80)],
                (false, false) => &[],
            };
            assert_eq!(listed.ports(), expected);
            assert_eq!(listed.states.get(STATES), own.then_some(State::On));
        }
    }

    #[test]
    fn a_failing_listing_leaves_the_others() {
        let root = tempfile::tempdir().unwrap();
        let mut namespaces = two(root.path());
        std::fs::write(root.path().join("a/tcp6"), "garbage\n").unwrap();
        let listed = list(&mut Tcp::default(), &mut namespaces, root.path(), clock::now());
        assert_eq!(listed.ports(), [(2, 81)]);
        let rows = listed.sample.netns.as_slice();
        assert_eq!((rows[0].listen(), rows[1].listen()), (None, Some(1)));
        for source in [STATES, LISTENERS, PORTS] {
            assert!(matches!(
                listed.states.get(source),
                Some(State::Absent(Absence::Malformed(_)))
            ));
        }
    }
}
