//! A server on loopback that speaks chat completions: it refuses what OpenAI's refuses, keeps what
//! came, and answers as a script says, oddly and wrongly too. It streams nothing.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::request::Parts;
use axum::response::Response;
use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use super::rules::{self, Refusal};

/// Above this a body is not read.
const BODY_BYTES_MAX: usize = 20 << 20;
const PATH: &str = "/v1/chat/completions";

type Script = dyn Fn(&Asked<'_>) -> Answer + Send + Sync;

/// The server. It stops, and closes every connection, when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the script is told of a request that was accepted.
pub(crate) struct Asked<'a> {
    /// How many were accepted before it.
    pub(crate) number: usize,
    pub(crate) body: &'a Value,
}

/// What the script does about it.
#[derive(Clone)]
pub(crate) enum Answer {
    Reply(Reply),
    /// Any response, which need not be JSON.
    Status {
        code: u16,
        body: String,
        retry_after: Option<&'static str>,
    },
}

/// 200 with one choice.
#[derive(Clone)]
pub(crate) struct Reply {
    /// In the bytes in which it must come back.
    message: String,
    finish: Value,
    usage: Option<Value>,
}

/// A request as it came.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) authorization: Option<String>,
    pub(crate) text: String,
    pub(crate) body: Value,
    /// Why it was refused, if it was.
    pub(crate) refusal: Option<String>,
}

impl Reply {
    pub(crate) fn words(text: &str) -> Self {
        Self::new(&format!("\"content\": {}", Value::from(text)), "stop")
    }

    /// Each with an id, a name, and its arguments: a text, unless the server is an odd one.
    pub(crate) fn calls(calls: &[(&str, &str, Value)]) -> Self {
        let calls = calls.iter().map(|(id, name, arguments)| {
            let function = json!({"name": name, "arguments": arguments});
            json!({"id": id, "type": "function", "function": function})
        });
        let calls: Value = calls.collect();
        Self::new(&format!("\"content\": null, \"tool_calls\": {calls}"), "tool_calls")
    }

    /// A message of these fields. Its blanks show whether it comes back as it was.
    pub(crate) fn new(fields: &str, finish: &str) -> Self {
        let usage = json!({
            "prompt_tokens": 100, "completion_tokens": 30, "total_tokens": 130,
            "prompt_tokens_details": {"cached_tokens": 40},
        });
        let message = format!("{{ \"role\": \"assistant\", {fields}  }}");
        Self { message, finish: finish.into(), usage: Some(usage) }
    }

    pub(crate) fn ends(self, finish: impl Into<Value>) -> Self {
        Self { finish: finish.into(), ..self }
    }

    pub(crate) fn uses(self, usage: Option<Value>) -> Self {
        Self { usage, ..self }
    }

    pub(crate) fn body(&self, model: &Value) -> String {
        let Self { message, finish, usage } = self;
        let usage = usage.as_ref().map(|usage| format!(",\"usage\":{usage}")).unwrap_or_default();
        format!(
            "{{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,\
             \"model\":{model},\"choices\":[{{\"index\":0,\"message\":{message},\
             \"finish_reason\":{finish}}}]{usage}}}"
        )
    }
}

impl Server {
    /// Starts a server, which listens when this returns. It takes any key, and none.
    pub(crate) fn start(script: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(None, Box::new(script))
    }

    /// The same that takes one key alone.
    pub(crate) fn start_with_key(
        key: &'static str,
        script: impl Fn(&Asked<'_>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Some(key), Box::new(script))
    }

    fn listen(key: Option<&'static str>, script: Box<Script>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let desk = Arc::new(Desk { script, key, state: Mutex::default() });
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

    /// All requests so far, in their order.
    pub(crate) fn requests(&self) -> Vec<Sent> {
        self.desk.state().sent.clone()
    }

    /// The message of each reply so far.
    pub(crate) fn said(&self) -> Vec<String> {
        self.desk.state().said.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that failed has told so itself, and a drop may not fail.
            thread.join().unwrap_or_default();
        }
    }
}

/// Serves until the other end of `stopped` is dropped.
fn serve(listener: TcpListener, desk: Arc<Desk>, stopped: oneshot::Receiver<()>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let handle = move |request: Request| answer(Arc::clone(&desk), request);
        let router = Router::new().fallback(handle);
        tokio::spawn(axum::serve(listener, router).into_future());
        stopped.await.unwrap_or_default();
    });
}

async fn answer(desk: Arc<Desk>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    // One that does not come whole is taken for an empty one, which is then refused.
    let bytes = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (code, body, retry_after) = desk.answer(&head, text);
    let content_type = if body.starts_with('<') { "text/html" } else { "application/json" };
    let mut response = Response::builder().status(code).header(CONTENT_TYPE, content_type);
    if let Some(after) = retry_after {
        response = response.header(RETRY_AFTER, after);
    }
    response.body(Body::from(body)).unwrap()
}

/// Where requests arrive: each is judged, written down, and answered.
struct Desk {
    script: Box<Script>,
    key: Option<&'static str>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    said: Vec<String>,
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A status, a body, and when to come again.
    fn answer(&self, head: &Parts, text: String) -> (u16, String, Option<&'static str>) {
        let authorization = head.headers.get(AUTHORIZATION);
        let authorization = authorization.map(|value| value.to_str().unwrap().to_owned());
        let body: Value = serde_json::from_str(&text).unwrap_or_default();
        let mut state = self.state();
        let number = state.sent.iter().filter(|sent| sent.refusal.is_none()).count();
        let judged = self.judge(head, authorization.as_deref(), &body, &state.said);
        let refusal = judged.as_ref().err().map(|refusal| refusal.message.clone());
        state.sent.push(Sent { authorization, text, body: body.clone(), refusal });
        if let Err(refusal) = judged {
            return (refusal.status, refusal.body(), None);
        }
        match (self.script)(&Asked { number, body: &body }) {
            Answer::Reply(reply) => {
                let text = reply.body(&body["model"]);
                state.said.push(reply.message);
                (200, text, None)
            }
            Answer::Status { code, body, retry_after } => (code, body, retry_after),
        }
    }

    fn judge(
        &self,
        head: &Parts,
        authorization: Option<&str>,
        body: &Value,
        said: &[String],
    ) -> Result<(), Refusal> {
        if head.method != "POST" || head.uri.path() != PATH {
            return Err(Refusal { status: 404, ..Refusal::of("", "there is nothing here") });
        }
        if self.key.is_some_and(|key| authorization != Some(format!("Bearer {key}").as_str())) {
            return Err(Refusal { status: 401, ..Refusal::of("", "this is not the key") });
        }
        rules::check(body, said)
    }
}
