//! `/proc/diskstats`: what each whole block device did, with its settings from `/sys/block`.
//!
//! Partitions are left out, since their I/O is their disk's, and so are loop, ram and zram devices
//! that were never used. Which devices lie on which is in `stack`.

mod devices;
mod folder;
mod queue;
mod stack;

use ks_vocabulary::model::{Disk, DiskCell, DiskName, ReadTimes, Rows, Sample};

use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFile;
use crate::sampler::{Context, Sampler};
use crate::text::{fields, lines, parse_u64};

use devices::Devices;

/// Reads `/proc/diskstats`, and `/sys/block` for what seldom changes.
#[derive(Debug)]
pub(super) struct Diskstats {
    file: HostFile,
    devices: Devices,
}

impl Default for Diskstats {
    fn default() -> Self {
        Self { file: HostFile::new("proc/diskstats"), devices: Devices::default() }
    }
}

impl Sampler for Diskstats {
    fn sources(&self) -> &'static [&'static str] {
        &["diskstats"]
    }

    fn sample(&mut self, context: &mut Context<'_>, sample: &mut Sample) {
        let begin_ns = context.elapsed_ns();
        let (host, tick, devices) = (context.host, context.tick, &mut self.devices);
        let parsed = self.file.read(host, context.buffer).and_then(|text| {
            parse_diskstats(text, &mut sample.disks, |name| devices.is_whole(host, tick, name))
                .map_err(Absence::from)
        });
        match parsed.and_then(|()| self.devices.check(host)) {
            Ok(()) => {
                let times = ReadTimes { begin_ns, end_ns: context.elapsed_ns() };
                sample.disks.set_read(times);
                self.devices.describe(host, context.buffer, &mut sample.disks);
                self.devices.forget_gone();
                context.states.on("diskstats");
            }
            Err(absence) => {
                sample.disks.clear();
                context.states.absent("diskstats", absence);
            }
        }
    }
}

/// The fields after the name. Merged discards have no column.
const FIELDS: [Option<DiskCell>; 17] = [
    Some(DiskCell::reads),
    Some(DiskCell::reads_merged),
    Some(DiskCell::read_sectors),
    Some(DiskCell::read_ms),
    Some(DiskCell::writes),
    Some(DiskCell::writes_merged),
    Some(DiskCell::write_sectors),
    Some(DiskCell::write_ms),
    Some(DiskCell::in_flight),
    Some(DiskCell::io_ms),
    Some(DiskCell::queue_ms),
    Some(DiskCell::discards),
    None,
    Some(DiskCell::discard_sectors),
    Some(DiskCell::discard_ms),
    Some(DiskCell::flushes),
    Some(DiskCell::flush_ms),
];

const NUMBERS: &str = "major, minor and device name";

/// Parses `/proc/diskstats`, keeping the devices that `is_whole` says are whole. An empty text is
/// that of a host without block devices.
pub(super) fn parse_diskstats(
    text: &[u8],
    rows: &mut Rows<Disk>,
    mut is_whole: impl FnMut(&[u8]) -> bool,
) -> Result<(), Malformed> {
    for (at, line) in lines(text).enumerate() {
        let mut parts = fields(line);
        let Some(major) = parts.next() else { continue };
        let (Some(major), Some(minor)) = (parse_u64(major), parts.next().and_then(parse_u64))
        else {
            return Err(Malformed { line: at + 1, expected: NUMBERS });
        };
        let name = parts.next().ok_or(Malformed { line: at + 1, expected: NUMBERS })?;
        let row = rows.push();
        row.set_name(DiskName::name, name);
        row.set(DiskCell::major, major);
        row.set(DiskCell::minor, minor);
        let mut used = false;
        for (cell, field) in FIELDS.into_iter().zip(parts) {
            let value = parse_u64(field);
            used |= value.is_some_and(|value| value > 0);
            if let Some(cell) = cell {
                row.set_some(cell, value);
            }
        }
        if (!used && is_spare(name)) || !is_whole(name) {
            rows.pop();
        }
    }
    rows.sort();
    Ok(())
}

/// Devices that the kernel makes in advance, so that an unused one says nothing.
const SPARE: [&[u8]; 3] = [b"loop", b"ram", b"zram"];

