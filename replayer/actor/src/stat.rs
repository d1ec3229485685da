//! What `/proc/PID/stat` and that of a thread tell of who it is.

use std::fs;
use std::io;
use std::path::Path;

/// Fields are counted from 1; the name is the second, and may hold anything.
const STATE: usize = 3;
const PPID: usize = 4;
const START: usize = 22;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// The letter of its state.
    pub state: u8,
    /// Who made it, or has it now.
    pub ppid: u64,
    /// When it started, in clock ticks after boot.
    pub start_ticks: u64,
}

impl Stat {
    /// Of a process or a thread, by its folder.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let text = fs::read(folder.join("stat"))?;
        parse(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// It has ended, and nobody has reaped it.
    pub fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }
}

fn parse(text: &[u8]) -> Option<Stat> {
    let name_end = text.iter().rposition(|byte| *byte == b')')?;
    let rest = str::from_utf8(&text[name_end + 1..]).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - STATE).copied();
    let state = field(STATE)?.bytes().next()?;
    let number = |field: Option<&str>| field?.parse().ok();
    Some(Stat { state, ppid: number(field(PPID))?, start_ticks: number(field(START))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_fields() {
        let text = b"7 (a) Z 1 (b)) R 1 7 7 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0\n";
        assert_eq!(parse(text), Some(Stat { state: b'R', ppid: 1, start_ticks: 4711 }));
    }

    #[test]
    fn what_is_cut_short_or_none_at_all_is_told() {
        for text in [&b""[..], b"7 (a", b"7 (a) R", b"7 (a) R 1 1", b"\xff) \xff"] {
            assert_eq!(parse(text), None);
        }
    }

    #[test]
    fn this_process_is_running() {
        let own = Stat::of(Path::new("/proc/self")).unwrap();
        assert!(own.start_ticks > 0 && !own.has_ended());
    }
}
