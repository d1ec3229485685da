//! The last two readings of one table, joined by key, with a track for each entity.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ks_vocabulary::input::HostFacts;
use ks_vocabulary::model::{Record, Rows};
use ks_vocabulary::time::{Timestamp, seconds};

/// Number of an entity within a run, in order of appearance; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct EntityId(pub u32);

/// The number of the host itself.
pub const HOST: EntityId = EntityId(0);

/// Why a quantity is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The source of the table gave nothing lately.
    Source(&'static str),
    /// There is no earlier reading to compare with.
    NoEarlier,
    /// The host or this source does not give the named field.
    Field(&'static str),
    /// The counter went back.
    WentBack,
    /// Another reason, in words.
    Because(&'static str),
}

impl Missing {
    /// Whether the host does not give it, and waiting for another reading does not help.
    pub fn is_not_given(self) -> bool {
        matches!(self, Self::Source(_) | Self::Field(_))
    }
}

/// Two readings of one entity.
#[derive(Debug)]
pub struct Step<'a, R> {
    /// The earlier reading.
    pub before: &'a R,
    /// The later reading.
    pub after: &'a R,
    /// Time between them.
    pub ns: u64,
}

impl<R> Step<'_, R> {
    /// Growth of a counter.
    pub fn growth(
        &self,
        name: &'static str,
        get: impl Fn(&R) -> Option<u64>,
    ) -> Result<u64, Missing> {
        let after = get(self.after).ok_or(Missing::Field(name))?;
        let before = get(self.before).ok_or(Missing::NoEarlier)?;
        after.checked_sub(before).ok_or(Missing::WentBack)
    }

    /// Growth of a counter a second.
    pub fn rate(
        &self,
        name: &'static str,
        get: impl Fn(&R) -> Option<u64>,
    ) -> Result<f64, Missing> {
        Ok(self.growth(name, get)? as f64 / seconds(self.ns))
    }
}

/// The last two readings of one table. `T` is what is remembered of each of its entities.
#[derive(Debug)]
pub struct Series<R, T> {
    source: &'static str,
    before: Rows<R>,
    after: Rows<R>,
    before_at: Option<Timestamp>,
    after_at: Option<Timestamp>,
    ids: Vec<EntityId>,
    tracks: Vec<T>,
    /// Places in `before` of what the last reading does not have, with its numbers.
    left: Vec<(usize, EntityId)>,
    fresh: bool,
}

/// What is remembered of an entity beyond its last two readings.
pub trait Track<R>: Default {
    /// Takes the row of a new reading; true says that a counter went back.
    fn feed(&mut self, at: Timestamp, row: &R, host: &HostFacts) -> bool;
}

impl<R> Track<R> for () {
    fn feed(&mut self, _: Timestamp, _: &R, _: &HostFacts) -> bool {
        false
    }
}

/// What an update needs beside the table, and what it leaves behind.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Facts of the host.
    pub host: HostFacts,
    /// Time of the sample.
    pub mono: Timestamp,
    /// Last id given to an entity.
    pub last_id: u32,
    /// Ids of entities that are gone.
    pub gone: Vec<EntityId>,
    /// What was wrong with a table.
    pub defects: Vec<(&'static str, String)>,
}

impl<R: Record, T: Track<R>> Series<R, T> {
    /// A series of the table fed by `source`.
    pub fn new(source: &'static str) -> Self {
        Self {
            source,
            before: Rows::default(),
            after: Rows::default(),
            before_at: None,
            after_at: None,
            ids: Vec::new(),
            tracks: Vec::new(),
            left: Vec::new(),
            fresh: false,
        }
    }

