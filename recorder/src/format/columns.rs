//! Inputs gathered into columns: the buffer of one row group, and its Arrow arrays.
//!
//! A table's rows go into flat vectors of 64-bit cells, which become Arrow buffers without being
//! copied. Rows of all ticks follow each other; offsets tell which belong to which tick.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryBuilder, BooleanArray, BooleanBufferBuilder, Int64Array, ListArray,
    PrimitiveArray, RecordBatch, StringBuilder, StructArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{ArrowPrimitiveType, DataType, Float64Type, Int64Type, UInt64Type};
use arrow::error::ArrowError;
use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::model::{CellType, Column, Rowset, SCHEMAS, Sample, Schema, Shape};
use ks_vocabulary::time::WallTime;

use super::arrow_schema::{ELEMENT, one_fields, recording, row_fields, sample_fields};

/// The rows of one row group, column by column.
#[derive(Debug)]
pub(super) struct Columns {
    seq: Vec<u64>,
    at: Vec<i64>,
    mono: Vec<u64>,
    kind: StringBuilder,
    entry: StringBuilder,
    is_sample: BooleanBufferBuilder,
    complete: BooleanBufferBuilder,
    tables: Vec<TableColumns>,
    absent: Sample,
    bytes: usize,
    samples: usize,
}

impl Default for Columns {
    fn default() -> Self {
        Self {
            seq: Vec::new(),
            at: Vec::new(),
            mono: Vec::new(),
            kind: StringBuilder::new(),
            entry: StringBuilder::new(),
            is_sample: BooleanBufferBuilder::new(0),
            complete: BooleanBufferBuilder::new(0),
            tables: SCHEMAS.iter().map(TableColumns::new).collect(),
            absent: Sample::default(),
            bytes: 0,
            samples: 0,
        }
    }
}

impl Columns {
    /// Rows gathered.
    pub(super) fn len(&self) -> usize {
        self.seq.len()
    }

    /// Samples among them.
    pub(super) fn samples(&self) -> usize {
        self.samples
    }

    /// Bytes of memory that the rows take, about.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds one input; `entry` is the JSON of all kinds but samples.
    pub(super) fn push(&mut self, input: &Input, at: WallTime, entry: &str) {
        self.seq.push(input.seq);
        self.at.push(at.0);
        self.mono.push(input.mono.0);
        self.kind.append_value(input.body.kind());
        let sample = match &input.body {
            Body::Sample(sample) => {
                self.entry.append_null();
                self.samples += 1;
                Some(sample.as_ref())
            }
            Body::Start(_)
            | Body::SourceState(_)
            | Body::ClockStep(_)
            | Body::Gap(_)
            | Body::Tick
            | Body::ConfigChange(_)
            | Body::Answer(_)
            | Body::Other(_) => {
                self.entry.append_value(entry);
                None
            }
        };
        self.is_sample.append(sample.is_some());
        let sample = sample.unwrap_or(&self.absent);
        self.complete.append(sample.processes_complete);
        self.bytes += 64 + entry.len();
        for (columns, table) in self.tables.iter_mut().zip(sample.tables()) {
            self.bytes += columns.push(table);
        }
    }

    /// The gathered rows as one batch; the buffer is empty afterwards.
    pub(super) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let samples = NullBuffer::new(self.is_sample.finish());
        let mut children: Vec<ArrayRef> = Vec::new();
        for table in &mut self.tables {
            children.extend(table.take()?);
        }
        let complete = BooleanArray::new(self.complete.finish(), Some(samples.clone()));
        children.push(Arc::new(complete));
        let sample = StructArray::try_new(sample_fields(), children, Some(samples))?;
        let at = TimestampNanosecondArray::from(std::mem::take(&mut self.at)).with_timezone("UTC");
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt64Array::from(std::mem::take(&mut self.seq))),
            Arc::new(at),
            Arc::new(UInt64Array::from(std::mem::take(&mut self.mono))),
            Arc::new(self.kind.finish()),
            Arc::new(sample),
            Arc::new(self.entry.finish()),
        ];
        self.bytes = 0;
        self.samples = 0;
        RecordBatch::try_new(Arc::new(recording()), columns)
    }
}

/// The rows of one table.
#[derive(Debug)]
struct TableColumns {
    schema: &'static Schema,
    read: BooleanBufferBuilder,
    begin: Vec<i64>,
    end: Vec<i64>,
    offsets: Vec<i32>,
    rows: i32,
    present: Vec<u64>,
    cells: Vec<Vec<u64>>,
    names: Vec<BinaryBuilder>,
}

