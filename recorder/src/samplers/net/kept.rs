//! Which interfaces are kept where there are more than can be: those that matter most.
//!
//! First those that have a device, then those that carried most. Who is kept stays so until the
//! next keyframe: an interface that came and went would have no rate.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ks_vocabulary::model::{Nic, Rows};

/// Interfaces of all namespaces; the engine keeps as many.
const MOST: usize = 1024;

/// How the state of the source says that some are left out.
pub(super) const MORE_EXIST: &str =
    "1024 interfaces read: of more, those with a device and then those that carried most";

/// Namespace and name.
type Key = (Option<u64>, Vec<u8>);

/// The interfaces kept at the last tick, where some were left out.
#[derive(Debug, Default)]
pub(super) struct Kept(BTreeSet<Key>);

impl Kept {
    /// Removes rows until no more are left than can be kept. Returns whether it had to.
    pub(super) fn choose(&mut self, keyframe: bool, rows: &mut Rows<Nic>) -> bool {
        if rows.as_slice().len() <= MOST {
            self.0.clear();
            return false;
        }
        let rank = |row: &Nic| {
            let carried = row.rx_bytes().unwrap_or(0).saturating_add(row.tx_bytes().unwrap_or(0));
            let was_kept = !keyframe && self.0.contains(&key(row));
            Reverse((row.has_device() == Some(true), was_kept, carried))
        };
        let mut ranked: Vec<_> = rows.iter().map(|row| (rank(row), key(row))).collect();
        ranked.sort_unstable();
        ranked.truncate(MOST);
        self.0 = ranked.into_iter().map(|(_, key)| key).collect();
        rows.retain(|row| self.0.contains(&key(row)));
        true
    }
}

fn key(row: &Nic) -> Key {
    (row.netns(), row.name().unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{NicCell, NicName};

    /// Rows of `count` virtual interfaces, each of which carried more than the one before, and then
    /// a device that carried nothing.
    fn rows(count: u64) -> Rows<Nic> {
        let mut rows = Rows::default();
        for at in 0..=count {
            let row: &mut Nic = rows.push();
            let is_device = at == count;
            let name = if is_device { "ens5".to_owned() } else { format!("cali{at:05}") };
            row.set_name(NicName::name, name.as_bytes());
            row.set(NicCell::netns, 1u64);
            row.set(NicCell::has_device, is_device);
            row.set(NicCell::rx_bytes, if is_device { 0 } else { at });
        }
        rows
    }

    fn names(rows: &Rows<Nic>) -> Vec<String> {
        rows.iter().map(|row| String::from_utf8_lossy(row.name().unwrap()).into_owned()).collect()
    }

    #[test]
    fn a_device_is_kept_before_any_number_of_others_and_then_who_carried_most() {
        let (mut kept, mut rows) = (Kept::default(), rows(3000));
        assert!(kept.choose(false, &mut rows));
        let names = names(&rows);
        assert_eq!(names.len(), MOST);
        assert_eq!(names.last().map(String::as_str), Some("ens5"));
        assert_eq!(names.first().map(String::as_str), Some("cali01977"), "1023 of them");
    }

    #[test]
    fn who_is_kept_stays_so_until_a_keyframe_and_a_place_that_is_free_is_given_away() {
        let mut kept = Kept::default();
        kept.choose(true, &mut rows(3000));
        let busy = |keyframe: bool, kept: &mut Kept| {
            let mut rows = rows(3000);
            rows.as_mut_slice()[0].set(NicCell::rx_bytes, 1_000_000u64);
            rows.retain(|row| keyframe || row.name() != Some(b"cali02000"));
            kept.choose(keyframe, &mut rows);
            names(&rows)
        };
        let between = busy(false, &mut kept);
        assert_eq!(between.len(), MOST);
        assert!(between.contains(&"cali00000".to_owned()), "the place of cali02000");
        assert!(between.contains(&"cali01977".to_owned()), "kept since the keyframe");
        let anew = busy(true, &mut kept);
        assert!(anew.contains(&"cali00000".to_owned()));
        assert!(!anew.contains(&"cali01977".to_owned()));
    }

    #[test]
    fn as_many_as_can_be_kept_are_left_as_they_are() {
        let mut few = rows(1023);
        assert!(!Kept::default().choose(true, &mut few));
        assert_eq!(few.as_slice().len(), MOST);
    }
}
