//! The score of `ks analyze --csv`: better than a windowed Gaussian on generated series, the same
//! for a prefix of the file, and clear words for what cannot be read. `benches/anomaly` measures
//! it on more series.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../benches/anomaly/dice.rs"]
mod dice;
#[path = "../benches/anomaly/faults.rs"]
mod faults;
#[path = "../benches/anomaly/gaussian.rs"]
mod gaussian;
#[path = "../benches/anomaly/generator.rs"]
mod generator;
#[path = "../benches/anomaly/series.rs"]
mod series;
#[path = "../benches/anomaly/sweep.rs"]
mod sweep;

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output};

use series::Series;
use sweep::{Sweep, advantage};

fn analyze(content: &[u8], more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("series.csv"), content).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.args(["analyze", "--csv", "series.csv", "--time", "time", "--value", "value"]);
    command.args(more).current_dir(folder.path()).output().unwrap()
}

fn printed(content: &[u8], more: &[&str]) -> String {
    let output = analyze(content, more);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn check_refused(content: &[u8], expected: &str) {
    let output = analyze(content, &["--format", "csv"]);
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{words}");
    assert!(words.contains("`series.csv`") && words.contains(expected), "{words}");
}

/// The lines of a file with a generated series.
fn lines() -> Vec<String> {
    let series = generator::generate(77);
    let rows = series.times_s.iter().zip(&series.values);
    let rows = rows.map(|(time_s, value)| format!("{time_s},{value}\n"));
    std::iter::once("time,value\n".to_owned()).chain(rows).collect()
}

#[test]
fn it_finds_more_than_a_windowed_gaussian_at_equal_false_alarms() {
    let all: Vec<Series> = (9000..9016).map(generator::generate).collect();
    let ours: Vec<Vec<f64>> = all.iter().map(Series::scored_by_us).collect();
    let theirs: Vec<Vec<f64>> = all.iter().map(Series::scored_by_gaussian).collect();
    let (ours, theirs) = (Sweep::new(&all, &ours), Sweep::new(&all, &theirs));
    let once = vec![1; all.len()];
    let found = (ours.found(&once), theirs.found(&once), ours.windows(&once));
    for series in &all {
        assert!(series.windows.iter().all(|(first, last)| first < last), "{}", series.name);
    }
    assert_eq!(ours.found_by_series().iter().map(|found| found[0]).sum::<usize>(), found.0[0]);
    let (low, high) = advantage(&ours, &theirs, 200)[4];
    assert!(low > 0.0 && high < 1.0, "{low} to {high}: {found:?}");
}

#[test]
fn a_prefix_of_the_file_gives_the_same_rows() {
    let lines = lines();
    let of = |lines: &[String]| printed(lines.concat().as_bytes(), &["--format", "csv"]);
    let (all, part) = (of(&lines), of(&lines[..lines.len() * 3 / 5]));
    assert_eq!(part.lines().count(), lines.len() * 3 / 5);
    assert!(all.starts_with(&part), "rows depend on later ones");
    assert!(
        all.starts_with("time,value,score,baseline_p50,baseline_p95,direction,event_id,onset\n")
    );
    assert_eq!(all, of(&lines), "twice the same");
}

#[test]
fn each_row_has_a_score_from_0_to_1() {
    let all = printed(lines().concat().as_bytes(), &["--format", "csv"]);
    for line in all.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), 8, "{line}");
        assert!(["0", "1"].contains(&cells[7]) && (cells[7] == "0" || !cells[6].is_empty()));
        assert!((0.0..=1.0).contains(&cells[2].parse::<f64>().unwrap()), "{line}");
        let directions = ["increasing", "decreasing", "stable", "unproven"];
        assert!(directions.contains(&cells[5]), "{line}");
    }
}

#[test]
fn absent_and_not_finite_values_keep_their_rows_without_a_score() {
    let content = b"time,value\n1,5\n2,\n3,NaN\n3,6\n2,7\n";
    let expected = "time,value,score,baseline_p50,baseline_p95,direction,event_id,onset\n\
        1,5,0,,,unproven,,0\n2,,,,,unproven,,0\n3,,,,,unproven,,0\n3,6,0,,,unproven,,0\n\
        2,7,0,,,unproven,,0\n";
    assert_eq!(printed(content, &["--format", "csv"]), expected);
    let words = String::from_utf8(analyze(content, &[]).stderr).unwrap();
    for expected in ["1 rows have no value", "1 values are not finite", "the first in line 6"] {
        assert!(words.contains(expected), "{words}");
    }
}

#[test]
fn programs_read_the_trend_and_the_forecast_at_the_last_row() {
    let mut content = "value,time\n".to_owned();
    for minute in 0..2500u32 {
        let unrest = f64::from(minute * 7919 % 1009) / 1009.0;
        writeln!(content, "{},{}", f64::from(minute) * 0.1 + unrest, minute * 60).unwrap();
    }
    let json = printed(content.as_bytes(), &["--format", "json", "--threshold", "260"]);
    let report: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["rows"], 2500);
    assert_eq!(report["direction"], "increasing");
    let number = |key: &str| report[key].as_f64().unwrap();
    assert!((number("slope_per_min") - 0.1).abs() < 0.01, "{json}");
    assert!((number("ols_slope_per_min") - 0.1).abs() < 0.01, "{json}");
    assert!(number("slope_low") < 0.1 && number("slope_high") > 0.1, "{json}");
    assert!(number("significance") <= 0.05 && number("r_squared") > 0.9, "{json}");
    assert!((report["forecast"]["eta_s"].as_f64().unwrap() - 5760.0).abs() < 600.0, "{json}");
    let text = printed(content.as_bytes(), &["--threshold", "-5"]);
    assert!(text.starts_with("series.csv: 2500 rows, 0 to 149940\ntrend: increasing"), "{text}");
    assert!(text.contains("no forecast for -5.0000: the series is beyond"), "{text}");
}

#[test]
fn short_and_constant_series_are_answered() {
    let one = printed(b"time,value\n2026-03-04 12:00:00,5\n", &[]);
    assert!(one.contains("1 rows, 2026-03-04 12:00:00") && one.contains("no line"), "{one}");
    let mut content = "time,value\n".to_owned();
    for row in 0..1200 {
        writeln!(content, "{row},7.5").unwrap();
    }
    let constant = printed(content.as_bytes(), &[]);
    assert!(constant.contains("trend: stable") && constant.contains("Nothing unusual"));
}

#[test]
fn what_cannot_be_read_ends_with_4_and_names_the_place() {
    check_refused(b"", "no row of values");
    check_refused(b"time,value\n", "no row of values");
    check_refused(b"time,other\n1,2\n", "no column `value`: there are `time`, `other`");
    check_refused(b"time,value\n1,2\n2,x\n", "line 3, column `value`: `x` is not a number");
    check_refused(b"time,value\nx,2\n", "line 2, column `time`: `x` is not a time");
    check_refused(b"time,value\n90000,2\n3,4\n", "line 3: the time `3` goes back");
    check_refused(b"time,value\n1,\xff\n", "is not a CSV file");
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.args(["analyze", "--time", "a", "--value", "b", "--csv"]).arg(Path::new("none.csv"));
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8(output.stderr).unwrap().contains("No such file"));
}