    /// Takes a sample's table, if it was read. New entities get an id, at most `cap` of them are
    /// kept, and every track is fed.
    pub fn update(&mut self, rows: &Rows<R>, cap: usize, ledger: &mut Ledger) {
        self.fresh = false;
        let Some(read) = rows.read() else { return };
        let at = ledger.mono.offset_ns(read.middle_ns());
        if self.after_at.is_some_and(|last| at <= last) {
            return;
        }
        core::mem::swap(&mut self.before, &mut self.after);
        self.before_at = self.after_at.replace(at);
        self.after.copy_from(rows);
        let over = self.after.as_slice().len().saturating_sub(cap);
        if over > 0 {
            ledger.defects.push((self.source, format!("{over} rows more than are kept")));
        }
        for _ in 0..over {
            self.after.pop();
        }
        self.fresh = true;
        self.left.clear();
        if !self.same_entities() {
            self.rekey(&mut ledger.last_id, &mut ledger.gone);
        }
        let mut back = 0;
        for (row, track) in self.after.iter().zip(&mut self.tracks) {
            back += usize::from(track.feed(at, row, &ledger.host));
        }
        if back > 0 {
            ledger.defects.push((self.source, format!("counters of {back} rows went back")));
        }
    }

    fn same_entities(&self) -> bool {
        let (before, after) = (self.before.as_slice(), self.after.as_slice());
        self.ids.len() == after.len()
            && before.len() == after.len()
            && before.iter().zip(after).all(|(one, other)| one.cmp_key(other).is_eq())
    }

    fn rekey(&mut self, next_id: &mut u32, gone: &mut Vec<EntityId>) {
        let mut old: Vec<Option<(EntityId, T)>> =
            self.ids.drain(..).zip(self.tracks.drain(..)).map(Some).collect();
        let before = self.before.as_slice();
        for row in self.after.iter() {
            let kept = before
                .binary_search_by(|candidate| candidate.cmp_key(row))
                .ok()
                .and_then(|at| old.get_mut(at)?.take());
            let (id, track) = kept.unwrap_or_else(|| {
                *next_id += 1;
                (EntityId(*next_id), T::default())
            });
            self.ids.push(id);
            self.tracks.push(track);
        }
        let left = old.into_iter().enumerate();
        self.left.extend(left.filter_map(|(at, left)| Some((at, left?.0))));
        gone.extend(self.left.iter().map(|(_, id)| *id));
    }

    /// Forgets what was read before a gap: no rate is taken across it. Entities keep their numbers,
    /// since what stands on them goes on.
    pub fn restart(&mut self) {
        self.before_at = None;
        self.after_at = None;
        self.fresh = false;
        self.tracks.fill_with(T::default);
        self.left.clear();
    }

    /// Whether the sample at hand has this table.
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// When the table was read last.
    pub fn at(&self) -> Option<Timestamp> {
        self.after_at
    }

    /// Time between the last two readings.
    pub fn interval_ns(&self) -> Option<u64> {
        Some(self.after_at?.since_ns(self.before_at?))
    }

    /// The only row of a table of one row.
    pub fn one(&self) -> Result<&R, Missing> {
        let row = self.after.first().filter(|_| self.after_at.is_some());
        row.ok_or(Missing::Source(self.source))
    }

