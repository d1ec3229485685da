//! Series of the Numenta Anomaly Benchmark: files `*.csv.gz` with the columns timestamp and value,
//! and `windows.json` with the true anomalies of each.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use ks_replayer::csv_series::{CsvSeries, Reading, Values};

use crate::series::Series;

/// All series of a folder, in the order of their names.
pub(crate) fn load(folder: &Path) -> Vec<Series> {
    let windows = std::fs::read(folder.join("windows.json")).unwrap();
    let windows: BTreeMap<String, Vec<(String, String)>> =
        serde_json::from_slice(&windows).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let named = windows.iter().map(|(path, windows)| (file_name(path), windows));
    let all = named.map(|(name, windows)| {
        let plain = scratch.path().join(name);
        unpack(&folder.join(format!("{name}.gz")), &plain);
        read(name, &plain, windows)
    });
    all.collect()
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Through gzip, which every host has: a crate for one bench is not worth it.
fn unpack(packed: &Path, plain: &Path) {
    let output = Command::new("gzip").arg("-dc").arg(packed).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(plain, output.stdout).unwrap();
}

fn read(name: &str, path: &Path, windows: &[(String, String)]) -> Series {
    let value = ["value".to_owned()];
    let mut file = CsvSeries::open(path, "timestamp", Values::Named(&value), None).unwrap();
    let (mut times_s, mut values) = (Vec::new(), Vec::new());
    while let Some(row) = file.next_row().unwrap() {
        if let Reading::Number(value) = row.readings[0] {
            times_s.push(row.time_s);
            values.push(value);
        }
    }
    let rows_of = |(from, to): &(String, String)| {
        let within = seconds(from)..=seconds(to);
        let first = times_s.iter().position(|time_s| within.contains(time_s)).unwrap();
        let last = times_s.iter().rposition(|time_s| within.contains(time_s)).unwrap();
        (first, last)
    };
    let windows = windows.iter().map(rows_of).collect();
    Series { name: name.trim_end_matches(".csv").to_owned(), times_s, values, windows }
}

fn seconds(text: &str) -> f64 {
    let time = Offset::UTC.to_timestamp(text.parse::<DateTime>().unwrap()).unwrap();
    time.as_nanosecond() as f64 / 1e9
}
