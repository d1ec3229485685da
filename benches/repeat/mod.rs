//! Makes a long recording of a short one: repeated with shifted time, and with counters that go
//! on from where the repetition before left them.

use std::collections::BTreeMap;
use std::path::Path;

use ks_recorder::format::recording::Reader;
use ks_recorder::format::writer::Writer;
use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::model::{Class, RowRef, SCHEMAS, Sample, Schema};

/// Key cells and names of a row within its table.
type Key = (usize, Vec<u64>, Vec<Vec<u8>>);

/// First and last cells of each entity: how far its counters go in one repetition.
type Spans = BTreeMap<Key, (Vec<u64>, Vec<u64>)>;

/// Writes `seconds` of samples to `to`.
pub fn repeat(from: &Path, to: &Path, seconds: u64) {
    let inputs = read(from);
    let samples: Vec<&Input> =
        inputs.iter().filter(|input| matches!(input.body, Body::Sample(_))).collect();
    let first = samples.first().expect("the recording has samples").mono;
    let last = samples.last().expect("the recording has samples").mono;
    let interval_ns = last.since_ns(first) / (samples.len() as u64 - 1).max(1);
    let span_ns = last.since_ns(first) + interval_ns;
    let spans = spans(&samples);
    let mut writer = Writer::create(to, true).expect("the day can be written");
    let mut seq = 0;
    for input in inputs.iter().take_while(|input| !matches!(input.body, Body::Sample(_))) {
        writer.append(input).expect("the day can be written");
        seq = input.seq + 1;
    }
    for round in 0..(seconds * 1_000_000_000).div_ceil(span_ns) {
        for (at, input) in samples.iter().enumerate() {
            let Body::Sample(sample) = &input.body else { continue };
            let mut sample = sample.clone();
            shift(&mut sample, &spans, round);
            sample.processes_complete &= at == 0 || at % 60 == 0;
            let mono = input.mono.plus_ns(round * span_ns);
            let input = Input::recorded(seq, mono, Body::Sample(sample));
            writer.append(&input).expect("the day can be written");
            seq += 1;
        }
    }
    writer.seal().expect("the day can be written");
}

fn read(from: &Path) -> Vec<Input> {
    let mut reader = Reader::open(&[from.to_owned()]).expect("the recording opens");
    let mut inputs = Vec::new();
    while let Some(input) = reader.next().expect("the recording can be read") {
        inputs.push(input.clone());
    }
    inputs
}

fn spans(samples: &[&Input]) -> Spans {
    let mut spans = Spans::new();
    for input in samples {
        let Body::Sample(sample) = &input.body else { continue };
        for (table, rows) in sample.tables().into_iter().enumerate() {
            for row in (0..rows.len()).map(|at| rows.row(at)) {
                let cells = || row.cells.to_vec();
                let span = spans.entry(key(table, &row));
                span.or_insert_with(|| (cells(), cells())).1 = cells();
            }
        }
    }
    spans
}

fn key(table: usize, row: &RowRef<'_>) -> Key {
    let schema: &Schema = &SCHEMAS[table];
    let cells = schema.cells.iter().zip(row.cells).filter(|(cell, _)| cell.class == Class::Key);
    let names = schema.names.iter().zip(row.names).filter(|(name, _)| name.class == Class::Key);
    (table, cells.map(|(_, cell)| *cell).collect(), names.map(|(_, name)| name.clone()).collect())
}

fn shift(sample: &mut Sample, spans: &Spans, round: u64) {
    for (table, rows) in sample.tables_mut().into_iter().enumerate() {
        for at in 0..rows.len() {
            let Some((first, last)) = spans.get(&key(table, &rows.row(at))) else { continue };
            let row = rows.row_mut(at);
            for (index, column) in SCHEMAS[table].cells.iter().enumerate() {
                if column.class == Class::Counter && *row.present >> index & 1 == 1 {
                    let grown = last[index].saturating_sub(first[index]);
                    row.cells[index] = row.cells[index].saturating_add(grown * round);
                }
            }
        }
    }
}
