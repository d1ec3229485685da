//! `net/snmp`, `snmp6`, `netstat`, `sockstat` and `sockstat6`: the counters of one namespace.
//!
//! Values are found by name: each kernel adds columns, and some take columns away. A value that is
//! no counter (`MaxConn` is -1) is not wanted from anywhere.

use ks_vocabulary::model::{Netns, NetnsCell};

use crate::absence::Malformed;
use crate::text::{fields, lines, parse_u64};

/// One of the files.
pub(super) struct Source {
    /// Name of the source.
    pub(super) name: &'static str,
    /// Name of the file below `net`.
    pub(super) file: &'static str,
    /// Fills the cells that come from it.
    pub(super) parse: fn(&[u8], &mut Netns) -> Result<(), Malformed>,
}

/// The files, in the order in which they are read.
pub(super) const SOURCES: [Source; 5] = [
    Source { name: "net/snmp", file: "snmp", parse: parse_snmp },
    Source { name: "net/netstat", file: "netstat", parse: parse_netstat },
    Source { name: "net/snmp6", file: "snmp6", parse: parse_snmp6 },
    Source { name: "net/sockstat", file: "sockstat", parse: parse_sockstat },
    Source { name: "net/sockstat6", file: "sockstat6", parse: parse_sockstat6 },
];

/// Group, name within the group, and the cell the value goes to.
type Key = (&'static [u8], &'static [u8], NetnsCell);

const SNMP: &[Key] = &[
    (b"Ip:", b"InReceives", NetnsCell::ip_in_receives),
    (b"Ip:", b"InDiscards", NetnsCell::ip_in_discards),
    (b"Ip:", b"OutRequests", NetnsCell::ip_out_requests),
    (b"Ip:", b"OutDiscards", NetnsCell::ip_out_discards),
    (b"Tcp:", b"ActiveOpens", NetnsCell::tcp_active_opens),
    (b"Tcp:", b"PassiveOpens", NetnsCell::tcp_passive_opens),
    (b"Tcp:", b"AttemptFails", NetnsCell::tcp_attempt_fails),
    (b"Tcp:", b"EstabResets", NetnsCell::tcp_estab_resets),
    (b"Tcp:", b"CurrEstab", NetnsCell::tcp_curr_estab),
    (b"Tcp:", b"InSegs", NetnsCell::tcp_in_segs),
    (b"Tcp:", b"OutSegs", NetnsCell::tcp_out_segs),
    (b"Tcp:", b"RetransSegs", NetnsCell::tcp_retrans_segs),
    (b"Tcp:", b"InErrs", NetnsCell::tcp_in_errs),
    (b"Tcp:", b"OutRsts", NetnsCell::tcp_out_rsts),
    (b"Udp:", b"InErrors", NetnsCell::udp_in_errors),
    (b"Udp:", b"RcvbufErrors", NetnsCell::udp_rcvbuf_errors),
    (b"Udp:", b"SndbufErrors", NetnsCell::udp_sndbuf_errors),
];

const NETSTAT: &[Key] = &[
    (b"TcpExt:", b"SyncookiesSent", NetnsCell::syncookies_sent),
    (b"TcpExt:", b"PruneCalled", NetnsCell::prune_called),
    (b"TcpExt:", b"ListenOverflows", NetnsCell::listen_overflows),
    (b"TcpExt:", b"ListenDrops", NetnsCell::listen_drops),
    (b"TcpExt:", b"TCPLostRetransmit", NetnsCell::tcp_lost_retransmit),
    (b"TcpExt:", b"TCPFastRetrans", NetnsCell::tcp_fast_retrans),
    (b"TcpExt:", b"TCPTimeouts", NetnsCell::tcp_timeouts),
    (b"TcpExt:", b"TCPAbortOnMemory", NetnsCell::tcp_abort_on_memory),
    (b"TcpExt:", b"TCPBacklogDrop", NetnsCell::tcp_backlog_drop),
    (b"TcpExt:", b"TCPTimeWaitOverflow", NetnsCell::tw_overflow),
    (b"TcpExt:", b"TCPReqQFullDoCookies", NetnsCell::req_q_full_do_cookies),
    (b"TcpExt:", b"TCPReqQFullDrop", NetnsCell::req_q_full_drop),
    (b"TcpExt:", b"TCPSynRetrans", NetnsCell::tcp_syn_retrans),
    (b"TcpExt:", b"TCPMemoryPressures", NetnsCell::tcp_memory_pressures),
    (b"TcpExt:", b"TCPRcvQDrop", NetnsCell::tcp_rcvq_drop),
    (b"TcpExt:", b"TCPZeroWindowDrop", NetnsCell::tcp_zero_window_drop),
];

