//! Rows that are somewhat unusual, and no event.
//!
//! The first of them tells something. Those soon after it that are hardly more unusual tell the
//! same again: whoever lowers the threshold would else get an alarm for each.

/// Decades from which on a row is somewhat unusual: one in three hundred.
const BEGINS: f64 = 2.5;
/// Decades by which a row has to be more unusual than what was told, to tell more.
const MORE: f64 = 0.5;
/// Rows after the last somewhat unusual one in which nothing new is told.
const ROWS: u64 = 64;

/// What was told last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Murmur {
    row: u64,
    decades: f64,
}

impl Murmur {
    /// Whether a row outside of events tells only what was told before.
    pub(super) fn repeats(&mut self, row: u64, decades: f64) -> bool {
        let repeats = row - self.row <= ROWS && decades <= self.decades + MORE;
        if decades >= BEGINS {
            self.row = row;
            if !repeats {
                self.decades = decades;
            }
        }
        repeats
    }

    /// An event stands: what follows it soon and is less is no news.
    pub(super) fn drown(&mut self, row: u64, decades: f64) {
        self.row = row;
        self.decades = self.decades.max(decades);
    }
}
