//! Recordings that others wrote: any codec, any page version, other types; and what is refused.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, StructArray, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, Field};
use ks_recorder::error::Error;
use ks_recorder::format::log::LogWriter;
use ks_recorder::format::recording::Reader;
use ks_vocabulary::input::{Body, Input};
use ks_vocabulary::time::Timestamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
use parquet::file::metadata::{
    ColumnChunkMetaData, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};
use parquet::file::properties::{WriterProperties, WriterVersion};

const ROWS: i64 = 1000;

fn field(name: &str, array: &ArrayRef) -> Arc<Field> {
    Arc::new(Field::new(name, array.data_type().clone(), true))
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, properties: WriterProperties) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let file = File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// A column of times, and a sample with one table of one column.
fn columns(table: &str, column: &str, values: ArrayRef) -> Vec<(&'static str, ArrayRef)> {
    let times: ArrayRef =
        Arc::new(Int64Array::from_iter_values((0..ROWS).map(|at| (at + 1) * 1_000_000_000)));
    let inner: ArrayRef = Arc::new(StructArray::from(vec![(field(column, &values), values)]));
    let sample: ArrayRef = Arc::new(StructArray::from(vec![(field(table, &inner), inner)]));
    vec![("mono_ns", times), ("sample", sample)]
}

/// Absent in every fifth row.
fn available() -> Vec<Option<u64>> {
    (0..ROWS.unsigned_abs()).map(|at| (at % 5 != 0).then_some(at * 37 % 1000 * 4096)).collect()
}

fn read(path: &Path) -> Result<Vec<Option<u64>>, Error> {
    let mut reader = Reader::open(&[path.to_owned()])?;
    let mut found = Vec::new();
    while let Some(input) = reader.next()? {
        if let Body::Sample(sample) = &input.body {
            found.push(
                sample.memory.first().and_then(ks_vocabulary::model::Memory::available_bytes),
            );
        }
    }
    Ok(found)
}

#[test]
fn every_codec_and_page_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let signed = available().into_iter().map(|value| value.map(u64::cast_signed));
    let values: ArrayRef = Arc::new(signed.collect::<Int64Array>());
    let codecs = [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::LZ4_RAW,
        Compression::GZIP(GzipLevel::default()),
        Compression::ZSTD(ZstdLevel::try_new(1).unwrap()),
    ];
    for codec in codecs {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for dictionary in [false, true] {
                let properties = WriterProperties::builder()
                    .set_compression(codec)
                    .set_writer_version(version)
                    .set_dictionary_enabled(dictionary)
                    .set_max_row_group_row_count(Some(300))
                    .set_data_page_row_count_limit(70)
                    .build();
                let columns = columns("memory", "available_bytes", Arc::clone(&values));
                write(&path, columns, properties);
                assert_eq!(read(&path).unwrap(), available(), "{codec:?} {version:?}");
            }
        }
    }
}

#[test]
fn a_schema_that_is_no_recordings_is_refused_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let check = |columns: Vec<(&str, ArrayRef)>, expected: &str| {
        write(&path, columns, WriterProperties::default());
        let error = read(&path).unwrap_err().to_string();
        assert!(error.contains("x.parquet") && error.contains(expected), "{error}");
    };
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS));
    let words: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|_| "much")));
    let only_times: Vec<_> = columns("memory", "available_bytes", Arc::clone(&numbers))
        .into_iter()
        .filter(|(name, _)| *name == "mono_ns")
        .collect();
    check(only_times, "no column `sample`");
    check(vec![("mono_ns", Arc::clone(&numbers)), ("sample", Arc::clone(&numbers))], "`sample`");
    check(columns("memory", "available_bytes", words), "sample.memory.available_bytes");
    check(columns("disks", "reads", Arc::clone(&numbers)), "sample.disks");
    let below_zero: ArrayRef = Arc::new(Int64Array::from_iter_values((0..ROWS).map(|_| -1)));
    check(columns("memory", "available_bytes", below_zero), "sample.memory.available_bytes");
}

#[test]
fn unknown_columns_are_ignored_and_missing_ones_absent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let words: ArrayRef = Arc::new(StringArray::from_iter_values((0..ROWS).map(|_| "much")));
    assert_eq!(words.data_type(), &DataType::Utf8);
    write(&path, columns("weather", "rain", words), WriterProperties::default());
    assert_eq!(read(&path).unwrap(), vec![None; available().len()]);
}

