//! `throttle_io`: a limit of bytes or requests of a group to a disk.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;

use ks_vocabulary::action::{DiskRef, GroupRef, IoLimit};
use ks_vocabulary::decision::{GroupFile, Plan};

use super::Advice;
use super::group_target::{At, by, find, write};
use crate::facts::{Facts, GroupFacts};
use crate::unfit::{Unfit, need};

pub(super) const ADVICE: Advice = Advice {
    helps: "a group keeps a disk busy that others wait for; it works with every scheduler",
    cannot: "a group without the io controller; writeback of the root group; what waits for the \
             limit waits before it is issued, so no latency of the disk shows it",
};

/// A group keeps at least a tenth of its present rate (our judgement): less is a standstill.
const KEPT_SHARE: f64 = 0.1;

pub(super) fn plan(
    group: &GroupRef,
    disk: &DiskRef,
    limit: IoLimit,
    facts: &dyn Facts,
) -> Result<Plan, Unfit> {
    let found = find(group, facts)?;
    let at = by(&found, "io", found.first.blkio)?;
    let DiskRef::Device(device) = disk else {
        return Err(Unfit::Gone(Cow::Borrowed("the disk is none that was issued")));
    };
    let text = need(found.io_max, "`io.max` of the group")?;
    let text = String::from_utf8_lossy(text).into_owned();
    let (major, minor) = device.get();
    let device = format!("{major}:{minor}");
    let (key, value, file) = pair(limit);
    let old = present(&text, &device, key)?;
    if old.is_some_and(|old| value >= old) {
        let why = format!("{key} of {value} is no lower limit than the one it has");
        return Err(Unfit::Direction(Cow::Owned(why)));
    }
    moves_more(&found, limit, value)?;
    match at {
        At::Second(exact) => {
            let line = |value: &str| format!("{device} {key}={value}");
            let before = old.map_or_else(|| line("max"), |old| line(&format!("{old}")));
            Ok(write(&exact, GroupFile::IoMax, &before, &line(&format!("{value}"))))
        }
        At::First(exact) => {
            // A limit of 0 is none.
            let line = |value: u64| format!("{device} {value}");
            Ok(write(&exact, file, &line(old.unwrap_or(0)), &line(value)))
        }
    }
}

/// A limit holds back what moves more, and leaves enough of it.
fn moves_more(group: &GroupFacts<'_>, limit: IoLimit, value: u64) -> Result<(), Unfit> {
    let (read, written) = need(group.io_bytes_per_s, "the I/O of the group")?;
    let used = match limit {
        IoLimit::Rbps(_) => Some(read),
        IoLimit::Wbps(_) => Some(written),
        IoLimit::Riops(_) | IoLimit::Wiops(_) => None,
    };
    if let Some(used) = used {
        if value as f64 >= used {
            let why = format!("it moves {used:.0} bytes a second, no more than the limit");
            return Err(Unfit::NoEffect(Cow::Owned(why)));
        }
        if (value as f64) < used * KEPT_SHARE {
            let why = format!("{value} is less than a tenth of the {used:.0} bytes/s it moves");
            return Err(Unfit::Unsafe(Cow::Owned(why)));
        }
    }
    Ok(())
}

/// The key in `io.max`, the value, and the file of version 1.
fn pair(limit: IoLimit) -> (&'static str, u64, GroupFile) {
    match limit {
        IoLimit::Rbps(value) => ("rbps", value.get(), GroupFile::BlkioReadBps),
        IoLimit::Wbps(value) => ("wbps", value.get(), GroupFile::BlkioWriteBps),
        IoLimit::Riops(value) => ("riops", value.get(), GroupFile::BlkioReadIops),
        IoLimit::Wiops(value) => ("wiops", value.get(), GroupFile::BlkioWriteIops),
    }
}

/// The limit that a line of `io.max` has under a key; `None` for none.
fn present(text: &str, device: &str, key: &str) -> Result<Option<u64>, Unfit> {
    let line = text.lines().find_map(|line| line.strip_prefix(device)?.strip_prefix(' '));
    let mut pairs = line.unwrap_or_default().split(' ');
    match pairs.find_map(|pair| pair.strip_prefix(key)?.strip_prefix('=')) {
        None | Some("max") => Ok(None),
        // What cannot be read is a limit that nobody knows, and not none.
        Some(value) => need(value.parse().ok(), "`io.max` of the group").map(Some),
    }
}
