//! The recording format: writer and reader together.
//!
//! A recording is one row per input. While it is written it is a log ([`log`]): frames of varint
//! differences, appended before anything else learns of the input. Sealed it is one Parquet file
//! ([`writer`], [`parquet_file`]) with the columns `seq`, `at`, `mono_ns`, `kind`, `sample` and
//! `entry`, where `sample` has one struct or list of structs for each table of the engine's
//! vocabulary. [`recording`] reads either, and directories of both, as one stream.

mod arrow_schema;
mod batch;
mod checked_file;
mod columns;
pub mod damage;
pub mod description;
mod encodings;
mod entry;
pub mod files;
mod footer_seal;
mod frame;
pub mod guarded;
pub mod listing;
pub mod log;
mod older;
mod pages;
mod parquet_checks;
pub mod parquet_file;
mod part;
mod predictor;
mod projection;
pub mod recording;
pub mod recovery;
pub mod sealing;
pub mod segments;
mod varint;
pub mod writer;
