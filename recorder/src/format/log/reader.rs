//! Reads a log from its beginning, over what is damaged.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use ks_vocabulary::input::{Body, Input, SCHEMA_VERSION, SchemaVersion};

use super::decoder::Decoder;
use super::{HEADER_BYTES, LARGEST_PAYLOAD, MAGIC};
use crate::error::Error;
use crate::format::frame::{MARK_BEGIN, is_independent, mark_version};

/// Bytes looked through at once for the next mark.
const SEARCH_BYTES: usize = 1 << 20;
/// More than the frame of any mark: its header, how it begins, and two numbers.
const MARK_FRAME_BYTES: usize = HEADER_BYTES + MARK_BEGIN.len() + 2 * 10;

/// Bytes of a log that are not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDamage {
    /// Where they begin.
    pub offset: u64,
    /// What is wrong with them.
    pub problem: &'static str,
}

/// Bytes read of the file at a time.
const BUFFER_BYTES: usize = 256 * 1024;
/// Searching behind damage may read the log so many times over, and so much in any case.
const SEARCH_FACTOR: u64 = 64;
const SEARCH_FLOOR_BYTES: u64 = 1 << 30;

/// Reads the inputs of a log.
#[derive(Debug)]
pub struct LogReader {
    path: PathBuf,
    file: BufReader<File>,
    decoder: Decoder,
    payload: Vec<u8>,
    offset: u64,
    torn_bytes: u64,
    /// Frames are taken as they come. Behind damage only one that depends on none before is.
    in_step: bool,
    damage: Option<LogDamage>,
    /// Room for what is searched for a mark.
    searched: Vec<u8>,
    /// Bytes that were read in search of what is behind damage, at the most.
    sought_bytes: u64,
}