    /// The last two rows of a table of one row.
    pub fn step(&self) -> Result<Step<'_, R>, Missing> {
        let after = self.one()?;
        let before = self.before.first().ok_or(Missing::NoEarlier)?;
        let ns = self.interval_ns().ok_or(Missing::NoEarlier)?;
        Ok(Step { before, after, ns })
    }

    /// The track of the only row.
    pub fn track(&self) -> Result<&T, Missing> {
        let track = self.tracks.first().filter(|_| self.after_at.is_some());
        track.ok_or(Missing::Source(self.source))
    }

    /// Each entity of the last reading: id, row and track.
    pub fn entities(&self) -> impl Iterator<Item = (EntityId, &R, &T)> {
        let count = if self.after_at.is_some() { self.ids.len() } else { 0 };
        let rows = self.ids.iter().zip(self.after.iter()).zip(&self.tracks).take(count);
        rows.map(|((id, row), track)| (*id, row, track))
    }

    /// Each entity that the last reading is the first not to have, as it was last read.
    pub fn left(&self) -> impl Iterator<Item = (EntityId, &R)> {
        // Across a gap nobody knows when it went.
        let left = self.left.iter().filter(|_| self.before_at.is_some());
        left.filter_map(|(at, id)| Some((*id, self.before.as_slice().get(*at)?)))
    }

    /// The rows of the last reading, or why there is none.
    pub fn rows(&self) -> Result<&[R], Missing> {
        match self.after_at {
            Some(_) => Ok(self.after.as_slice()),
            None => Err(Missing::Source(self.source)),
        }
    }

    /// The source that feeds the table.
    pub fn source(&self) -> &'static str {
        self.source
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ks_vocabulary::model::{Disk, DiskCell, DiskName, ReadTimes};
    use ks_vocabulary::time::SECOND_NS;

    fn rows(disks: &[(&str, u64)]) -> Rows<Disk> {
        let mut rows = Rows::default();
        for (name, reads) in disks {
            let disk: &mut Disk = rows.push();
            disk.set_name(DiskName::name, name.as_bytes());
            disk.set(DiskCell::reads, *reads);
        }
        rows.set_read(ReadTimes::default());
        rows
    }

    /// Counts its readings.
    #[derive(Debug, Default, PartialEq, Clone, Copy)]
    struct Count(u32);

    impl Track<Disk> for Count {
        fn feed(&mut self, _: Timestamp, _: &Disk, _: &HostFacts) -> bool {
            self.0 += 1;
            false
        }
    }

    #[test]
    fn a_disk_that_comes_and_goes_keeps_nothing_from_before() {
        let mut series: Series<Disk, Count> = Series::new("diskstats");
        let mut ledger = Ledger::default();
        let mut feed = |series: &mut Series<Disk, Count>, second: u64, disks: &[(&str, u64)]| {
            ledger.mono = Timestamp(second * SECOND_NS);
            series.update(&rows(disks), 8, &mut ledger);
            core::mem::take(&mut ledger.gone)
        };
        feed(&mut series, 1, &[("a", 1), ("b", 5)]);
        assert_eq!(feed(&mut series, 2, &[("b", 9)]), [EntityId(1)]);
        let left: Vec<_> = series.left().map(|(id, row)| (id, row.reads())).collect();
        assert_eq!(left, [(EntityId(1), Some(1))], "as it was last read");
        let entity = series.entities().next().unwrap();
        assert_eq!((entity.0, *entity.2), (EntityId(2), Count(2)));
        feed(&mut series, 3, &[("a", 2), ("b", 9)]);
        assert_eq!(series.left().count(), 0);
        let ids: Vec<_> = series.entities().map(|(id, _, track)| (id, *track)).collect();
        assert_eq!(ids, [(EntityId(3), Count(1)), (EntityId(2), Count(3))]);
    }

    #[test]
    fn more_entities_than_are_kept_are_a_defect() {
        let mut series: Series<Disk, ()> = Series::new("diskstats");
        let mut ledger = Ledger::default();
        series.update(&rows(&[("a", 1), ("b", 5), ("c", 5)]), 2, &mut ledger);
        assert_eq!(series.entities().count(), 2);
        assert_eq!(ledger.defects, [("diskstats", "1 rows more than are kept".into())]);
    }

    #[test]
    fn a_step_never_goes_back() {
        let mut series: Series<Disk, ()> = Series::new("diskstats");
        let mut ledger = Ledger::default();
        for (second, reads) in [(1, 9), (3, 4)] {
            ledger.mono = Timestamp(second * SECOND_NS);
            series.update(&rows(&[("a", reads)]), 8, &mut ledger);
        }
        let step = series.step().unwrap();
        assert_eq!(step.rate("reads", Disk::reads), Err(Missing::WentBack));
        assert_eq!(step.rate("writes", Disk::writes), Err(Missing::Field("writes")));
        assert_eq!(step.ns, 2 * SECOND_NS);
    }
}
