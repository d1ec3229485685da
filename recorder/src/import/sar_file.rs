//! The statistics of what `sadf -j` prints, one after the other.
//!
//! A day of them is larger than what it says, so that the file is read as a stream: an object with
//! `sysstat`, which has `hosts`, of which the only one tells of itself and has `statistics`, and
//! after them `restarts`.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use super::pcp_rows::Skipped;
use super::sar_stamp::{self, NoInstant};
use super::zone::Clock;
use super::{Order, Progress};
use crate::error::Error;

const COMMAND: &str = "write the file with `sadf -j FILE -- -A`, and whole";
const SECOND_NS: i64 = 1_000_000_000;
/// Statistics between two words about the progress.
const PROGRESS_STATISTICS: u64 = 16;

/// What the file says of its host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) kernel: String,
    pub(super) machine: String,
    pub(super) cpus: Option<u64>,
}

/// What sar saw in one interval.
#[derive(Debug)]
pub(super) struct Statistic {
    /// The end of the interval, in ns since 1970.
    pub(super) at_ns: i64,
    /// Its length.
    pub(super) interval_ns: i64,
    /// Its number in the file, from 1.
    pub(super) number: u64,
    /// Whether others were skipped before it because they went back in time.
    pub(super) after_step: bool,
    /// Whether its time names its zone, as since sysstat 12.7.1.
    pub(super) names_its_zone: bool,
    /// What was seen.
    pub(super) sections: Map<String, Value>,
}

/// Takes a statistic, or says why not.
pub(super) type Take<'a> = dyn FnMut(&Head, &Statistic) -> Result<(), Error> + 'a;

/// A boot of the host, and the CPUs that it had from then on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Boot {
    pub(super) at_ns: i64,
    pub(super) cpus: u64,
}

/// What a file has beside the statistics that were given out.
#[derive(Debug, Clone, Default)]
pub(super) struct Aside {
    /// Statistics that go back in time.
    pub(super) back: Skipped,
    /// Statistics of no length of time: of two records in one second, or of a first record.
    pub(super) lengthless: Skipped,
    /// Boots that say how many CPUs there were, in order.
    pub(super) boots: Vec<Boot>,
}

/// Gives every statistic of the file to `take`, in order, but those that are told in the return
/// value.
pub(super) fn each(
    order: &Order<'_>,
    progress: &mut Progress<'_>,
    take: &mut Take<'_>,
) -> Result<Aside, Error> {
    let file = File::open(order.file).map_err(|error| Error::io("open", order.file, error))?;
    let all = file.metadata().map_or(0, |meta| meta.len());
    let done = Rc::new(Cell::new(0));
    let file = Counted { file, done: Rc::clone(&done) };
    let mut report = |bytes| progress(bytes, all);
    let mut walk = Walk {
        order,
        progress: &mut report,
        take,
        done,
        head: Head::default(),
        hosts: 0,
        clock: Clock::new(order.zone),
        last_ns: None,
        number: 0,
        aside: Aside::default(),
        after_step: false,
        failed: None,
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(file));
    let read = Level { keys: &["sysstat", "hosts"], walk: &mut walk }.deserialize(&mut json);
    let read = read.and_then(|()| json.end());
    match (walk.failed.take(), read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(walk.aside),
        (None, Err(error)) => Err(unreadable(order, error)),
    }
}

/// The length of an interval; `None` where it has none. That of a first record is beyond all time
/// in some versions.
fn length_ns(seconds: u64) -> Option<i64> {
    let seconds = i64::try_from(seconds).ok().filter(|seconds| *seconds > 0)?;
    seconds.checked_mul(SECOND_NS)
}

/// A file that tells how much of it was read.
struct Counted {
    file: File,
    done: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.done.set(self.done.get() + count as u64);
        Ok(count)
    }
}

fn unreadable(order: &Order<'_>, error: serde_json::Error) -> Error {
    if error.is_io() {
        return Error::io("read", order.file, error);
    }
    let place = format!("line {}, column {}", error.line(), error.column());
    let text = error.to_string();
    let problem = text.split(" at line ").next().unwrap_or_default().to_owned();
    Error::Import { path: order.file.to_owned(), place, problem, remedy: COMMAND }
}

/// The state of the walk through a file.
struct Walk<'a> {
    order: &'a Order<'a>,
    progress: &'a mut dyn FnMut(u64),
    take: &'a mut Take<'a>,
    done: Rc<Cell<u64>>,
    head: Head,
    hosts: u64,
    clock: Clock,
    last_ns: Option<i64>,
    number: u64,
    aside: Aside,
    after_step: bool,
    failed: Option<Error>,
}

