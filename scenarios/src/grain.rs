//! Whole numbers as the kernel counts them, out of the model's real ones.

/// The whole part of what is not negative; 0 of what is.
pub fn whole(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "Rust's cast saturates, and a negative amount is none"
    )]
    let whole = value as u64;
    whole
}

/// A counter that gathers real amounts and shows whole ones.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counter(f64);

impl Counter {
    /// Adds an amount; what is not finite or is negative adds nothing.
    pub(crate) fn add(&mut self, amount: f64) {
        if amount > 0.0 && amount.is_finite() {
            self.0 += amount;
        }
    }

    /// What was counted, whole.
    pub(crate) fn value(self) -> u64 {
        whole(self.0)
    }

    /// What was counted, in units of `grain`.
    pub(crate) fn by(self, grain: f64) -> u64 {
        whole(self.0 / grain)
    }

    /// What was counted.
    pub(crate) fn exact(self) -> f64 {
        self.0
    }
}

/// Takes whole units out of an amount that gathers.
pub(crate) fn take_whole(gathered: &mut f64) -> u64 {
    let taken = whole(*gathered);
    *gathered -= taken as f64;
    taken
}
