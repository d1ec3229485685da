//! Forms of times and values, and files that cannot be understood.

use super::*;

fn read(content: &str) -> Result<Vec<Row>, CsvError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("series.csv");
    std::fs::write(&path, content).unwrap();
    let mut series = CsvSeries::open(&path, "time", Values::Named(&["value".to_owned()]), None)?;
    all(&mut series)
}

fn all(series: &mut CsvSeries) -> Result<Vec<Row>, CsvError> {
    let mut rows = Vec::new();
    while let Some(row) = series.next_row()? {
        rows.push(row.clone());
    }
    Ok(rows)
}

fn check_error(content: &str, expected: &str) {
    let error = read(content).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
    assert!(!error.is_environment());
}

#[test]
fn a_time_has_many_forms() {
    let check = |text: &str, expected_s: f64| {
        let found = parse_time(text).unwrap();
        assert!((found - expected_s).abs() < 1e-3, "{text}: {found}");
    };
    for text in [
        "2026-03-04T12:00:00Z",
        "2026-03-04T13:00:00+01:00",
        "2026-03-04 12:00:00",
        "2026-03-04T12:00:00",
        "2026-03-04 12:00:00.000000",
        "1772625600",
        "1772625600.0",
        "1772625600000",
        "1772625600000000",
        "1772625600000000000",
    ] {
        check(text, 1_772_625_600.0);
    }
    check("2026-03-04", 1_772_582_400.0);
    check("20260304", 1_772_582_400.0);
    check("202603041200", 1_772_625_600.0);
    check("20260304120000", 1_772_625_600.0);
    check("20261332", 20_261_332.0);
    check("0", 0.0);
    check("-3.5", -3.5);
    for text in ["", "noon", "nan", "inf", "12:00", "2026-13-01 00:00:00", "04/03/2026 12:00"] {
        assert_eq!(parse_time(text), None, "{text}");
    }
}

#[test]
fn a_value_is_a_number_absent_or_not_finite() {
    let check = |text: &str, expected: Option<Reading>| {
        assert_eq!(parse_value(text), expected, "{text}");
    };
    check("1.5e3", Some(Reading::Number(1500.0)));
    check("-0.25", Some(Reading::Number(-0.25)));
    check("", Some(Reading::Absent));
    for text in ["NaN", "nan", "inf", "-Infinity", "1e200"] {
        check(text, Some(Reading::NotFinite));
    }
    for text in ["1,5", "0x10", "12 MB", "n/a", "-"] {
        check(text, None);
    }
}

#[test]
fn columns_are_found_by_name_in_any_order_with_a_mark_and_quotes() {
    let rows = read("\u{feff}value,\"time\",more\n1,10,a\n , 20 ,\"b,c\"\n\n3,15,d\n").unwrap();
    let found: Vec<_> = rows.iter().map(|row| (row.line, row.time_s, row.readings[0])).collect();
    let expected = [
        (2, 10.0, Reading::Number(1.0)),
        (3, 20.0, Reading::Absent),
        (5, 15.0, Reading::Number(3.0)),
    ];
    assert_eq!(found, expected);
    assert_eq!(rows.iter().map(|row| row.goes_back).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(rows[1].time, "20");
    let rows = read("time,value\r\n1,2\r\n\r\n3,4").unwrap();
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(rows[0].readings[0], Reading::Number(2.0));
}

#[test]
fn what_cannot_be_understood_is_named_with_its_place() {
    check_error("", "has no row of values");
    check_error("time,value\n", "has no row of values");
    check_error("when,value\n1,2\n", "has no column `time`: there are `when`, `value`");
    check_error("time,value\n1,2\n2,many\n", "line 3, column `value`: `many` is not a number");
    check_error("time,value\nnoon,2\n", "line 2, column `time`: `noon` is not a time");
    check_error("time,value\n,2\n", "line 2, column `time`: `` is not a time");
    check_error("time,value\n1,2\n\n3\n", "line 4 has 1 cells, the first 2");
    check_error("time,value\n7200,1\n10000,1\n2000,1\n", "line 4: the time `2000` goes back by");
    check_error("time,value\n10,1\n20,1\n99999,1\n30,1\n", "line 4: the time `99999` lies 99969 s");
    check_error("time,value,value\n1,2,3\n", "has 2 columns `value`");
    check_error("time,value\r1,2\r2,3\r", "lines end with a carriage return alone");
    check_error("time,value\n9,1\n8,1\n7,1\n", "begins with its newest row");
    let long = format!("time,value\n1,{}\n", "x".repeat(5000));
    assert!(read(&long).unwrap_err().to_string().len() < 400);
    let many: Vec<String> = (0..5000).map(|column| format!("c{column}")).collect();
    check_error(&format!("{}\n", many.join(",")), "`c19` and 4980 more");
    assert_eq!(read("time,value\n7200,1\n0,1\n").unwrap().len(), 2, "an hour or two is borne");
}

#[test]
fn a_missing_file_is_unreadable_input() {
    let path = Path::new("no/such/file.csv");
    let error = CsvSeries::open(path, "time", Values::All, None).unwrap_err();
    assert!(error.to_string().contains("no/such/file.csv") && !error.is_environment());
}

#[test]
fn separators_are_those_that_the_first_line_shows() {
    for separator in [';', '\t', '|'] {
        let content = "time,value\n1,2\n2,\n".replace(',', &separator.to_string());
        let rows = read(&content).unwrap();
        assert_eq!(rows.len(), 2, "{separator:?}");
        assert_eq!(rows[1].readings[0], Reading::Absent);
    }
    check_error("when;value\n1;2\n", "there are `when;value`");
}

#[test]
fn several_columns_are_named_or_all_that_hold_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("series.csv");
    std::fs::write(&path, "time,a,host,\"b,c\",d\n1,2,web,4,\n2,,web,5,\n").unwrap();
    let check = |values: Values<'_>, expected: &[&str]| {
        let mut series = CsvSeries::open(&path, "time", values, None).unwrap();
        assert_eq!(series.names().collect::<Vec<_>>(), expected);
        let rows = all(&mut series).unwrap();
        assert!(rows.iter().all(|row| row.readings.len() == expected.len()));
        rows[0].readings.last().copied()
    };
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let four = Some(Reading::Number(4.0));
    assert_eq!(check(Values::Named(&owned(&["a", "b,c"])), &["a", "b,c"]), four);
    assert_eq!(check(Values::Named(&owned(&["b,c", "d, a", "d"])), &["b,c", "d", "a"]), {
        Some(Reading::Number(2.0))
    });
    assert_eq!(check(Values::All, &["a", "b,c"]), four);
    let error = CsvSeries::open(&path, "time", Values::Named(&owned(&["a,x"])), None).unwrap_err();
    assert!(error.to_string().contains("no column `x`"), "{error}");
    std::fs::write(&path, "time,host\n1,web\n").unwrap();
    let error = CsvSeries::open(&path, "time", Values::All, None).unwrap_err();
    assert!(error.to_string().contains("no column of numbers besides `time`"), "{error}");
}
