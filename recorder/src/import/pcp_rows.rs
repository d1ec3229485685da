//! The rows of what `pmrep -o csv` prints, with their times, and what is wrong with them.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use csv::{ByteRecord, Reader, ReaderBuilder};

use super::pcp_layout::{BadHeader, Layout, is_header};
use super::pcp_metrics::METRICS;
use super::units::{Found, Unfit};
use super::zone::{Clock, Unclear, Zone};
use crate::error::Error;

/// How the file is to be made.
const COMMAND: &str = "write the file with `pmrep -Z UTC -r -u -o csv`, its header included";
const TIMES: &str = "let pmrep write times as it does, or with -f '%Y-%m-%dT%H:%M:%S.%f'";
const COUNTERS: &str = "write counters as they are: `pmrep -r`, without -b, -B, -q, -Q, -y and -Y";
const CUT: &str = "the file is cut short, or not one of pmrep: write it anew, with commas between";
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    /// A header: the layout is another.
    Header,
    /// A row of the time `at_ns`, in ns since 1970. Where rows before it were skipped because they
    /// went back in time, how much time passed since the last is not known.
    Row {
        /// Its time.
        at_ns: i64,
        /// Whether rows were skipped before it.
        after_step: bool,
    },
}

/// Rows that were skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Skipped {
    /// How many.
    pub(super) count: u64,
    /// The line of the first.
    pub(super) line: u64,
}

impl Skipped {
    pub(super) fn add(&mut self, line: u64) {
        if self.count == 0 {
            self.line = line;
        }
        self.count += 1;
    }
}

/// Reads the rows of one file, in order.
#[derive(Debug)]
pub(super) struct Rows {
    path: PathBuf,
    reader: Reader<BufReader<File>>,
    record: ByteRecord,
    layout: Rc<Layout>,
    clock: Clock,
    last_ns: Option<i64>,
    size_bytes: u64,
    after_step: bool,
    /// Rows that went back in time.
    pub(super) back: Skipped,
}

impl Rows {
    /// Opens a file. Its first record is its header.
    pub(super) fn open(path: &Path, zone: Option<&Zone>) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let size_bytes = file.metadata().map_or(0, |meta| meta.len());
        let mut file = BufReader::with_capacity(256 * 1024, file);
        let begin = file.fill_buf().map_err(|error| Error::io("read", path, error))?;
        let problem = if begin.is_empty() {
            Some(("it is empty", COMMAND))
        } else if begin.starts_with(&GZIP) {
            Some(("it is compressed", "unpack it first: `gzip -d`"))
        } else {
            None
        };
        if let Some((problem, remedy)) = problem {
            let (path, place) = (path.to_owned(), "line 1".to_owned());
            return Err(Error::Import { path, place, problem: problem.to_owned(), remedy });
        }
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true);
        Ok(Self {
            path: path.to_owned(),
            reader: builder.from_reader(file),
            record: ByteRecord::new(),
            layout: Rc::default(),
            clock: Clock::new(zone),
            last_ns: None,
            size_bytes,
            after_step: false,
            back: Skipped::default(),
        })
    }

    /// What comes next; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Read>, Error> {
        loop {
            let read = self.reader.read_byte_record(&mut self.record);
            if !read.map_err(|error| Error::io("read", &self.path, error))? {
                return Ok(None);
            }
            if self.layout.titles.is_empty() || is_header(&self.record) {
                let layout = Layout::read(&self.record).map_err(|bad| self.bad_header(bad))?;
                self.layout = Rc::new(layout);
                return Ok(Some(Read::Header));
            }
            self.check_width()?;
            let at_ns = self.time()?;
            if self.last_ns.is_some_and(|last_ns| at_ns < last_ns) {
                self.back.add(self.line());
                self.after_step = true;
                continue;
            }
            self.last_ns = Some(at_ns);
            let after_step = std::mem::take(&mut self.after_step);
            return Ok(Some(Read::Row { at_ns, after_step }));
        }
    }

    /// The layout of the rows.
    pub(super) fn layout(&self) -> &Rc<Layout> {
        &self.layout
    }

    /// The bytes of a field of this row.
    pub(super) fn field(&self, at: usize) -> &[u8] {
        self.record.get(at).unwrap_or_default().trim_ascii()
    }

    /// Calls `each` with the position and the value of every column of cells.
    pub(super) fn cells(&self, mut each: impl FnMut(usize, Found)) -> Result<(), Error> {
        for (position, column) in self.layout.columns.iter().enumerate() {
            let field = self.field(column.at);
            if field.is_empty() {
                continue;
            }
            let text = String::from_utf8_lossy(field);
            let found = METRICS[column.metric].unit.read(&text);
            each(position, found.map_err(|unfit| self.bad_cell(column.at, &text, unfit))?);
        }
        Ok(())
    }

    /// The line of this row.
    pub(super) fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    /// Bytes read and bytes in all.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.reader.position().byte(), self.size_bytes)
    }

    fn check_width(&self) -> Result<(), Error> {
        let (found, expected) = (self.record.len(), self.layout.titles.len());
        if found == expected {
            return Ok(());
        }
        let problem = format!("{found} fields, and the header has {expected}");
        Err(self.bad(format!("line {}", self.line()), problem, CUT))
    }

    fn time(&mut self) -> Result<i64, Error> {
        let text = String::from_utf8_lossy(self.field(self.layout.time)).into_owned();
        self.clock.read(&text).map_err(|unclear| match unclear {
            Unclear::NoZone => Error::NoTimeZone { path: self.path.clone(), named: None },
            Unclear::NotATime => {
                let place = self.place(self.layout.time);
                self.bad(place, format!("`{text}` is no time"), TIMES)
            }
        })
    }

    fn place(&self, at: usize) -> String {
        let title = self.layout.titles.get(at).map_or("", String::as_str);
        format!("line {}, column `{title}`", self.line())
    }

    fn bad(&self, place: String, problem: String, remedy: &'static str) -> Error {
        Error::Import { path: self.path.clone(), place, problem, remedy }
    }

    fn bad_header(&self, bad: BadHeader) -> Error {
        let problem = match bad {
            BadHeader::NoTime => "no column `Time`, which a header begins with".to_owned(),
            BadHeader::Twice(title) => format!("the column `{title}` stands there twice"),
        };
        self.bad(format!("line {}", self.line()), problem, COMMAND)
    }

    fn bad_cell(&self, at: usize, text: &str, unfit: Unfit) -> Error {
        let (problem, remedy) = match unfit {
            Unfit::NotANumber => ("is no number", CUT),
            Unfit::NotWhole => ("is no whole number from 0 on", COUNTERS),
        };
        self.bad(self.place(at), format!("`{text}` {problem}"), remedy)
    }
}
