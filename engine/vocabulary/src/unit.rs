//! Units of quantities.

use crate::words::words;

words! {
    /// Unit of a quantity.
    Unit {
        /// A plain count.
        One "1",
        /// A count a second.
        PerSecond "1/s",
        /// Bytes.
        Bytes "bytes",
        /// Page faults.
        Faults "faults",
        /// Thousandths of a second.
        Milliseconds "ms",
        /// Nanoseconds.
        Nanoseconds "ns",
        /// Pages of memory.
        Pages "pages",
        /// Pages of memory a second.
        PagesPerSecond "pages/s",
        /// A share of a whole.
        Ratio "ratio",
        /// Requests to a device.
        Requests "requests",
        /// Seconds.
        Seconds "s",
        /// Tasks.
        Tasks "tasks",
        /// Tasks for each CPU.
        TasksPerCpu "tasks/cpu",
        /// Clock ticks of the kernel.
        Ticks "ticks",
        /// Microseconds.
        Microseconds "us",
    }
}
