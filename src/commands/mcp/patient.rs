//! A transport that waits: what was asked is answered though the client has closed its end, and
//! what comes before the first request ends nothing.

use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rmcp::RoleServer;
use rmcp::model::{
    ClientNotification, ClientRequest, GetMeta, JsonRpcMessage, ProtocolVersion, RequestId,
};
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;

/// See the module.
pub(super) struct Patient<T> {
    inner: T,
    /// Requests that are not answered yet.
    open: Open,
    /// A request has come by which the client chooses a protocol.
    has_begun: bool,
    /// Nothing comes any more.
    is_over: bool,
}

#[derive(Clone, Default)]
struct Open(Arc<Mutex<Vec<RequestId>>>);

impl Open {
    fn lock(&self) -> MutexGuard<'_, Vec<RequestId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self, id: &RequestId) {
        self.lock().retain(|open| open != id);
    }
}

impl<T> Patient<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, open: Open::default(), has_begun: false, is_over: false }
    }

    /// Whether a message is handed on. Until the client has chosen a protocol the library takes
    /// anything but a request for the end.
    fn takes(&mut self, message: &RxJsonRpcMessage<RoleServer>) -> bool {
        match message {
            JsonRpcMessage::Request(request) => {
                self.open.lock().push(request.id.clone());
                self.has_begun |= chooses(&request.request);
                return true;
            }
            JsonRpcMessage::Notification(told) => {
                if let ClientNotification::CancelledNotification(cancelled) = &told.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.open.close(id);
                }
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        self.has_begun
    }
}

/// Whether a protocol is settled by a request: by the handshake of the older ones, or by what each
/// request of the newer ones says.
fn chooses(request: &ClientRequest) -> bool {
    if let ClientRequest::InitializeRequest(_) = request {
        return true;
    }
    let (meta, newer) = (request.get_meta(), &ProtocolVersion::V_2026_07_28);
    let is_known = |version| ProtocolVersion::KNOWN_VERSIONS.contains(&version);
    let is_probe =
        matches!(request, ClientRequest::DiscoverRequest(_) | ClientRequest::PingRequest(_));
    !is_probe
        && meta.missing_required_keys(newer).is_empty()
        && meta.protocol_version().is_some_and(is_known)
}

/// The request that a message answers.
fn answered(message: &TxJsonRpcMessage<RoleServer>) -> Option<RequestId> {
    match message {
        JsonRpcMessage::Response(response) => Some(response.id.clone()),
        JsonRpcMessage::Error(error) => error.id.clone(),
        JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
    }
}

impl<T: Transport<RoleServer>> Transport<RoleServer> for Patient<T> {
    type Error = T::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), T::Error>> + Send + 'static {
        let (id, open) = (answered(&message), self.open.clone());
        let sent = self.inner.send(message);
        async move {
            let sent = sent.await;
            if let Some(id) = id {
                open.close(&id);
            }
            sent
        }
    }

    /// Whoever waits for this looks again after each answer that is sent.
    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        while !self.is_over {
            match self.inner.receive().await {
                Some(message) if self.takes(&message) => return Some(message),
                Some(_) => {}
                None => self.is_over = true,
            }
        }
        if !self.open.lock().is_empty() {
            pending::<()>().await;
        }
        None
    }

    fn close(&mut self) -> impl Future<Output = Result<(), T::Error>> + Send {
        self.inner.close()
    }
}
