//! What a file means: the text that is read from it is seldom the one that was written.
//!
//! Limits are rounded down to pages, read-ahead to 4 kB, `io.max` has a line for each device,
//! weights have a default (`kernel.md`, sections 8 and 12); version 1 has a file for each key of
//! that (section 13). Two texts are the same where they mean the same.

use ks_vocabulary::decision::{GroupFile, Sysctl};

/// The kernel keeps limits of memory in pages (`kernel.md`, section 8).
const PAGE_BYTES: u64 = 4096;
/// It keeps read-ahead in pages too.
const PAGE_KB: u64 = 4;

/// What a file is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A file of a control group.
    Group(GroupFile),
    /// A kernel parameter.
    Sysctl(Sysctl),
    /// `queue/read_ahead_kb`.
    ReadAhead,
}

impl Form {
    /// Whether anything can be read from it, and put back.
    pub fn is_kept(self) -> bool {
        !matches!(self, Self::Group(GroupFile::MemoryReclaim) | Self::Sysctl(Sysctl::DropCaches))
    }

    /// What is to be written to put back what was read, as far as it concerns `written`; nothing
    /// where the text is none that such a file has.
    pub fn prior(self, read: &str, written: &str) -> Option<String> {
        let read = read.trim();
        Some(match self {
            Self::Group(GroupFile::IoMax) => {
                let (device, key, _) = limit_of(written)?;
                format!("{device} {key}={}", limit_in(read, device, key)?)
            }
            Self::Group(file) if is_of_a_device(file) => {
                let (device, _) = written.trim().split_once(' ')?;
                format!("{device} {}", number_in(read, device)?)
            }
            Self::Group(GroupFile::FreezerState) => state(read)?.to_owned(),
            Self::Group(GroupFile::IoWeight | GroupFile::IoBfqWeight) => weight(read)?.to_owned(),
            Self::Group(_) | Self::Sysctl(_) | Self::ReadAhead => numbers(read)?,
        })
    }

    /// Whether what is read means what was written.
    pub fn is_taken(self, read: &str, written: &str) -> bool {
        let Some(found) = self.prior(read, written) else { return false };
        self.as_kept(written) == self.as_kept(&found)
    }

    /// Whether two texts change the same of it: `io.max` has a limit for each device and key.
    pub(crate) fn is_of_the_same(self, one: &str, other: &str) -> bool {
        let of = |text| limit_of(text).map(|(device, key, _)| (device, key));
        let device = |text: &str| text.trim().split_once(' ').map(|(device, _)| device.to_owned());
        match self {
            Self::Group(GroupFile::IoMax) => of(one) == of(other),
            Self::Group(file) if is_of_a_device(file) => device(one) == device(other),
            Self::Group(_) | Self::Sysctl(_) | Self::ReadAhead => true,
        }
    }

    /// A text as the kernel keeps it.
    fn as_kept(self, text: &str) -> Option<String> {
        let rounded = |unit: u64| {
            let number = text.trim().parse::<u64>().ok();
            number.map_or_else(|| text.trim().to_owned(), |of| (of - of % unit).to_string())
        };
        match self {
            Self::Group(GroupFile::IoMax) => {
                limit_of(text).map(|(device, key, limit)| format!("{device} {key}={limit}"))
            }
            Self::Group(GroupFile::MemoryHigh | GroupFile::MemorySwapMax) => {
                Some(rounded(PAGE_BYTES))
            }
            Self::ReadAhead => Some(rounded(PAGE_KB)),
            Self::Group(GroupFile::FreezerState) => state(text.trim()).map(str::to_owned),
            Self::Group(file) if is_of_a_device(file) => {
                let (device, limit) = text.trim().split_once(' ')?;
                Some(format!("{device} {}", numbers(limit)?))
            }
            Self::Group(_) | Self::Sysctl(_) => numbers(text),
        }
    }
}

/// Whether a file of version 1 has a line of a device and a number for each that is limited.
pub(crate) fn is_of_a_device(file: GroupFile) -> bool {
    matches!(
        file,
        GroupFile::BlkioReadBps
            | GroupFile::BlkioReadIops
            | GroupFile::BlkioWriteBps
            | GroupFile::BlkioWriteIops
    )
}

/// The number of a device in such a file: one without a line has 0, which removes one too.
fn number_in(text: &str, device: &str) -> Option<u64> {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(of, _)| *of == device).map_or(Some(0), |(_, number)| number.trim().parse().ok())
}

/// What a freezer was told, as its file is written.
fn state(text: &str) -> Option<&str> {
    matches!(text, "FROZEN" | "THAWED").then_some(text)
}

/// Device, key and limit of a line that is written to `io.max`.
fn limit_of(line: &str) -> Option<(&str, &str, &str)> {
    let (device, pair) = line.trim().split_once(' ')?;
    let (key, limit) = pair.split_once('=')?;
    Some((device, key, limit))
}

