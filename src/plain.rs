//! What people see: names of hosts, files and processes come from outside, and nothing in them
//! moves a cursor, turns text around, hides, or begins a line of its own.
//!
//! Text for people is a [`Page`], which takes it line by line, so that who writes a report need not
//! know which of its words are names. Output for programs does not pass here.

use std::fmt::{Display, Write};

/// Characters that show nothing of themselves: controls, and from the table of Unicode those of
/// `Default_Ignorable_Code_Point`, the separators of lines and paragraphs, and the format controls
/// that are not ignorable (`DerivedCoreProperties.txt` and `UnicodeData.txt`). Format controls that
/// are drawn, such as the Arabic number sign, are not among them.
const UNSEEN: [(char, char); 23] = [
    ('\0', '\u{1f}'),
    ('\u{7f}', '\u{9f}'),
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// Lines for people.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// A page of one line.
    pub(crate) fn of(words: impl Display) -> Self {
        let mut page = Self::default();
        page.line(words);
        page
    }

    /// Adds one line, whatever its words hold.
    pub(crate) fn line(&mut self, words: impl Display) {
        self.0 += &line(words);
        self.0.push('\n');
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) {
        self.0.push('\n');
    }

    /// Adds a text that has lines and tabs of its own, such as a file.
    pub(crate) fn text(&mut self, text: &str) {
        for one in text.lines() {
            self.0 += &one.split('\t').map(line).collect::<Vec<_>>().join("\t");
            self.0.push('\n');
        }
    }

    /// How many lines there are.
    pub(crate) fn line_count(&self) -> usize {
        self.0.lines().count()
    }

    /// The lines, as they may be printed.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Words as a part of one line.
pub(crate) fn line(words: impl Display) -> String {
    let words = words.to_string();
    let mut shown = String::with_capacity(words.len());
    for symbol in words.chars() {
        if is_unseen(symbol) {
            let _ = write!(shown, "{}", symbol.escape_unicode());
        } else {
            shown.push(symbol);
        }
    }
    shown
}

/// Words without what is not seen of them, as programs may read them.
pub(crate) fn without_unseen(words: &str) -> String {
    words.chars().filter(|symbol| !is_unseen(*symbol)).collect()
}

fn is_unseen(symbol: char) -> bool {
    UNSEEN.iter().any(|(first, last)| (*first..=*last).contains(&symbol))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_turns_hides_or_breaks_is_written_out() {
        let check = |words: &str, expected: &str| assert_eq!(line(words), expected);
        check("a\x1b[2Jb\x07\x7f\u{9b}31m", r"a\u{1b}[2Jb\u{7}\u{7f}\u{9b}31m");
        check("a\nerror: b\r\t\0", r"a\u{a}error: b\u{d}\u{9}\u{0}");
        let turning = "\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}";
        let escapes = r"\u{202a}\u{202e}\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}";
        check(turning, escapes);
        check("\u{2028}\u{2029}\u{85}", r"\u{2028}\u{2029}\u{85}");
        check("\u{200b}\u{feff}\u{ad}\u{e0041}", r"\u{200b}\u{feff}\u{ad}\u{e0041}");
    }

    #[test]
    fn what_is_seen_stays_as_it_is() {
        for words in ["", "web-1 `a b` \\x2d \"'", "größe Größe 主机 е́ ✓", "\u{fffd} │ ░▒█─·└"]
        {
            assert_eq!(line(words), words);
        }
    }

    #[test]
    fn a_page_has_the_lines_that_it_was_given() {
        let mut page = Page::default();
        page.line(format_args!("1 tick of {}", "web\n2 ticks of db"));
        page.gap();
        page.text("a = 1\r\n\tb = \"\x1b\r\"");
        let expected = "1 tick of web\\u{a}2 ticks of db\n\na = 1\n\tb = \"\\u{1b}\\u{d}\"\n";
        assert_eq!(page.as_str(), expected);
    }
}
