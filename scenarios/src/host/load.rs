//! Load averages by the kernel's rule: every five seconds, fixed point with 11 bits.

/// Bits behind the point.
const SHIFT: u32 = 11;
/// One, in fixed point.
const ONE: u64 = 1 << SHIFT;
/// exp(-5 s / 1, 5, 15 min) in fixed point (`include/linux/sched/loadavg.h`).
const KEEP: [u64; 3] = [1884, 2014, 2037];
/// The three averages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load([u64; 3]);

impl Load {
    /// Takes the number of tasks that run, want to, or sleep uninterruptibly.
    pub(crate) fn update(&mut self, active: u64) {
        let active = active * ONE;
        for (load, keep) in self.0.iter_mut().zip(KEEP) {
            let mut sum = *load * keep + active * (ONE - keep);
            // The kernel rounds up while the load grows.
            if active >= *load {
                sum += ONE - 1;
            }
            *load = sum / ONE;
        }
    }

    /// The averages to the hundredth, as `/proc/loadavg` has them.
    pub(crate) fn values(&self) -> [f64; 3] {
        self.0.map(|load| {
            let hundredths = (load + ONE / 200) * 100 / ONE;
            hundredths as f64 / 100.0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_of_four_tasks_brings_the_first_average_to_63_percent() {
        let mut load = Load::default();
        for _ in 0..12 {
            load.update(4);
        }
        let [one, five, _] = load.values();
        assert!((2.50..2.58).contains(&one), "{one}");
        assert!((0.70..0.76).contains(&five), "{five}");
    }

    #[test]
    fn a_steady_load_stays() {
        let mut load = Load::default();
        for _ in 0..2_000 {
            load.update(3);
        }
        assert!(load.values().iter().all(|load| (load - 3.0).abs() < 0.011), "{load:?}");
    }
}
