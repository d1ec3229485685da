//! The pages of a sealed recording, decompressed by one zstd context for the whole file.
//!
//! The library makes a compressor and a decompressor for every column chunk it reads. Each asks
//! the processor for its features, which a hypervisor answers slowly: with hundreds of columns that
//! took a third of a replay. Here the library reads zstd chunks as if they were not compressed, and
//! [`ZstdPages`] decompresses what it hands out. Chunks of other codecs go the library's own way.
//!
//! From a file the library reads each page by three calls of the system. A recording has hundreds
//! of small chunks in each row group, so each is read by one call and handed out from memory.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, Bytes, buf::Reader};
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::Compression;
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;
use zstd::bulk::Decompressor;
use zstd::zstd_safe::get_frame_content_size;

/// The largest chunk that is read at once: foreign writers make row groups of any size.
const IN_MEMORY_BYTES: i64 = 256 << 10;

type Context = Arc<Mutex<Decompressor<'static>>>;

/// The row groups of one file.
#[derive(Clone)]
pub(super) struct Groups {
    file: Arc<File>,
    metadata: Arc<ParquetMetaData>,
    context: Context,
}

impl std::fmt::Debug for Groups {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Groups").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Groups {
    pub(super) fn new(file: File, metadata: Arc<ParquetMetaData>) -> std::io::Result<Self> {
        let context = Arc::new(Mutex::new(Decompressor::new()?));
        Ok(Self { file: Arc::new(file), metadata, context })
    }

    /// The footer.
    pub(super) fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }

    /// One of them, for a reader of its own.
    pub(super) fn one(&self, group: usize) -> OneGroup {
        OneGroup { groups: self.clone(), group }
    }
}

/// One row group.
pub(super) struct OneGroup {
    groups: Groups,
    group: usize,
}

impl OneGroup {
    fn footer(&self) -> Option<&RowGroupMetaData> {
        self.groups.metadata.row_groups().get(self.group)
    }
}

impl RowGroups for OneGroup {
    fn num_rows(&self) -> usize {
        let rows = self.footer().map(RowGroupMetaData::num_rows);
        rows.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        Ok(Box::new(Chunks { groups: self.groups.clone(), column, group: Some(self.group) }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.footer().into_iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.groups.metadata
    }
}

/// The chunk of one column in a row group, which is taken once.
struct Chunks {
    groups: Groups,
    column: usize,
    group: Option<usize>,
}

impl Chunks {
    fn open(&self, group: &RowGroupMetaData) -> Result<Box<dyn PageReader>> {
        let chunk = group.column(self.column);
        let rows = usize::try_from(group.num_rows())?;
        if chunk.compressed_size() > IN_MEMORY_BYTES {
            return self.pages(Arc::clone(&self.groups.file), chunk, rows);
        }
        self.pages(Arc::new(Chunk::read(&self.groups.file, chunk)?), chunk, rows)
    }

    fn pages<R: ChunkReader + 'static>(
        &self,
        source: Arc<R>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
    ) -> Result<Box<dyn PageReader>> {
        if !matches!(chunk.compression(), Compression::ZSTD(_)) {
            return Ok(Box::new(SerializedPageReader::new(source, chunk, rows, None)?));
        }
        let as_stored =
            chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let stored = SerializedPageReader::new(source, &as_stored, rows, None)?;
        Ok(Box::new(ZstdPages { stored, context: Arc::clone(&self.groups.context) }))
    }
}

impl Iterator for Chunks {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.groups.metadata.row_groups().get(self.group.take()?)?;
        Some(self.open(group))
    }
}

impl PageIterator for Chunks {}

/// One column chunk in memory, at its place in the file.
struct Chunk {
    begin: u64,
    bytes: Bytes,
}

impl Chunk {
    fn read(file: &File, chunk: &ColumnChunkMetaData) -> Result<Self> {
        let (begin, length) = chunk.byte_range();
        let mut bytes = vec![0; usize::try_from(length)?];
        file.read_exact_at(&mut bytes, begin)?;
        Ok(Self { begin, bytes: bytes.into() })
    }

    fn from(&self, start: u64) -> Result<Bytes> {
        let skipped = start.checked_sub(self.begin).and_then(|skipped| skipped.try_into().ok());
        let skipped = skipped.filter(|skipped: &usize| *skipped <= self.bytes.len());
        Ok(self.bytes.slice(skipped.ok_or_else(outside)?..))
    }
}

fn outside() -> ParquetError {
    ParquetError::EOF("a page lies outside its column chunk".to_owned())
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.begin + self.bytes.len() as u64
    }
}

impl ChunkReader for Chunk {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let rest = self.from(start)?;
        if length > rest.len() {
            return Err(outside());
        }
        Ok(rest.slice(..length))
    }
}

/// Pages of one column chunk that hold zstd frames.
struct ZstdPages<R: ChunkReader> {
    stored: SerializedPageReader<R>,
    context: Context,
}

impl<R: ChunkReader> ZstdPages<R> {
    /// `stored` with everything behind its first `plain` bytes decompressed.
    fn decompress(&self, stored: &[u8], plain: usize) -> Result<Vec<u8>> {
        let frame = stored.get(plain..).ok_or_else(|| implausible("levels beyond its end"))?;
        let mut page = stored[..plain].to_vec();
        if frame.is_empty() {
            return Ok(page);
        }
        // A page is smaller than 2 GiB: its header has a signed 32-bit size.
        let size = match get_frame_content_size(frame) {
            Ok(Some(size)) => i32::try_from(size).ok().and_then(|size| usize::try_from(size).ok()),
            Ok(None) => return Ok([page, zstd::stream::decode_all(frame)?].concat()),
            Err(_) => None,
        };
        let size = size.ok_or_else(|| implausible("no size of a page"))?;
        let mut context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        if plain == 0 {
            return Ok(context.decompress(frame, size)?);
        }
        page.extend(context.decompress(frame, size)?);
        Ok(page)
    }
}

fn implausible(what: &str) -> ParquetError {
    ParquetError::General(format!("a compressed page has {what}"))
}

impl<R: ChunkReader> PageReader for ZstdPages<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let Some(mut page) = self.stored.get_next_page()? else { return Ok(None) };
        match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => {
                *buf = self.decompress(buf, 0)?.into();
            }
            Page::DataPageV2 {
                buf,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                ..
            } => {
                if *is_compressed {
                    let plain = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
                    *buf = self.decompress(buf, plain)?.into();
                }
            }
        }
        Ok(Some(page))
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.stored.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.stored.skip_next_page()
    }
}

impl<R: ChunkReader> Iterator for ZstdPages<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