fn is_spare(name: &[u8]) -> bool {
    SPARE.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::queue::parse_scheduler;
    use super::*;
    use crate::host_fs::{Buffer, HostFs};
    use crate::sampler::{State, States};
    use ks_vocabulary::time::{SECOND_NS, Timestamp};
    use proptest::prelude::*;

    const LINUX_6_18: &[u8] = b"   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n\
        \x20  7       1 loop1 52 0 780 9 0 0 0 0 0 20 9 0 0 0 0 0 0\n\
        \x20254       0 vda 54370 19124 9815370 101839 6976 21148 7211056 18721 3 14680 121193 \
        4992 59 976344 626 126 5\n\
        \x20254       1 vda1 54000 19124 9815000 101800 6976 21148 7211056 18721 3 14680 121100 \
        0 0 0 0 0 0\n\
        \x20253       0 zram0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    const LINUX_4_14: &[u8] = b"   1       0 ram0 0 0 0 0 0 0 0 0 0 0 0\n\
        \x20  8       0 sda 4321 12 345678 999 111 22 3333 44 0 888 1043\n\
        \x20  8       1 sda1 4300 12 345600 990 111 22 3333 44 0 880 1034\n\
        \x20104       0 cciss/c0d0 5 0 40 1 0 0 0 0 0 1 1\n\
        \x20253       0 dm-0 4000 0 345000 1100 130 0 3333 60 0 880 1160\n";

    fn check(text: &[u8], whole: &[&[u8]]) -> Vec<Disk> {
        let mut rows = Rows::default();
        parse_diskstats(text, &mut rows, |name| whole.contains(&name)).unwrap();
        rows.as_slice().to_vec()
    }

    #[test]
    fn whole_disks_of_a_recent_kernel_are_read_and_unused_loops_left_out() {
        let disks = check(LINUX_6_18, &[b"vda", b"loop0", b"loop1", b"zram0"]);
        let [loop1, vda] = disks.as_slice() else { unreachable!("two disks: {disks:?}") };
        assert_eq!((loop1.name(), loop1.reads()), (Some(b"loop1".as_slice()), Some(52)));
        assert_eq!((vda.name(), vda.reads()), (Some(b"vda".as_slice()), Some(54_370)));
        assert_eq!((vda.write_sectors(), vda.write_ms()), (Some(7_211_056), Some(18_721)));
        assert_eq!((vda.in_flight(), vda.io_ms()), (Some(3), Some(14_680)));
        assert_eq!((vda.queue_ms(), vda.discards()), (Some(121_193), Some(4992)));
        assert_eq!((vda.discard_sectors(), vda.discard_ms()), (Some(976_344), Some(626)));
        assert_eq!((vda.flushes(), vda.flush_ms()), (Some(126), Some(5)));
    }

    #[test]
    fn fields_that_an_old_kernel_lacks_are_absent() {
        let disks = check(LINUX_4_14, &[b"ram0", b"sda", b"cciss/c0d0", b"dm-0"]);
        let names: Vec<_> = disks.iter().map(|disk| disk.name().unwrap()).collect();
        let expected: [&[u8]; 3] = [b"cciss/c0d0", b"dm-0", b"sda"];
        assert_eq!(names, expected);
        assert_eq!(disks[2].queue_ms(), Some(1043));
        assert_eq!((disks[2].discards(), disks[2].flushes()), (None, None));
    }

    #[test]
    fn a_truncated_or_empty_text_gives_what_is_there_and_garbage_is_malformed() {
        assert!(check(b"", &[]).is_empty());
        let cut = check(b"   8       0 sda 4321 12", &[b"sda"]);
        assert_eq!((cut[0].reads(), cut[0].read_sectors()), (Some(4321), None));
        let refused = |text: &[u8]| parse_diskstats(text, &mut Rows::default(), |_| true).is_err();
        assert!(refused(b"   8       0"));
        assert!(refused(b"garbage in here\n"));
    }

    #[test]
    fn the_scheduler_is_the_one_in_brackets_or_the_only_one() {
        let mq_deadline = Some(b"mq-deadline".as_slice());
        assert_eq!(parse_scheduler(b"none [mq-deadline] kyber bfq \n"), mq_deadline);
        assert_eq!(parse_scheduler(b"none\n"), Some(b"none".as_slice()));
        assert_eq!(parse_scheduler(b"noop cfq\n"), None);
        assert_eq!(parse_scheduler(b"\n"), None);
    }

    struct Fake {
        root: tempfile::TempDir,
        sampler: Diskstats,
        sample: Sample,
        states: States,
    }

    impl Fake {
        fn new() -> Self {
            let root = tempfile::tempdir().unwrap();
            let (sampler, sample) = (Diskstats::default(), Sample::default());
            Self { root, sampler, sample, states: States::default() }
        }

        fn write(&self, path: &str, text: &[u8]) {
            let path = self.root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }

        /// The rows at a second after boot.
        fn ask(&mut self, second: u64) -> &[Disk] {
            let host = HostFs::new(self.root.path());
            let mut context = Context {
                host: &host,
                buffer: &mut Buffer::default(),
                states: &mut self.states,
                tick: Timestamp(second * SECOND_NS),
                keyframe: false,
                detail: false,
                budget: &mut crate::budget::Budget::default(),
                losses: &mut Vec::new(),
                run_times: &mut crate::sampler::RunTimes::new(),
                measures_run_time: false,
            };
            self.sample.clear();
            self.sampler.sample(&mut context, &mut self.sample);
            self.sample.disks.as_slice()
        }
    }

    #[test]
    fn settings_come_from_sysfs_and_are_read_again_after_a_minute() {
        let mut fake = Fake::new();
        fake.write("proc/diskstats", LINUX_4_14);
        fake.write("sys/block/sda/queue/scheduler", b"[none] bfq\n");
        fake.write("sys/block/sda/queue/rotational", b"1\n");
        fake.write("sys/block/sda/queue/nr_requests", b"256\n");
        fake.write("sys/block/sda/queue/read_ahead_kb", b"128\n");
        fake.write("sys/block/sda/size", b"536870912\n");
        fake.write("sys/block/sda/device/queue_depth", b"32\n");
        fake.write("sys/block/cciss!c0d0/size", b"7\n");
        fake.write("sys/block/sda/slaves/.keep", b"");
        fake.write("sys/block/dm-0/slaves/sda/size", b"536870912\n");
        let [cciss, mapped, sda] = fake.ask(0) else { unreachable!("three disks") };
        assert_eq!((cciss.size_sectors(), cciss.stacked()), (Some(7), None), "not said");
        assert_eq!((mapped.scheduler(), mapped.stacked()), (None, Some(true)));
        assert_eq!((sda.stacked(), sda.slaves()), (Some(false), None));
        assert_eq!(sda.scheduler(), Some(b"none".as_slice()));
        assert_eq!((sda.rotational(), sda.nr_requests()), (Some(true), Some(256)));
        assert_eq!((sda.read_ahead_kb(), mapped.read_ahead_kb()), (Some(128), None));
        assert_eq!((sda.size_sectors(), sda.queue_depth()), (Some(536_870_912), Some(32)));
        fake.write("sys/block/sda/queue/scheduler", b"none [bfq]\n");
        assert_eq!(fake.ask(59)[2].scheduler(), Some(b"none".as_slice()));
        assert_eq!(fake.ask(60)[2].scheduler(), Some(b"bfq".as_slice()));
    }

    /// What each row says of the devices below: name, stacked, those it lies on, hidden.
    type Below = (String, Option<bool>, Option<String>, Option<bool>);

    fn below(rows: &[Disk]) -> Vec<Below> {
        let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        let row = |row: &Disk| {
            (text(row.name().unwrap()), row.stacked(), row.slaves().map(text), row.hidden())
        };
        rows.iter().map(row).collect()
    }

    #[test]
    fn what_lies_on_others_is_what_sysfs_says_whatever_its_name() {
        let mut fake = Fake::new();
        let names = ["bcache0", "dm-1", "loop0", "md-like", "sda", "sdb", "sdb1", "zram0"];
        let line = |(at, name): (usize, &&str)| {
            format!("{} {at} {name} 1 0 0 0\n", if *name == "loop0" { 7 } else { 8 })
        };
        let text: String = names.iter().enumerate().map(line).collect();
        fake.write("proc/diskstats", text.as_bytes());
        for name in ["bcache0/slaves/sda", "dm-1/slaves/sda", "dm-1/slaves/sdb1", "sdb/sdb1"] {
            fake.write(&format!("sys/block/{name}/size"), b"1\n");
        }
        for name in ["sda", "sdb", "md-like"] {
            fake.write(&format!("sys/block/{name}/slaves/.keep"), b"");
        }
        fake.write("sys/block/loop0/slaves/.keep", b"");
        fake.write("sys/block/zram0/mm_stat", b"0 0 0\n");
        let row = |name: &str, stacked: bool, slaves: Option<&str>| {
            (name.to_owned(), Some(stacked), slaves.map(str::to_owned), None)
        };
        let expected = [
            row("bcache0", true, Some("sda")),
            row("dm-1", true, Some("sda,sdb")),
            row("loop0", true, None),
            row("md-like", false, None),
            row("sda", false, None),
            row("sdb", false, None),
            row("zram0", true, None),
        ];
        assert_eq!(below(fake.ask(0)), expected);
        let numbers: Vec<_> = fake.ask(1).iter().map(|row| (row.major(), row.minor())).collect();
        assert_eq!(numbers[1], (Some(8), Some(1)));
    }

    #[test]
    fn the_head_of_a_multipath_device_lies_on_its_hidden_paths() {
        let mut fake = Fake::new();
        let text = b"259 1 nvme1c0n1 1 0 0 0\n259 2 nvme1c3n1 1 0 0 0\n259 0 nvme1n1 1 0 0 0\n\
            259 5 nvme2n1 1 0 0 0\n";
        fake.write("proc/diskstats", text);
        for (name, hidden) in [("nvme1c0n1", 1), ("nvme1c3n1", 1), ("nvme1n1", 0), ("nvme2n1", 0)] {
            fake.write(&format!("sys/block/{name}/hidden"), format!("{hidden}\n").as_bytes());
            fake.write(&format!("sys/block/{name}/slaves/.keep"), b"");
        }
        let row = |name: &str, slaves: Option<&str>, hidden: bool| {
            (name.to_owned(), Some(slaves.is_some()), slaves.map(str::to_owned), Some(hidden))
        };
        let expected = [
            row("nvme1c0n1", None, true),
            row("nvme1c3n1", None, true),
            row("nvme1n1", Some("nvme1c0n1,nvme1c3n1"), false),
            row("nvme2n1", None, false),
        ];
        assert_eq!(below(fake.ask(0)), expected);
        assert_eq!(below(fake.ask(1)), expected);
    }

    #[test]
    fn a_disk_that_went_is_forgotten_and_learned_anew() {
        let mut fake = Fake::new();
        let (sda, sdb) = (b"8 0 sda 1 0 0 0\n".as_slice(), b"8 16 sdb 1 0 0 0\n".as_slice());
        fake.write("sys/block/sda/size", b"1\n");
        fake.write("sys/block/sdb/size", b"2\n");
        fake.write("proc/diskstats", &[sda, sdb].concat());
        assert_eq!(fake.ask(0).len(), 2);
        fake.write("proc/diskstats", sda);
        assert_eq!(fake.ask(1).len(), 1);
        fake.write("sys/block/sdb/size", b"3\n");
        fake.write("proc/diskstats", &[sda, sdb].concat());
        assert_eq!(fake.ask(2)[1].size_sectors(), Some(3));
        assert_eq!(fake.states.get("diskstats"), Some(State::On));
    }

    #[test]
    fn without_sysfs_disks_cannot_be_told_from_partitions() {
        let mut fake = Fake::new();
        fake.write("proc/diskstats", LINUX_6_18);
        assert!(fake.ask(0).is_empty());
        assert_eq!(fake.sample.disks.read(), None);
        assert!(matches!(fake.states.get("diskstats"), Some(State::Absent(Absence::Off(_)))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, whole: bool) {
            let _ = parse_diskstats(&bytes, &mut Rows::default(), |_| whole);
            let _ = parse_scheduler(&bytes);
        }
    }
}
