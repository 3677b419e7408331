//! What a message stores of an HTTP request.

use crate::client::Client;
use crate::layer::Built;
use crate::layer::recorded_body::Recording;
use crate::layer::shown_query::shown_query;
use crate::panics::catch_panic;
use crate::payload::IntoPayload;
use crate::send::request::SendRequest;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{Method, Request};
use std::sync::Arc;

// Limits of the service.
const MAX_ID_BYTES: usize = 256;
const MAX_ATTRIBUTE_BYTES: usize = 4 * 1024;

/// The default limit of the service for a payload.
const MAX_BODY_BYTES: usize = 1024 * 1024;

type AddOptions = Arc<dyn for<'a> Fn(&Request<()>, SendRequest<'a>) -> SendRequest<'a> + Send + Sync>;

/// The options of the layer.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) queue: String,
    pub(super) methods: Vec<Method>,
    pub(super) max_body_bytes: usize,
    pub(super) secrets: Vec<String>,
    pub(super) add: AddOptions,
}

impl Options {
    pub(super) fn new(queue: String) -> Self {
        Self {
            queue,
            methods: [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].into(),
            max_body_bytes: MAX_BODY_BYTES,
            secrets: Vec::new(),
            add: Arc::new(|_, send| send),
        }
    }

    /// Builds the message of a failed request.
    pub(super) fn message<'a, B>(
        &self,
        client: &'a Client,
        head: &Request<()>,
        body: &Recording<B>,
    ) -> SendRequest<'a> {
        let is_whole = body.is_whole();
        let build = || {
            let payload = match String::from_utf8(body.bytes()) {
                Ok(text) => text.into_payload(),
                Err(error) => error.into_bytes().into_payload(),
            };
            add_fields(
                client.send_request(&self.queue, Built(payload)),
                head,
                &self.secrets,
            )
        };
        let send = catch_panic(|| (self.add)(head, build())).unwrap_or_else(build);
        if is_whole {
            return send;
        }
        // A worker would take the part for the whole.
        send.attribute("http.body", "cut").max_retries(0)
    }
}

/// Adds the attributes, the media type, the source id and the trace context of a request. Stores no other header.
fn add_fields<'a>(mut send: SendRequest<'a>, head: &Request<()>, secrets: &[String]) -> SendRequest<'a> {
    let uri = head.uri();
    send = send
        .attribute("http.method", head.method().as_str())
        .attribute("http.path", cut(uri.path()));
    let query = shown_query(uri.query().unwrap_or_default(), secrets);
    if !query.is_empty() {
        send = send.attribute("http.query", cut(&query));
    }
    if let Some(encoding) = text(head, &CONTENT_ENCODING) {
        send = send.attribute("http.content_encoding", cut(encoding));
    }
    if let Some(media_type) = id(head, &CONTENT_TYPE) {
        send = send.content_type(media_type);
    }
    if let Some(key) = id(head, &HeaderName::from_static("idempotency-key")) {
        send = send.source_id(key);
    }
    if let Some(parent) = text(head, &HeaderName::from_static("traceparent")) {
        let state = text(head, &HeaderName::from_static("tracestate"));
        send = send.trace_context(parent, state.unwrap_or_default());
    }
    send
}

fn text<'a>(head: &'a Request<()>, name: &HeaderName) -> Option<&'a str> {
    let value = head.headers().get(name)?.to_str().ok()?;
    (!value.is_empty()).then_some(value)
}

/// Returns a header that is not too long: otherwise the service would refuse the message.
fn id<'a>(head: &'a Request<()>, name: &HeaderName) -> Option<&'a str> {
    text(head, name).filter(|value| value.len() <= MAX_ID_BYTES)
}

fn cut(value: &str) -> &str {
    let mut end = value.len().min(MAX_ATTRIBUTE_BYTES);
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    &value[..end]
}
