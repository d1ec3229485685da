//! Takes Rust source apart into code and comments, line by line.
//!
//! It knows comments, strings and character literals, which is what tells code from text. It is no
//! parser: it does not know what the code means, and expects source that compiles.

/// One line. The content of string and character literals is left out of the code.
#[derive(Default)]
pub(crate) struct Line {
    pub(crate) code: String,
    pub(crate) comment: String,
}

/// The lines of a source text, in order.
pub(crate) fn lines(source: &str) -> Vec<Line> {
    let mut lexer = Lexer { rest: source, state: State::Code, lines: vec![Line::default()] };
    while let Some(next) = lexer.rest.chars().next() {
        lexer.step(next);
    }
    lexer.lines
}

/// The numbers of the lines whose code has `needle` in it, as a word of its own at its beginning.
pub(crate) fn lines_with(source: &str, needle: &str) -> Vec<usize> {
    if !source.contains(needle) {
        return Vec::new();
    }
    let begins_there = |line: &Line, at: usize| !line.code[..at].ends_with(is_word);
    let has = |line: &Line| line.code.match_indices(needle).any(|(at, _)| begins_there(line, at));
    let numbered = (1..).zip(lines(source));
    numbered.filter(|(_, line)| has(line)).map(|(number, _)| number).collect()
}

/// Whether a character can be part of an identifier.
pub(crate) fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[derive(Clone, Copy)]
enum State {
    Code,
    LineComment,
    /// How many block comments are open: they nest.
    BlockComment(usize),
    Text,
    /// How many `#` close the string.
    RawText(usize),
}

struct Lexer<'a> {
    rest: &'a str,
    state: State,
    lines: Vec<Line>,
}

impl Lexer<'_> {
    fn step(&mut self, next: char) {
        if next == '\n' {
            self.skip(1);
            self.lines.push(Line::default());
            if matches!(self.state, State::LineComment) {
                self.state = State::Code;
            }
            return;
        }
        match self.state {
            State::Code => self.step_code(next),
            State::LineComment => self.keep_comment(next),
            State::BlockComment(depth) => self.step_block_comment(next, depth),
            State::Text => self.step_text(next),
            State::RawText(hashes) => self.step_raw_text(next, hashes),
        }
    }

    fn step_code(&mut self, next: char) {
        if self.rest.starts_with("//") {
            self.skip(2);
            self.state = State::LineComment;
        } else if self.rest.starts_with("/*") {
            self.skip(2);
            self.state = State::BlockComment(1);
        } else if let Some((length, hashes)) = raw_opening(self.rest) {
            self.skip(length);
            self.line().code.push('"');
            self.state = State::RawText(hashes);
        } else if let Some(length) = character_literal(self.rest) {
            self.skip(length);
            self.line().code.push_str("''");
        } else {
            self.skip(next.len_utf8());
            self.line().code.push(next);
            if next == '"' {
                self.state = State::Text;
            }
        }
    }

    fn step_block_comment(&mut self, next: char, depth: usize) {
        if self.rest.starts_with("/*") {
            self.skip(2);
            self.state = State::BlockComment(depth + 1);
        } else if self.rest.starts_with("*/") {
            self.skip(2);
            self.state = if depth == 1 { State::Code } else { State::BlockComment(depth - 1) };
        } else {
            self.keep_comment(next);
        }
    }

    fn step_text(&mut self, next: char) {
        self.skip(next.len_utf8());
        if next == '"' {
            self.line().code.push('"');
            self.state = State::Code;
        } else if next == '\\' {
            // The escaped character closes nothing. A line break still begins a line.
            let escaped = self.rest.chars().next().filter(|character| *character != '\n');
            self.skip(escaped.map_or(0, char::len_utf8));
        }
    }

    fn step_raw_text(&mut self, next: char, hashes: usize) {
        let closing = self.rest.strip_prefix('"').is_some_and(|after| hashes_at(after) >= hashes);
        if closing {
            self.skip(1 + hashes);
            self.line().code.push('"');
            self.state = State::Code;
        } else {
            self.skip(next.len_utf8());
        }
    }

    fn keep_comment(&mut self, next: char) {
        self.skip(next.len_utf8());
        self.line().comment.push(next);
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = &self.rest[bytes..];
    }

    fn line(&mut self) -> &mut Line {
        self.lines.last_mut().expect("there is a line from the beginning")
    }
}

fn hashes_at(text: &str) -> usize {
    text.bytes().take_while(|byte| *byte == b'#').count()
}

/// The length of the opening of a raw string that begins here, and the number of its `#`.
fn raw_opening(rest: &str) -> Option<(usize, usize)> {
    let after = rest.strip_prefix(['b', 'c']).unwrap_or(rest).strip_prefix('r')?;
    let hashes = hashes_at(after);
    let inside = after[hashes..].strip_prefix('"')?;
    Some((rest.len() - inside.len(), hashes))
}

/// The length of the character literal that begins here; a lifetime is none.
fn character_literal(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let first = inside.chars().next()?;
    if first == '\\' {
        // The escaped character itself may be a quote: the closing one comes after it.
        return rest.get(3..)?.find('\'').map(|at| at + 4);
    }
    inside[first.len_utf8()..].starts_with('\'').then_some(first.len_utf8() + 2)
}

#[test]
fn code_comments_and_text_are_told_apart() {
    let check = |source: &str, code: &str, comment: &str| {
        let found = lines(source);
        let all = |part: fn(&Line) -> &str| found.iter().map(part).collect::<Vec<_>>().join("\n");
        assert_eq!(all(|line| &line.code), code, "{source}");
        assert_eq!(all(|line| &line.comment), comment, "{source}");
    };
    check("a // b", "a ", " b");
    check("/// b\na", "\na", "/ b\n");
    check("a /* b /* c */ d\ne */ f", "a \n f", " b  c  d\ne ");
    check("a(\"// b\", c)", "a(\"\", c)", "");
    check("a(\"\\\"// b\") // c", "a(\"\") ", " c");
    check("a(\"b\\\nc\") // d", "a(\"\n\") ", "\n d");
    check("r\"\\\" // a", "\"\" ", " a");
    check("br#\"\"a\"// \"# // c", "\"\" ", " c");
    check("r#type // a", "r#type ", " a");
    check("'\"' // a", "'' ", " a");
    check("b'\\'' // a", "b'' ", " a");
    check("'\\u{22}' 'é' // a", "'' '' ", " a");
    check("<'a, 'b>() // a", "<'a, 'b>() ", " a");
}

#[test]
fn a_needle_is_found_in_code_only_and_not_within_a_word() {
    assert_eq!(lines_with("a\nmod x;\n// mod x;\n\"mod x;\"\npub mod x;\n", "mod x;"), [2, 5]);
    assert!(lines_with("premod x;", "mod x;").is_empty());
}
