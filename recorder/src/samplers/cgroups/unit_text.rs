//! The text of a systemd unit or drop-in: what it says of restarts and of the watchdog.

use super::time_span::parse_time_span;
use crate::text::lines;

/// The words of `Restart=` in `systemd.service(5)`.
const RESTARTS: [&str; 7] =
    ["no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"];

/// What the files of a service say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Service {
    /// `Restart=`.
    pub(super) restart: &'static str,
    /// `WatchdogSec=` in us; 0 is off.
    pub(super) watchdog_us: u64,
}

impl Default for Service {
    fn default() -> Self {
        Self { restart: "no", watchdog_us: 0 }
    }
}

impl Service {
    /// Takes what a file says, which stands above what files before it said. Values that systemd
    /// would not take are passed over, as it does.
    pub(super) fn apply(&mut self, text: &[u8]) {
        let mut is_ours = false;
        for line in whole_lines(text) {
            let line = line.trim_ascii();
            if line.first() == Some(&b'[') {
                is_ours = line == b"[Service]";
            } else if is_ours && let Some(at) = line.iter().position(|byte| *byte == b'=') {
                self.set(line[..at].trim_ascii(), line[at + 1..].trim_ascii());
            }
        }
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        if key == b"Restart" {
            let known = RESTARTS.into_iter().find(|word| word.as_bytes() == value);
            self.restart = known.unwrap_or(self.restart);
        } else if key == b"WatchdogSec"
            && let Some(us) = parse_time_span(value)
        {
            // Without an end it never bites.
            self.watchdog_us = if us == u64::MAX { 0 } else { us };
        }
    }
}

/// Lines without comments; one that ends in a backslash goes on in the next, comments in between
/// or not.
fn whole_lines(text: &[u8]) -> Vec<Vec<u8>> {
    let (mut whole, mut open) = (Vec::new(), Vec::new());
    for line in lines(text) {
        let is_comment = matches!(line.trim_ascii_start().first(), Some(b'#' | b';'));
        if is_comment {
            continue;
        }
        let backslashes = line.iter().rev().take_while(|byte| **byte == b'\\').count();
        if backslashes % 2 == 1 {
            open.extend_from_slice(&line[..line.len() - 1]);
            open.push(b' ');
        } else {
            open.extend_from_slice(line);
            whole.push(std::mem::take(&mut open));
        }
    }
    if !open.is_empty() {
        whole.push(open);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As Debian 12 ships it, shortened.
    const JOURNALD: &[u8] = b"#  SPDX-License-Identifier: LGPL-2.1-or-later\n\
        [Unit]\nDescription=Journal Service\nDefaultDependencies=no\n\n[Service]\n\
        DeviceAllow=char-* rw\nExecStart=/lib/systemd/systemd-journald\n\
        FileDescriptorStoreMax=4224\n# Ensure services using StandardOutput=journal do not break\n\
        IPAddressDeny=any\nRestart=always\nRestartSec=0\n\
        CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE \\\n  CAP_SYS_PTRACE\n\
        Type=notify\nWatchdogSec=3min\n";

    fn of(texts: &[&[u8]]) -> (&'static str, u64) {
        let mut service = Service::default();
        for text in texts {
            service.apply(text);
        }
        (service.restart, service.watchdog_us)
    }

    #[test]
    fn a_shipped_unit_is_read() {
        assert_eq!(of(&[JOURNALD]), ("always", 180_000_000));
    }

    #[test]
    fn what_comes_later_stands_and_what_is_wrong_is_passed_over() {
        let of_service = |text: &str| of(&[JOURNALD, format!("[Service]\n{text}\n").as_bytes()]);
        assert_eq!(of_service("Restart=on-failure"), ("on-failure", 180_000_000));
        assert_eq!(of_service("WatchdogSec=0\nRestart = no "), ("no", 0));
        assert_eq!(of_service("WatchdogSec=infinity"), ("always", 0));
        assert_eq!(of_service("Restart=sometimes\nWatchdogSec=soon"), ("always", 180_000_000));
        assert_eq!(of_service("Restart=\nWatchdogSec="), ("always", 180_000_000));
        assert_eq!(of_service("#Restart=no\n;WatchdogSec=1"), ("always", 180_000_000));
        assert_eq!(of_service("WatchdogSec=\\\n# in between\n1min 30s"), ("always", 90_000_000));
        assert_eq!(of_service("[Install]\nRestart=no"), ("always", 180_000_000));
        assert_eq!(of(&[b"Restart=always\n"]), ("no", 0), "in no section");
    }

    #[test]
    fn a_text_that_is_truncated_empty_or_garbage_says_what_it_can() {
        assert_eq!(of(&[b""]), ("no", 0));
        assert_eq!(of(&[b"[Service]\nRestart=on-abort\nWatchd"]), ("on-abort", 0));
        assert_eq!(of(&[b"[Service]\nRestart=always\\"]), ("always", 0));
        assert_eq!(of(&[b"[Serv"]), ("no", 0));
        assert_eq!(of(&[b"\xff=\0\n[]\n=\n[Service]\n=\n"]), ("no", 0));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            let _ = of(&[&bytes]);
        }
    }
}
