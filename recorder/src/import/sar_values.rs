//! The numbers of one statistic of sar that a recording has columns for.

use std::collections::BTreeMap;

use ks_vocabulary::model::{CpuCell, MemoryCell};
use serde_json::{Map, Value as Json};

use super::sar_memory::{OF_TOTAL, total_bytes};
use super::sar_metrics::{LISTS, METRICS, Metric, Value};
use super::target::{Instance, Table, Target, cpu, memory};
use super::units::whole;

/// A number that becomes a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Amount {
    /// The bits of a level.
    Level(u64),
    /// By how much a counter grows in a second.
    PerSecond(f64),
}

/// What is known of a statistic without its numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// The CPUs of the host.
    pub(super) cpus: Option<u64>,
    /// Whether times name their zone, as since sysstat 12.7.1.
    pub(super) names_zones: bool,
}

/// What one statistic holds.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// The cells of each row.
    pub(super) rows: BTreeMap<(Table, Instance), BTreeMap<usize, Amount>>,
    /// Places with a number that can be none: below zero, or too large.
    pub(super) unfit: u64,
}

/// A number in its place: section, element of a list, key.
pub(super) struct Place<'a> {
    pub(super) section: &'a str,
    pub(super) id: Option<&'a str>,
    pub(super) key: &'a str,
}

