//! What the answer to each action that only looks is made of.

use ks_vocabulary::action::ActionKind;

/// What is read for an action that only looks, for people; nothing of one that changes something.
#[expect(clippy::wildcard_enum_match_arm, reason = "what changes something reads nothing")]
pub fn reads(kind: ActionKind) -> Option<&'static str> {
    Some(match kind {
        ActionKind::ListTopMemory => "memory and swap of processes, and of the host, as read last",
        ActionKind::ListTopCpu => "CPU time of processes over the last 10 to 20 s",
        ActionKind::CheckIoActivity => {
            "bytes of processes over the last 10 to 20 s, work of disks over the last 10 s"
        }
        ActionKind::CheckNetworkStats => "counters of interfaces over the last 10 s",
        ActionKind::CheckTcpStats => {
            "counters of TCP over the last 10 s, and sockets, of each network namespace"
        }
        ActionKind::MonitorSwap => {
            "pages swapped in the seconds before, as many of them as are asked for: nobody waits"
        }
        ActionKind::ListBlockedTasks => {
            "tasks that slept uninterruptibly when they were read last, by what they waited for"
        }
        ActionKind::ShowCgroupUsage => {
            "limits as read last, consumption of the last 10 to 20 s, pressure of the last 10 s"
        }
        ActionKind::ShowProcess => {
            "state, settings and limits as read last, consumption of the last 10 to 20 s"
        }
        ActionKind::CheckDiskSpace => "room of filesystems as read last",
        ActionKind::ListSockets => "sockets of a process, where they were read in the last 90 s",
        ActionKind::CheckPressure => "pressure of the host and of groups over the last 10 s",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::action::Risk;

    #[test]
    fn each_that_looks_says_what_it_reads_and_no_other() {
        for kind in ActionKind::ALL {
            assert_eq!(reads(kind).is_some(), kind.form().risk == Risk::Info, "{}", kind.name());
        }
    }
}
