//! A client that sends what it is told and shows what it gets, byte by byte.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::fake::Fake;

/// After so long without a byte a test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const UNARY: &str = "/v1beta/models/gemini-3.8-flash:generateContent";
pub(crate) const STREAM: &str = "/v1/models/gemini-3.8-flash:streamGenerateContent?alt=sse";

/// A response.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    /// All lines before the body, in lower case.
    head: String,
    /// What came in one chunk; a body with a length is one.
    pub(crate) chunks: Vec<Vec<u8>>,
    /// Whether the body came to its end.
    pub(crate) is_whole: bool,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.chunks.concat()).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).expect("the body is JSON")
    }

    /// The data of each event of a stream that is written plainly.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.text().replace("\r\n", "\n");
        let events = text.strip_suffix("\n\n").expect("an empty line ends an event").split("\n\n");
        let data = events.map(|event| event.strip_prefix("data: ").expect("an event is data"));
        data.map(|data| serde_json::from_str(data).expect("data is JSON")).collect()
    }

    /// The message of an error.
    pub(crate) fn message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// Posts a body with the right key. There is nothing where the connection is closed instead.
pub(crate) fn post(fake: &Fake, path: &str, body: &Value) -> Option<Heard> {
    send(fake, &format!("POST {path}"), &right_headers(), &body.to_string())
}

/// The key and the type that the server takes.
pub(crate) fn right_headers() -> [(&'static str, &'static str); 2] {
    [("x-goog-api-key", Fake::key()), ("content-type", "application/json")]
}

/// Sends any request, and waits for what comes.
pub(crate) fn send(
    fake: &Fake,
    request: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<Heard> {
    wait(ask(fake, request, headers, body))
}

/// Sends any request.
pub(crate) fn ask(fake: &Fake, request: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
    let url = fake.url();
    let host = url.strip_prefix("http://").expect("it speaks HTTP");
    let mut connection = TcpStream::connect(host).expect("it listens");
    connection.set_read_timeout(Some(PATIENCE)).expect("a time is set");
    let mut text = format!("{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    connection.write_all(text.as_bytes()).expect("it reads");
    connection
}

/// Waits until the connection is closed.
pub(crate) fn wait(mut connection: TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    match connection.read_to_end(&mut bytes) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    (!bytes.is_empty()).then(|| heard(&bytes))
}

fn heard(bytes: &[u8]) -> Heard {
    let end = position(bytes, b"\r\n\r\n").expect("a head has its end");
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    let rest = &bytes[end + 4..];
    let mut heard =
        Heard { status: status.expect("a status"), head, chunks: vec![], is_whole: false };
    if heard.header("transfer-encoding") == Some("chunked") {
        (heard.chunks, heard.is_whole) = chunks(rest);
    } else {
        let length = heard.header("content-length").and_then(|length| length.parse().ok());
        heard.is_whole = length == Some(rest.len());
        heard.chunks.push(rest.to_vec());
    }
    heard
}

/// The chunks, and whether the last one came.
fn chunks(mut rest: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut chunks = Vec::new();
    loop {
        let Some(line) = position(rest, b"\r\n") else { return (chunks, false) };
        let size = std::str::from_utf8(&rest[..line]).expect("a size is text");
        let size = usize::from_str_radix(size, 16).expect("a size is hexadecimal");
        if size == 0 {
            return (chunks, true);
        }
        let begin = line + 2;
        let Some(chunk) = rest.get(begin..begin + size) else { return (chunks, false) };
        chunks.push(chunk.to_vec());
        rest = rest.get(begin + size + 2..).unwrap_or_default();
    }
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|found| found == wanted)
}