const SNMP6: &[(&[u8], NetnsCell)] = &[
    (b"Ip6InReceives", NetnsCell::ip6_in_receives),
    (b"Ip6InDiscards", NetnsCell::ip6_in_discards),
    (b"Ip6OutRequests", NetnsCell::ip6_out_requests),
    (b"Udp6InErrors", NetnsCell::udp6_in_errors),
];

const SOCKSTAT: &[Key] = &[
    (b"sockets:", b"used", NetnsCell::sockets_used),
    (b"TCP:", b"inuse", NetnsCell::tcp_inuse),
    (b"TCP:", b"orphan", NetnsCell::tcp_orphan),
    (b"TCP:", b"tw", NetnsCell::tcp_tw),
    (b"TCP:", b"alloc", NetnsCell::tcp_alloc),
    (b"TCP:", b"mem", NetnsCell::tcp_mem_pages),
    (b"UDP:", b"inuse", NetnsCell::udp_inuse),
];

const SOCKSTAT6: &[Key] = &[(b"TCP6:", b"inuse", NetnsCell::tcp6_inuse)];

/// Parses `net/snmp`.
fn parse_snmp(text: &[u8], row: &mut Netns) -> Result<(), Malformed> {
    expect(parse_pairs(text, SNMP, row), "`Tcp:` with names, then `Tcp:` with values")
}

/// Parses `net/netstat`.
fn parse_netstat(text: &[u8], row: &mut Netns) -> Result<(), Malformed> {
    expect(parse_pairs(text, NETSTAT, row), "`TcpExt:` with names, then `TcpExt:` with values")
}

/// Parses `net/snmp6`: a name and a value in each line.
fn parse_snmp6(text: &[u8], row: &mut Netns) -> Result<(), Malformed> {
    let mut found = false;
    for line in lines(text) {
        let mut parts = fields(line);
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        if let Some((_, cell)) = SNMP6.iter().find(|key| key.0 == name) {
            found |= set(row, *cell, value);
        }
    }
    expect(found, "`Ip6InReceives` with a number")
}

/// Parses `net/sockstat`.
fn parse_sockstat(text: &[u8], row: &mut Netns) -> Result<(), Malformed> {
    expect(parse_groups(text, SOCKSTAT, row), "`TCP:` with names and numbers")
}

/// Parses `net/sockstat6`.
fn parse_sockstat6(text: &[u8], row: &mut Netns) -> Result<(), Malformed> {
    expect(parse_groups(text, SOCKSTAT6, row), "`TCP6:` with names and numbers")
}

fn expect(found: bool, expected: &'static str) -> Result<(), Malformed> {
    if found { Ok(()) } else { Err(Malformed { line: 1, expected }) }
}

/// Lines in pairs: the group's names, then under the same group their values.
fn parse_pairs(text: &[u8], keys: &[Key], row: &mut Netns) -> bool {
    let mut found = false;
    let mut rest = lines(text).peekable();
    while let Some(header) = rest.next() {
        let mut names = fields(header);
        let Some(group) = names.next() else { continue };
        let Some(values) = rest.next_if(|line| fields(line).next() == Some(group)) else {
            continue;
        };
        if !keys.iter().any(|key| key.0 == group) {
            continue;
        }
        for (name, value) in names.zip(fields(values).skip(1)) {
            if let Some((_, _, cell)) = keys.iter().find(|key| key.1 == name && key.0 == group) {
                found |= set(row, *cell, value);
            }
        }
    }
    found
}

