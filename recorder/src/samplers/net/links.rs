//! `/sys/class/net`: what is known of the link behind an interface of the own namespace.
//!
//! `operstate` and `carrier` are read at each tick. `speed` asks the driver under a lock of the
//! whole network stack, so it is read, with `type`, every 5 s at most. Counters are not read here.
//!
//! Speed and carrier are facts where a device vouches for them, or a bond of devices. A tap or a
//! `veth` says a number that its driver made up, and a bridge has a carrier while it has a port:
//! of those neither is recorded.

use std::collections::BTreeMap;

use ks_vocabulary::model::{Nic, NicCell, NicName, Rows};
use ks_vocabulary::time::{SECOND_NS, Timestamp};

use super::devices::{folder, is_file_name};
use super::losses::Losses;
use super::pace::is_due;
use super::patient_file::PatientFile;
use super::report;
use crate::absence::Absence;
use crate::host_fs::HostFile;
use crate::sampler::{Context, State};
use crate::text::parse_only_u64;

const SOURCE: &str = "sys/class/net";
const DESCRIBED_EVERY_NS: u64 = 5 * SECOND_NS;

/// Each interface holds two descriptors; a host of containers can have thousands of interfaces.
const MOST: usize = 256;
const MORE_EXIST: &str = "link facts of 256 interfaces read, more exist";

/// The links of the own namespace's interfaces, by name.
#[derive(Debug, Default)]
pub(super) struct Links {
    links: BTreeMap<Vec<u8>, Link>,
}

impl Links {
    /// Adds to the rows of namespace `own` what is known of their links, of devices first.
    pub(super) fn sample(&mut self, own: u64, context: &mut Context<'_>, rows: &mut Rows<Nic>) {
        let mut outcome = Err(Absence::NotFound);
        let mut more = false;
        for devices in [true, false] {
            let is_meant = |row: &&mut Nic| {
                row.netns() == Some(own) && (row.has_device() == Some(true)) == devices
            };
            for row in rows.as_mut_slice().iter_mut().filter(is_meant) {
                let Some(name) = row.name() else { continue };
                let Some(link) = self.link(name, context.tick) else {
                    more = true;
                    continue;
                };
                let read = link.fill(context, row);
                if outcome.is_err() {
                    outcome = read;
                }
            }
        }
        self.links.retain(|_, link| link.seen == Some(context.tick));
        if more && outcome.is_ok() {
            context.states.set(SOURCE, State::Limited(MORE_EXIST));
        } else {
            report(context.states, SOURCE, outcome);
        }
    }

    fn link(&mut self, name: &[u8], tick: Timestamp) -> Option<&mut Link> {
        if !self.links.contains_key(name) && is_file_name(name) {
            if self.links.len() == MOST {
                // A device that is new takes the place of one that was not asked yet.
                let unseen = self.links.iter().find(|(_, link)| link.seen != Some(tick));
                let unseen = unseen.map(|(name, _)| name.clone())?;
                self.links.remove(&unseen);
            }
            self.links.insert(name.to_vec(), Link::new(name));
        }
        self.links.get_mut(name)
    }
}

#[derive(Debug)]
struct Link {
    operstate: PatientFile,
    carrier: PatientFile,
    speed: HostFile,
    device_type: HostFile,
    /// A file that bonds have.
    bonding: HostFile,
    /// A device vouches for it, or a bond of devices; `None` before that was asked.
    is_vouched: Option<bool>,
    losses: Losses,
    last_operstate: Vec<u8>,
    speed_mbit: Option<u64>,
    type_number: Option<u64>,
    described: Option<Timestamp>,
    seen: Option<Timestamp>,
}

impl Link {
    fn new(name: &[u8]) -> Self {
        let folder = folder(name);
        Self {
            operstate: PatientFile::new(HostFile::single(folder.join("operstate"))),
            carrier: PatientFile::new(HostFile::single(folder.join("carrier"))),
            speed: HostFile::single(folder.join("speed")),
            device_type: HostFile::single(folder.join("type")),
            bonding: HostFile::single(folder.join("bonding/mode")),
            is_vouched: None,
            losses: Losses::new(name),
            last_operstate: Vec::new(),
            speed_mbit: None,
            type_number: None,
            described: None,
            seen: None,
        }
    }