/// The limit of a device in the text of `io.max`: a device without a line has none.
fn limit_in<'a>(text: &'a str, device: &str, key: &str) -> Option<&'a str> {
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    let Some((_, pairs)) = lines.find(|(of, _)| *of == device) else { return Some("max") };
    pairs.split(' ').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
}

/// The weight of devices that have none of their own.
fn weight(text: &str) -> Option<&str> {
    let default = text.lines().find_map(|line| line.strip_prefix("default "));
    default.or_else(|| (!text.contains(' ')).then_some(text)).map(str::trim)
}

/// Numbers, or `max`, by one blank: what stands between them differs.
fn numbers(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    let is_number = |part: &&str| *part == "max" || part.parse::<i64>().is_ok();
    (!parts.is_empty() && parts.iter().all(is_number)).then(|| parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const IO: Form = Form::Group(GroupFile::IoMax);
    const HIGH: Form = Form::Group(GroupFile::MemoryHigh);

    #[test]
    fn limits_are_kept_in_pages() {
        assert!(HIGH.is_taken("838860800\n", "838860801"));
        assert!(!HIGH.is_taken("838860800\n", "838864896"));
        assert!(HIGH.is_taken("max\n", "max") && !HIGH.is_taken("max\n", "4096"));
        assert!(Form::ReadAhead.is_taken("60\n", "63") && !Form::ReadAhead.is_taken("60\n", "64"));
    }

    #[test]
    fn a_line_of_io_max_is_one_device_and_one_key() {
        let text = "8:0 rbps=max wbps=90 riops=max wiops=9\n8:16 rbps=7 wbps=max\n";
        assert_eq!(IO.prior(text, "8:0 wbps=5").unwrap(), "8:0 wbps=90");
        assert_eq!(IO.prior(text, "8:16 rbps=5").unwrap(), "8:16 rbps=7");
        assert_eq!(IO.prior(text, "9:0 rbps=5").unwrap(), "9:0 rbps=max", "no line is no limit");
        assert!(IO.is_taken(text, "8:0 wbps=90") && !IO.is_taken(text, "8:0 wbps=9"));
        for line in ["", "8:0", "8:0 wbps", "8:0 else=1"] {
            assert_eq!(IO.prior(text, line), None, "{line}");
        }
    }

    #[test]
    fn version_1_has_a_file_for_each_key_and_numbers_for_no_limit() {
        let bps = Form::Group(GroupFile::BlkioReadBps);
        let text = "8:0 1048576\n8:16 7\n";
        assert_eq!(bps.prior(text, "8:16 5").unwrap(), "8:16 7");
        assert_eq!(bps.prior(text, "9:0 5").unwrap(), "9:0 0", "no line is no limit");
        assert!(bps.is_taken(text, "8:0 1048576") && !bps.is_taken(text, "8:0 1"));
        assert!(bps.is_taken("", "8:0 0") && !bps.is_taken(text, "8:0 0"));
        assert!(bps.is_of_the_same("8:0 5", "8:0 7") && !bps.is_of_the_same("8:0 5", "8:16 5"));
        for (read, line) in [(text, ""), (text, "8:0"), ("8:0 many\n", "8:0 5")] {
            assert_eq!(bps.prior(read, line), None, "{line}");
        }
        let quota = Form::Group(GroupFile::CpuCfsQuota);
        assert_eq!(quota.prior("-1\n", "50000").unwrap(), "-1");
        assert!(quota.is_taken("-1\n", "-1") && !quota.is_taken("-1\n", "50000"));
        let freezer = Form::Group(GroupFile::FreezerState);
        assert_eq!(freezer.prior("THAWED\n", "FROZEN").unwrap(), "THAWED");
        assert!(freezer.is_taken("FROZEN\n", "FROZEN") && !freezer.is_taken("1\n", "FROZEN"));
    }

    #[test]
    fn weights_and_numbers_are_read_as_files_have_them() {
        let weight = Form::Group(GroupFile::IoWeight);
        assert_eq!(weight.prior("default 100\n8:0 50\n", "20").unwrap(), "100");
        assert_eq!(weight.prior("100\n", "20").unwrap(), "100");
        let ports = Form::Sysctl(Sysctl::IpLocalPortRange);
        assert_eq!(ports.prior("32768\t60999\n", "15000 65000").unwrap(), "32768 60999");
        assert!(ports.is_taken("15000\t65000\n", "15000 65000"));
        let quota = Form::Group(GroupFile::CpuMax);
        assert_eq!(quota.prior("max 100000\n", "50000 100000").unwrap(), "max 100000");
        for text in ["", " ", "a", "1; id"] {
            assert_eq!(ports.prior(text, "15000 65000"), None, "{text}");
        }
    }

    #[test]
    fn what_does_not_say_what_it_holds_cannot_be_put_back() {
        assert!(!Form::Sysctl(Sysctl::DropCaches).is_kept() && HIGH.is_kept());
        assert!(!Form::Group(GroupFile::MemoryReclaim).is_kept() && IO.is_kept());
    }
}