/// Calls `each` with every number of a statistic.
pub(super) fn walk(sections: &Map<String, Json>, each: &mut dyn FnMut(&Place<'_>, f64)) {
    walk_object("", sections, each);
}

fn walk_object(section: &str, object: &Map<String, Json>, each: &mut dyn FnMut(&Place<'_>, f64)) {
    let told_apart = LISTS.iter().find(|(name, _)| *name == section);
    let id = told_apart.and_then(|(_, key)| object.get(*key)).and_then(Json::as_str);
    for (key, value) in object {
        let below = || if section.is_empty() { key.clone() } else { format!("{section}.{key}") };
        match value {
            Json::Number(number) => {
                if let Some(number) = number.as_f64() {
                    each(&Place { section, id, key }, number);
                }
            }
            Json::Object(inner) => walk_object(&below(), inner, each),
            Json::Array(list) => {
                let section = below();
                for inner in list.iter().filter_map(Json::as_object) {
                    walk_object(&section, inner, each);
                }
            }
            Json::Null | Json::Bool(_) | Json::String(_) => {}
        }
    }
}

/// The metrics that a place stands for: a number may be part of several columns.
fn metrics_of(place: &Place<'_>) -> impl Iterator<Item = (usize, &'static Metric)> {
    // Older versions call it so where all shares are asked for.
    let section = if place.section == "cpu-load-all" { "cpu-load" } else { place.section };
    let (section, key) = (section.to_owned(), place.key.to_owned());
    let is_meant = move |metric: &Metric| metric.section == section && metric.key == key;
    METRICS.iter().enumerate().filter(move |(_, metric)| is_meant(metric))
}

/// Whether anything is made of a place.
pub(super) fn is_used(place: &Place<'_>) -> bool {
    let tells_total = place.section == "memory" && OF_TOTAL.contains(&place.key);
    tells_total || metrics_of(place).next().is_some()
}

/// The row of an element; `all` CPUs and the `sum` of interrupts are the host's.
pub(super) fn instance(table: Table, id: Option<&str>) -> Option<Instance> {
    match (table, id) {
        (Table::Cpu, Some("all" | "sum")) => Some(Instance::Only),
        _ => table.instance(id.map(str::as_bytes)),
    }
}

impl Values {
    /// The numbers of a statistic, of the metrics that `takes`.
    pub(super) fn read(
        sections: &Map<String, Json>,
        known: Known,
        takes: impl Fn(usize) -> bool,
    ) -> Self {
        let mut values = Self::default();
        let mut ranks: BTreeMap<(Table, Instance, usize), usize> = BTreeMap::new();
        walk(sections, &mut |place, number| {
            for (rank, metric) in metrics_of(place).filter(|(rank, _)| takes(*rank)) {
                let target = metric.to;
                let Some(instance) = instance(target.table, place.id) else { continue };
                let Some(amount) = amount(metric.value, number, known.cpus) else {
                    values.unfit += 1;
                    continue;
                };
                let place = (target.table, instance.clone(), target.cell);
                let best = ranks.entry(place).or_insert(rank);
                *best = rank.min(*best);
                let row = values.rows.entry((target.table, instance)).or_default();
                if metric.is_part {
                    let sum = row.get(&target.cell).map_or(amount, |other| plus(*other, amount));
                    row.insert(target.cell, sum);
                } else if rank == *best {
                    row.insert(target.cell, amount);
                }
            }
        });
        values.add_facts(sections, known);
        values
    }

    /// What follows from several numbers: the CPUs of the host, and its memory.
    fn add_facts(&mut self, sections: &Map<String, Json>, known: Known) {
        let total_bytes = total_bytes(sections, known.names_zones);
        let facts = [(CPUS_ONLINE, known.cpus), (TOTAL_BYTES, total_bytes)];
        for (target, value) in facts {
            let row = self.rows.get_mut(&(target.table, Instance::Only));
            if let (Some(row), Some(value)) = (row, value) {
                row.insert(target.cell, Amount::Level(value));
            }
        }
    }
}

/// Told by `number-of-cpus`, and by boots.
pub(super) const CPUS_ONLINE: Target = cpu(CpuCell::cpus_online);
/// Told by `memused` and what share of the memory it is.
pub(super) const TOTAL_BYTES: Target = memory(MemoryCell::total_bytes);

fn amount(value: Value, number: f64, cpus: Option<u64>) -> Option<Amount> {
    let grows = |by: f64| {
        let per_second = number * by;
        (per_second.is_finite() && per_second >= 0.0).then_some(Amount::PerSecond(per_second))
    };
    match value {
        Value::Level(unit) => Some(Amount::Level(whole(number)?.checked_mul(unit)?)),
        Value::Instant => Some(Amount::Level(whole(number)?)),
        Value::Real => number.is_finite().then(|| Amount::Level((number + 0.0).to_bits())),
        Value::GrowsBy(by) => grows(by),
        Value::GrowsByCpus(by) => grows(by * cpus? as f64),
    }
}

fn plus(one: Amount, other: Amount) -> Amount {
    match (one, other) {
        (Amount::Level(one), Amount::Level(other)) => Amount::Level(one.saturating_add(other)),
        (Amount::PerSecond(one), Amount::PerSecond(other)) => Amount::PerSecond(one + other),
        (Amount::Level(_), Amount::PerSecond(_)) | (Amount::PerSecond(_), Amount::Level(_)) => {
            other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::target::disks;
    use ks_vocabulary::model::DiskCell;

    fn values(json: &str, cpus: Option<u64>) -> Values {
        let known = Known { cpus, names_zones: false };
        Values::read(&serde_json::from_str(json).unwrap(), known, |_| true)
    }

    fn cell(values: &Values, target: Target, instance: Instance) -> Option<Amount> {
        values.rows.get(&(target.table, instance))?.get(&target.cell).copied()
    }

    #[test]
    fn shares_of_all_cpus_are_ticks_of_the_host() {
        let json = r#"{"cpu-load": [{"cpu": "all", "usr": 25.0, "guest": 5.0, "idle": 70.0},
            {"cpu": "1", "usr": 50.0}]}"#;
        let found = values(json, Some(4));
        let user = cell(&found, cpu(CpuCell::user_ticks), Instance::Only);
        assert_eq!(user, Some(Amount::PerSecond(1200.0)), "30 % of 4,000 ms");
        assert_eq!(cell(&found, CPUS_ONLINE, Instance::Only), Some(Amount::Level(4)));
        assert_eq!(found.rows.len(), 2);
        let unknown = values(json, None);
        assert_eq!(cell(&unknown, cpu(CpuCell::user_ticks), Instance::Only), None);
    }

    #[test]
    fn of_two_units_of_one_number_one_counts() {
        let json = r#"{"disk": [{"disk-device": "sda", "rd_sec": 7.0, "rkB": 4.0, "tps": -1.0,
            "util-percent": -0.5}]}"#;
        let found = values(json, None);
        let sda = || Instance::Name(b"sda".to_vec());
        let sectors = cell(&found, disks(DiskCell::read_sectors), sda());
        assert_eq!(sectors, Some(Amount::PerSecond(8.0)));
        assert_eq!(cell(&found, disks(DiskCell::io_ms), sda()), None);
        assert_eq!(found.unfit, 1, "of what is not taken nothing is said");
    }

    #[test]
    fn sections_are_named_by_their_paths() {
        let json = r#"{"network": {"net-dev": [{"iface": "lo", "rxpck": 1.0}]}, "a": [3, null],
            "io": {"tps": 2, "io-reads": {"rtps": 1}}}"#;
        let mut found = Vec::new();
        walk(&serde_json::from_str(json).unwrap(), &mut |place, number| {
            found.push(format!("{} {:?} {} {number}", place.section, place.id, place.key));
        });
        found.sort();
        let expected =
            ["io None tps 2", "io.io-reads None rtps 1", "network.net-dev Some(\"lo\") rxpck 1"];
        assert_eq!(found, expected);
    }
}
