//! Numbers in the units of people.

use alloc::format;
use alloc::string::String;

use ks_vocabulary::metric::Metric;
use ks_vocabulary::unit::Unit;

/// How much a quantity changed, for people: of a share in points.
pub(crate) fn change(by: f64, metric: Metric) -> String {
    if metric.unit() == Unit::Ratio {
        return format!("{:.1} points", by * 100.0);
    }
    amount(by, metric)
}

/// A value of a quantity, for people.
pub(crate) fn amount(value: f64, metric: Metric) -> String {
    let unit = metric.unit();
    if unit == Unit::Ratio {
        return format!("{:.1} %", value * 100.0);
    }
    format!("{value:.2} {unit}")
}
