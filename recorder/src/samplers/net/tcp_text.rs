//! `net/tcp` and `net/tcp6`: TCP sockets as text, for what netlink cannot be asked.
//!
//! The kernel prints an address as words of its own byte order. The text of a busy host is tens of
//! megabytes, so it is read in pieces of the space given. It does not tell how many connections may
//! wait for accept.

use std::path::Path;

use rustix::io::Errno;

use super::sockets::{Address, Socket, Sockets};
use crate::absence::{Absence, Malformed};
use crate::host_fs::HostFs;
use crate::text::{fields, lines, parse_hex, parse_u64};

/// Reads the file at `path` and adds its sockets. After an error some of them may have been added.
pub(super) fn read_tcp(
    host: &HostFs,
    path: &Path,
    space: &mut [u8],
    sockets: &mut Sockets,
) -> Result<(), Absence> {
    let file = host.open(path)?;
    let (mut filled, mut begun) = (0, false);
    loop {
        match rustix::io::read(&file, &mut space[filled..]) {
            Ok(0) if begun => return Ok(()),
            Ok(0) if filled == 0 => return Err(Absence::Empty),
            Ok(0) => return Err(NO_HEADER.into()),
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let taken = parse_tcp(&space[..filled], begun, sockets)?;
        begun |= taken > 0;
        space.copy_within(taken..filled, 0);
        filled -= taken;
        if filled == space.len() {
            return Err(Absence::TooLarge);
        }
    }
}

const NO_HEADER: Malformed = Malformed { line: 1, expected: "a header with `local_address`" };

/// Adds the sockets of the whole lines of `text`, and returns how many bytes those lines are. The
/// first line of the file, where it has not `begun`, is the header.
pub(super) fn parse_tcp(
    text: &[u8],
    begun: bool,
    sockets: &mut Sockets,
) -> Result<usize, Malformed> {
    let Some(end) = text.iter().rposition(|byte| *byte == b'\n') else { return Ok(0) };
    let mut whole = lines(&text[..=end]);
    if !begun {
        let header = whole.next().unwrap_or_default();
        if !fields(header).any(|field| field == b"local_address") {
            return Err(NO_HEADER);
        }
    }
    for socket in whole.filter_map(parse_socket) {
        sockets.add(&socket);
    }
    Ok(end + 1)
}

/// A line is `sl local remote st tx:rx tr:when retrnsmt uid timeout inode`, then what differs from
/// kernel to kernel. In LISTEN `rx` is the number of connections that wait for accept.
fn parse_socket(line: &[u8]) -> Option<Socket> {
    let mut parts = fields(line).skip(1);
    let (local, local_port) = parse_end(parts.next()?)?;
    let (remote, remote_port) = parse_end(parts.next()?)?;
    let state = u8::try_from(parse_hex(parts.next()?)?).ok()?;
    let mut queues = parts.next()?.split(|byte| *byte == b':').skip(1);
    let queue = parse_hex(queues.next()?)?;
    let inode = parse_u64(parts.nth(4)?)?;
    Some(Socket { state, local, local_port, remote, remote_port, queue, backlog: None, inode })
}

/// `ADDRESS:PORT`, both hexadecimal.
fn parse_end(field: &[u8]) -> Option<(Address, u16)> {
    let colon = field.iter().position(|byte| *byte == b':')?;
    let port = u16::try_from(parse_hex(&field[colon + 1..])?).ok()?;
    let address = match colon {
        8 => Address::V4(parse_word(&field[..8])?),
        32 => {
            let mut bytes = [0; 16];
            for (word, out) in field[..32].chunks_exact(8).zip(bytes.chunks_exact_mut(4)) {
                out.copy_from_slice(&parse_word(word)?);
            }
            Address::V6(bytes)
        }
        _ => return None,
    };
    Some((address, port))
}

/// The kernel reads four bytes of an address as one number of its own byte order, and prints that.
fn parse_word(hex: &[u8]) -> Option<[u8; 4]> {
    Some(u32::try_from(parse_hex(hex)?).ok()?.to_ne_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{Listener, Netns, Rows};
    use proptest::prelude::*;

    /// Words as a host of this byte order prints them.
    fn word(bytes: [u8; 4]) -> String {
        format!("{:08X}", u32::from_ne_bytes(bytes))
    }

    const HEADER: &str = "  sl  local_address rem_address   st tx_queue rx_queue \
        tr tm->when retrnsmt   uid  timeout inode                                              \n";

    /// As 5.10 and 6.18 print it: a listener, a connection, a socket in TIME_WAIT.
    fn text() -> String {
        let (any, here, there) = (word([0; 4]), word([127, 0, 0, 1]), word([10, 1, 2, 3]));
        format!(
            "{HEADER}   0: {any}:07E8 {any}:0000 0A 00000000:00000003 00:00000000 00000000     0 \
                    0 62 1 0000000018d74ed4 100 0 0 10 0                     \n\
                1: {here}:8848 {there}:01BB 01 00000000:00000000 02:00000A3C 00000000  1000        \
                0 39233 2 00000000a1b2c3d4 20 4 30 10 -1                 \n\
            20000: {here}:8849 {there}:01BB 06 00000000:00000000 03:00001770 00000000     0        \
                0 0 3 00000000a1b2c3d5                                      \n"
        )
    }

    #[test]
    fn a_socket_is_read_in_network_byte_order() {
        let text = text();
        let found: Vec<_> = lines(text.as_bytes()).filter_map(parse_socket).collect();
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].state, found[0].local_port, found[0].queue), (10, 2024, 3));
        assert_eq!((found[0].inode, found[0].backlog), (62, None));
        assert_eq!(found[1].local, Address::V4([127, 0, 0, 1]));
        assert_eq!(found[1].remote, Address::V4([10, 1, 2, 3]));
        assert_eq!((found[1].local_port, found[1].remote_port), (0x8848, 443));
        assert_eq!((found[1].inode, found[2].state, found[2].inode), (39233, 6, 0));
    }

    #[test]
    fn an_ipv6_address_is_four_words() {
        let words: String =
            [[0x20, 1, 0xd, 0xb8], [0; 4], [1, 2, 3, 4], [0, 0, 0, 9]].map(word).concat();
        let expected = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 9];
        let parsed = parse_end(format!("{words}:0050").as_bytes());
        assert_eq!(parsed, Some((Address::V6(expected), 80)));
        for wrong in ["", ":", "0100007F", "0100007F:", "0100007:0050", "0100007F:10000", "x:1"] {
            assert_eq!(parse_end(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_cut_line_is_not_taken_before_its_end_is_there() {
        let text = text();
        let mut sockets = Sockets::default();
        let taken = parse_tcp(&text.as_bytes()[..text.len() - 60], false, &mut sockets).unwrap();
        assert_eq!(sockets.total(), 2);
        parse_tcp(&text.as_bytes()[taken..], true, &mut sockets).unwrap();
        assert_eq!(sockets.total(), 3);
    }

    #[test]
    fn text_without_its_header_is_malformed() {
        let mut sockets = Sockets::default();
        assert!(parse_tcp(b"garbage\n", false, &mut sockets).is_err());
        assert_eq!(parse_tcp(b"", false, &mut sockets), Ok(0));
        assert_eq!(parse_tcp(b"garbage\n", true, &mut sockets), Ok(8));
        assert_eq!(parse_tcp(HEADER.as_bytes(), false, &mut sockets), Ok(HEADER.len()));
        assert_eq!(sockets.total(), 0);
    }

    fn read(text: &str, space: usize) -> Result<Sockets, Absence> {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("tcp"), text).unwrap();
        let mut sockets = Sockets::default();
        let host = HostFs::new(root.path());
        read_tcp(&host, Path::new("tcp"), &mut vec![0; space], &mut sockets).map(|()| sockets)
    }

    #[test]
    fn a_file_is_read_in_pieces_of_any_size() {
        for space in [200, 201, 255, 10_000] {
            let mut sockets = read(&text(), space).unwrap();
            let mut row = Netns::default();
            sockets.fill_states(&mut row);
            let counts = (row.listen(), row.established(), row.time_wait(), sockets.total());
            assert_eq!(counts, (Some(1), Some(1), Some(1), 3), "{space}");
            let mut rows: Rows<Listener> = Rows::default();
            sockets.fill_listeners(1, &mut rows);
            assert_eq!(rows.first().unwrap().queue(), Some(3));
        }
    }

    #[test]
    fn a_file_that_is_none_is_absent() {
        assert_eq!(read("", 200).unwrap_err(), Absence::Empty);
        assert_eq!(read("no end of line", 200).unwrap_err(), Absence::Malformed(NO_HEADER));
        assert_eq!(read(&"x".repeat(300), 200).unwrap_err(), Absence::TooLarge);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, begun: bool) {
            if let Ok(taken) = parse_tcp(&bytes, begun, &mut Sockets::default()) {
                prop_assert!(taken <= bytes.len());
            }
        }

        #[test]
        fn any_fields_are_taken(parts in proptest::collection::vec("[0-9A-Fa-f:+]{0,34}", 0..14)) {
            let _ = parse_socket(parts.join(" ").as_bytes());
        }
    }
}
