//! One attempt at a request over HTTP: what it may take is bounded by hand, nothing is followed
//! anywhere else, and what broke it off is told without an address or a key.

use std::error::Error as _;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, Url};

use crate::exchange::Attempt;
use crate::json::BODY_BYTES_MAX;
use crate::key::Key;
use crate::wire::Wire;
use crate::{Failure, clock};

/// Until the server is reached.
const CONNECT: Duration = Duration::from_secs(10);

/// Where requests go.
#[derive(Debug)]
pub(crate) struct Transport {
    client: Client,
    base: String,
    key: Option<(HeaderName, HeaderValue)>,
    secret: Option<Key>,
}

impl Transport {
    /// `address` is where the server is.
    pub(crate) fn new(address: &str, key: Option<Key>, wire: Wire) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::Network(format!("`base_url` {why}"));
        let url = Url::parse(address).map_err(|_| wrong("is no address of a server"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("begins with http:// or https://"));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
            return Err(wrong(
                "has no user, password or query: a key goes into a variable or file",
            ));
        }
        let is_here = is_loopback(&url);
        if url.scheme() == "http" && key.is_some() && !is_here {
            return Err(wrong("sends the key unencrypted: https:// is needed beyond this host"));
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .user_agent(concat!("kernelsight/", env!("CARGO_PKG_VERSION")));
        // A model on this host is behind no proxy, whatever the environment says of others; and
        // `NO_PROXY=*` means all of them, which the library does not take of addresses.
        if is_here || no_proxy() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| Failure::Network(reason(&error)))?;
        let header = |key: &Key| match wire {
            Wire::Gemini => Some((HeaderName::from_static("x-goog-api-key"), key.header("")?)),
            Wire::Openai => {
                Some((HeaderName::from_static("authorization"), key.header("Bearer ")?))
            }
        };
        let named = key.as_ref().and_then(header);
        Ok(Self { client, base: address.to_owned(), key: named, secret: key })
    }

    /// Makes the request once, within a time.
    pub(crate) async fn post(&self, path: &str, json: &str, within: Duration) -> Attempt {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some((name, value)) = &self.key {
            headers.insert(name, value.clone());
        }
        let url = format!("{}{path}", self.base);
        let sent = self.client.post(url).headers(headers).body(json.to_owned()).send();
        let mut attempt = Attempt::default();
        let taken = tokio::time::timeout(within, async {
            match sent.await {
                Ok(response) => take(response, &mut attempt).await,
                Err(error) => attempt.error = Some(reason(&error)),
            }
        });
        if taken.await.is_err() {
            attempt.error = Some(format!("nothing more came within {} s", clock::seconds(within)));
        }
        if let Some(key) = &self.secret {
            attempt.body = key.scrub(&attempt.body);
            attempt.error = attempt.error.map(|error| key.scrub(&error));
        }
        attempt
    }
}

/// Takes a body piece by piece: one that is too long, or never ends, is not gathered.
async fn take(mut response: Response, attempt: &mut Attempt) {
    attempt.status = Some(response.status().as_u16());
    let after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    attempt.retry_after = after.map(ToOwned::to_owned);
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > BODY_BYTES_MAX => {
                attempt.error = Some(format!("it has more than {BODY_BYTES_MAX} bytes"));
                bytes.clear();
                break;
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => {
                attempt.error = Some(reason(&error));
                break;
            }
        }
        // Kept as it comes: at the end of patience there is what came until then.
        attempt.body = String::from_utf8_lossy(&bytes).into_owned();
    }
    attempt.body = String::from_utf8_lossy(&bytes).into_owned();
}

fn no_proxy() -> bool {
    let is_all = |name: &str| std::env::var(name).is_ok_and(|value| value.trim() == "*");
    is_all("NO_PROXY") || is_all("no_proxy")
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Why an attempt failed: the innermost cause says most, and no address is in it.
fn reason(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut last = None;
    while let Some(inner) = cause {
        last = Some(inner.to_string());
        cause = inner.source();
    }
    let what = last.unwrap_or_else(|| "the request was not made".to_owned());
    let about = if what.contains("certificate") || what.contains("Expired") {
        "; is the clock of this host right?"
    } else {
        ""
    };
    let how = if error.is_connect() { "no connection: " } else { "" };
    format!("{how}{}{about}", crate::clean::text_of(&what))
}