impl TableColumns {
    fn new(schema: &'static Schema) -> Self {
        Self {
            schema,
            read: BooleanBufferBuilder::new(0),
            begin: Vec::new(),
            end: Vec::new(),
            offsets: vec![0],
            rows: 0,
            present: Vec::new(),
            cells: schema.cells.iter().map(|_| Vec::new()).collect(),
            names: schema.names.iter().map(|_| BinaryBuilder::new()).collect(),
        }
    }

    /// Adds a tick's rows and tells how many bytes they take. A table of shape `One` has a row for
    /// each tick, empty where it was not read.
    fn push(&mut self, table: &dyn Rowset) -> usize {
        let read = table.read();
        self.read.append(read.is_some());
        self.begin.push(read.map_or(0, |times| times.begin_ns));
        self.end.push(read.map_or(0, |times| times.end_ns));
        let mut bytes = 20;
        for index in 0..if read.is_some() { table.len() } else { 0 } {
            let row = table.row(index);
            self.present.push(row.present);
            for (column, cell) in self.cells.iter_mut().zip(row.cells) {
                column.push(*cell);
            }
            for (at, column) in self.names.iter_mut().enumerate() {
                column.append_option(row.name(at));
                bytes += row.names[at].len();
            }
            self.rows += 1;
            bytes += 8 * (1 + row.cells.len() + row.names.len());
        }
        self.offsets.push(self.rows);
        if self.schema.shape == Shape::One
            && self.rows < i32::try_from(self.begin.len()).unwrap_or(0)
        {
            self.push_empty();
        }
        bytes
    }

    fn push_empty(&mut self) {
        self.present.push(0);
        self.rows += 1;
        for column in &mut self.cells {
            column.push(0);
        }
        for column in &mut self.names {
            column.append_null();
        }
    }

    fn take(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        let read = NullBuffer::new(self.read.finish());
        let times = [&mut self.begin, &mut self.end].map(|column| -> ArrayRef {
            Arc::new(Int64Array::new(std::mem::take(column).into(), Some(read.clone())))
        });
        let columns = self.take_columns();
        self.rows = 0;
        match self.schema.shape {
            Shape::One => {
                self.offsets = vec![0];
                let fields = one_fields(self.schema);
                let all = times.into_iter().chain(columns).collect();
                Ok(vec![Arc::new(StructArray::try_new(fields, all, Some(read))?)])
            }
            Shape::Many => {
                let rows = StructArray::try_new(row_fields(self.schema).into(), columns, None)?;
                let element =
                    arrow::datatypes::Field::new(ELEMENT, rows.data_type().clone(), false);
                let offsets =
                    OffsetBuffer::new(std::mem::replace(&mut self.offsets, vec![0]).into());
                let list =
                    ListArray::try_new(Arc::new(element), offsets, Arc::new(rows), Some(read))?;
                let [begin, end] = times;
                Ok(vec![Arc::new(list), begin, end])
            }
        }
    }

    fn take_columns(&mut self) -> Vec<ArrayRef> {
        let present = std::mem::take(&mut self.present);
        let names = self.names.iter_mut().map(|column| -> ArrayRef { Arc::new(column.finish()) });
        let mut columns: Vec<ArrayRef> = names.collect();
        for (at, column) in self.cells.iter_mut().enumerate() {
            let bits = present.iter().map(|mask| mask >> at & 1 == 1).collect::<BooleanBuffer>();
            let nulls = Some(NullBuffer::new(bits)).filter(|nulls| nulls.null_count() > 0);
            columns.push(cell_array(&self.schema.cells[at], std::mem::take(column), nulls));
        }
        columns
    }
}

fn cell_array(column: &Column, bits: Vec<u64>, nulls: Option<NullBuffer>) -> ArrayRef {
    match column.cell_type {
        CellType::U64 => primitive::<UInt64Type>(bits, nulls),
        CellType::I64 => primitive::<Int64Type>(bits, nulls),
        CellType::F64 => primitive::<Float64Type>(bits, nulls),
        CellType::Bool => {
            Arc::new(BooleanArray::new(bits.iter().map(|bit| *bit != 0).collect(), nulls))
        }
    }
}

/// The same 64 bits under another type, without a copy.
fn primitive<T: ArrowPrimitiveType>(bits: Vec<u64>, nulls: Option<NullBuffer>) -> ArrayRef {
    debug_assert!(matches!(T::DATA_TYPE, DataType::UInt64 | DataType::Int64 | DataType::Float64));
    let length = bits.len();
    let values = ScalarBuffer::<T::Native>::new(Buffer::from_vec(bits), 0, length);
    Arc::new(PrimitiveArray::<T>::new(values, nulls))
}
