//! `ks dump`: rates and values of a recording, as `sar` prints them.

mod aligned;
mod lines;

use std::io::{self, Write};

use ks_recorder::format::damage::Damage;
use ks_recorder::format::recording::Reader;
use ks_replayer::moment::Moment;
use ks_replayer::selection::{Table, select};
use ks_replayer::tabulation::{Row, Tabulation, Wanted};
use ks_vocabulary::time::WallTime;

use crate::cli;
use crate::render;
use crate::stdout;

/// Writes the rows of one table at one tick.
trait Form {
    fn rows(
        &mut self,
        at: WallTime,
        table: &Table,
        rows: &[Row],
        out: &mut dyn Write,
    ) -> io::Result<()>;
}

pub(crate) fn run(arguments: &cli::Dump) -> anyhow::Result<()> {
    stdout::unless_closed(dump(arguments, &mut stdout::stream()))
}

fn dump(arguments: &cli::Dump, out: &mut dyn Write) -> anyhow::Result<()> {
    let tables = select(&arguments.columns, arguments.raw);
    let mut passes = Passes { arguments, rows: 0, torn_bytes: 0, damages: Vec::new() };
    match arguments.format {
        cli::DumpFormat::Table => {
            // People read one table after the other. A pass for each asks for no memory.
            for table in tables {
                let mut form = aligned::Aligned::new(passes.rows > 0);
                passes.run(vec![table], &mut form, out)?;
            }
        }
        cli::DumpFormat::Csv => {
            out.write_all(lines::CSV_HEADER.as_bytes())?;
            passes.run(tables, &mut lines::Csv, out)?;
        }
        cli::DumpFormat::Json => passes.run(tables, &mut lines::Json, out)?,
    }
    out.flush()?;
    passes.note();
    Ok(())
}

/// Rates at the first moment need a reading before it: no source is read less often than this.
const LEAD_NS: i64 = 300_000_000_000;

/// Readings of the recording from beginning to end.
struct Passes<'a> {
    arguments: &'a cli::Dump,
    /// Rows written.
    rows: usize,
    torn_bytes: u64,
    damages: Vec<Damage>,
}

impl Passes<'_> {
    fn run(
        &mut self,
        tables: Vec<Table>,
        form: &mut dyn Form,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let cli::Dump { path, from, to, top, .. } = self.arguments;
        let mut reader = Reader::open(std::slice::from_ref(path))?;
        let begin = reader.begin();
        // What is skipped is no beginning to count from.
        let resolved = |moment: &Moment| begin.map_or(*moment, |at| Moment::At(moment.resolve(at)));
        let (from, to) = (from.as_ref().map(resolved), to.as_ref().map(resolved));
        if let Some(Moment::At(from)) = from {
            reader.skip_before(WallTime(from.0.saturating_sub(LEAD_NS)));
        }
        let wanted = Wanted { tables, from, to, top: *top };
        let mut tabulation = Tabulation::new(wanted);
        let written = &mut self.rows;
        while let Some(input) = reader.next()? {
            let goes_on = tabulation.input(input, &mut |at, table, rows| {
                *written += rows.len();
                form.rows(at, table, rows, out)
            })?;
            if !goes_on {
                break;
            }
        }
        self.torn_bytes = reader.torn_bytes();
        self.damages = reader.damages().to_vec();
        Ok(())
    }

    fn note(&self) {
        if self.rows == 0 {
            render::note(
                "no row: the recording has no value of these columns in this time \
                 (`ks inspect` tells its span and sources)",
            );
        }
        render::left_out(self.torn_bytes, &self.damages);
    }
}
