//! A server on loopback that speaks generateContent: it refuses what the real one refuses,
//! remembers the signatures that it issued, and plays whatever a script says, faults of the
//! transport too.
//!
//! A test starts a [`Fake`] with a script, points a client to its [`url`](Fake::url), and looks at
//! what [came](Fake::requests). [`strict`] is a check of bodies of our own, which
//! [`Fake::start_strict`] runs on each.
//!
//! A test program that does not use all of it says `#[expect(dead_code, reason = "…")] mod fake;`.

mod address;
pub(crate) mod base64;
mod declared;
mod desk;
pub(crate) mod errors;
mod fields;
mod generation;
pub(crate) mod memory;
pub(crate) mod models;
mod render;
pub(crate) mod reply;
pub(crate) mod rules;
mod shape;
mod signed;
mod splice;
pub(crate) mod strict;
mod turns;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::serve::ListenerExt;
use serde_json::Value;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use desk::{Desk, Script};
pub(crate) use reply::Reply;

/// The server. It stops, and closes every connection, when it is dropped.
pub(crate) struct Fake {
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the script is told of a request that was accepted.
pub(crate) struct Asked<'a> {
    /// How many were accepted before it.
    pub(crate) number: usize,
    pub(crate) model: &'a str,
    pub(crate) streams: bool,
    /// The body as it came.
    pub(crate) body: &'a Value,
    /// The names of the declared functions.
    pub(crate) functions: &'a [String],
}

/// What the script does about it.
pub(crate) enum Answer {
    /// 200, with a candidate in most cases.
    Reply(Reply),
    /// Any response, which need not be JSON.
    Status {
        code: u16,
        body: String,
        headers: Vec<(&'static str, String)>,
        content_type: &'static str,
    },
    /// The connection is closed in the middle of the last frame.
    Truncated(Reply),
    /// Byte by byte, or frame by frame, with so long a pause behind each.
    Drip { reply: Reply, every: Duration },
    /// The connection is closed without an answer.
    Close,
    /// A body of so many bytes.
    Huge(usize),
    /// No answer for so long. Then the connection is closed.
    Stall(Duration),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    /// Names are in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Why it was refused, if it was.
    pub(crate) refusal: Option<String>,
}

impl Sent {
    /// The first header of a name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl Fake {
    /// Starts a server, which listens when this returns.
    pub(crate) fn start(script: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(Box::new(script), false)
    }

    /// The same for clients of ours: a body that [`strict`](strict::strict) refuses is refused.
    pub(crate) fn start_strict(
        script: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Box::new(script), true)
    }

    fn listen(script: Box<Script>, is_strict: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        listener.set_nonblocking(true).expect("a listener need not block");
        let address = listener.local_addr().expect("a listener has its address");
        let desk = Arc::new(Desk::new(script, is_strict));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn({
            let desk = Arc::clone(&desk);
            move || serve(listener, desk, stopped)
        });
        Self { address, desk, stop: Some(stop), thread: Some(thread) }
    }

    /// Where it listens, as `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far, in the order in which they were judged.
    pub(crate) fn requests(&self) -> Vec<Sent> {
        self.desk.sent()
    }

    /// The parts of each reply so far, in the bytes in which they went out and must come back.
    pub(crate) fn replies(&self) -> Vec<Vec<String>> {
        self.desk.replies()
    }

    /// The one API key that it takes.
    pub(crate) fn key() -> &'static str {
        address::KEY
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that failed has told so itself, and a drop may not fail.
            thread.join().unwrap_or_default();
        }
    }
}

/// Serves until the other end of `stopped` is dropped. What is not answered by then never is.
fn serve(listener: TcpListener, desk: Arc<Desk>, stopped: oneshot::Receiver<()>) {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime of one thread starts").block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener).expect("it does not block");
        // Pieces go out one by one, and wait for none of each other.
        let listener = listener.tap_io(|connection| {
            connection.set_nodelay(true).unwrap_or_default();
        });
        let answer = move |request: Request| desk::answer(Arc::clone(&desk), request);
        let router = Router::new().fallback(answer);
        tokio::spawn(axum::serve(listener, router).into_future());
        stopped.await.unwrap_or_default();
    });
}