    fn fill(&mut self, context: &mut Context<'_>, row: &mut Nic) -> Result<(), Absence> {
        self.seen = Some(context.tick);
        let has_device = row.has_device() == Some(true);
        if is_due(self.described, context.tick, DESCRIBED_EVERY_NS) {
            self.describe(has_device, context);
        }
        if has_device {
            self.losses.fill(context, row);
        }
        row.set_some(NicCell::speed_mbit, self.speed_mbit);
        row.set_some(NicCell::device_type, self.type_number);
        let operstate = self.operstate.read(context.host, context.buffer, context.tick);
        let outcome = operstate.map(|text| {
            let text = text.trim_ascii();
            row.set_name(NicName::operstate, text);
            if self.last_operstate != text {
                self.last_operstate.clear();
                self.last_operstate.extend_from_slice(text);
                // An interface that is down refuses `carrier`; it may have come up.
                self.carrier.forgive();
            }
        });
        if self.is_vouched == Some(true)
            && let Ok(text) = self.carrier.read(context.host, context.buffer, context.tick)
        {
            row.set_some(NicCell::carrier, parse_carrier(text));
        }
        // A copied tree may hold any of them alone.
        let is_known = row.device_type().is_some() || row.speed_mbit().is_some();
        if is_known || row.carrier().is_some() { Ok(()) } else { outcome }
    }

    fn describe(&mut self, has_device: bool, context: &mut Context<'_>) {
        self.described = Some(context.tick);
        let bonding = &mut self.bonding;
        let is_vouched = *self.is_vouched.get_or_insert_with(|| {
            let is_bond = bonding.read(context.host, context.buffer).is_ok();
            bonding.close();
            has_device || is_bond
        });
        if is_vouched {
            let speed = self.speed.read(context.host, context.buffer);
            self.speed_mbit = speed.ok().and_then(parse_speed);
            self.speed.close();
        }
        let device_type = self.device_type.read(context.host, context.buffer);
        self.type_number = device_type.ok().and_then(parse_only_u64);
        self.device_type.close();
    }
}

/// Parses `carrier`.
fn parse_carrier(text: &[u8]) -> Option<bool> {
    match parse_only_u64(text) {
        Some(0) => Some(false),
        Some(1) => Some(true),
        _ => None,
    }
}

