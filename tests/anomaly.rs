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
    assert!(
        text.starts_with("series.csv: 2500 rows of `value`, 0 to 149940\ntrend: increasing"),
        "{text}"
    );
    assert!(text.contains("no forecast for -5.000: the series is beyond"), "{text}");
}

#[test]
fn short_and_constant_series_are_answered() {
    let one = printed(b"time,value\n2026-03-04 12:00:00,5\n", &[]);
    assert!(
        one.contains("1 rows of `value`, 2026-03-04 12:00:00") && one.contains("no line"),
        "{one}"
    );
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

/// Rows of three columns with the noise of a host; from row 900 to 920 two of them are far off.
fn three_columns() -> String {
    let mut content = "time,cpu,memory,errors,host\n".to_owned();
    for row in 0..1200u32 {
        let noise = |factor: u32| f64::from(row * factor % 1009) / 1009.0;
        let off = if (900..920).contains(&row) { 30.0 } else { 0.0 };
        let (cpu, memory, errors) = (noise(7919) + off, noise(104_729), noise(1_299_709) + off);
        let time_s = row * 60 + if row < 600 { 0 } else { 7200 };
        writeln!(content, "{time_s},{cpu},{memory},{errors},web").unwrap();
    }
    content
}

fn of_columns(more: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("series.csv"), three_columns()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ks"));
    command.args(["analyze", "--csv", "series.csv", "--time", "time"]).args(more);
    command.current_dir(folder.path()).output().unwrap()
}

#[test]
fn several_columns_have_one_score_and_those_that_explain_it() {
    let ways: [&[&str]; 3] = [
        &["--all-values"],
        &["--value", "cpu,memory,errors"],
        &["--value", "cpu", "--value", "memory,errors"],
    ];
    let outputs = ways.map(|way| of_columns(way).stdout);
    let text = String::from_utf8_lossy(&outputs[0]);
    assert!(outputs.iter().all(|output| *output == outputs[0]), "{text}");
    assert!(text.contains("1200 rows of 3 columns"), "{text}");
    assert!(text.contains("gaps:  1, 9.2 % of the time: 35940 to 43200 (2 h)"), "{text}");
    let event = text.lines().find(|line| line.contains("  61200 to 62340: ")).unwrap();
    assert!(event.contains("cpu 30") && event.contains("errors 30"), "{event}");
    assert!(!event.contains("memory"), "{event}");
}

#[test]
fn programs_read_rows_of_several_columns() {
    let output = of_columns(&["--all-values", "--format", "csv"]);
    let csv = String::from_utf8(output.stdout).unwrap();
    assert!(csv.starts_with("time,score,event_id,onset,columns\n"), "{csv}");
    assert_eq!(csv.lines().count(), 1201);
    let onset = csv.lines().find(|line| line.starts_with("61200,")).unwrap();
    assert!(onset.ends_with(",1,cpu;errors") || onset.ends_with(",1,errors;cpu"), "{onset}");
    let output = of_columns(&["--all-values", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["judged"], &report["rows_needed"]), (&true.into(), &257.into()));
    assert_eq!(report["columns"].as_array().unwrap().len(), 3);
    assert_eq!(report["gaps"]["total"], 1);
    let events = report["events"].as_array().unwrap();
    let event = events.iter().find(|event| event["onset"] == "61200").unwrap();
    assert_eq!(event["end"], "62340", "{event}");
    assert!(event["score"].as_f64().unwrap() > 0.75, "{event}");
    assert_eq!(event["columns"].as_array().unwrap().len(), 2, "{event}");
}

#[test]
fn columns_that_do_not_fit_the_question_are_refused() {
    let check = |more: &[&str], code: i32, expected: &str| {
        let output = of_columns(more);
        let words = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{words}");
        assert!(words.contains(expected), "{words}");
    };
    check(&["--value", "cpu,disk"], 4, "no column `disk`");
    check(&["--value", "host"], 4, "`web` is not a number");
    check(&[], 2, "--all-values");
    check(&["--value", "cpu", "--all-values"], 2, "cannot be used with");
    check(&["--all-values", "--threshold", "4"], 2, "--threshold is for one column of values");
}

#[test]
fn a_recorded_host_is_scored_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("host.parquet");
    let ks = || Command::new(env!("CARGO_BIN_EXE_ks"));
    let built =
        ks().args(["scenario", "build", "backup_starves_database", "-o"]).arg(&path).output();
    assert!(built.unwrap().status.success());
    let output = ks().arg("analyze").arg(&path).args(["--anomalies", "--format", "json"]).output();
    let report: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let events = report["events"].as_array().unwrap();
    // The backup begins after eight minutes.
    let of_backup = events
        .iter()
        .find(|event| event["onset"].as_str().unwrap().starts_with("2026-01-05T10:08:0"));
    let columns = &of_backup.unwrap()["columns"];
    assert!(columns.to_string().contains("disks."), "{columns}");
    assert_eq!(of_backup.unwrap()["incidents"][0], 1);
    assert!(events.len() <= 4, "{events:?}");
    let text = ks().arg("analyze").arg(&path).arg("--anomalies").output().unwrap().stdout;
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains("rows of 1 s") && text.contains("incident 1 was open"), "{text}");
    let part = ks().arg("analyze").arg(&path).args(["--anomalies", "--to", "+60s"]).output();
    let words = String::from_utf8(part.unwrap().stdout).unwrap();
    assert!(words.contains("Too little to judge: 58 rows, 257 needed."), "{words}");
}
