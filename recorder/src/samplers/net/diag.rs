//! TCP sockets of the own namespace from the kernel's `sock_diag`, over a netlink socket.
//!
//! A netlink socket belongs to the namespace it is made in, so others cannot be asked this way.
//! One dump is asked for each address family; the kernel answers with datagrams of messages:
//!
//! ```text
//! header  length u32, kind u16, flags u16, sequence u32, port u32            16 bytes
//! body    family u8, state u8, timer u8, retransmits u8,
//!         local port u16, remote port u16 (both in network byte order),
//!         local address [u8; 16], remote address [u8; 16],
//!         interface u32, cookie 2 x u32, expires u32,
//!         receive queue u32, send queue u32, uid u32, inode u32              72 bytes
//! ```
//!
//! and attributes, which are skipped: none is asked for. In LISTEN the receive queue is the number
//! of connections that wait for accept, and the send queue is how many may wait.

use std::time::Duration;

use ks_vocabulary::time::{SECOND_NS, Timestamp};
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send, socket_with,
};

use super::pace::is_due;
use super::sockets::{Address, Socket, Sockets};
use crate::absence::{Absence, Malformed};

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;

/// Kinds of message.
const ERROR: u16 = 2;
const DONE: u16 = 3;
const OVERRUN: u16 = 4;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP_REQUEST: u16 = 0x301;

/// All states but CLOSE (7), in which a socket is part of no connection.
const STATES_ASKED: u32 = 0xfff & !(1 << 7);

const HEADER_BYTES: usize = 16;
const REQUEST_BYTES: usize = 72;

/// The kernel answers while it is asked; a socket that keeps silent this long is broken.
const SILENCE: Duration = Duration::from_secs(1);

/// After a refusal each question may make the kernel look for a module, so it is not asked again
/// soon.
const RETRY_AFTER_NS: u64 = 300 * SECOND_NS;

/// The netlink socket, kept open.
#[derive(Debug, Default)]
pub(super) struct Diag {
    socket: Option<OwnedFd>,
    sequence: u32,
    refused: Option<(Absence, Timestamp)>,
}

impl Diag {
    /// Adds every TCP socket of the own namespace. After an error some of them may have been added,
    /// and the same error is returned unasked for a while.
    pub(super) fn dump(
        &mut self,
        tick: Timestamp,
        space: &mut [u8],
        sockets: &mut Sockets,
    ) -> Result<(), Absence> {
        if let Some((absence, at)) = self.refused
            && !is_due(Some(at), tick, RETRY_AFTER_NS)
        {
            return Err(absence);
        }
        let outcome = self.converse(space, sockets);
        self.refused = outcome.err().map(|absence| (absence, tick));
        outcome
    }

    fn converse(&mut self, space: &mut [u8], sockets: &mut Sockets) -> Result<(), Absence> {
        // It is put back only after a whole answer: what is left of a broken one goes with it.
        let socket = match self.socket.take() {
            Some(open) => open,
            None => open_socket()?,
        };
        for family in [AF_INET, AF_INET6] {
            self.sequence = self.sequence.wrapping_add(1);
            send(&socket, &encode_request(family, self.sequence), SendFlags::empty())?;
            while receive(&socket, self.sequence, space, sockets)? == Progress::More {}
        }
        self.socket = Some(socket);
        Ok(())
    }
}

fn open_socket() -> Result<OwnedFd, Absence> {
    let protocol = Some(netlink::SOCK_DIAG);
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, protocol)?;
    set_socket_timeout(&socket, Timeout::Recv, Some(SILENCE))?;
    Ok(socket)
}

fn receive(
    socket: &OwnedFd,
    sequence: u32,
    space: &mut [u8],
    sockets: &mut Sockets,
) -> Result<Progress, Absence> {
    let (filled, sent) = loop {
        match recv(socket, &mut *space, RecvFlags::TRUNC) {
            Err(Errno::INTR) => {}
            received => break received?,
        }
    };
    if sent == 0 {
        return Err(Absence::Empty);
    }
    if sent > filled {
        return Err(Absence::TooLarge);
    }
    parse_diag(&space[..filled], sequence, sockets)
}

