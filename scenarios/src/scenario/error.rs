//! What is wrong with a scenario file, and where.

/// Why a scenario cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}:{column}: {problem}")]
pub struct ScenarioError {
    path: String,
    line: usize,
    column: usize,
    problem: String,
}

impl ScenarioError {
    /// What the parser found.
    pub fn syntax(path: &str, text: &str, error: &toml::de::Error) -> Self {
        let at = error.span().map_or(0, |span| span.start);
        let problem = match error.message() {
            "u64 value was too large" => format!("a number of TOML is at most {}", i64::MAX),
            other => other.to_owned(),
        };
        Self::at(path, text, at, problem)
    }

    /// Bytes that are no UTF-8, which TOML is written in.
    pub fn not_text(path: &str, bytes: &[u8], error: std::str::Utf8Error) -> Self {
        let good = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        Self::at(path, &good, good.len(), "this is no text: a scenario is TOML in UTF-8".to_owned())
    }

    pub(super) fn at(path: &str, text: &str, offset: usize, problem: String) -> Self {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |begin| begin.chars().count()) + 1;
        Self { path: path.to_owned(), line, column, problem }
    }
}

/// What does not make sense, and the word by which it is found in the file.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) word: String,
    /// Which table of that kind, from 0; the first `word` after it is meant.
    pub(super) after: Option<(&'static str, usize)>,
    pub(super) text: String,
}

impl Problem {
    pub(super) fn new(word: &str, text: String) -> Self {
        Self { word: word.to_owned(), after: None, text }
    }

    pub(super) fn of(table: &'static str, at: usize, word: &str, text: String) -> Self {
        Self { word: word.to_owned(), after: Some((table, at)), text }
    }

    pub(super) fn located(self, path: &str, text: &str) -> ScenarioError {
        let begin = self.after.and_then(|(table, at)| {
            text.match_indices(&format!("[[{table}]]")).nth(at).map(|found| found.0)
        });
        let begin = begin.unwrap_or(0);
        let offset = text[begin..].find(&self.word).map_or(begin, |found| begin + found);
        ScenarioError::at(path, text, offset, self.text)
    }
}
