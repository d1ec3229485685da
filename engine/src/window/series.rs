//! The last two readings of one table, joined by key, with a track for each entity.

use alloc::vec::Vec;

use crate::model::{Record, Rows};
use crate::time::{Timestamp, seconds};

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
    fresh: bool,
}

impl<R: Record, T: Default> Series<R, T> {
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
            fresh: false,
        }
    }

    /// Takes a sample's table, if it was read. New entities get an id from `next_id`, at most
    /// `cap` of them are kept, and ids of entities that are gone are appended to `gone`. The
    /// return value is the number of rows left out.
    pub fn update(
        &mut self,
        rows: &Rows<R>,
        mono: Timestamp,
        cap: usize,
        next_id: &mut u32,
        gone: &mut Vec<EntityId>,
    ) -> usize {
        self.fresh = false;
        let Some(read) = rows.read() else { return 0 };
        let at = mono.offset_ns(read.middle_ns());
        if self.after_at.is_some_and(|last| at <= last) {
            return 0;
        }
        core::mem::swap(&mut self.before, &mut self.after);
        self.before_at = self.after_at.replace(at);
        self.after.copy_from(rows);
        let over = self.after.as_slice().len().saturating_sub(cap);
        for _ in 0..over {
            self.after.pop();
        }
        self.fresh = true;
        if !self.same_entities() {
            self.rekey(next_id, gone);
        }
        over
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
        gone.extend(old.into_iter().flatten().map(|(id, _)| id));
    }

    /// Forgets all readings and tracks, as after a suspend or at a new boot.
    pub fn restart(&mut self) {
        self.before.clear();
        self.after.clear();
        self.before_at = None;
        self.after_at = None;
        self.fresh = false;
        self.ids.clear();
        self.tracks.clear();
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
        self.after.first().ok_or(Missing::Source(self.source))
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
        self.tracks.first().ok_or(Missing::Source(self.source))
    }

    /// Each entity of the last reading: id, row and track.
    pub fn entities(&self) -> impl Iterator<Item = (EntityId, &R, &T)> {
        let rows = self.ids.iter().zip(self.after.iter()).zip(&self.tracks);
        rows.map(|((id, row), track)| (*id, row, track))
    }

    /// Each entity's row and track, for feeding the tracks after an update.
    pub fn tracks_mut(&mut self) -> impl Iterator<Item = (&R, &mut T)> {
        self.after.iter().zip(&mut self.tracks)
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
    use crate::model::{Disk, DiskCell, DiskName, ReadTimes};
    use crate::time::SECOND_NS;

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

    #[test]
    fn a_disk_that_comes_and_goes_keeps_nothing_from_before() {
        let mut series: Series<Disk, u8> = Series::new("diskstats");
        let (mut next, mut gone) = (0, Vec::new());
        let mut feed = |series: &mut Series<Disk, u8>, second: u64, disks: &[(&str, u64)]| {
            series.update(&rows(disks), Timestamp(second * SECOND_NS), 8, &mut next, &mut gone);
            core::mem::take(&mut gone)
        };
        feed(&mut series, 1, &[("a", 1), ("b", 5)]);
        *series.tracks_mut().nth(1).unwrap().1 = 7;
        assert_eq!(feed(&mut series, 2, &[("b", 9)]), [EntityId(1)]);
        let entity = series.entities().next().unwrap();
        assert_eq!((entity.0, *entity.2), (EntityId(2), 7));
        feed(&mut series, 3, &[("a", 2), ("b", 9)]);
        let ids: Vec<_> = series.entities().map(|(id, _, track)| (id, *track)).collect();
        assert_eq!(ids, [(EntityId(3), 0), (EntityId(2), 7)]);
    }

    #[test]
    fn a_step_never_goes_back() {
        let mut series: Series<Disk, ()> = Series::new("diskstats");
        let (mut next, mut gone) = (0, Vec::new());
        for (second, reads) in [(1, 9), (3, 4)] {
            let at = Timestamp(second * SECOND_NS);
            series.update(&rows(&[("a", reads)]), at, 8, &mut next, &mut gone);
        }
        let step = series.step().unwrap();
        assert_eq!(step.rate("reads", Disk::reads), Err(Missing::WentBack));
        assert_eq!(step.rate("writes", Disk::writes), Err(Missing::Field("writes")));
        assert_eq!(step.ns, 2 * SECOND_NS);
    }
}