/// What stands at a place of the log.
enum Found {
    /// A frame of this many bytes, whose payload is right.
    Frame(u64),
    /// The log ends here, perhaps in a frame of which so many bytes were written.
    End(u64),
    /// Something else, which is as long as this if its own length is right.
    Damage(&'static str, Option<u64>),
}

/// What became of a frame.
enum Taken {
    /// It is the decoder's last input.
    Input,
    /// It holds no input, or one that cannot be read without what is lost.
    Passed,
    /// Its payload makes no sense.
    Nonsense,
}

impl LogReader {
    /// Opens the log at `path`.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let mut reader = Self {
            path: path.to_owned(),
            file: BufReader::with_capacity(BUFFER_BYTES, file),
            decoder: Decoder::default(),
            payload: Vec::new(),
            offset: 0,
            torn_bytes: 0,
            in_step: true,
            damage: None,
            searched: Vec::new(),
            sought_bytes: 0,
        };
        let mut magic = [0; MAGIC.len()];
        let taken = reader.fill(&mut magic)?;
        if taken == MAGIC.len() && magic == *MAGIC {
            reader.go_to(MAGIC.len() as u64)?;
            return Ok(reader);
        }
        // Killed, or crashed, between creating the file and its first write: an empty recording.
        reader.torn_bytes = reader.zeros_from(0)?.unwrap_or(0);
        let is_empty = taken == 0 || reader.torn_bytes > 0;
        let length = Some(MAGIC.len() as u64);
        if !is_empty && !reader.skip("it does not begin as a KernelSight log", length)? {
            return Err(Error::NotARecording {
                path: path.to_owned(),
                problem: "it does not begin as a KernelSight log".into(),
            });
        }
        Ok(reader)
    }

    /// The next input, or `None` at the end. Where bytes before it were left out,
    /// [`LogReader::take_damage`] says so.
    #[expect(clippy::should_implement_trait, reason = "the input is lent, which Iterator cannot")]
    pub fn next(&mut self) -> Result<Option<&Input>, Error> {
        loop {
            match self.read_frame()? {
                Found::Frame(bytes) => match self.take_frame()? {
                    Taken::Input => {
                        self.offset += bytes;
                        return Ok(Some(self.decoder.last()));
                    }
                    Taken::Passed => self.offset += bytes,
                    Taken::Nonsense => {
                        if !self.skip("a frame that cannot be decoded", Some(bytes))? {
                            return Ok(None);
                        }
                    }
                },
                Found::End(bytes) => {
                    self.torn_bytes = bytes;
                    // What is written to the log later is read by the next call.
                    self.seek(self.offset)?;
                    return Ok(None);
                }
                Found::Damage(problem, length) => {
                    if !self.skip(problem, length)? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// The input returned last.
    pub fn last(&self) -> &Input {
        self.decoder.last()
    }

    /// Where the next frame is.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of a torn frame at the end.
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// What was left out since the last call.
    pub fn take_damage(&mut self) -> Option<LogDamage> {
        self.damage.take()
    }

    fn take_frame(&mut self) -> Result<Taken, Error> {
        if let Some(version) = mark_version(&self.payload) {
            self.check_version(version)?;
            if !self.in_step {
                self.decoder.memory.set_version(version);
            }
            return Ok(Taken::Passed);
        }
        if !self.in_step && !is_independent(&self.payload) {
            return Ok(Taken::Passed);
        }
        if self.decoder.decode(&self.payload).is_none() {
            return Ok(Taken::Nonsense);
        }
        if let Body::Start(start) = &self.decoder.last().body {
            self.check_version(start.schema)?;
        }
        self.in_step = true;
        Ok(Taken::Input)
    }

    /// Leaves out what stands at the offset, and goes to where a frame can be read again; false
    /// where none follows.
    fn skip(&mut self, problem: &'static str, length: Option<u64>) -> Result<bool, Error> {
        let offset = self.offset;
        self.damage.get_or_insert(LogDamage { offset, problem });
        self.in_step = false;
        if self.is_hopeless()? {
            return Ok(false);
        }
        if let Some(length) = length {
            self.go_to(offset + length)?;
            if matches!(self.read_frame()?, Found::Frame(_) | Found::End(0)) {
                self.go_to(offset + length)?;
                return Ok(true);
            }
        }
        let mark = self.find_mark(offset + 1)?;
        if let Some(mark) = mark {
            self.go_to(mark)?;
        }
        Ok(mark.is_some())
    }

    /// Whether looking behind damage has cost so much that the log was made to cost it: a frame may
    /// claim to be long at each of many marks. What honest damage costs is far below.
    fn is_hopeless(&mut self) -> Result<bool, Error> {
        let file = self.file.get_ref().metadata();
        let file = file.map_err(|error| Error::io("read", &self.path, error))?;
        self.sought_bytes += (2 * BUFFER_BYTES + SEARCH_BYTES + 2 * self.payload.len()) as u64;
        let most_bytes =
            SEARCH_FACTOR.saturating_mul(file.len()).saturating_add(SEARCH_FLOOR_BYTES);
        Ok(self.sought_bytes > most_bytes)
    }

    /// Reads what stands at the offset.
    fn read_frame(&mut self) -> Result<Found, Error> {
        let mut header = [0; HEADER_BYTES];
        let taken = self.fill(&mut header)?;
        if taken < HEADER_BYTES {
            return Ok(Found::End(taken as u64));
        }
        let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let crc = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let bytes = HEADER_BYTES as u64 + u64::from(length);
        if length == 0 {
            // No frame is empty; a file that was longer than its data when the machine crashed
            // ends in zeros.
            let zeros = self.zeros_from(self.offset)?;
            return Ok(zeros.map_or(Found::Damage("an empty frame", Some(bytes)), Found::End));
        }
        if length > LARGEST_PAYLOAD {
            return Ok(Found::Damage("a frame of impossible length", None));
        }
        // Memory for a length that is wrong is not taken at once.
        self.payload.clear();
        let reading = self.file.by_ref().take(u64::from(length));
        let read = { reading }.read_to_end(&mut self.payload);
        let read = read.map_err(|error| Error::io("read", &self.path, error))? as u64;
        if read < u64::from(length) {
            // The length is wrong, or the frame was being written.
            let follows = self.find_mark(self.offset + 1)?.is_some();
            let torn = Found::End(HEADER_BYTES as u64 + read);
            return Ok(if follows { Found::Damage("a frame beyond the end", None) } else { torn });
        }
        if crc32fast::hash(&self.payload) != crc {
            return Ok(Found::Damage("checksum mismatch", Some(bytes)));
        }
        Ok(Found::Frame(bytes))
    }

    /// Where the first mark from `from` on begins: one whose frame is right, which is seen in the
    /// bytes at hand, so that what only looks like one costs nothing.
    fn find_mark(&mut self, from: u64) -> Result<Option<u64>, Error> {
        let mut buffer = std::mem::take(&mut self.searched);
        buffer.resize(SEARCH_BYTES, 0);
        let mut at = from;
        let found = loop {
            self.seek(at)?;
            let filled = self.fill(&mut buffer)?;
            if let Some(place) = mark_in(&buffer[..filled]) {
                break Some(at + place as u64);
            }
            if filled < buffer.len() {
                break None;
            }
            at += (filled - MARK_FRAME_BYTES) as u64;
        };
        self.searched = buffer;
        Ok(found)
    }

    /// How many bytes there are from `from` on, if all of them are zero and there is one.
    fn zeros_from(&mut self, from: u64) -> Result<Option<u64>, Error> {
        self.seek(from)?;
        let mut buffer = vec![0; 64 * 1024];
        let mut zeros = 0;
        loop {
            let filled = self.fill(&mut buffer)?;
            if buffer[..filled].iter().any(|byte| *byte != 0) {
                return Ok(None);
            }
            zeros += filled as u64;
            if filled < buffer.len() {
                return Ok(Some(zeros).filter(|zeros| *zeros > 0));
            }
        }
    }

    /// The layout of a log's rows can change with a minor version, unlike that of Parquet columns,
    /// which have names.
    fn check_version(&self, found: SchemaVersion) -> Result<(), Error> {
        if found > SCHEMA_VERSION {
            return Err(Error::Newer { path: self.path.clone(), found, known: SCHEMA_VERSION });
        }
        Ok(())
    }

    fn go_to(&mut self, offset: u64) -> Result<(), Error> {
        self.offset = offset;
        self.seek(offset)
    }

    fn seek(&mut self, offset: u64) -> Result<(), Error> {
        let sought = self.file.seek(SeekFrom::Start(offset));
        sought.map(|_| ()).map_err(|error| Error::io("read", &self.path, error))
    }

    fn fill(&mut self, into: &mut [u8]) -> Result<usize, Error> {
        let mut filled = 0;
        while filled < into.len() {
            match self.file.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("read", &self.path, error)),
            }
        }
        Ok(filled)
    }
}

/// Where in `bytes` a mark's frame begins that is whole and right.
fn mark_in(bytes: &[u8]) -> Option<usize> {
    let begins = bytes.windows(MARK_BEGIN.len()).enumerate();
    let begins = begins.filter(|(_, window)| *window == MARK_BEGIN);
    begins.filter_map(|(at, _)| at.checked_sub(HEADER_BYTES)).find(|at| {
        let (header, rest) = bytes[*at..].split_at(HEADER_BYTES);
        let length = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
        let crc = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let payload = usize::try_from(length).ok().and_then(|length| rest.get(..length));
        let payload = payload.filter(|payload| payload.len() <= MARK_FRAME_BYTES);
        payload.is_some_and(|payload| crc32fast::hash(payload) == crc)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::frame::put_mark;

    fn frame(payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap();
        let header = [length.to_le_bytes(), crc32fast::hash(payload).to_le_bytes()];
        [header.as_flattened(), payload].concat()
    }

    /// At each of thousands of marks stands a frame that claims to be long: reading all that they
    /// claim would take hours.
    #[test]
    fn a_log_that_is_made_to_cost_much_is_given_up() {
        let mut payload = Vec::new();
        put_mark(&mut payload, SCHEMA_VERSION);
        let mark = frame(&payload);
        let claims = [(8u32 << 20).to_le_bytes(), [7; 4]].concat();
        let mut log = MAGIC.to_vec();
        while log.len() < 12 << 20 {
            log.extend_from_slice(&mark);
            log.extend_from_slice(&claims);
        }
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), &log).unwrap();
        let mut reader = LogReader::open(path.path()).unwrap();
        assert!(reader.next().unwrap().is_none());
        assert!(reader.take_damage().is_some());
        let most_bytes = SEARCH_FACTOR * log.len() as u64 + SEARCH_FLOOR_BYTES;
        assert!(reader.sought_bytes < 2 * most_bytes, "{}", reader.sought_bytes);
    }

    /// What only looks like a mark is passed over where it stands: to read on from each of them
    /// would cost a search for every one.
    #[test]
    fn only_a_mark_whose_frame_is_right_is_found() {
        let mut payload = Vec::new();
        put_mark(&mut payload, SCHEMA_VERSION);
        let mark = frame(&payload);
        assert!(mark.len() <= MARK_FRAME_BYTES);
        let lies = [[0xff; HEADER_BYTES].as_slice(), &MARK_BEGIN].concat().repeat(1000);
        assert_eq!(mark_in(&lies), None);
        assert_eq!(mark_in(&[lies.as_slice(), &mark, b"more"].concat()), Some(lies.len()));
        let mut flipped = mark.clone();
        *flipped.last_mut().unwrap() ^= 1;
        assert_eq!(mark_in(&flipped), None);
        assert_eq!(mark_in(&mark[..mark.len() - 1]), None, "the next piece has all of it");
        let long = frame(&[payload.as_slice(), &[0; MARK_FRAME_BYTES]].concat());
        assert_eq!(mark_in(&long), None, "no mark is so long");
    }
}
