//! `net/dev`: the counters of a namespace's interfaces.
//!
//! Facts of the link (speed, carrier) are not in this file; see `links`.

use ks_vocabulary::model::{Nic, NicCell, NicName, Rows};

use crate::absence::Malformed;
use crate::text::{fields, lines, parse_u64};

/// The columns after the name. They have been these sixteen since Linux 2.2.
const COLUMNS: [Option<NicCell>; 16] = [
    Some(NicCell::rx_bytes),
    Some(NicCell::rx_packets),
    Some(NicCell::rx_errors),
    Some(NicCell::rx_dropped),
    Some(NicCell::rx_fifo),
    None,
    None,
    None,
    Some(NicCell::tx_bytes),
    Some(NicCell::tx_packets),
    Some(NicCell::tx_errors),
    Some(NicCell::tx_dropped),
    None,
    None,
    Some(NicCell::tx_carrier_errors),
    None,
];

/// Parses `net/dev` of namespace `netns`, and appends a row for each interface.
pub(super) fn parse_dev(text: &[u8], netns: u64, rows: &mut Rows<Nic>) -> Result<(), Malformed> {
    let header = lines(text).next().unwrap_or_default();
    if !header.contains(&b'|') {
        return Err(Malformed { line: 1, expected: "a header with `|` between its halves" });
    }
    for line in lines(text).skip(2) {
        // Names may hold a colon, as aliases of kernels before 4.15 do; numbers hold none.
        let Some(colon) = line.iter().rposition(|byte| *byte == b':') else { continue };
        let name = line[..colon].trim_ascii();
        if name.is_empty() {
            continue;
        }
        let row = rows.push();
        row.set_name(NicName::name, name);
        row.set(NicCell::netns, netns);
        if !fill(row, &line[colon + 1..]) {
            rows.pop();
        }
    }
    Ok(())
}

/// Returns whether the line is whole: in a line cut short the last number may be cut too.
fn fill(row: &mut Nic, numbers: &[u8]) -> bool {
    let mut numbers = fields(numbers);
    for column in COLUMNS {
        let Some(number) = numbers.next() else { return false };
        if let Some(cell) = column {
            row.set_some(cell, parse_u64(number));
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 5.10 and before: the number may follow the colon with no blank between.
    const OLD: &[u8] = b"\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo \
colls carrier compressed
    lo:3193      29    0    0    0     0          0         0     3193      29    0    0    0     \
0       0          0
  eth0:4020519112    1688    1    2    3     4          5         6   111059    1014    7    8    \
9     10       11          12
";
    /// From a host with 6.18.
    const NEW: &[u8] = b"\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo \
colls carrier compressed
    lo:    3193      29    0    0    0     0          0         0     3193      29    0    0    0 \
    0       0          0
  ifb0:       0       0    0    0    0     0          0         0        0       0    0    0    0 \
    0       0          0
  eth0: 40205191    1688    0    0    0     0          0         0   111059    1014    0    0    0 \
    0       0          0
";

    fn parse(text: &[u8]) -> Result<Rows<Nic>, Malformed> {
        let mut rows = Rows::default();
        parse_dev(text, 5, &mut rows).map(|()| rows)
    }

    #[test]
    fn interfaces_of_both_formats_are_read() {
        let rows = parse(OLD).unwrap();
        let eth0 = &rows.as_slice()[1];
        assert_eq!((eth0.name(), eth0.netns()), (Some(&b"eth0"[..]), Some(5)));
        assert_eq!((eth0.rx_bytes(), eth0.rx_packets()), (Some(4_020_519_112), Some(1688)));
        assert_eq!(
            (eth0.rx_errors(), eth0.rx_dropped(), eth0.rx_fifo()),
            (Some(1), Some(2), Some(3))
        );
        assert_eq!((eth0.tx_bytes(), eth0.tx_packets()), (Some(111_059), Some(1014)));
        assert_eq!((eth0.tx_errors(), eth0.tx_dropped()), (Some(7), Some(8)));
        assert_eq!(eth0.tx_carrier_errors(), Some(11));
        assert_eq!(eth0.speed_mbit(), None);
        let rows = parse(NEW).unwrap();
        assert_eq!(rows.as_slice().len(), 3);
        assert_eq!(rows.as_slice()[2].rx_bytes(), Some(40_205_191));
    }

    #[test]
    fn the_last_colon_ends_the_name() {
        let text = b"|\n|\neth0:1: 7 2 3 4 5 6 7 8 9 1 1 1 1 1 1 1\n\
            eth0:2:8 2 3 4 5 6 7 8 9 1 1 1 1 1 1 1\n";
        let rows = parse(text).unwrap();
        let read = |row: &Nic| (row.name().map(<[u8]>::to_vec), row.rx_bytes());
        let found: Vec<_> = rows.iter().map(read).collect();
        let expected = [(Some(b"eth0:1".to_vec()), Some(7)), (Some(b"eth0:2".to_vec()), Some(8))];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_line_cut_short_is_left_out() {
        let whole = parse(OLD).unwrap();
        let cut = parse(&OLD[..OLD.len() - 20]).unwrap();
        assert_eq!(cut.as_slice(), &whole.as_slice()[..1]);
    }

    #[test]
    fn a_number_that_is_none_is_absent() {
        let text = b"|\n|\nweird: -1 2 3 4 5 6 7 8 18446744073709551616 1 1 1 1 1 1 1\n";
        let rows = parse(text).unwrap();
        let row = rows.first().unwrap();
        assert_eq!((row.rx_bytes(), row.rx_packets(), row.tx_bytes()), (None, Some(2), None));
    }

    #[test]
    fn empty_text_and_garbage_are_malformed() {
        assert!(parse(b"").is_err());
        assert!(parse(b"garbage: 1 2 3\n").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>, header: bool) {
            let mut text = if header { b"|\n|\n".to_vec() } else { Vec::new() };
            text.extend(bytes);
            let _ = parse(&text);
        }
    }
}