/// A group in each line: its name, then names and values in turn.
fn parse_groups(text: &[u8], keys: &[Key], row: &mut Netns) -> bool {
    let mut found = false;
    for line in lines(text) {
        let mut parts = fields(line);
        let Some(group) = parts.next() else { continue };
        while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
            if let Some((_, _, cell)) = keys.iter().find(|key| key.1 == name && key.0 == group) {
                found |= set(row, *cell, value);
            }
        }
    }
    found
}

fn set(row: &mut Netns, cell: NetnsCell, value: &[u8]) -> bool {
    let value = parse_u64(value);
    row.set_some(cell, value);
    value.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From a host with 6.18.
    const SNMP_NEW: &[u8] = b"\
Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos \
InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs \
ReasmFails FragOKs FragFails FragCreates OutTransmits
Ip: 2 64 1710 0 0 0 0 3 1710 1028 4 0 0 0 0 0 0 0 0 1028
IcmpMsg: InType3
IcmpMsg: 1
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets \
CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 14 2 7 4 5 1686 1009 8 9 6 0
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors \
IgnoredMulti MemErrors
Udp: 23 0 1 24 2 3 0 0 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors \
IgnoredMulti MemErrors
UdpLite: 99 99 99 99 99 99 99 99 99
";
    /// The columns of 5.10: `Ip` without `OutTransmits`, `Udp` without `MemErrors`.
    const SNMP_OLD: &[u8] = b"\
Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos \
InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs \
ReasmFails FragOKs FragFails FragCreates
Ip: 1 64 5010022 0 0 0 0 0 5010000 4400112 20 4 0 0 0 0 0 0 0
Icmp: InMsgs InErrors
Icmp: 1 0
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets \
CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 45021 33012 410 512 61 4912333 4712000 1290 3 5400 0
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors \
IgnoredMulti
Udp: 80000 40 12 79000 12 0 0 0
";

    #[test]
    fn snmp_is_read_by_name_on_both_kernels() {
        let mut row = Netns::default();
        parse_snmp(SNMP_NEW, &mut row).unwrap();
        assert_eq!((row.ip_in_receives(), row.ip_in_discards()), (Some(1710), Some(3)));
        assert_eq!((row.ip_out_requests(), row.ip_out_discards()), (Some(1028), Some(4)));
        assert_eq!((row.tcp_active_opens(), row.tcp_passive_opens()), (Some(14), Some(2)));
        assert_eq!((row.tcp_attempt_fails(), row.tcp_estab_resets()), (Some(7), Some(4)));
        assert_eq!((row.tcp_curr_estab(), row.tcp_in_segs()), (Some(5), Some(1686)));
        assert_eq!((row.tcp_out_segs(), row.tcp_retrans_segs()), (Some(1009), Some(8)));
        assert_eq!((row.tcp_in_errs(), row.tcp_out_rsts()), (Some(9), Some(6)));
        assert_eq!((row.udp_in_errors(), row.udp_rcvbuf_errors()), (Some(1), Some(2)));
        assert_eq!(row.udp_sndbuf_errors(), Some(3), "of Udp, not of UdpLite");
        let mut row = Netns::default();
        parse_snmp(SNMP_OLD, &mut row).unwrap();
        assert_eq!((row.ip_in_receives(), row.tcp_out_rsts()), (Some(5_010_022), Some(5400)));
        assert_eq!((row.udp_in_errors(), row.udp_sndbuf_errors()), (Some(12), Some(0)));
    }

    /// The first names of `TcpExt` on 5.10, where `PAWSEstab` is followed by `DelayedACKs`.
    const TCP_EXT_OLD: &str = "SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts \
        PruneCalled RcvPruned OfoPruned OutOfWindowIcmps LockDroppedIcmps ArpFilter TW TWRecycled \
        TWKilled PAWSActive PAWSEstab DelayedACKs DelayedACKLocked DelayedACKLost ListenOverflows \
        ListenDrops TCPHPHits TCPPureAcks TCPHPAcks";
    /// The same on 6.18.
    const TCP_EXT_NEW: &str = "SyncookiesSent SyncookiesRecv SyncookiesFailed EmbryonicRsts \
        PruneCalled RcvPruned OfoPruned OutOfWindowIcmps LockDroppedIcmps ArpFilter TW TWRecycled \
        TWKilled PAWSActive PAWSEstab BeyondWindow TSEcrRejected PAWSOldAck PAWSTimewait \
        DelayedACKs DelayedACKLocked DelayedACKLost ListenOverflows ListenDrops TCPHPHits \
        TCPPureAcks TCPHPAcks";
    /// The names after those, alike on both.
    const TCP_EXT_REST: &str = "TCPRenoRecovery TCPSackRecovery TCPSACKReneging TCPSACKReorder \
        TCPRenoReorder TCPTSReorder TCPFullUndo TCPPartialUndo TCPDSACKUndo TCPLossUndo \
        TCPLostRetransmit TCPRenoFailures TCPSackFailures TCPLossFailures TCPFastRetrans \
        TCPSlowStartRetrans TCPTimeouts TCPLossProbes TCPLossProbeRecovery TCPRenoRecoveryFail \
        TCPSackRecoveryFail TCPRcvCollapsed TCPBacklogCoalesce TCPDSACKOldSent TCPDSACKOfoSent \
        TCPDSACKRecv TCPDSACKOfoRecv TCPAbortOnData TCPAbortOnClose TCPAbortOnMemory \
        TCPAbortOnTimeout TCPAbortOnLinger TCPAbortFailed TCPMemoryPressures \
        TCPMemoryPressuresChrono TCPSACKDiscard TCPDSACKIgnoredOld TCPDSACKIgnoredNoUndo \
        TCPSpuriousRTOs TCPMD5NotFound TCPMD5Unexpected TCPMD5Failure TCPSackShifted \
        TCPSackMerged TCPSackShiftFallback TCPBacklogDrop PFMemallocDrop TCPMinTTLDrop \
        TCPDeferAcceptDrop IPReversePathFilter TCPTimeWaitOverflow TCPReqQFullDoCookies \
        TCPReqQFullDrop TCPRetransFail TCPRcvCoalesce TCPOFOQueue TCPOFODrop TCPOFOMerge \
        TCPChallengeACK TCPSYNChallenge TCPAutoCorking TCPFromZeroWindowAdv TCPToZeroWindowAdv \
        TCPWantZeroWindowAdv TCPSynRetrans TCPOrigDataSent TCPZeroWindowDrop TCPRcvQDrop";

    #[test]
    fn netstat_is_read_by_name_wherever_the_name_stands() {
        for first in [TCP_EXT_OLD, TCP_EXT_NEW] {
            let all = format!("{first} {TCP_EXT_REST}");
            let names: Vec<&str> = all.split(' ').collect();
            let values: Vec<String> = (1..=names.len()).map(|at| at.to_string()).collect();
            let text = format!(
                "TcpExt: {}\nTcpExt: {}\nIpExt: ListenDrops InOctets\nIpExt: 777 888\n",
                names.join(" "),
                values.join(" ")
            );
            let mut row = Netns::default();
            parse_netstat(text.as_bytes(), &mut row).unwrap();
            let place = |name: &str| {
                let at = names.iter().position(|other| *other == name).unwrap();
                Some(u64::try_from(at).unwrap() + 1)
            };
            assert_eq!(row.syncookies_sent(), Some(1));
            assert_eq!(row.prune_called(), place("PruneCalled"));
            assert_eq!(row.listen_overflows(), place("ListenOverflows"));
            assert_eq!(row.listen_drops(), place("ListenDrops"));
            assert_eq!(row.tcp_lost_retransmit(), place("TCPLostRetransmit"));
            assert_eq!(row.tcp_fast_retrans(), place("TCPFastRetrans"));
            assert_eq!(row.tcp_timeouts(), place("TCPTimeouts"));
            assert_eq!(row.tcp_abort_on_memory(), place("TCPAbortOnMemory"));
            assert_eq!(row.tcp_backlog_drop(), place("TCPBacklogDrop"));
            assert_eq!(row.tw_overflow(), place("TCPTimeWaitOverflow"));
            assert_eq!(row.req_q_full_do_cookies(), place("TCPReqQFullDoCookies"));
            assert_eq!(row.req_q_full_drop(), place("TCPReqQFullDrop"));
            assert_eq!(row.tcp_syn_retrans(), place("TCPSynRetrans"));
            assert_eq!(row.tcp_memory_pressures(), place("TCPMemoryPressures"));
            assert_eq!(row.tcp_rcvq_drop(), place("TCPRcvQDrop"));
            assert_eq!(row.tcp_zero_window_drop(), place("TCPZeroWindowDrop"));
        }
    }

    #[test]
    fn names_without_values_are_absent_and_do_not_shift_others() {
        let mut row = Netns::default();
        let text = b"Ip: InReceives\nTcp: MaxConn InSegs OutSegs\nTcp: -1 5\nUdp: InErrors";
        parse_snmp(text, &mut row).unwrap();
        assert_eq!((row.ip_in_receives(), row.udp_in_errors()), (None, None));
        assert_eq!((row.tcp_in_segs(), row.tcp_out_segs()), (Some(5), None));
        assert!(parse_snmp(b"Tcp: InSegs\n", &mut Netns::default()).is_err());
    }

    #[test]
    fn snmp6_is_read_with_tabs_and_blanks() {
        let mut row = Netns::default();
        let text = b"Ip6InReceives                   \t41\nIp6InDiscards  \t2\n\
            Ip6OutRequests\t10\nIcmp6InType1 1\nUdp6InErrors 3\nUdp6Cut";
        parse_snmp6(text, &mut row).unwrap();
        assert_eq!((row.ip6_in_receives(), row.ip6_in_discards()), (Some(41), Some(2)));
        assert_eq!((row.ip6_out_requests(), row.udp6_in_errors()), (Some(10), Some(3)));
    }

    #[test]
    fn sockstat_of_both_protocols_is_read() {
        let mut row = Netns::default();
        let text = b"sockets: used 11\nTCP: inuse 1 orphan 2 tw 3 alloc 4 mem 211\n\
            UDP: inuse 5 mem 9\nUDPLITE: inuse 7\nRAW: inuse 0\nFRAG: inuse 0 memory 0\n";
        parse_sockstat(text, &mut row).unwrap();
        assert_eq!((row.sockets_used(), row.tcp_inuse()), (Some(11), Some(1)));
        assert_eq!((row.tcp_orphan(), row.tcp_tw(), row.tcp_alloc()), (Some(2), Some(3), Some(4)));
        assert_eq!((row.tcp_mem_pages(), row.udp_inuse()), (Some(211), Some(5)));
        parse_sockstat6(b"TCP6: inuse 6\nUDP6: inuse 0\n", &mut row).unwrap();
        assert_eq!(row.tcp6_inuse(), Some(6));
        let mut cut = Netns::default();
        parse_sockstat(b"sockets: used 11\nTCP: inuse 1 orphan", &mut cut).unwrap();
        assert_eq!((cut.tcp_inuse(), cut.tcp_orphan()), (Some(1), None));
    }

    #[test]
    fn empty_text_and_garbage_are_malformed() {
        for source in SOURCES {
            for text in [&b""[..], b"\n\n", b"garbage", b"Tcp:\nTcp:\n", b"\xff\0 \xff\n"] {
                let parsed = (source.parse)(text, &mut Netns::default());
                assert!(parsed.is_err(), "{} of {text:?}", source.name);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            for source in SOURCES {
                let _ = (source.parse)(&bytes, &mut Netns::default());
            }
        }

        #[test]
        fn any_cut_of_a_real_text_is_taken(cut in 0..SNMP_NEW.len()) {
            let mut row = Netns::default();
            let _ = parse_snmp(&SNMP_NEW[..cut], &mut row);
        }
    }
}
