//! The classifiers: one file for each kind, one entry for each in [`ALL`].

mod load_mismatch;

use crate::board::Board;
use crate::kind::Kind;
use crate::window::Window;

/// Judges one kind on every entity it applies to.
pub trait Classifier: Sync {
    /// The kind.
    fn kind(&self) -> Kind;
    /// Reads the window and reports to the board: evaluations of entities, and coverage.
    fn evaluate(&self, window: &Window, board: &mut Board);
}

/// Every classifier, in the order of evaluation.
pub const ALL: &[&dyn Classifier] = &[&load_mismatch::LoadMismatch];
