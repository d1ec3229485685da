//! What a script lets the model say.

use serde_json::{Value, json};

use super::splice::with_field;

/// A reply that is built up: `Reply::new().text("so").call("look", json!({}))`. Unless told
/// otherwise it ends by `STOP`, its first call is signed, and a stream has one part a frame.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(super) parts: Vec<Part>,
    pub(super) shell: Shell,
    pub(super) is_unsigned: bool,
    pub(super) finish: Option<String>,
    pub(super) finish_message: Option<String>,
    pub(super) continues: bool,
    pub(super) usage: Option<Usage>,
    pub(super) version: Option<String>,
    pub(super) block: Option<String>,
    pub(super) candidate_fields: Vec<(&'static str, Value)>,
    pub(super) top_fields: Vec<(&'static str, Value)>,
    pub(super) error: Option<String>,
    pub(super) lines: Lines,
    pub(super) writes: Writes,
}

/// A part as JSON of one line.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) json: String,
    /// Whether it is signed although it is no call.
    pub(super) is_signed: bool,
}

/// What there is where a reply has no parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shell {
    /// No field `candidates`.
    NoCandidates,
    /// `candidates: []`
    EmptyCandidates,
    /// A candidate without a field `content`.
    NoContent,
    /// A content without a field `parts`.
    NoParts,
    /// `parts: []`
    EmptyParts,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) prompt: u64,
    pub(crate) cached: u64,
    pub(crate) candidates: u64,
    pub(crate) thoughts: u64,
}

/// How the lines of an event stream are written. Both official clients read `Plain` and `Crlf`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    Plain,
    Crlf,
    /// A comment stands before each event.
    Commented,
    /// Each event has a name and a number.
    Named,
    /// No blank behind `data:`.
    Unspaced,
    /// Two lines of data an event.
    SeveralData,
    /// Nothing ends the last line.
    Unended,
}

/// What is written to the connection at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writes {
    /// A frame. A reply that is not streamed is one frame.
    Frame,
    /// Everything.
    All,
    /// So many bytes, wherever that cuts.
    Bytes(usize),
}

impl Reply {
    pub(crate) fn new() -> Self {
        Self {
            parts: Vec::new(),
            shell: Shell::NoParts,
            is_unsigned: false,
            finish: Some("STOP".to_owned()),
            finish_message: None,
            continues: false,
            usage: Some(Usage { prompt: 100, cached: 0, candidates: 10, thoughts: 20 }),
            version: None,
            block: None,
            candidate_fields: Vec::new(),
            top_fields: Vec::new(),
            error: None,
            lines: Lines::Plain,
            writes: Writes::Frame,
        }
    }

    /// The prompt was blocked: there is no candidate, and nothing was generated.
    pub(crate) fn blocked(reason: &str) -> Self {
        let usage = Some(Usage { prompt: 100, cached: 0, candidates: 0, thoughts: 0 });
        let block = Some(reason.to_owned());
        Self { usage, block, ..Self::new().hollow(Shell::NoCandidates) }
    }

    pub(crate) fn text(self, text: &str) -> Self {
        self.raw(&json!({"text": text}).to_string())
    }

    /// A summary of what the model thought.
    pub(crate) fn thought(self, text: &str) -> Self {
        self.raw(&json!({"text": text, "thought": true}).to_string())
    }

    /// A text with a signature. An empty one at the end is what a stream may bring it in.
    pub(crate) fn signed_text(mut self, text: &str) -> Self {
        let json = json!({"text": text}).to_string();
        self.parts.push(Part { json, is_signed: true });
        self
    }

    pub(crate) fn call(self, name: &str, args: &Value) -> Self {
        self.raw(&json!({"functionCall": {"name": name, "args": args}}).to_string())
    }

    pub(crate) fn call_with_id(self, id: &str, name: &str, args: &Value) -> Self {
        self.raw(&json!({"functionCall": {"id": id, "name": name, "args": args}}).to_string())
    }

    pub(crate) fn call_without_args(self, name: &str) -> Self {
        self.raw(&json!({"functionCall": {"name": name}}).to_string())
    }

    /// A part in these very bytes, an object of one line.
    pub(crate) fn raw(mut self, json: &str) -> Self {
        assert!(!json.contains(['\n', '\r']), "a frame of a stream is one line");
        self.parts.push(Part { json: json.to_owned(), is_signed: false });
        self
    }

    /// One more field of the last part.
    pub(crate) fn part_field(mut self, name: &str, value: &Value) -> Self {
        let last = self.parts.last_mut().expect("a part comes before its field");
        last.json = with_field(&last.json, name, value);
        self
    }

    pub(crate) fn candidate_field(mut self, name: &'static str, value: Value) -> Self {
        self.candidate_fields.push((name, value));
        self
    }

    pub(crate) fn top_field(mut self, name: &'static str, value: Value) -> Self {
        self.top_fields.push((name, value));
        self
    }

    /// What there is without parts.
    pub(crate) fn hollow(self, shell: Shell) -> Self {
        Self { shell, ..self }
    }

    /// No call is signed.
    pub(crate) fn unsigned(self) -> Self {
        Self { is_unsigned: true, ..self }
    }

    pub(crate) fn finish(self, reason: &str) -> Self {
        Self { finish: Some(reason.to_owned()), ..self }
    }

    pub(crate) fn unfinished(self) -> Self {
        Self { finish: None, ..self }
    }

    pub(crate) fn finish_message(self, message: &str) -> Self {
        Self { finish_message: Some(message.to_owned()), ..self }
    }

    /// It is not the whole: it ends by `CONTINUATION` and brings a token to go on by.
    pub(crate) fn continues(self) -> Self {
        Self { continues: true, ..self.finish("CONTINUATION") }
    }

    pub(crate) fn usage(self, usage: Option<Usage>) -> Self {
        Self { usage, ..self }
    }

    /// The version that it is from, where that is not the model's name.
    pub(crate) fn version(self, version: &str) -> Self {
        Self { version: Some(version.to_owned()), ..self }
    }

    /// The last frame is an error instead of the end, in a stream.
    pub(crate) fn error(self, json: &str) -> Self {
        Self { error: Some(json.to_owned()), ..self }
    }

    pub(crate) fn lines(self, lines: Lines) -> Self {
        Self { lines, ..self }
    }

    pub(crate) fn writes(self, writes: Writes) -> Self {
        Self { writes, ..self }
    }
}