/// Parses `speed`. Drivers that do not know it say -1, the same without its sign, or 0.
fn parse_speed(text: &[u8]) -> Option<u64> {
    parse_only_u64(text).filter(|speed| *speed != 0 && *speed != u64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::devices::Devices;
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::States;
    use proptest::prelude::*;
    use std::path::Path;

    #[test]
    fn an_unknown_speed_is_absent() {
        assert_eq!(parse_speed(b"25000\n"), Some(25_000));
        for unknown in [&b"-1\n"[..], b"0\n", b"4294967295\n", b"", b"fast\n"] {
            assert_eq!(parse_speed(unknown), None);
        }
    }

    #[test]
    fn a_carrier_is_there_or_not_or_unknown() {
        assert_eq!(parse_carrier(b"1\n"), Some(true));
        assert_eq!(parse_carrier(b"0\n"), Some(false));
        assert_eq!(parse_carrier(b"2\n"), None);
        assert_eq!(parse_carrier(b""), None);
    }

    fn interface(rows: &mut Rows<Nic>, netns: u64, name: &[u8]) {
        let row = rows.push();
        row.set(NicCell::netns, netns);
        row.set_name(NicName::name, name);
    }

    fn sample(links: &mut Links, root: &Path, rows: &mut Rows<Nic>, second: u64) -> Option<State> {
        let (host, mut buffer, mut states) =
            (HostFs::new(root), Buffer::default(), States::default());
        let mut context = Context {
            host: &host,
            buffer: &mut buffer,
            states: &mut states,
            tick: Timestamp(second * SECOND_NS),
            keyframe: false,
            detail: false,
            budget: &mut crate::budget::Budget::default(),
            losses: &mut Vec::new(),
            run_times: &mut crate::sampler::RunTimes::new(),
            measures_run_time: false,
        };
        Devices::default().mark(7, context.host, rows);
        links.sample(7, &mut context, rows);
        states.get(SOURCE)
    }

    #[test]
    fn a_name_that_leads_out_of_the_folder_is_not_followed() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("sys/class/net")).unwrap();
        std::fs::create_dir_all(root.path().join("sys/secret")).unwrap();
        std::fs::write(root.path().join("sys/secret/operstate"), "up").unwrap();
        let mut rows = Rows::default();
        interface(&mut rows, 7, b"../../secret");
        interface(&mut rows, 7, b"..");
        let state = sample(&mut Links::default(), root.path(), &mut rows, 0);
        assert_eq!(state, Some(State::Absent(Absence::NotFound)));
        assert!(rows.iter().all(|row| row.operstate().is_none()));
    }

    #[test]
    fn only_the_own_namespace_has_links_and_speed_is_read_every_five_seconds() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("sys/class/net/eth0");
        std::fs::create_dir_all(folder.join("device")).unwrap();
        let write = |file: &str, text: &str| std::fs::write(folder.join(file), text).unwrap();
        write("device/uevent", "DRIVER=made_up");
        let mut links = Links::default();
        for (second, speed, state, expected) in
            [(0, "10", "up", 10), (4, "20", "down", 10), (5, "30", "up", 30)]
        {
            write("speed", speed);
            write("operstate", state);
            let mut rows = Rows::default();
            interface(&mut rows, 7, b"eth0");
            interface(&mut rows, 8, b"eth0");
            assert_eq!(sample(&mut links, root.path(), &mut rows, second), Some(State::On));
            assert_eq!(rows.as_slice()[0].speed_mbit(), Some(expected));
            assert_eq!(rows.as_slice()[0].operstate(), Some(state.as_bytes()));
            assert_eq!(rows.as_slice()[0].carrier(), None);
            assert_eq!(rows.as_slice()[1].operstate(), None);
        }
        let mut none = Rows::default();
        sample(&mut links, root.path(), &mut none, 6);
        assert!(links.links.is_empty(), "what vanished is forgotten");
    }

    #[test]
    fn speed_and_carrier_are_those_of_devices_and_bonds() {
        let root = tempfile::tempdir().unwrap();
        for (name, voucher) in [("eth0", "device/uevent"), ("bond0", "bonding/mode"), ("tap0", "x")]
        {
            let folder = root.path().join("sys/class/net").join(name);
            let voucher = folder.join(voucher);
            std::fs::create_dir_all(voucher.parent().unwrap()).unwrap();
            for (file, text) in [("speed", "10"), ("carrier", "1"), ("operstate", "up")] {
                std::fs::write(folder.join(file), text).unwrap();
            }
            std::fs::write(voucher, "").unwrap();
        }
        let mut rows = Rows::default();
        for name in [&b"bond0"[..], b"eth0", b"tap0"] {
            interface(&mut rows, 7, name);
        }
        sample(&mut Links::default(), root.path(), &mut rows, 0);
        let facts: Vec<_> = rows.iter().map(|row| (row.speed_mbit(), row.carrier())).collect();
        let known = (Some(10), Some(true));
        assert_eq!(facts, [known, known, (None, None)]);
        assert!(rows.iter().all(|row| row.operstate() == Some(b"up")));
    }

    #[test]
    fn a_copy_with_nothing_but_a_speed_is_not_absent() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("sys/class/net/eth0");
        std::fs::create_dir_all(folder.join("device")).unwrap();
        std::fs::write(folder.join("device/uevent"), "").unwrap();
        std::fs::write(folder.join("speed"), "25000\n").unwrap();
        let mut rows = Rows::default();
        interface(&mut rows, 7, b"eth0");
        let state = sample(&mut Links::default(), root.path(), &mut rows, 0);
        assert_eq!((state, rows.as_slice()[0].speed_mbit()), (Some(State::On), Some(25_000)));
    }

    #[test]
    fn the_links_of_devices_are_read_before_those_of_any_number_of_others() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join("sys/class/net").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("ens5/device/uevent", "");
        write("ens5/speed", "25000\n");
        let mut links = Links::default();
        let mut speeds = |names: &[&str], second: u64| {
            let mut rows = Rows::default();
            for at in 0..400 {
                write(&format!("cali{at:03}/type"), "1\n");
                interface(&mut rows, 7, format!("cali{at:03}").as_bytes());
            }
            for name in names {
                interface(&mut rows, 7, name.as_bytes());
            }
            let state = sample(&mut links, root.path(), &mut rows, second);
            assert_eq!(state, Some(State::Limited(MORE_EXIST)));
            assert_eq!(
                rows.iter().filter(|row| row.device_type().is_some()).count(),
                256 - names.len()
            );
            rows.iter().filter_map(Nic::speed_mbit).collect::<Vec<_>>()
        };
        assert_eq!(speeds(&["ens5"], 0), [25_000]);
        write("ens6/device/uevent", "");
        write("ens6/speed", "10000\n");
        assert_eq!(speeds(&["ens5", "ens6"], 1), [25_000, 10_000], "one that came later");
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = (parse_speed(&bytes), parse_carrier(&bytes));
        }
    }
}