fn encode_request(family: u8, sequence: u32) -> [u8; REQUEST_BYTES] {
    let length = u32::try_from(REQUEST_BYTES).expect("72 fits");
    let mut bytes = [0; REQUEST_BYTES];
    bytes[..4].copy_from_slice(&length.to_ne_bytes());
    bytes[4..6].copy_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes[6..8].copy_from_slice(&DUMP_REQUEST.to_ne_bytes());
    bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
    bytes[16] = family;
    bytes[17] = IPPROTO_TCP;
    bytes[20..24].copy_from_slice(&STATES_ASKED.to_ne_bytes());
    bytes
}

/// Whether an answer goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// More datagrams will come.
    More,
    /// This was the last.
    Done,
}

/// Adds the sockets of one datagram of the answer to the request numbered `sequence`.
pub(super) fn parse_diag(
    datagram: &[u8],
    sequence: u32,
    sockets: &mut Sockets,
) -> Result<Progress, Absence> {
    let mut rest = datagram;
    let mut line = 0;
    while !rest.is_empty() {
        line += 1;
        let malformed = |expected| Absence::Malformed(Malformed { line, expected });
        let message = parse_message(rest).ok_or(malformed("a netlink message"))?;
        rest = message.rest;
        if message.sequence != sequence {
            continue;
        }
        match message.kind {
            SOCK_DIAG_BY_FAMILY => {
                let socket = parse_socket(message.body).ok_or(malformed("a TCP socket"))?;
                sockets.add(&socket);
            }
            DONE => return parse_status(message.body).map(|()| Progress::Done),
            ERROR => parse_status(message.body)?,
            OVERRUN => return Err(Absence::System(Errno::OVERFLOW)),
            _ => {}
        }
    }
    Ok(Progress::More)
}

struct Message<'a> {
    kind: u16,
    sequence: u32,
    body: &'a [u8],
    rest: &'a [u8],
}

fn parse_message(bytes: &[u8]) -> Option<Message<'_>> {
    let length = usize::try_from(u32::from_ne_bytes(array_at(bytes, 0)?)).ok()?;
    let body = bytes.get(HEADER_BYTES..length)?;
    // Each message begins at a multiple of four bytes; the last may lack its padding.
    let next = length.next_multiple_of(4).min(bytes.len());
    Some(Message {
        kind: u16::from_ne_bytes(array_at(bytes, 4)?),
        sequence: u32::from_ne_bytes(array_at(bytes, 8)?),
        body,
        rest: &bytes[next..],
    })
}

fn parse_socket(body: &[u8]) -> Option<Socket> {
    let [family, state, ..] = *body else { return None };
    let address = |at: usize| match family {
        AF_INET => array_at(body, at).map(Address::V4),
        AF_INET6 => array_at(body, at).map(Address::V6),
        _ => None,
    };
    let number = |at: usize| array_at(body, at).map(u32::from_ne_bytes).map(u64::from);
    Some(Socket {
        state,
        local_port: u16::from_be_bytes(array_at(body, 4)?),
        remote_port: u16::from_be_bytes(array_at(body, 6)?),
        local: address(8)?,
        remote: address(24)?,
        queue: number(56)?,
        backlog: Some(number(60)?),
        inode: number(68)?,
    })
}

/// The end of an answer, and a refusal, carry a negative error number, or 0.
fn parse_status(body: &[u8]) -> Result<(), Absence> {
    let status = array_at(body, 0).map_or(0, i32::from_ne_bytes);
    match status.checked_neg() {
        Some(error @ 1..=4095) => Err(Errno::from_raw_os_error(error).into()),
        Some(1..) | None => {
            Err(Absence::Malformed(Malformed { line: 1, expected: "an error number" }))
        }
        Some(_) => Ok(()),
    }
}

fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{Netns, Rows};
    use proptest::prelude::*;

    /// Eight bytes of attributes follow a socket on all kernels, asked for or not.
    const ATTRIBUTES: [u8; 8] = [5, 0, 8, 0, 0, 0, 0, 0];

    fn message(kind: u16, sequence: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(u32::try_from(HEADER_BYTES + body.len()).unwrap().to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(2u16.to_ne_bytes());
        bytes.extend(sequence.to_ne_bytes());
        bytes.extend(0u32.to_ne_bytes());
        bytes.extend(body);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn socket(family: u8, state: u8, ports: (u16, u16), ends: ([u8; 16], [u8; 16])) -> Vec<u8> {
        let mut body = vec![family, state, 0, 0];
        body.extend(ports.0.to_be_bytes());
        body.extend(ports.1.to_be_bytes());
        body.extend(ends.0);
        body.extend(ends.1);
        for number in [0u32, 0x55, 0, 0, 3, 7, 1000, 39_232] {
            body.extend(number.to_ne_bytes());
        }
        assert_eq!(body.len(), 72);
        body.extend(ATTRIBUTES);
        body
    }

    fn v4(bytes: [u8; 4]) -> [u8; 16] {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&bytes);
        address
    }

    #[test]
    fn a_request_is_laid_out_as_the_kernel_reads_it() {
        let request = encode_request(AF_INET6, 7);
        let mut expected = Vec::new();
        expected.extend(72u32.to_ne_bytes());
        expected.extend(20u16.to_ne_bytes());
        expected.extend(0x301u16.to_ne_bytes());
        expected.extend(7u32.to_ne_bytes());
        expected.extend(0u32.to_ne_bytes());
        expected.extend([10, 6, 0, 0]);
        expected.extend(0xf7fu32.to_ne_bytes());
        expected.resize(72, 0);
        assert_eq!(request.as_slice(), expected);
    }

    #[test]
    fn sockets_of_both_families_are_decoded() {
        let ends = (v4([127, 0, 0, 1]), v4([10, 0, 0, 9]));
        let decoded = parse_socket(&socket(AF_INET, 1, (0x8848, 443), ends)).unwrap();
        let expected = Socket {
            state: 1,
            local: Address::V4([127, 0, 0, 1]),
            local_port: 0x8848,
            remote: Address::V4([10, 0, 0, 9]),
            remote_port: 443,
            queue: 3,
            backlog: Some(7),
            inode: 39_232,
        };
        assert_eq!(decoded, expected);
        let decoded = parse_socket(&socket(AF_INET6, 10, (80, 0), ([1; 16], [0; 16]))).unwrap();
        assert_eq!((decoded.local, decoded.local_port), (Address::V6([1; 16]), 80));
        assert_eq!(parse_socket(&socket(1, 10, (80, 0), ([1; 16], [0; 16]))), None);
        assert_eq!(parse_socket(&socket(AF_INET, 1, (1, 2), ends)[..71]), None);
    }

    /// What a host with 6.18 answered for a listener on 127.0.0.1:38463 with one connection in its
    /// queue of 7, and the end of the answer.
    #[cfg(target_endian = "little")]
    const REAL: &str = "7c000000140002000100000000000000020a0000963f00007f0000010000000000000000 \
        000000000000000000000000000000000000000000000000010000000000000000000000 \
        01000000070000000000000040990000050008000000000008000f00000000000c001500 \
        010000000000000006001600520000001400000003000200010000000000000000000000";

    #[test]
    #[cfg(target_endian = "little")]
    fn a_real_answer_is_decoded() {
        let digits: Vec<u8> = REAL.bytes().filter(u8::is_ascii_hexdigit).collect();
        let byte =
            |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap();
        let bytes: Vec<u8> = digits.chunks(2).map(byte).collect();
        let mut sockets = Sockets::default();
        assert_eq!(parse_diag(&bytes, 1, &mut sockets), Ok(Progress::Done));
        let mut rows = Rows::default();
        sockets.fill_listeners(4, &mut rows);
        let row = rows.first().unwrap();
        assert_eq!((row.address(), row.port()), (Some(&[127, 0, 0, 1][..]), Some(38_463)));
        assert_eq!((row.queue(), row.backlog(), row.inode()), (Some(1), Some(7), Some(0x9940)));
    }

    #[test]
    fn an_answer_goes_on_until_it_says_done() {
        let ends = (v4([127, 0, 0, 1]), v4([10, 0, 0, 9]));
        let one = message(SOCK_DIAG_BY_FAMILY, 5, &socket(AF_INET, 1, (1, 2), ends));
        let stale = message(SOCK_DIAG_BY_FAMILY, 4, &socket(AF_INET, 6, (1, 2), ends));
        let noop = message(1, 5, &[]);
        let acknowledged = message(ERROR, 5, &0i32.to_ne_bytes());
        let done = message(DONE, 5, &0i32.to_ne_bytes());
        let mut sockets = Sockets::default();
        let first = [one.clone(), stale, noop, acknowledged, one.clone()].concat();
        assert_eq!(parse_diag(&first, 5, &mut sockets), Ok(Progress::More));
        let last = [one.clone(), done.clone(), one].concat();
        assert_eq!(parse_diag(&last, 5, &mut sockets), Ok(Progress::Done));
        let mut row = Netns::default();
        sockets.fill_states(&mut row);
        assert_eq!((row.established(), row.time_wait(), sockets.total()), (Some(3), Some(0), 3));
        assert_eq!(parse_diag(&done[..16], 5, &mut sockets).ok(), None, "cut short");
        assert_eq!(parse_diag(&message(DONE, 5, &[]), 5, &mut sockets), Ok(Progress::Done));
    }

    #[test]
    fn refusals_say_why() {
        let mut sockets = Sockets::default();
        let mut refusal = |kind: u16, status: i32| {
            parse_diag(&message(kind, 1, &status.to_ne_bytes()), 1, &mut sockets).unwrap_err()
        };
        assert_eq!(refusal(ERROR, -2), Absence::NotFound);
        assert_eq!(refusal(DONE, -2), Absence::NotFound);
        assert_eq!(refusal(ERROR, -1), Absence::Denied);
        assert_eq!(refusal(OVERRUN, 0), Absence::System(Errno::OVERFLOW));
        for nonsense in [-4096, i32::MIN] {
            assert!(matches!(refusal(ERROR, nonsense), Absence::Malformed(_)));
        }
    }

    #[test]
    fn broken_messages_are_refused() {
        let ends = ([0; 16], [0; 16]);
        let good = message(SOCK_DIAG_BY_FAMILY, 1, &socket(AF_INET, 1, (1, 2), ends));
        for cut in 1..good.len() {
            assert!(parse_diag(&good[..cut], 1, &mut Sockets::default()).is_err(), "{cut}");
        }
        for length in [0u32, 15, 17, u32::MAX] {
            let mut bad = good.clone();
            bad[..4].copy_from_slice(&length.to_ne_bytes());
            assert!(parse_diag(&bad, 1, &mut Sockets::default()).is_err(), "{length}");
        }
        assert_eq!(parse_diag(&[], 1, &mut Sockets::default()), Ok(Progress::More));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, sequence: u32) {
            let _ = parse_diag(&bytes, sequence, &mut Sockets::default());
        }

        #[test]
        fn any_bodies_are_taken(
            messages in proptest::collection::vec((0u16..24, any::<[u8; 80]>(), 0usize..80), 0..4),
        ) {
            let one = |(kind, body, length): &(u16, [u8; 80], usize)| {
                message(*kind, 1, &body[..*length])
            };
            let datagram: Vec<u8> = messages.iter().flat_map(one).collect();
            let _ = parse_diag(&datagram, 1, &mut Sockets::default());
        }
    }
}
