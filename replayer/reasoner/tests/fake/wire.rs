//! A reply as bytes: as one body, as a stream of events, or as a JSON array, in pieces that are
//! written one by one.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use futures_core::Stream;
use tokio::sync::mpsc;

use super::address::Address;
use super::errors::JSON;
use super::reply::{Lines, Reply, Writes};

/// The type of an event stream.
pub(crate) const EVENTS: &str = "text/event-stream";

/// A reply that is ready to go out.
pub(crate) struct Wire {
    frames: Vec<Vec<u8>>,
    writes: Writes,
    content_type: &'static str,
    /// The length that is announced. That of a stream is not.
    length: Option<usize>,
    is_cut: bool,
}

impl Wire {
    /// `frames` are those of the reply, each JSON of one line.
    pub(crate) fn new(reply: &Reply, frames: &[String], address: Address) -> Self {
        let frames: Vec<Vec<u8>> = match (address.streams, address.is_events) {
            (true, true) => events(frames, reply.lines),
            (true, false) => array(frames),
            (false, _) => frames.iter().map(|frame| frame.clone().into_bytes()).collect(),
        };
        let content_type = if address.is_events { EVENTS } else { JSON };
        let length = (!address.streams).then(|| frames.iter().map(Vec::len).sum());
        Self { frames, writes: reply.writes, content_type, length, is_cut: false }
    }

    /// The connection is closed in the middle of the last frame.
    pub(crate) fn cut(mut self) -> Self {
        if let Some(last) = self.frames.last_mut() {
            last.truncate(last.len() / 2);
        }
        Self { is_cut: true, ..self }
    }

    /// The response, with a pause behind each piece.
    pub(crate) fn response(self, pause: Duration) -> Response {
        let pieces = self.pieces();
        let mut response = Response::builder().header(CONTENT_TYPE, self.content_type);
        if let Some(length) = self.length {
            response = response.header(CONTENT_LENGTH, length);
        }
        let body = body(pieces, pause, self.is_cut);
        response.body(body).expect("the headers are plain")
    }

    /// The response byte by byte, or frame by frame where there are several.
    pub(crate) fn drip(self, pause: Duration) -> Response {
        let is_whole = self.writes == Writes::Frame && self.length.is_some();
        let writes = if is_whole { Writes::Bytes(1) } else { self.writes };
        Self { writes, ..self }.response(pause)
    }

    fn pieces(&self) -> Vec<Vec<u8>> {
        match self.writes {
            Writes::Frame => self.frames.clone(),
            Writes::All => vec![self.frames.concat()],
            Writes::Bytes(bytes) => {
                self.frames.concat().chunks(bytes.max(1)).map(<[u8]>::to_vec).collect()
            }
        }
    }
}

/// The frames as events.
fn events(frames: &[String], lines: Lines) -> Vec<Vec<u8>> {
    let mut events: Vec<String> = frames.iter().map(|frame| event(frame, lines)).collect();
    if lines == Lines::Unended
        && let Some(last) = events.last_mut()
    {
        last.truncate(last.trim_end().len());
    }
    events.into_iter().map(String::into_bytes).collect()
}

fn event(json: &str, lines: Lines) -> String {
    match lines {
        Lines::Plain | Lines::Unended => format!("data: {json}\n\n"),
        Lines::Crlf => format!("data: {json}\r\n\r\n"),
        Lines::Commented => format!(": still here\n\ndata: {json}\n\n"),
        Lines::Named => format!("event: reply\nid: 7\ndata: {json}\n\n"),
        Lines::Unspaced => format!("data:{json}\n\n"),
        Lines::SeveralData => {
            let (brace, rest) = json.split_at(1);
            format!("data: {brace}\ndata: {rest}\n\n")
        }
    }
}

/// The frames as one array, which is what a stream is that nobody asked to be events.
fn array(frames: &[String]) -> Vec<Vec<u8>> {
    let last = frames.len() - 1;
    let element = |(at, frame): (usize, &String)| {
        let before = if at == 0 { "[" } else { ",\n" };
        let after = if at == last { "]" } else { "" };
        format!("{before}{frame}{after}").into_bytes()
    };
    frames.iter().enumerate().map(element).collect()
}

/// A body that is written in these pieces, and at whose end the connection is lost if it is cut.
pub(crate) fn body(pieces: Vec<Vec<u8>>, pause: Duration, is_cut: bool) -> Body {
    // There is room for one piece: the connection writes it before it is given the next.
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        for piece in pieces {
            if sender.send(Ok(piece)).await.is_err() {
                return;
            }
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        if is_cut {
            let end = Err(io::ErrorKind::ConnectionAborted.into());
            // Nobody is left to whom the end would be news.
            sender.send(end).await.unwrap_or_default();
        }
    });
    Body::from_stream(Pieces(receiver))
}

struct Pieces(mpsc::Receiver<io::Result<Vec<u8>>>);

impl Stream for Pieces {
    type Item = io::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