impl Walk<'_> {
    fn head(&mut self, key: &str, value: &Value) {
        let text = || value.as_str().unwrap_or_default().to_owned();
        match key {
            "nodename" => self.head.name = text(),
            "release" => self.head.kernel = text(),
            "machine" => self.head.machine = text(),
            "restarts" => self.restarts(value),
            "number-of-cpus" => self.head.cpus = value.as_u64().filter(|cpus| *cpus > 0),
            _ => {}
        }
    }

    fn statistic(&mut self, mut sections: Map<String, Value>) -> Result<(), Error> {
        self.number += 1;
        if self.number.is_multiple_of(PROGRESS_STATISTICS) {
            (self.progress)(self.done.get());
        }
        let stamp = sections.remove("timestamp").unwrap_or_default();
        let at_ns = self.time(&stamp)?;
        let seconds = stamp.get("interval").and_then(Value::as_u64);
        let seconds = seconds
            .ok_or_else(|| self.bad("interval", "no number of seconds from 0 on".to_owned()))?;
        let Some(interval_ns) = length_ns(seconds) else {
            self.aside.lengthless.add(self.number);
            return Ok(());
        };
        if self.last_ns.is_some_and(|last_ns| at_ns <= last_ns) {
            self.aside.back.add(self.number);
            self.after_step = true;
            return Ok(());
        }
        self.last_ns = Some(at_ns);
        let after_step = std::mem::take(&mut self.after_step);
        let names_its_zone = sar_stamp::names_its_zone(&stamp);
        let number = self.number;
        let statistic =
            Statistic { at_ns, interval_ns, number, after_step, names_its_zone, sections };
        (self.take)(&self.head, &statistic)
    }

    /// The end of the interval.
    fn time(&mut self, stamp: &Value) -> Result<i64, Error> {
        sar_stamp::read(&mut self.clock, stamp).map_err(|none| match none {
            NoInstant::NoZone(named) => {
                Error::NoTimeZone { path: self.order.file.to_owned(), named }
            }
            NoInstant::NotATime(text) => self.bad("timestamp", format!("`{text}` is no time")),
        })
    }

    /// Boots whose time and CPUs are told: they stand after all statistics, in an order of their
    /// own.
    fn restarts(&mut self, list: &Value) {
        let mut clock = Clock::new(self.order.zone);
        let boots = list.as_array().into_iter().flatten().filter_map(|entry| entry.get("boot"));
        self.aside.boots = boots
            .filter_map(|boot| {
                let cpus = boot.get("cpu_count")?.as_u64().filter(|cpus| *cpus > 0)?;
                Some(Boot { at_ns: sar_stamp::read(&mut clock, boot).ok()?, cpus })
            })
            .collect();
        self.aside.boots.sort_by_key(|boot| boot.at_ns);
    }

    fn bad(&self, key: &str, problem: String) -> Error {
        let place = format!("statistic {}, `{key}`", self.number);
        Error::Import { path: self.order.file.to_owned(), place, problem, remedy: COMMAND }
    }
}

/// An object on the way to the host, or the host: then no key is left to follow.
struct Level<'w, 'a> {
    keys: &'static [&'static str],
    walk: &'w mut Walk<'a>,
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object as `sadf -j` prints it")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { keys, walk } = self;
        while list.next_element_seed(Level { keys, walk: &mut *walk })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { keys, walk } = self;
        if keys.is_empty() {
            walk.hosts += 1;
            if walk.hosts > 1 {
                return Err(A::Error::custom("several hosts, and a recording is of one"));
            }
        }
        while let Some(key) = map.next_key::<String>()? {
            match keys.split_first() {
                Some((wanted, rest)) if key == *wanted => {
                    map.next_value_seed(Level { keys: rest, walk: &mut *walk })?;
                }
                None if key == "statistics" => {
                    map.next_value_seed(Statistics { walk: &mut *walk })?;
                }
                None => {
                    let value: Value = map.next_value()?;
                    walk.head(&key, &value);
                }
                Some(_) => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// The list of statistics.
struct Statistics<'w, 'a> {
    walk: &'w mut Walk<'a>,
}

impl<'de> DeserializeSeed<'de> for Statistics<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Statistics<'_, '_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of statistics")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(sections) = list.next_element::<Map<String, Value>>()? {
            if let Err(error) = self.walk.statistic(sections) {
                self.walk.failed = Some(error);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
