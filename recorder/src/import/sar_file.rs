//! The statistics of what `sadf -j` prints, one after the other.
//!
//! A day of them is larger than what it says, so that the file is read as a stream: an object with
//! `sysstat`, which has `hosts`, of which the only one tells of itself and has `statistics`.

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
use super::zone::{Clock, Unclear};
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
    /// What was seen.
    pub(super) sections: Map<String, Value>,
}

/// Takes a statistic, or says why not.
pub(super) type Take<'a> = dyn FnMut(&Head, &Statistic) -> Result<(), Error> + 'a;

/// Gives every statistic of the file to `take`, in order. The return value is which were skipped
/// because they go back in time.
pub(super) fn each(
    order: &Order<'_>,
    progress: &mut Progress<'_>,
    take: &mut Take<'_>,
) -> Result<Skipped, Error> {
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
        back: Skipped::default(),
        after_step: false,
        failed: None,
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::new(file));
    let read = Level { keys: &["sysstat", "hosts"], walk: &mut walk }.deserialize(&mut json);
    let read = read.and_then(|()| json.end());
    match (walk.failed.take(), read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(walk.back),
        (None, Err(error)) => Err(unreadable(order, error)),
    }
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
    back: Skipped,
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
        let seconds = stamp.get("interval").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
        let interval_ns = seconds.and_then(|seconds| seconds.checked_mul(SECOND_NS));
        let interval_ns = interval_ns
            .ok_or_else(|| self.bad("interval", "no number of seconds from 1 on".to_owned()))?;
        if self.last_ns.is_some_and(|last_ns| at_ns <= last_ns) {
            self.back.add(self.number);
            self.after_step = true;
            return Ok(());
        }
        self.last_ns = Some(at_ns);
        let after_step = std::mem::take(&mut self.after_step);
        let number = self.number;
        let statistic = Statistic { at_ns, interval_ns, number, after_step, sections };
        (self.take)(&self.head, &statistic)
    }

    /// The end of the interval. `utc` says that it is not a local time.
    fn time(&mut self, stamp: &Value) -> Result<i64, Error> {
        let part = |key: &str| stamp.get(key).and_then(Value::as_str).unwrap_or_default();
        let is_utc = stamp
            .get("utc")
            .is_some_and(|utc| utc.as_u64() == Some(1) || utc.as_bool() == Some(true));
        let zone = if is_utc { "Z" } else { "" };
        let text = format!("{}T{}{zone}", part("date"), part("time"));
        self.clock.read(&text).map_err(|unclear| match unclear {
            Unclear::NoZone => Error::NoTimeZone { path: self.order.file.to_owned() },
            Unclear::NotATime => self.bad("timestamp", format!("`{text}` is no time")),
        })
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