/// Writes the footer of a file anew: its pages are said to be compressed with brotli.
fn say_brotli(path: &Path) {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&File::open(path).unwrap());
    let metadata = metadata.unwrap();
    let codec = Compression::BROTLI(BrotliLevel::default());
    let columns = |group: &RowGroupMetaData| -> Vec<ColumnChunkMetaData> {
        let columns = group.columns().iter().cloned();
        columns.map(|it| it.into_builder().set_compression(codec).build().unwrap()).collect()
    };
    let groups = metadata.row_groups().iter();
    let groups: Vec<RowGroupMetaData> = groups
        .map(|it| it.clone().into_builder().set_column_metadata(columns(it)).build().unwrap())
        .collect();
    let mut bytes = std::fs::read(path).unwrap();
    let tail: [u8; 4] = bytes[bytes.len() - 8..bytes.len() - 4].try_into().unwrap();
    bytes.truncate(bytes.len() - 8 - usize::try_from(u32::from_le_bytes(tail)).unwrap());
    let metadata = metadata.into_builder().set_row_groups(groups).build();
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().unwrap();
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_compression_that_is_not_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS));
    write(&path, columns("memory", "available_bytes", values), WriterProperties::default());
    say_brotli(&path);
    let error = read(&path).unwrap_err();
    assert!(matches!(&error, Error::Codec { codec, .. } if codec == "brotli"), "{error}");
    assert!(error.to_string().contains("x.parquet"), "{error}");
}

/// The rows of a recording of ours, written in this order by another writer.
fn rewrite(path: &Path, order: impl Fn(u32) -> Vec<u32>) {
    let original =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/rewritten/original.parquet");
    let file = File::open(original).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(|batch| batch.unwrap()).collect();
    let rows = concat_batches(batches[0].schema_ref(), &batches).unwrap();
    let order = UInt32Array::from(order(u32::try_from(rows.num_rows()).unwrap()));
    let rows = take_record_batch(&rows, &order).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
}

fn inputs(path: &Path) -> Result<Vec<Input>, Error> {
    let mut reader = Reader::open(&[path.to_owned()])?;
    let mut inputs = Vec::new();
    while let Some(input) = reader.next()? {
        inputs.push(input.clone());
    }
    Ok(inputs)
}

#[test]
fn rows_in_another_order_are_refused_with_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let check = |order: &dyn Fn(u32) -> Vec<u32>, expected_row: u64| {
        rewrite(&path, order);
        let error = inputs(&path).unwrap_err();
        let Error::Row { row, path: named, .. } = &error else { panic!("{error}") };
        assert_eq!((*row, named), (expected_row, &path));
    };
    check(&|rows| (0..rows).rev().collect(), 1);
    check(&|rows| (0..4).chain([6, 4, 5]).chain(7..rows).collect(), 5);
    // The beginning of the run: last, in the middle, second, and once more.
    check(&|rows| (1..rows).chain([0]).collect(), 46);
    check(&|rows| (1..9).chain([0]).chain(9..rows).collect(), 8);
    check(&|rows| [1, 0].into_iter().chain(2..rows).collect(), 1);
    check(&|rows| (0..9).chain([0]).chain(9..rows).collect(), 9);
}

#[test]
fn a_log_without_a_start_is_read_and_one_out_of_order_is_refused_with_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet.log");
    let logged = |seqs: &[u64]| {
        let _ = std::fs::remove_file(&path);
        let mut writer = LogWriter::create(&path, false).unwrap();
        for seq in seqs {
            let mono = Timestamp(seq * 1_000_000_000);
            writer.append(&Input::recorded(*seq, mono, Body::Tick)).unwrap();
        }
        drop(writer);
        inputs(&path)
    };
    let kinds: Vec<String> =
        logged(&[5, 6, 7]).unwrap().iter().map(|input| input.body.kind().to_owned()).collect();
    assert_eq!(kinds, ["start", "tick", "tick", "tick"]);
    let error = logged(&[5, 7, 6]).unwrap_err();
    assert!(matches!(&error, Error::Row { row: 2, .. }), "{error}");
}

#[test]
fn without_a_start_the_times_are_those_of_the_rows() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, path) = (folder.path().join("whole.parquet"), folder.path().join("x.parquet"));
    rewrite(&whole, |rows| (0..rows).collect());
    rewrite(&path, |rows| (1..rows).collect());
    let (whole, cut) = (inputs(&whole).unwrap(), inputs(&path).unwrap());
    assert_eq!(whole[1..], cut[1..]);
    let (Body::Start(start), Body::Start(made_up)) = (&whole[0].body, &cut[0].body) else {
        panic!("a run begins so");
    };
    assert_eq!(made_up.host.hostname, "x");
    let mut reader = Reader::open(std::slice::from_ref(&path)).unwrap();
    reader.next().unwrap();
    let told = reader.differs().iter().any(|why| why.contains("a row of kind `start`"));
    assert!(told, "{:?}", reader.differs());
    let last = whole[whole.len() - 1].mono;
    assert_eq!(made_up.clock.at(last), start.clock.at(last));
}
